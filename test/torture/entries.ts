/** Entries that follow from their sequence number, fast to make and fast to check. */

import { Buffer } from "node:buffer";
import { Random } from "../support/random.ts";
import { sizeOf } from "../support/stream.ts";

const TABLE_SIZE = 1 << 16;

/** Makes and checks entries of up to `most` bytes. */
export class Entries {
  readonly #table: Buffer;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
    const random = new Random(4711);
    const bytes = new Uint8Array(TABLE_SIZE + most);
    for (let i = 0; i < bytes.length; i++) bytes[i] = random.below(256);
    this.#table = Buffer.from(bytes.buffer);
  }

  /** Entry `sequenceNumber`: a piece of a table of noise, another one for each number near it. */
  entry(sequenceNumber: number): Uint8Array {
    const start = (Math.imul(sequenceNumber, 0x9e3779b1) >>> 8) % TABLE_SIZE;
    return this.#table.subarray(start, start + sizeOf(sequenceNumber, this.#most));
  }

  /** Whether `bytes` is entry `sequenceNumber`. */
  isRight(sequenceNumber: number, bytes: Uint8Array): boolean {
    return Buffer.compare(this.entry(sequenceNumber), bytes) === 0;
  }
}
