/**
 * A survey of the chunk table: which rows can be believed, and where the log ends.
 *
 * In a log of our own writer every committed row is true. The reference's writer leaves rows that
 * are not: it changes the token of a row before it takes back the flag (so a row shows old entries
 * under new numbers until its restart is done, and for ever if the writer died in between), and it
 * forgets to clear rows whose bytes it overwrote. Whoever starts somewhere in the table (a reader's
 * start, a reader that was overtaken, a writer that resumes, an inspection) asks here first.
 *
 * @module
 */

import type { Fence } from "../fence.ts";
import {
  COMMIT_FLAG,
  HEADER_SIZE,
  LENGTH_MASK,
  ROW_SIZE,
  rowWord,
  TABLE_OFFSET,
  wideNumber,
  WRAP_LENGTH,
} from "./layout.ts";
import type { Row, Segment } from "./segment.ts";

/** Why a walk along committed entries ended. */
export type WalkEnd =
  /** At a header that is not committed: nothing was written here yet. */
  | "open"
  /** At a wrap mark. */
  | "wrap"
  /** At or past the limit that was given. */
  | "limit"
  /** At the end of the segment: no room for another header. */
  | "end"
  /** At a header that cannot be true. */
  | "damage";

/** A walk along committed entries. */
export interface Walk {
  /** Offset of the header that ended it, in bytes. */
  offset: number;
  /** How many entries it passed. */
  entries: number;
  /** Why it ended. */
  reason: WalkEnd;
}

/** A row that can be believed, with its place in the table. */
export interface ChunkRow extends Row {
  /** The index of the chunk. */
  index: number;
}

/** What can be believed of a chunk table. */
export interface Survey {
  /** The rows that can be believed, by index. */
  rows: ChunkRow[];
  /** The one with the highest token: where the writer is. */
  newest: ChunkRow | undefined;
  /** The entries of the newest chunk, up to the writer. */
  end: Walk;
}

/** Walks along committed entries from `offset`, as far as `limit` (in bytes). */
export function walk(segment: Segment, offset: number, limit: number): Walk {
  const { words, end } = segment;
  let entries = 0;
  while (offset < limit) {
    if (end - offset < HEADER_SIZE) return { offset, entries, reason: "end" };
    if (segment.isCopy) segment.load(offset, offset + HEADER_SIZE);
    const header = words[offset >>> 2];
    if (header >= 0) return { offset, entries, reason: "open" };
    const total = header & LENGTH_MASK;
    if (total < HEADER_SIZE) {
      return {
        offset,
        entries,
        reason: total === 0 ? "open" : total === WRAP_LENGTH ? "wrap" : "damage",
      };
    }
    if (total > end - offset) return { offset, entries, reason: "damage" };
    offset += (total + 3) & ~3;
    entries++;
  }
  return { offset, entries, reason: end - offset < HEADER_SIZE ? "end" : "limit" };
}

/** Finds the rows that can be believed and the end of the log. */
export function survey(segment: Segment, fence: Fence): Survey {
  segment.load(TABLE_OFFSET, segment.dataStart);
  const rows = committedRows(segment);
  fence(); // the table before the entries that it speaks of
  for (;;) {
    const newest = rows.reduce<ChunkRow | undefined>(
      (best, row) => best === undefined || row.token > best.token ? row : best,
      undefined,
    );
    if (newest === undefined) {
      return { rows, newest, end: { offset: segment.dataStart, entries: 0, reason: "open" } };
    }
    if (isRestarting(segment, rows, newest)) {
      rows.splice(rows.indexOf(newest), 1);
      continue;
    }
    const end = walk(segment, newest.offset, segment.end);
    return { rows: believed(segment, rows, newest, end), newest, end };
  }
}

/**
 * Tells of a row whether it is among `rows`, which a survey believes. Asked after something was found
 * wrong with the entries of that row: if it is not, they were overwritten, though it may still be there.
 */
export function belief(
  rows: readonly ChunkRow[],
): (row: Pick<ChunkRow, "index" | "offset" | "token">) => boolean {
  const byIndex = new Map(rows.map((row) => [row.index, row]));
  return ({ index, offset, token }) => {
    const row = byIndex.get(index);
    return row !== undefined && row.offset === offset && row.token === token;
  };
}

