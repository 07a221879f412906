/**
 * An entry in place: what `Reader.forEach()` shows without a copy.
 *
 * @module
 */

import { decodeText } from "./entry.ts";

/**
 * An entry in the shared memory itself, seen through reads that cannot leave it and cannot write.
 *
 * One view serves all entries of a reader: use it within the visitor only. The writer may overwrite
 * the bytes while they are looked at; `Reader.forEach()` tells afterwards whether it did.
 */
export class EntryView {
  #segment: Uint8Array;
  #start = 0;
  #end = 0;
  #sequenceNumber = 0;

  /** Makes a view of a segment's bytes. Readers do this. */
  constructor(segment: Uint8Array) {
    this.#segment = segment;
  }

  /** The number of this entry: the first one ever written to the log has number 1. */
  get sequenceNumber(): number {
    return this.#sequenceNumber;
  }

  /** The size of the payload in bytes. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** The byte at `index` of the payload, or `undefined` past its end. */
  at(index: number): number | undefined {
    if (!(index >= 0 && index < this.#end - this.#start)) return undefined;
    return this.#segment[this.#start + index];
  }

  /**
   * Copies the payload into `target` at byte `at`.
   *
   * @returns the number of bytes copied
   * @throws {RangeError} if it does not fit
   */
  copyTo(target: Uint8Array, at: number = 0): number {
    target.set(this.#segment.subarray(this.#start, this.#end), at);
    return this.#end - this.#start;
  }

  /** A copy of the payload. */
  bytes(): Uint8Array {
    return this.#segment.slice(this.#start, this.#end);
  }

  /** The payload decoded as UTF-8. */
  text(): string {
    return decodeText(this.bytes());
  }

  /**
   * Shows another entry. Readers use it.
   *
   * @internal
   */
  show(start: number, end: number, sequenceNumber: number): this {
    this.#start = start;
    this.#end = end;
    this.#sequenceNumber = sequenceNumber;
    return this;
  }
}
