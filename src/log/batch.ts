/**
 * Entries read in one go: their bounds, and a private copy of their bytes.
 *
 * @module
 */

import { decodeText, Entry } from "./entry.ts";
import { EntryView } from "./entry_view.ts";
import { HEADER_SIZE, LENGTH_MASK, WRAP_LENGTH } from "./layout.ts";
import type { Segment } from "./segment.ts";
import type { WalkEnd } from "./survey.ts";

/** How many bytes of entries a batch takes, unless a single entry is larger. */
export const BATCH_BYTES = 65536;
/** How many entries a batch takes: as many empty ones as fit into its bytes. */
export const BATCH_ENTRIES = BATCH_BYTES / HEADER_SIZE;
/** How much is fetched ahead of the walk in bytes: well within the L1 cache. */
const WARM_BYTES = 16384;
/** Up to this many bytes an entry, on average. */
const WARM_SIZE = 512;
/** The words of a cache line of 64 bytes. */
const LINE_WORDS = 16;
/** From this many bytes an entry on, texts are decoded one by one. */
const LARGE_TEXT = 512;
/** How many bytes are visited in place at a time, unless a single entry is larger. */
export const VISIT_BYTES = 1 << 20;

/**
 * Entries that were copied and validated together. Nothing is allocated per entry.
 *
 * A batch belongs to its reader, which fills it anew at each `readBatch()`: what `bytes()` gives
 * is valid until then.
 *
 * @example
 * ```ts
 * import { Reader, Writer } from "@ouroboros/log";
 *
 * const memory = new ArrayBuffer(4096);
 * Writer.create(memory, { chunkCount: 4 }).writeMany(["a", "b", "c"]);
 * const batch = new Reader(memory).readBatch();
 * for (let i = 0; i < batch.length; i++) console.log(batch.sequenceNumber(i), batch.text(i));
 * ```
 */
export class EntryBatch {
  #length = 0;
  #firstSequenceNumber = 0;
  #chunkIndex = 0;
  #chunkToken = 0;
  // So that no engine may leave out loads whose values nobody wants.
  #warmth = 0;
  // Payload bounds in pairs, in bytes from where the batch starts in the segment.
  #bounds: Int32Array;
  #block: Uint8Array;

  /** Makes an empty batch. Readers do this. */
  constructor() {
    this.#bounds = new Int32Array(256);
    this.#block = new Uint8Array(0);
  }

  /** How many entries the batch holds. */
  get length(): number {
    return this.#length;
  }

  /** The index of the chunk that the entries were read from. */
  get chunkIndex(): number {
    return this.#chunkIndex;
  }

  /** How many entries were written to the log before that chunk. */
  get chunkToken(): number {
    return this.#chunkToken;
  }

  /** The sequence number of entry `index`. */
  sequenceNumber(index: number): number {
    this.#check(index);
    return this.#firstSequenceNumber + index;
  }

  /** The size in bytes of the payload of entry `index`. */
  byteLength(index: number): number {
    this.#check(index);
    return this.#bounds[2 * index + 1] - this.#bounds[2 * index];
  }

  /** The payload of entry `index`: a view of private memory, valid until the next batch. */
  bytes(index: number): Uint8Array {
    this.#check(index);
    return this.#block.subarray(this.#bounds[2 * index], this.#bounds[2 * index + 1]);
  }

  /** The payload of entry `index` decoded as UTF-8. */
  text(index: number): string {
    return decodeText(this.bytes(index));
  }

  /**
   * The payloads of all entries decoded as UTF-8: several times faster than one by one where the
   * entries are short and ASCII.
   *
   * Such texts may be parts of one long one (up to 64 KiB) in the engine's memory, which is there
   * for as long as one of them is: where few of many are kept for long, use
   * {@linkcode EntryBatch.text}.
   *
   * @example
   * ```ts
   * import { Reader, Writer } from "@ouroboros/log";
   *
   * const memory = new ArrayBuffer(4096);
   * Writer.create(memory, { chunkCount: 4 }).writeMany(["a", "b", "c"]);
   * console.log(new Reader(memory).readBatch().texts()); // [ "a", "b", "c" ]
   * ```
   */
  texts(): string[] {
    const length = this.#length;
    const texts: string[] = new Array(length);
    const bounds = this.#bounds;
    const joined = length > 0 ? this.#decodeAtOnce() : undefined;
    for (let i = 0; i < length; i++) {
      texts[i] = joined === undefined
        ? this.text(i)
        : joined.substring(bounds[2 * i], bounds[2 * i + 1]);
    }
    return texts;
  }