/** A private copy of the table's committed rows that are plausible. */
function committedRows(segment: Segment): ChunkRow[] {
  // One copy, not row by row: whoever relies on a row reads it again, in order, with readRow().
  const table = segment.words.slice(
    TABLE_OFFSET >>> 2,
    (TABLE_OFFSET + ROW_SIZE * segment.chunkCount) >>> 2,
  );
  const rows: ChunkRow[] = [];
  for (let index = 0; index < segment.chunkCount; index++) {
    const at = rowWord(index) - rowWord(0);
    if (table[at + 1] >= 0) continue;
    const offset = wideNumber(table[at], table[at + 1] & ~COMMIT_FLAG);
    const token = wideNumber(table[at + 2], table[at + 3]);
    const row = { index, offset, token, committed: true };
    // Only the first chunk can begin with entry 1: the reference clears a token before its offset.
    if (segment.isPlausible(row) && (index === 0 || token > 0)) rows.push(row);
  }
  return rows;
}

/**
 * Whether the newest row has its new token already and still its old entries.
 *
 * True rows of one lap are contiguous, so the chunk before must end exactly where this one starts,
 * with the right count. Chunk 0 has none before it; there it tells that the entries run into the
 * next chunk of the lap before: a writer that came so far would have taken that row back.
 */
function isRestarting(segment: Segment, rows: ChunkRow[], newest: ChunkRow): boolean {
  if (newest.index === 0) {
    const next = rows.find((row) => row.index === 1);
    if (next === undefined || next.token >= newest.token) return false;
    return runsInto(segment, newest.offset, next.offset);
  }
  const previous = rows.find((row) => row.index === newest.index - 1);
  if (
    previous === undefined || previous.token >= newest.token || previous.offset >= newest.offset
  ) return false;
  const { offset, entries } = walk(segment, previous.offset, newest.offset);
  return offset !== newest.offset || entries !== newest.token - previous.token;
}

/** Whether committed entries run from `offset` exactly to a committed one at `next`. */
export function runsInto(segment: Segment, offset: number, next: number): boolean {
  const found = walk(segment, offset, next);
  return found.offset === next && walk(segment, next, next + 1).entries === 1;
}

/** Leaves out the rows whose bytes were overwritten since. */
function believed(segment: Segment, rows: ChunkRow[], newest: ChunkRow, end: Walk): ChunkRow[] {
  const kept = [newest];
  for (let i = rows.indexOf(newest) - 1; i >= 0; i--) {
    const later = kept[kept.length - 1];
    if (rows[i].token < later.token && rows[i].offset < later.offset) kept.push(rows[i]);
  }
  kept.reverse();
  const begun = reachOfFirst(segment, rows);
  while (kept.length > 1 && kept[0].offset < begun) kept.shift();
  const lapStart = kept[0].token;
  let before: ChunkRow = newest;
  // What follows the newest chunk is older.
  let intactFrom = reach(segment, end.offset);
  for (const row of rows) {
    if (row.index <= newest.index || row.token >= lapStart || row.offset < intactFrom) continue;
    if (before !== newest && row.token < before.token) {
      // One lap further back: the lap in between must not have come so far.
      const overwritten = walk(segment, before.offset, row.offset);
      if (overwritten.offset + HEADER_SIZE > row.offset) continue;
    }
    kept.push(row);
    before = row;
    intactFrom = row.offset + HEADER_SIZE;
  }
  return kept;
}

/**
 * Up to where the writer has overwritten, or may be about to, that has come to the header at `offset`.
 *
 * The header after an entry is zeroed, hence the header's size on top. The reference stores the header
 * of an entry, not committed, before the payload, and leaves rows in the table whose bytes go with it.
 */
function reach(segment: Segment, offset: number): number {
  const room = segment.end - offset;
  if (room < HEADER_SIZE) return segment.end;
  segment.load(offset, offset + HEADER_SIZE);
  const total = segment.words[offset >>> 2] & LENGTH_MASK;
  const size = total >= HEADER_SIZE && total <= room ? (total + 3) & ~3 : 0;
  return offset + size + HEADER_SIZE;
}

/**
 * Up to where the first entry of a lap reaches whose row is not committed: the reference commits row 0
 * after it. Until then that entry is alone; two in a row are of the lap before.
 */
function reachOfFirst(segment: Segment, rows: ChunkRow[]): number {
  const { words, dataStart, end } = segment;
  if (rows.length > 0 && rows[0].index === 0) return 0;
  const reached = reach(segment, dataStart);
  const next = reached - HEADER_SIZE;
  if (words[dataStart >>> 2] >= 0 || end - next < HEADER_SIZE) return reached;
  segment.load(next, reached);
  return words[next >>> 2] === 0 ? reached : 0;
}
