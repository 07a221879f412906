/**
 * Whether the end of a log is missing: that of a file which a copy, or a full disk, has cut off.
 *
 * @module
 */

import type { Fence } from "../fence.ts";
import { HEADER_SIZE, LENGTH_MASK, MAX_SEGMENT_SIZE } from "./layout.ts";
import { type ChunkRow, MAX_TOKEN, type Segment } from "./segment.ts";
import { rowOf, steadySurvey, type Survey } from "./survey.ts";
import { walk } from "./walk.ts";

/** What is missing of a log that was cut off. */
export interface CutOff {
  /** How many bytes of the log are there. */
  size: number;
  /** The sequence number of the first entry that is missing. */
  from: number;
  /** The sequence number of the last one that is known to be missing, `from` at least. */
  to: number;
  /** Whether these were the newest entries: then more may be missing than is known. */
  isOpen: boolean;
}

/**
 * Finds what shows that more was there: rows of chunks that begin beyond the end, or an entry that reaches
 * beyond it. No writer leaves either. Without them nothing tells that a log was cut off.
 */
export function cutOffOf(
  segment: Segment,
  fence: Fence,
  found: Survey = steadySurvey(segment, fence),
): CutOff | undefined {
  if (!found.isSteady) return undefined;
  const beyond = rowsBeyond(segment, fence);
  const index = found.offsets.findLastIndex((offset) => offset > 0 && offset < segment.end);
  const last = index < 0 ? undefined : rowOf(found, index);
  const end = last && walk(segment, last.offset, segment.end);
  if (beyond.length === 0) {
    if (end?.reason !== "damage") return undefined;
    const length = end.header & LENGTH_MASK;
    // A longer one than all that is there is likelier to be damage of another kind.
    if (length < HEADER_SIZE || length > segment.end) return undefined;
    fence(); // the headers before the row
    if (!segment.isUnchanged(last!, fence)) return undefined;
  }
  // Up to where the last chunk goes that has begun within what is there.
  const there = last === undefined ? 0 : last.token + end!.entries;
  let newest = found.newest?.token ?? 0;
  for (const { token } of beyond) newest = Math.max(newest, token);
  const isOpen = beyond.some(({ token }) => token === newest) ||
    (last?.token === newest && end?.reason === "damage");
  // Else the oldest ones are missing: chunks of the lap before, which ends where chunk 0 begins.
  const isWithin = isOpen || last?.index !== found.newest?.index;
  let before = isWithin ? there : tokenAfter(segment, fence, last!.index) ?? there;
  // Chunks of several laps may be left behind the newest one, where that has grown into fewer rows.
  if (!isOpen) { for (const { token } of beyond) before = Math.min(before, token); }
  const to = isOpen ? newest : found.tokens[0];
  return { size: segment.end, from: before + 1, to: Math.max(before + 1, to), isOpen };
}

/** The token of the next committed row after `index`, also if its entries can't be believed. */
function tokenAfter(segment: Segment, fence: Fence, index: number): number | undefined {
  while (++index < segment.chunkCount) {
    const { committed, token } = segment.readRow(index, fence);
    if (committed) return token;
  }
  return undefined;
}

/** The committed rows of chunks that begin beyond the end, if they are as a writer leaves them. */
function rowsBeyond(segment: Segment, fence: Fence): ChunkRow[] {
  const { end, chunkCount } = segment;
  const rows: ChunkRow[] = [];
  for (let index = 0; index < chunkCount; index++) {
    const row = segment.readRow(index, fence);
    if (!row.committed) continue;
    const { offset, token } = row;
    const before = rows.at(-1)?.offset ?? end - HEADER_SIZE;
    // Chunks lie in the order of their rows: else it is damage of another kind.
    if (offset > before && offset % 4 === 0 && offset <= MAX_SEGMENT_SIZE && token <= MAX_TOKEN) {
      rows.push({ ...row, index });
    } else if (rows.length > 0) return [];
  }
  // One that begins just at the end is left by a chunk that was never begun.
  return rows.some(({ offset }) => offset > end) ? rows : [];
}