  /** Entry `index` as an object of its own, with a copy of its bytes that outlives the batch. */
  entry(index: number): Entry {
    const bytes = this.bytes(index).slice();
    return this.#toEntry(index, bytes, 0, bytes.length);
  }

  /** All entries as objects of their own. */
  *[Symbol.iterator](): IterableIterator<Entry> {
    for (let i = 0; i < this.#length; i++) yield this.entry(i);
  }

  /**
   * Entry `index` as an object on the memory of this batch: only for a batch that is never filled
   * again. Readers use it.
   *
   * @internal
   */
  share(index: number): Entry {
    return this.#toEntry(index, this.#block, this.#bounds[2 * index], this.#bounds[2 * index + 1]);
  }

  /**
   * Shows each entry where it is in the segment, in place. Readers use it.
   *
   * @internal
   */
  visit(view: EntryView, origin: number, visit: (entry: EntryView) => void): void {
    view.showEach(this.#bounds, origin, this.#firstSequenceNumber, this.#length, visit);
  }

  /**
   * Shows each entry in the batch's own memory. Readers use it.
   *
   * @internal
   */
  visitCopies(visit: (entry: EntryView) => void): void {
    this.visit(new EntryView(this.#block), 0, visit);
  }

  /**
   * Copies what `other` holds from entry `start` on, at most `most` entries. Readers use it.
   *
   * @internal
   */
  takeFrom(other: EntryBatch, start: number, most: number): void {
    const length = Math.min(other.#length - start, most);
    while (this.#bounds.length < 2 * length) this.#grow();
    this.#bounds.set(other.#bounds.subarray(2 * start, 2 * (start + length)));
    this.#reserve(other.#block.length);
    this.#block.set(other.#block);
    this.#length = length;
    this.settle(other.#firstSequenceNumber + start, 0, other.#chunkIndex, other.#chunkToken);
  }

  /**
   * Finds the committed entries from `from` on in shared memory: as many as the batch takes.
   * The bounds are only as good as the memory was at this moment: validate, then use them.
   * `isComplete` says that all is committed up to `limit`: then it pays to fetch ahead.
   *
   * @returns where the first header is that was not taken, in bytes from the start of the segment;
   * `found.reason` says why it was not
   * @internal
   */
  index(
    segment: Segment,
    from: number,
    limit: number,
    most: number,
    mostBytes: number,
    stale: number,
    isComplete: boolean,
    found: Found,
  ): void {
    const { words } = segment;
    // All relative to `from`, so that the walk is one of small integers whatever the segment's size.
    const first = from >>> 2;
    const room = Math.min(limit - from, 0x7fffffff);
    const staleAt = stale < 0 ? -1 : stale - from;
    const mostBounds = 2 * most;
    let warmBelow = isComplete ? Math.min(room, mostBytes) : 0;
    let bounds = this.#bounds;
    let at = 0;
    let filled = 0;
    let reason: WalkEnd = "limit";
    walk: while (filled < mostBounds) {
      if (room - at < HEADER_SIZE) {
        reason = "end";
        break;
      }
      // As far as there is room for headers, and for bounds, and as was fetched ahead.
      let stop = room - HEADER_SIZE + 1;
      if (filled === bounds.length) bounds = this.#grow();
      const full = Math.min(bounds.length, mostBounds);
      // Large entries are few: to touch each of their lines would cost more than it saves.
      if (at > WARM_SIZE * (filled >>> 1)) warmBelow = 0;
      if (at < warmBelow) {
        // A little at first, which tells how large the entries are.
        const ahead = Math.min(at === 0 ? 4 * WARM_SIZE : at + WARM_BYTES, warmBelow);
        this.#warmth = warmUp(words, first + (at >>> 2), first + (ahead >>> 2));
        stop = Math.min(stop, ahead);
      }
      while (at < stop && filled < full) {
        // Plain: pairs with the writer's commit, Atomics.store(header). The reader's fence after
        // index() makes an acquire of all these loads; a branch separates each from the next.
        const header = words[first + (at >>> 2)];
        if (header >= 0 || at === staleAt) {
          reason = "open";
          break walk;
        }
        const total = header & LENGTH_MASK;
        if (total < HEADER_SIZE || total > room - at) {
          reason = total === 0 ? "open" : total === WRAP_LENGTH ? "wrap" : "damage";
          break walk;
        }
        const next = at + ((total + 3) & ~3);
        if (next > mostBytes && filled > 0) break walk;
        bounds[filled] = at + HEADER_SIZE;
        bounds[filled + 1] = at + total;
        filled += 2;
        at = next;
      }
    }
    found.offset = from + at;
    found.reason = reason;
    this.#length = filled >>> 1;
  }

  /**
   * Copies the entries found into private memory, fresh if `fresh` is true.
   *
   * @internal
   */
  copy(segment: Segment, from: number, fresh: boolean): void {
    if (this.#length === 0) return;
    const size = this.#bounds[2 * this.#length - 1];
    if (fresh) this.#block = new Uint8Array(new ArrayBuffer(size));
    else this.#reserve(size);
    this.#block.set(segment.bytes.subarray(from, from + size));
  }

  /**
   * Says what the entries are, once they are proven; the first `skipped` were delivered before.
   *
   * @internal
   */
  settle(
    firstSequenceNumber: number,
    skipped: number,
    chunkIndex: number,
    chunkToken: number,
  ): void {
    if (skipped > 0) {
      this.#bounds.copyWithin(0, 2 * skipped, 2 * this.#length);
      this.#length -= skipped;
    }
    this.#firstSequenceNumber = firstSequenceNumber + skipped;
    this.#chunkIndex = chunkIndex;
    this.#chunkToken = chunkToken;
  }

  /**
   * Forgets the entries.
   *
   * @internal
   */
  clear(): void {
    this.#length = 0;
  }

  /**
   * The whole block as text in which every byte is one character, so that the bounds hold in it;
   * undefined if there is more than ASCII, or if the entries are so large that it does not pay.
   */
  #decodeAtOnce(): string | undefined {
    const bounds = this.#bounds;
    const last = 2 * this.#length - 1;
    if (bounds[last] > LARGE_TEXT * this.#length) return undefined;
    const block = this.#block;
    // Headers and padding are not text. The block is our copy: zeros are ASCII.
    let end = 0;
    for (let i = 0; i < last; i += 2) {
      while (end < bounds[i]) block[end++] = 0;
      end = bounds[i + 1];
    }
    const text = decodeText(block.subarray(0, end));
    // UTF-8 of more than one byte gives fewer characters than bytes; a byte that is no UTF-8 gives
    // one, in its place.
    return text.length === end ? text : undefined;
  }

  #toEntry(index: number, block: Uint8Array, start: number, end: number): Entry {
    const sequenceNumber = this.#firstSequenceNumber + index;
    return new Entry(block, start, end, sequenceNumber, this.#chunkIndex, this.#chunkToken);
  }

  #reserve(size: number): void {
    if (this.#block.length >= size) return;
    this.#block = new Uint8Array(new ArrayBuffer(Math.max(size, BATCH_BYTES)));
  }

  #grow(): Int32Array {
    const bounds = new Int32Array(2 * this.#bounds.length);
    bounds.set(this.#bounds);
    return this.#bounds = bounds;
  }

  #check(index: number): void {
    if (!(index >= 0 && index < this.#length)) {
      throw new RangeError(`entry ${index} of a batch of ${this.#length}`);
    }
  }
}

/**
 * Touches each cache line of a range. Headers can only be walked one after the other, each at the
 * cost of a cache miss (95 ns where the lines come from beyond the L2 cache); lines that do not
 * depend on each other are fetched many at a time, for 3 ns each.
 */
function warmUp(words: Int32Array, from: number, to: number): number {
  let sum = 0;
  for (let word = from; word < to; word += LINE_WORDS) sum |= words[word];
  return sum;
}

/** Where `EntryBatch.index()` ended, and why. */
export interface Found {
  /** Offset of the first header that was not taken, in bytes. */
  offset: number;
  /** Why it was not taken. */
  reason: WalkEnd;
}
