/**
 * Entries that follow from their sequence number and from the life of their log, fast to make and fast
 * to check: the number itself, then noise that depends on both.
 */

import { Random } from "../support/random.ts";
import { sizeOf } from "../support/stream.ts";

const TABLE_SIZE = 1 << 16;
const NUMBER_SIZE = 4;

/** An entry to be checked where it is: an EntryView, for instance. */
export interface ReadableBytes {
  readonly length: number;
  at(index: number): number | undefined;
}

/** Makes and checks entries of up to `most` bytes, or of just that many. */
export class Entries {
  readonly #table: Uint8Array;
  readonly #most: number;
  readonly #isEven: boolean;
  #life = 0;

  constructor(most: number, isEven: boolean = false) {
    this.#most = most;
    this.#isEven = isEven;
    const random = new Random(4711);
    this.#table = new Uint8Array(TABLE_SIZE + most);
    for (let i = 0; i < this.#table.length; i++) this.#table[i] = random.below(256);
  }

  /** The id of the log: entries of its other lives are other ones. */
  set bufferId(id: bigint | undefined) {
    this.#life = Number((id ?? 0n) & 0xffffffffn);
  }

  /** Makes entry `sequenceNumber` in `into`, from its start; gives its size in bytes. */
  fill(sequenceNumber: number, into: Uint8Array): number {
    const size = this.#sizeOf(sequenceNumber);
    const start = this.#noiseStart(sequenceNumber);
    if (size > 64) into.set(this.#table.subarray(start, start + size));
    else for (let i = 0; i < size; i++) into[i] = this.#table[start + i];
    const numbered = Math.min(size, NUMBER_SIZE);
    for (let i = 0; i < numbered; i++) into[i] = sequenceNumber >>> (8 * i);
    return size;
  }

  /** Whether `entry` is entry `sequenceNumber`. */
  isRight(sequenceNumber: number, entry: ReadableBytes): boolean {
    const size = this.#sizeOf(sequenceNumber);
    if (entry.length !== size) return false;
    const numbered = Math.min(size, NUMBER_SIZE);
    for (let i = 0; i < numbered; i++) {
      if (entry.at(i) !== ((sequenceNumber >>> (8 * i)) & 0xff)) return false;
    }
    const start = this.#noiseStart(sequenceNumber);
    for (let i = numbered; i < size; i++) {
      if (entry.at(i) !== this.#table[start + i]) return false;
    }
    return true;
  }

  #noiseStart(sequenceNumber: number): number {
    return ((Math.imul(sequenceNumber, 0x9e3779b1) ^ this.#life) >>> 8) % TABLE_SIZE;
  }

  #sizeOf(sequenceNumber: number): number {
    return this.#isEven ? this.#most : sizeOf(sequenceNumber, this.#most);
  }
}
