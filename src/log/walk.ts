/**
 * Walks along committed entries, header by header.
 *
 * @module
 */

import { FINISH_LENGTH, FINISH_MARK, HEADER_SIZE, LENGTH_MASK, WRAP_LENGTH } from "./layout.ts";
import type { Segment } from "./segment.ts";

/** Why a walk along committed entries ended. */
export type WalkEnd =
  /** At a header that is not committed: nothing was written here yet. */
  | "open"
  /** At a wrap mark. */
  | "wrap"
  /** At the finish mark: the writer has ended the log. */
  | "finish"
  /** At or past the limit that was given. */
  | "limit"
  /** At the end of the segment: no room for another header. */
  | "end"
  /** At a header that cannot be true. */
  | "damage"
  /** Before the limit, because walks like this one have come far enough. */
  | "most";

/** A walk along committed entries. */
export interface Walk {
  /** Offset of the header that ended it, in bytes. */
  offset: number;
  /** How many entries it passed. */
  entries: number;
  /** Why it ended. */
  reason: WalkEnd;
  /** That header; 0 where it did not look at one. */
  header: number;
}

/** Walks along committed entries from `offset`, as far as `limit` (in bytes). */
export function walk(segment: Segment, offset: number, limit: number): Walk {
  const { words, end, isCopy } = segment;
  let entries = 0;
  while (offset < limit) {
    if (end - offset < HEADER_SIZE) return { offset, entries, reason: "end", header: 0 };
    if (isCopy) segment.load(offset, offset + HEADER_SIZE);
    const header = words[offset >>> 2];
    if (header >= 0) return { offset, entries, reason: "open", header };
    const total = header & LENGTH_MASK;
    if (total < HEADER_SIZE) return { offset, entries, reason: markAt(segment, total), header };
    if (total > end - offset) return { offset, entries, reason: "damage", header };
    offset += (total + 3) & ~3;
    entries++;
  }
  return { offset, entries, reason: end - offset < HEADER_SIZE ? "end" : "limit", header: 0 };
}

/**
 * Whether the finish mark is at `offset`. (The reference's `finish()` may leave the row of a chunk of the
 * lap before that began there.)
 */
export function isFinished({ version, words }: Segment, offset: number): boolean {
  return version === 2 && words[offset >>> 2] === FINISH_MARK;
}

/** What a committed header means whose length, of less than 4, is that of no entry. */
function markAt(segment: Segment, length: number): "open" | "wrap" | "finish" | "damage" {
  if (length === 0) return "open";
  if (length === WRAP_LENGTH) return "wrap";
  return length === FINISH_LENGTH && segment.version === 2 ? "finish" : "damage";
}

/**
 * How many bytes the walks of a survey may still pass, but for the last one. The chunks of a log don't
 * overlap, so that walks along all of them pass no more than its bytes; those of a forged table may,
 * and each of millions could lead through the whole log. What is not known when this is used up is not
 * believed.
 */
export interface WalkBudget {
  left: number;
}

/** Walks as far as `budget` allows, from which it takes what it passes. */
export function walkWithin(
  segment: Segment,
  offset: number,
  limit: number,
  budget: WalkBudget,
): Walk {
  const most = Math.min(limit, offset + Math.max(budget.left, 0));
  const found = walk(segment, offset, most);
  budget.left -= found.offset - offset + HEADER_SIZE;
  if (most < limit && found.offset >= most && found.offset < limit) found.reason = "most";
  return found;
}

/** The header at `offset`; 0 if there is no room for one. */
export function headerAt(segment: Segment, offset: number): number {
  if (segment.end - offset < HEADER_SIZE) return 0;
  segment.load(offset, offset + HEADER_SIZE);
  return segment.words[offset >>> 2];
}
