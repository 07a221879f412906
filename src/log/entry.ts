/**
 * An entry that was read: private bytes, proven intact, with its place in the log.
 *
 * @module
 */

import { decodeText } from "../decode_text.ts";

/**
 * One entry of a log, copied out of the shared memory and validated after the copy.
 *
 * @example
 * ```ts
 * import { Reader, Writer } from "@ouroboros/log";
 *
 * const memory = new ArrayBuffer(4096);
 * Writer.create(memory, { chunkCount: 4 }).write("hello");
 * const entry = new Reader(memory).read();
 * console.log(entry?.sequenceNumber, entry?.text); // 1 hello
 * ```
 */
export class Entry {
  /** The number of this entry: the first one ever written to the log has number 1. */
  readonly sequenceNumber: number;
  /** The index of the chunk that it was read from. */
  readonly chunkIndex: number;
  /** How many entries were written to the log before that chunk. */
  readonly chunkToken: number;
  readonly #block: Uint8Array;
  readonly #start: number;
  readonly #end: number;

  /** Makes an entry of the bytes `start` to `end` of a private block. Readers do this. */
  constructor(
    block: Uint8Array,
    start: number,
    end: number,
    sequenceNumber: number,
    chunkIndex: number,
    chunkToken: number,
  ) {
    this.#block = block;
    this.#start = start;
    this.#end = end;
    this.sequenceNumber = sequenceNumber;
    this.chunkIndex = chunkIndex;
    this.chunkToken = chunkToken;
  }

  /** The size of the payload in bytes. */
  get length(): number {
    return this.#end - this.#start;
  }

  /**
   * The payload. The bytes are private memory, shared only with the entries read in the same
   * batch (up to 64 KiB): `entry.bytes.slice()` is a copy that keeps nothing else alive.
   */
  get bytes(): Uint8Array {
    return this.#block.subarray(this.#start, this.#end);
  }

  /** The payload decoded as UTF-8, anew at each call; what is not UTF-8 becomes U+FFFD. */
  get text(): string {
    return decodeText(this.bytes);
  }
}
