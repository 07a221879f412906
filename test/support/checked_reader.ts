/** A reader whose every entry is checked against what was written. */

import assert from "node:assert/strict";
import { Reader, type ReaderOptions } from "../../mod.ts";
import { payloadOf, type Random, sameBytes } from "./random.ts";

/** What a reader is to get. */
export interface Expected {
  /** The size of each entry. */
  lengths: number[];
  /** Makes the payload of an entry. Default: `payloadOf()`. */
  payload?: (sequenceNumber: number, length: number) => Uint8Array;
  /** The numbers under which the writer showed other bytes itself. Where there are any, counts may be wrong. */
  forged?: ReadonlySet<number>;
}

/** A reader that checks all that it gets. */
export class CheckedReader {
  readonly reader: Reader;
  readonly #expected: Expected;
  #last = -1;
  #read = 0;
  #first = -1;

  constructor(memory: ArrayBufferLike, expected: number[] | Expected, options: ReaderOptions) {
    this.reader = new Reader(memory, options);
    this.#expected = Array.isArray(expected) ? { lengths: expected } : expected;
  }

  get #isForged(): boolean {
    return (this.#expected.forged?.size ?? 0) > 0;
  }

  take(sequenceNumber: number, bytes: Uint8Array): void {
    if (this.#first < 0) this.#first = sequenceNumber;
    else assert.ok(sequenceNumber > this.#last, `${sequenceNumber} after ${this.#last}`);
    const { lengths, payload = payloadOf, forged } = this.#expected;
    const isRight = sequenceNumber <= lengths.length &&
      sameBytes(bytes, payload(sequenceNumber, lengths[sequenceNumber - 1]));
    assert.ok(
      isRight || forged?.has(sequenceNumber),
      `entry ${sequenceNumber} is not what was written`,
    );
    this.#last = sequenceNumber;
    this.#read++;
  }

  step(random: Random): void {
    switch (random.below(4)) {
      case 0:
        for (let n = random.below(12); n > 0; n--) {
          const entry = this.reader.read();
          if (entry === undefined) break;
          this.take(entry.sequenceNumber, entry.bytes);
        }
        break;
      case 1: {
        const batch = this.reader.readBatch(1 + random.below(20));
        for (let i = 0; i < batch.length; i++) this.take(batch.sequenceNumber(i), batch.bytes(i));
        break;
      }
      case 2: {
        const seen: [number, Uint8Array][] = [];
        const count = this.reader.forEach(
          (entry) => seen.push([entry.sequenceNumber, entry.bytes()]),
          1 + random.below(20),
        );
        // What was overwritten meanwhile is void.
        if (count < 0) break;
        assert.equal(count, seen.length);
        for (const [sequenceNumber, bytes] of seen) this.take(sequenceNumber, bytes);
        break;
      }
      default:
        for (const entry of this.reader) this.take(entry.sequenceNumber, entry.bytes);
    }
  }

  finish(total: number): void {
    for (const entry of this.reader) this.take(entry.sequenceNumber, entry.bytes);
    if (this.#isForged) return;
    assert.equal(this.reader.lastSequenceNumber, total, "all was read or counted as lost");
    if (this.#first < 0) return;
    const before = total - this.#read - this.reader.lostEntries;
    assert.ok(before >= 0 && before < this.#first, "read + lost = written since the start");
  }

  finishFromStart(total: number): void {
    this.finish(total);
    if (this.#isForged) return;
    assert.equal(this.#read + this.reader.lostEntries, total, "read + lost = written");
  }
}
