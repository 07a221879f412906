/**
 * The writer's side of the chunk table: chunks begin, and those of the lap before are invalidated.
 *
 * @module
 */

import type { Fence } from "../fence.ts";
import { HEADER_SIZE, RESTART_MARK, ROW_COMMIT_FLAG } from "./layout.ts";
import type { Segment } from "./segment.ts";

/**
 * The rows of a segment, for its only writer. Rows change before any byte that they describe is
 * touched: that is what readers rely on when they look at the row again after their copy.
 */
export class ChunkRows {
  readonly #segment: Segment;
  readonly #rows: BigUint64Array;
  readonly #fence: Fence;
  // No row between the current chunk and this one is in use: where to look for the next stale one.
  #staleRow: number;

  /** Takes over the rows of `segment` with chunk `current` as the newest, or as the only one. */
  constructor(segment: Segment, current: number, isOnly: boolean, fence: Fence) {
    this.#segment = segment;
    this.#rows = segment.rowTable();
    this.#fence = fence;
    this.#staleRow = isOnly ? segment.chunkCount : current + 1;
  }

  /** Begins chunk `index` at `offset`, after `total` entries. */
  restart(index: number, offset: number, total: number): void {
    const row = 2 * index;
    // The flag first: from here on nobody takes the old entries for new ones. Pairs with the
    // reader's check of the row after its copy. In row 0 the count comes with it, in one store: a
    // crash before the commit may leave nothing else to count from.
    Atomics.store(this.#rows, row, index === 0 ? RESTART_MARK | BigInt(total) : 0n);
    // The token before the header: a crash in between must not lead to numbers that were used.
    Atomics.store(this.#rows, row + 1, BigInt(total));
    // The entry of the lap before that is here must be gone before the row says that it is new.
    Atomics.store(this.#segment.words, offset >>> 2, 0);
    // Release: pairs with readRow(), which takes a token only between two equal offsets.
    Atomics.store(this.#rows, row, ROW_COMMIT_FLAG | BigInt(offset));
    if (this.#staleRow <= index) this.#staleRow = index + 1;
  }

  /** A new lap begins: every chunk but the first may be a stale one. */
  beginLap(): void {
    this.#staleRow = 1;
  }

  /**
   * Invalidates every row of a lap before that starts below `to`, since its bytes are about to go, and
   * those up to row `through`. Returns where the next one starts, or past the end of the segment.
   */
  invalidate(to: number, through: number): number {
    let at = this.#nextStale();
    for (; at < to || this.#staleRow <= through; at = this.#nextStale()) {
      this.clear(this.#staleRow++);
    }
    // The rows before the bytes. A release store does not order what comes after it: on arm64 this
    // takes a fence instruction, on x86-64 the stores above are full fences themselves.
    this.#fence();
    return at;
  }

  /** Invalidates row `index`. */
  clear(index: number): void {
    Atomics.store(this.#rows, 2 * index, 0n);
    Atomics.store(this.#rows, 2 * index + 1, 0n);
  }

  /** Where the next chunk of a lap before starts, or past the end of the segment. */
  #nextStale(): number {
    const { chunkCount, end, words } = this.#segment;
    while (this.#staleRow < chunkCount) {
      // Plain: only the writer changes rows, and this is the writer.
      const at = this.#segment.rowWord(this.#staleRow);
      if (words[at + 1] < 0) return words[at] >>> 0;
      this.#staleRow++;
    }
    // Past the end, so that no invalidation ever comes so far.
    return end + 2 * HEADER_SIZE;
  }
}
