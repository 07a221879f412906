/**
 * Where entries begin and end: one walk along their headers in shared memory.
 *
 * @module
 */

import type { CorruptLogError } from "../errors.ts";
import { HEADER_SIZE, LENGTH_MASK, MAX_TOTAL_LENGTH, WRAP_LENGTH } from "./layout.ts";
import type { Segment } from "./segment.ts";
import type { WalkEnd } from "./walk.ts";

/** How much is fetched ahead of the walk in bytes: well within the L1 cache. */
const WARM_BYTES = 16384;
/** Up to this many bytes an entry, on average. */
const WARM_SIZE = 512;
/** The words of a cache line of 64 bytes. */
const LINE_WORDS = 16;

/** What the row of the next chunk says of the entries of ours. */
export interface Ahead {
  /** Our entries end here, in bytes from the start of the segment. */
  limit: number;
  /** Whether all up to `limit` is committed. */
  isComplete: boolean;
  /** Where a chunk of a lap before starts: nothing of ours was written there yet. -1: nowhere. */
  stale: number;
  /** What is wrong with the row. */
  broken: CorruptLogError | undefined;
}

/** Where `EntryBounds.find()` ended, and why. */
export interface Found {
  /** Offset of the first header that was not taken, in bytes. */
  offset: number;
  /** Why it was not taken. */
  reason: WalkEnd;
}

/** The bounds of entries that lie one after the other. */
export class EntryBounds {
  /** Start and end of each payload, in bytes from where the walk began. */
  pairs: Int32Array = new Int32Array(256);
  /** How many entries there are. */
  length = 0;
  // So that no engine may leave out loads whose values nobody wants.
  #warmth = 0;

  /** Where the last payload ends. There must be one. */
  get end(): number {
    return this.pairs[2 * this.length - 1];
  }

  /**
   * Finds the committed entries from `from` on in shared memory: at most `most` of at
   * most `mostBytes` bytes, unless a single one is larger.
   * The bounds are only as good as the memory was at this moment: validate, then use them.
   * Where all is committed up to the limit, it pays to fetch ahead.
   */
  find(
    segment: Segment,
    from: number,
    ahead: Ahead,
    most: number,
    mostBytes: number,
    found: Found,
  ): void {
    const { words } = segment;
    const { limit, isComplete, stale } = ahead;
    // All relative to `from`, so that the walk is one of small integers whatever the segment's size.
    const first = from >>> 2;
    const room = Math.min(limit - from, MAX_TOTAL_LENGTH);
    const staleAt = stale < 0 ? -1 : stale - from;
    const mostBounds = 2 * most;
    let warmBelow = isComplete ? Math.min(room, mostBytes) : 0;
    let bounds = this.pairs;
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
        // find() makes an acquire of all these loads; a branch separates each from the next.
        const header = words[first + (at >>> 2)];
        if (header >= 0 || at === staleAt) {
          reason = "open";
          break walk;
        }
        const total = header & LENGTH_MASK;
        if (total < HEADER_SIZE || total > room - at) {
          // The finish mark of version 2 is looked for later, where there is no entry.
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
    this.length = filled >>> 1;
  }

  /** Forgets the first `count` entries. */
  skip(count: number): void {
    this.pairs.copyWithin(0, 2 * count, 2 * this.length);
    this.length -= count;
  }

  /** Copies `length` entries of `other`, from entry `start` on. */
  takeFrom(other: EntryBounds, start: number, length: number): void {
    while (this.pairs.length < 2 * length) this.#grow();
    this.pairs.set(other.pairs.subarray(2 * start, 2 * (start + length)));
    this.length = length;
  }

  #grow(): Int32Array {
    const pairs = new Int32Array(2 * this.pairs.length);
    pairs.set(this.pairs);
    return this.pairs = pairs;
  }
}

/**
 * Brings as many headers up to date as `EntryBounds.find()` will look at. Where the next chunk says
 * that all are committed, they come at once; else only what the last one leads to is known to be one.
 */
export function loadHeaders(
  segment: Segment,
  from: number,
  ahead: Ahead,
  most: number,
  mostBytes: number,
): void {
  const { words, load } = segment;
  const end = Math.min(from + mostBytes + HEADER_SIZE, ahead.limit);
  if (ahead.isComplete) return load(from, end);
  for (let at = from, count = 0; count < most && end - at >= HEADER_SIZE; count++) {
    load(at, at + HEADER_SIZE);
    const header = words[at >>> 2];
    const total = header & LENGTH_MASK;
    if (header >= 0 || total < HEADER_SIZE || total > ahead.limit - at) return;
    at += (total + 3) & ~3;
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
