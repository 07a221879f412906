/** A reader whose every entry is checked against what was written. */

import assert from "node:assert/strict";
import { Reader, type ReaderOptions } from "../../mod.ts";
import { payloadOf, type Random, sameBytes } from "./random.ts";

/** A reader that checks all that it gets. */
export class CheckedReader {
  readonly reader: Reader;
  readonly #lengths: number[];
  #last = -1;
  #read = 0;
  #first = -1;

  constructor(memory: ArrayBufferLike, lengths: number[], options: ReaderOptions) {
    this.reader = new Reader(memory, options);
    this.#lengths = lengths;
  }

  take(sequenceNumber: number, bytes: Uint8Array): void {
    if (this.#first < 0) this.#first = sequenceNumber;
    else assert.ok(sequenceNumber > this.#last, `${sequenceNumber} after ${this.#last}`);
    const expected = payloadOf(sequenceNumber, this.#lengths[sequenceNumber - 1]);
    assert.ok(sameBytes(bytes, expected), `entry ${sequenceNumber} is not what was written`);
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
        if (count === 0) break;
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
    assert.equal(this.reader.lastSequenceNumber, total, "all was read or counted as lost");
    if (this.#first < 0) return;
    const before = total - this.#read - this.reader.lostEntries;
    assert.ok(before >= 0 && before < this.#first, "read + lost = written since the start");
  }

  finishFromStart(total: number): void {
    this.finish(total);
    assert.equal(this.#read + this.reader.lostEntries, total, "read + lost = written");
  }
}
