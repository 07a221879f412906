/**
 * An entry in place: what `Reader.forEach()` shows without a copy.
 *
 * @module
 */

import { decodeText } from "../decode_text.ts";
import { inspectable } from "../base/inspectable.ts";

/**
 * An entry in the shared memory itself, through reads that cannot leave it and cannot write.
 *
 * A reader has one view for all entries: use it within the visitor only. The writer may overwrite the
 * bytes meanwhile. `Reader.forEach()` returns whether it did.
 *
 * @example
 * ```ts
 * import { Reader, Writer } from "@ouroboros/log";
 *
 * const memory = new ArrayBuffer(4096);
 * Writer.create(memory, { chunkCount: 4 }).write("bc");
 * new Reader(memory).forEach((entry) => {
 *   console.log(entry.sequenceNumber, entry.length, entry.at(0)); // 1 2 98
 * });
 * ```
 */
export class EntryView {
  readonly #memory: Uint8Array;
  #start = 0;
  #end = 0;
  #firstSequenceNumber = 0;
  #index = 0;

  /** Makes a view that shows nothing yet. Readers do this. */
  constructor(memory: Uint8Array) {
    this.#memory = memory;
  }

  /** The number of this entry: the first one ever written to the log has number 1. */
  get sequenceNumber(): number {
    return this.#firstSequenceNumber + this.#index;
  }

  /** The size of the payload in bytes. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** The byte at `index` of the payload, or `undefined` past its end. */
  at(index: number): number | undefined {
    if (!(index >= 0 && index < this.#end - this.#start)) return undefined;
    return this.#memory[this.#start + index];
  }

  /**
   * Copies the payload into `target` at byte `at`.
   *
   * @returns the number of bytes copied
   * @throws {RangeError} if it does not fit
   */
  copyTo(target: Uint8Array, at: number = 0): number {
    const { length } = this;
    target.set(this.#memory.subarray(this.#start, this.#end), at);
    return length;
  }

  /** A copy of the payload. */
  bytes(): Uint8Array {
    return this.#memory.slice(this.#start, this.#end);
  }

  /** The payload decoded as UTF-8 at each call. Bytes that are not UTF-8 become U+FFFD. */
  get text(): string {
    return decodeText(this.bytes());
  }

  /**
   * Shows `visit` the `length` entries that lie in `bounds`, one after the other. Readers use it.
   *
   * @internal
   */
  showEach(
    bounds: Int32Array,
    origin: number,
    firstSequenceNumber: number,
    length: number,
    visit: (entry: EntryView) => void,
  ): void {
    this.#firstSequenceNumber = firstSequenceNumber;
    for (let i = 0; i < length; i++) {
      this.#start = origin + bounds[2 * i];
      this.#end = origin + bounds[2 * i + 1];
      this.#index = i;
      visit(this);
    }
  }
}

inspectable(EntryView, "EntryView", ["sequenceNumber", "length"]);
