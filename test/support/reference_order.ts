/**
 * A writer that stores in the order of the reference's, and leaves rows in the table as it does: what
 * our readers meet beside it. Written from what is known of its behavior, for tests only.
 *
 * - A row gets its new token while it still has flag and offset of the lap before (then its offset,
 *   without the flag), and its flag only after its first entry.
 * - Rows whose bytes are about to go are cleared by an estimate, token before offset. Where a chunk
 *   began late, or ends exactly at its size, a row stays whose bytes are gone.
 * - The same estimate may look one row past the table, and then clears the front of the first entry.
 */

import {
  CHUNK_COUNT_WORD,
  COMMIT_FLAG,
  dataOffset,
  entrySize,
  HEADER_SIZE,
  MAGIC,
  ROW_COMMIT_FLAG as FLAG,
  tableOffset,
  VERSION_WORD,
  WRAP_MARK,
} from "../../src/log/layout.ts";

/** Writes entries in the reference's order of stores. */
export class ReferenceOrderWriter {
  /** How many entries were written. */
  total = 0;
  /** The token of each chunk that was begun. */
  readonly tokens: number[] = [];
  /** Where the last entry begins. */
  lastOffset = 0;
  /** How often it destroyed the front of the first entry. */
  destroyed = 0;
  readonly #chunkCount: number;
  readonly #chunkSize: number;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #rows: BigUint64Array;
  readonly #dataStart: number;
  readonly #end: number;
  #chunk = 0;
  #offset: number;

  /** Makes a log of `memory`, which must be zero, and of the least size for its chunks. */
  constructor(memory: ArrayBufferLike, chunkCount: number, chunkSize: number) {
    this.#chunkCount = chunkCount;
    this.#chunkSize = chunkSize;
    this.#bytes = new Uint8Array(memory);
    this.#words = new Int32Array(memory, 0, memory.byteLength >>> 2);
    this.#dataStart = dataOffset(chunkCount, 1);
    this.#end = memory.byteLength;
    // One more than there are, as far as there are bytes: see #clearAhead().
    const table = tableOffset(1);
    const rows = Math.min(2 * chunkCount + 2, (this.#end - table) >>> 3);
    this.#rows = new BigUint64Array(memory, table, rows);
    this.#words[VERSION_WORD] = 1;
    this.#words[CHUNK_COUNT_WORD] = chunkCount;
    Atomics.store(new BigUint64Array(memory, 0, 1), 0, MAGIC);
    this.#offset = this.#dataStart;
    this.#begin(0);
    this.#commit(0);
  }

  /** Whether the reference would not abort on an entry of `length` bytes, which is at least 1. */
  canWrite(length: number): boolean {
    const size = length + HEADER_SIZE;
    if (length < 1 || this.#dataStart + size > this.#end) return false;
    const wraps = this.#end - this.#offset < size;
    const chunk = wraps ? 0 : this.#chunk;
    const used = wraps ? 0 : this.#offset - this.#startOf(chunk);
    const isNext = used >= this.#chunkSize;
    const index = isNext ? chunk + 1 : chunk;
    return index < this.#chunkCount && this.#estimate(used, size) <= this.#chunkCount - index;
  }

  /**
   * Writes an entry; gives its sequence number. `isPadded`: the up to 3 bytes behind it become 0. The
   * reference leaves them, and with the last byte of an old header a payload may look like a new one.
   */
  write(payload: Uint8Array, isPadded: boolean = false): number {
    const size = payload.length + HEADER_SIZE;
    const room = this.#end - this.#offset;
    if (room < size) {
      if (room >= HEADER_SIZE) Atomics.store(this.#words, this.#offset >>> 2, WRAP_MARK);
      this.#offset = this.#dataStart;
      this.#begin(0);
    }
    const used = this.#offset - this.#startOf(this.#chunk);
    if (used >= this.#chunkSize) {
      if (!this.#isCommitted(this.#chunk)) this.#commit(this.#chunk);
      this.#begin(this.#chunk + 1);
    }
    // With what the chunk before held, if this one was just begun.
    this.#clearAhead(this.#estimate(used, size));
    this.lastOffset = this.#offset;
    const at = this.#offset >>> 2;
    Atomics.store(this.#words, at, size);
    this.#bytes.set(payload, this.#offset + HEADER_SIZE);
    if (isPadded) {
      this.#bytes.fill(0, this.#offset + size, this.#offset + entrySize(payload.length));
    }
    this.#offset += entrySize(payload.length);
    this.total++;
    if (this.#offset + HEADER_SIZE <= this.#end) this.#words[this.#offset >>> 2] = 0;
    Atomics.store(this.#words, at, size | COMMIT_FLAG);
    if (!this.#isCommitted(this.#chunk)) this.#commit(this.#chunk);
    return this.total;
  }

  #estimate(used: number, size: number): number {
    return Math.floor((used + size - 1) / this.#chunkSize);
  }

  #clearAhead(count: number): void {
    for (let index = this.#chunk + 1; index <= this.#chunk + count; index++) {
      if (2 * index + 1 >= this.#rows.length || !this.#isCommitted(index)) continue;
      Atomics.store(this.#rows, 2 * index + 1, 0n);
      Atomics.store(this.#rows, 2 * index, 0n);
      if (index === this.#chunkCount) this.destroyed++;
    }
  }

  #begin(index: number): void {
    this.#chunk = index;
    this.tokens.push(this.total);
    Atomics.store(this.#rows, 2 * index + 1, BigInt(this.total));
    Atomics.store(this.#rows, 2 * index, BigInt(this.#offset));
  }

  #commit(index: number): void {
    Atomics.store(this.#rows, 2 * index, this.#rows[2 * index] | FLAG);
  }

  #isCommitted(index: number): boolean {
    return (this.#rows[2 * index] & FLAG) !== 0n;
  }

  #startOf(index: number): number {
    return Number(this.#rows[2 * index] & ~FLAG);
  }
}
