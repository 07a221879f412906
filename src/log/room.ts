/**
 * Room for the next entry: in this chunk, in the next one, or at the front again.
 *
 * @module
 */

import { UnsupportedLogError } from "../errors.ts";
import type { Fence } from "../fence.ts";
import { ChunkRows } from "./chunk_rows.ts";
import { HEADER_SIZE, WRAP_MARK } from "./layout.ts";
import type { WriterState } from "./resume.ts";
import type { Segment } from "./segment.ts";

/** What of a segment its only writer may write to, chunk after chunk, lap after lap. */
export class Room {
  /** After how many bytes a new chunk begins. */
  readonly chunkSize: number;
  /**
   * As far as an entry may reach (aligned) without asking for room: without filling the chunk, with room
   * for the next header, and clear of the first chunk of a lap before. -1 before the first room is made.
   */
  limit = -1;
  readonly #segment: Segment;
  readonly #rows: ChunkRows;
  // The highest offset at which a header fits.
  readonly #lastHeader: number;
  #chunk: number;
  #chunkStart: number;
  // There is a wrap mark at the writer's offset already: resumed after a crash in between.
  #isWrapped: boolean;

  /** Continues at `state`. */
  constructor(segment: Segment, state: WriterState, chunkSize: number | undefined, fence: Fence) {
    const size = segment.end - segment.dataStart;
    this.chunkSize = chunkSize ?? Math.max(Math.floor(size / segment.chunkCount), HEADER_SIZE);
    this.#segment = segment;
    this.#rows = new ChunkRows(segment, state.chunk, state.isEmpty, fence);
    this.#lastHeader = segment.end - HEADER_SIZE;
    this.#chunk = state.chunk;
    this.#chunkStart = state.chunkStart;
    this.#isWrapped = state.isWrapped;
  }

  /**
   * Makes room for an entry of `length` bytes, at most the largest there can be, after `total`
   * others of which the last one ends at `offset`. Returns the offset of its header.
   */
  make(offset: number, length: number, total: number): number {
    const { end, chunkCount, dataStart } = this.#segment;
    let at = offset;
    if (this.#isWrapped || end - at < length + HEADER_SIZE) {
      this.#markWrap(at);
      at = dataStart;
      this.#enterChunk(0, at, total);
    } else if (at - this.#chunkStart >= this.chunkSize && this.#chunk + 1 < chunkCount) {
      this.#enterChunk(this.#chunk + 1, at, total);
    }
    const next = at + ((length + 7) & ~3);
    const chunkEnd = this.#chunk + 1 < chunkCount ? this.#chunkStart + this.chunkSize : Infinity;
    // With the entry that fills the chunk, not with the one after it that begins the next: the
    // reference's readers load a row's offset and token without a second look. What is invalidated and
    // restarted in one go gives them pairs that don't belong together.
    const through = next >= chunkEnd ? this.#chunk + 1 : this.#chunk;
    const stale = this.#rows.invalidate(next + HEADER_SIZE, through);
    this.limit = Math.min(chunkEnd - 1, this.#lastHeader, stale - HEADER_SIZE);
    return at;
  }

  /**
   * Makes room for the finish mark, behind all entries; gives its offset.
   *
   * @throws {UnsupportedLogError} in version 1
   */
  finish(offset: number, total: number): number {
    const { end, dataStart, version } = this.#segment;
    if (version === 1) {
      throw new UnsupportedLogError(
        "a log of version 1 can't be finished: create it with version: 2, or only close it",
        version,
      );
    }
    let at = offset;
    if (this.#isWrapped || end - at < HEADER_SIZE) {
      this.#markWrap(at);
      at = dataStart;
      this.#enterChunk(0, at, total);
    }
    this.#rows.invalidate(at + HEADER_SIZE, this.#chunk);
    return at;
  }

  /** Ends the lap: nothing more will be written from `offset` to the end of the segment. */
  #markWrap(offset: number): void {
    if (offset === this.#chunkStart && this.#chunk > 0) {
      // The chunk was entered and stayed empty: without this, chunk 0 would get the same token.
      this.#rows.clear(this.#chunk);
    }
    if (!this.#isWrapped && offset <= this.#lastHeader) {
      this.#rows.invalidate(offset + HEADER_SIZE, this.#chunk);
      // Pairs with the reader's look at the header; the reader continues when row 0 is committed.
      Atomics.store(this.#segment.words, offset >>> 2, WRAP_MARK);
    }
    this.#isWrapped = false;
    this.#rows.beginLap();
  }

  /** Begins chunk `index` at `offset`, after `total` entries. */
  #enterChunk(index: number, offset: number, total: number): void {
    this.#rows.restart(index, offset, total);
    this.#chunk = index;
    this.#chunkStart = offset;
  }
}
