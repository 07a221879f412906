/** Circular buffers on private memory, and readers whose every message is checked. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import {
  CircularReader,
  type CircularReaderOptions,
  circularSizes,
  CircularWriter,
  type CircularWriterOptions,
} from "../../src/circular/mod.ts";
import { payloadOf, type Random, sameBytes } from "./random.ts";

/** The memory of both segments, with the index segment first. */
export class Memory {
  readonly index: ArrayBuffer;
  readonly data: ArrayBuffer;
  readonly capacity: number;

  constructor(capacity: number) {
    const sizes = circularSizes(capacity);
    this.index = new ArrayBuffer(sizes.index);
    this.data = new ArrayBuffer(sizes.data);
    this.capacity = capacity;
  }

  writer(options: Partial<CircularWriterOptions> = {}): CircularWriter {
    return new CircularWriter(this.index, this.data, { capacity: this.capacity, ...options });
  }

  reader(options: Partial<CircularReaderOptions> = {}): CircularReader {
    return new CircularReader(this.index, this.data, { capacity: this.capacity, ...options });
  }

  /** R, W and S. */
  get state(): { readIdx: number; writeIdx: number; seqNum: number } {
    const view = new DataView(this.index);
    const at = (offset: number) => Number(view.getBigUint64(offset, true));
    return { readIdx: at(256), writeIdx: at(320), seqNum: at(384) };
  }

  set state({ readIdx, writeIdx, seqNum }: { readIdx: number; writeIdx: number; seqNum: number }) {
    const view = new DataView(this.index);
    view.setBigUint64(256, BigInt(readIdx), true);
    view.setBigUint64(320, BigInt(writeIdx), true);
    view.setBigUint64(384, BigInt(seqNum), true);
  }
}

/** What was written: the length of the message at each sequence number. */
export class Written {
  readonly lengths: Map<number, number> = new Map();
  total: number;

  constructor(total: number = 0) {
    this.total = total;
  }

  /** The next message. */
  next(length: number): Uint8Array {
    this.lengths.set(this.total, length);
    const payload = payloadOf(this.total, length);
    this.total += length + 4;
    return payload;
  }
}

/** A reader that checks all that it gets. */
export class CheckedCircularReader {
  readonly reader: CircularReader;
  readonly start: number;
  read = 0;
  readonly #written: Written;
  readonly #into = new Uint8Array(70_000);
  #next = -1;

  constructor(reader: CircularReader, written: Written) {
    this.reader = reader;
    this.start = reader.sequenceNumber;
    this.#written = written;
  }

  /** Reads at most `most` messages; gives how many there were. */
  take(most: number, random: Random): number {
    let count = 0;
    while (count < most) {
      let message: Uint8Array | undefined;
      if (random.below(2) === 0) message = this.reader.read();
      else {
        const result = this.reader.read(this.#into);
        if (result === "lapped") continue;
        assert.notEqual(result, "too small");
        if (typeof result === "number" && result > 0) message = this.#into.subarray(0, result);
      }
      if (message === undefined) return count;
      this.#check(this.reader.sequenceNumber - message.length - 4, message);
      count++;
    }
    return count;
  }

  /** Reads what is left, and accounts for everything. */
  finish(random: Random): void {
    this.take(Infinity, random);
    assert.equal(this.reader.sequenceNumber, this.#written.total, "all is read or lost");
    // One that had no place at first does not know where it began.
    if (this.start < 0) return;
    assert.equal(this.start + this.read + this.reader.lostBytes, this.#written.total);
  }

  #check(sequence: number, message: Uint8Array): void {
    assert.ok(sequence >= this.#next, `${sequence} after ${this.#next}`);
    const length = this.#written.lengths.get(sequence);
    assert.equal(message.length, length, `length of the message at ${sequence}`);
    assert.ok(sameBytes(message, payloadOf(sequence, message.length)), `message at ${sequence}`);
    this.#next = sequence + message.length + 4;
    this.read += message.length + 4;
  }
}

/** A message of an image. */
export interface FixtureMessage {
  /** Relative to the content. */
  offset: number;
  placement: "contiguous" | "split" | "restart_at_0";
  written_hex: string;
  read_hex: string;
  /** False where the original corrupted it. */
  read_equals_written: boolean;
}

/** An image of the original library. */
export interface CircularFixture {
  name: string;
  capacity: number;
  /** A fresh copy of the image at each call. */
  image(): Memory;
  state: { readIdx: number; writeIdx: number; seqNum: number };
  sizes: { index: number; data: number };
  messages: FixtureMessage[];
}

const folder = new URL("../fixtures/circular-buffer/", import.meta.url);

export function loadCircularFixtures(): CircularFixture[] {
  return readdirSync(folder).filter((file) => file.endsWith(".json")).sort().map((file) => {
    const name = file.slice(0, -5);
    const json = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
    const index = readFileSync(new URL(`${name}.index.map.bin`, folder));
    const data = readFileSync(new URL(`${name}.data.map.bin`, folder));
    return {
      name,
      capacity: json.buffer_capacity,
      image() {
        const memory = new Memory(json.buffer_capacity);
        new Uint8Array(memory.index).set(index.subarray(0, memory.index.byteLength));
        new Uint8Array(memory.data).set(data.subarray(0, memory.data.byteLength));
        return memory;
      },
      state: json.state,
      sizes: { index: json.index_file_size, data: json.data_file_size },
      messages: json.messages,
    };
  });
}
