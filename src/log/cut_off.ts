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

/**
 * What is missing of a log that was cut off. Between the first and the last entry others may be there, where
 * chunks of several laps have lain behind the newest one.
 */
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
  const isCut = end?.reason === "damage";
  // Up to where the last chunk goes that has begun within what is there.
  const there = last === undefined ? 0 : last.token + end!.entries;
  let newest = found.newest?.token ?? 0;
  for (const { token } of beyond) newest = Math.max(newest, token);
  const size = segment.end;
  const isOpen = last?.token === newest ? isCut : beyond.some(({ token }) => token === newest);
  if (last === undefined || isOpen) {
    return { size, from: there + 1, to: Math.max(there + 1, newest), isOpen: true };
  }
  // Else the oldest ones are missing, of chunks that lie behind the newest one: of laps before, which end
  // where the next one began. The last one is taken to have gone up to chunk 0, of others one entry is known.
  const newestIndex = found.newest!.index;
  const lost = [...cutRows(segment, fence, found, last.index), ...beyond];
  let final = 0;
  for (const { token } of lost) final = Math.max(final, token);
  for (let i = newestIndex + 1; i < found.offsets.length; i++) {
    if (found.offsets[i] > 0) final = Math.max(final, found.tokens[i]);
  }
  let [from, to] = [Infinity, 0];
  const miss = (row: ChunkRow, after: number, next = 0, least = after + 1) => {
    const end = row.token === final ? found.tokens[0] : next > after ? next : least;
    if (end > after) [from, to] = [Math.min(from, after + 1), Math.max(to, end)];
  };
  if (last.index !== newestIndex) miss(last, there, lost[0]?.token, isCut ? there + 1 : there);
  lost.forEach((row, i) => miss(row, row.token, lost[i + 1]?.token));
  return to === 0 ? undefined : { size, from, to, isOpen: false };
}

/** The row of a chunk behind row `index` of which not even the first entry is there as a whole. */
function cutRows(segment: Segment, fence: Fence, found: Survey, index: number): ChunkRow[] {
  while (++index < segment.chunkCount) {
    const row = segment.readRow(index, fence);
    if (!row.committed || row.offset < found.end.offset) continue;
    return row.offset <= segment.end - HEADER_SIZE ? [{ ...row, index }] : [];
  }
  return [];
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

/** Which entries are missing: `"entries 5 to 9 are missing, and all that came after"`. */
export function missingInWords({ from, to, isOpen }: CutOff): string {
  if (from === to) {
    return isOpen
      ? `entry ${from} is missing, and all that came after`
      : `entry ${from} is missing`;
  }
  return `entries ${from} to ${to} are missing${isOpen ? ", and all that came after" : ""}`;
}

/** That with how much is there: `"it is cut off after 408 bytes: entries 5 to 9 are missing"`. */
export function cutOffInWords(cutOff: CutOff): string {
  return `it is cut off after ${cutOff.size} bytes: ${missingInWords(cutOff)}`;
}
