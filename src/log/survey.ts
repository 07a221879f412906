/**
 * A survey of the chunk table: which rows can be believed, and where the log ends.
 *
 * In a log of our own writer every committed row is true; in one of the reference's it may not be
 * (see `reference_writer.ts`). So what starts somewhere in the table asks here first: a reader at its
 * start or after an overrun, a writer that resumes, an inspection.
 *
 * @module
 */

import type { Fence } from "../fence.ts";
import { wideNumber } from "../memory.ts";
import { COMMIT_FLAG, ROW_SIZE } from "./layout.ts";
import {
  isHalfCleared,
  isRestarting,
  leaveOutBegun,
  leaveOutOverwritten,
} from "./reference_writer.ts";
import type { ChunkRow, Row, Rows, Segment } from "./segment.ts";
import { headerAt, type Walk, walk, type WalkBudget } from "./walk.ts";

/** How often a table that changes is surveyed: one of a fast writer changes all the time. */
const STEADY_ATTEMPTS = 4;

/** What can be believed of a chunk table. */
export interface Survey extends Rows {
  /** The indices of the chunks whose rows can be believed, by token. Their offsets grow with the index. */
  order: Uint32Array;
  /** The row with the highest token: where the writer is. */
  newest: ChunkRow | undefined;
  /** The entries of the newest chunk, up to the writer. */
  end: Walk;
  /** The words of row 0, believed or not, and the first header. */
  first: number[];
  /** The words of the row after the newest one. */
  next: Int32Array;
  /**
   * Whether the table held still meanwhile. If not, this may never have been true: one row was seen
   * before the writer came along, and another one after.
   */
  isSteady: boolean;
}

/** Finds the rows that can be believed and the end of the log. Takes time by the size of the log. */
export function survey(segment: Segment, fence: Fence): Survey {
  const { words, tableStart, dataStart } = segment;
  segment.load(tableStart, dataStart);
  // One copy, not row by row: a caller that relies on a row reads it again, in order, with readRow().
  const table = words.slice(tableStart >>> 2, dataStart >>> 2);
  fence(); // the table before the entries that it speaks of
  const found = surveyOf(segment, table);
  fence(); // the entries before the table again
  return { ...found, isSteady: isStill(segment, table) };
}

/** A survey that says as much as one that holds still, unless the writer is too fast for that. */
export function steadySurvey(segment: Segment, fence: Fence): Survey {
  let found = survey(segment, fence);
  for (let n = 1; n < STEADY_ATTEMPTS && !found.isSteady; n++) found = survey(segment, fence);
  return found;
}

/** Whether the table is as it was. Tokens only grow: a row that is as it was has been so throughout. */
function isStill(segment: Segment, table: Int32Array): boolean {
  const { words, tableStart, dataStart } = segment;
  segment.load(tableStart, dataStart);
  const first = tableStart >>> 2;
  for (let i = 0; i < table.length; i++) if (words[first + i] !== table[i]) return false;
  return true;
}

/** What can be believed of `table`. */
function surveyOf(segment: Segment, table: Int32Array): Omit<Survey, "isSteady"> {
  const rows = committedRows(segment, table);
  const budget: WalkBudget = { left: 2 * (segment.end - segment.dataStart) };
  const first = [...table.subarray(0, ROW_SIZE >>> 2), headerAt(segment, segment.dataStart)];
  leaveOutBegun(segment, rows);
  const index = newestRow(segment, rows, budget);
  if (index < 0) {
    const end: Walk = { offset: segment.dataStart, entries: 0, reason: "open", header: 0 };
    const next = new Int32Array(0);
    return { ...rows, order: new Uint32Array(0), newest: undefined, end, first, next };
  }
  const newest = { index, offset: rows.offsets[index], token: rows.tokens[index], committed: true };
  const end = walk(segment, newest.offset, segment.end);
  leaveOutOverwritten(segment, rows, index, end, budget);
  const at = (ROW_SIZE >>> 2) * (index + 1);
  const next = table.slice(at, at + (ROW_SIZE >>> 2));
  return { ...rows, order: inOrder(rows, index), newest, end, first, next };
}

/**
 * Whether the writer has published nothing since `found` was: then all of that is as true as it was.
 * Costs a look at four places.
 */
export function isCurrent(segment: Segment, found: Survey): boolean {
  const { newest, end, first, next, offsets } = found;
  if (newest === undefined || offsets.length !== segment.chunkCount) return false;
  const { words } = segment;
  // A lap may begin without a mark at the end of the one before.
  if (!isSameLap(segment, found)) return false;
  // A late row of the reference.
  if (next.length > 0) segment.loadRow(newest.index + 1);
  const after = segment.rowWord(newest.index + 1);
  for (let i = 0; i < next.length; i++) if (words[after + i] !== next[i]) return false;
  segment.loadRow(newest.index);
  const at = segment.rowWord(newest.index);
  return words[at + 1] < 0 &&
    wideNumber(words[at], words[at + 1] & ~COMMIT_FLAG) === newest.offset &&
    wideNumber(words[at + 2], words[at + 3]) === newest.token &&
    headerAt(segment, segment.dataStart) === first[4] &&
    headerAt(segment, end.offset) === end.header;
}

/** Whether row 0 is as it was: its token grows with each lap, so none has begun since. */
export function isSameLap(segment: Segment, { first }: Survey): boolean {
  segment.loadRow(0);
  const row = segment.rowWord(0);
  for (let i = 0; i < 4; i++) if (segment.words[row + i] !== first[i]) return false;
  return true;
}

/**
 * Whether a survey believes the row of chunk `index`. Asked after something was found wrong with its
 * entries: if it does not, they were overwritten, though the row may still be there.
 */
export function believes(
  { offsets, tokens }: Survey,
  index: number,
  offset: number,
  token: number,
): boolean {
  return offsets[index] === offset && tokens[index] === token;
}

/** How many of the rows that are believed have a token of at most `token`. */
export function countUpTo({ order, tokens }: Survey, token: number): number {
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (tokens[order[middle]] <= token) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The row of chunk `index`, which is to be believed. */
export function rowOf({ offsets, tokens }: Survey, index: number): ChunkRow {
  return { index, offset: offsets[index], token: tokens[index], committed: true };
}

/** The next row in the table that can be believed: its chunk begins behind that of row `index`. */
export function behind(found: Survey, index: number): ChunkRow | undefined {
  const { offsets } = found;
  for (let i = index + 1; i < offsets.length; i++) if (offsets[i] > 0) return rowOf(found, i);
  return undefined;
}

/** The committed rows that are plausible, of a copy of the table. */
function committedRows(segment: Segment, table: Int32Array): Rows {
  const { chunkCount } = segment;
  const offsets = new Uint32Array(chunkCount);
  const tokens = new Float64Array(chunkCount);
  const row: Row = { offset: 0, token: 0, committed: true };
  for (let index = 0; index < chunkCount; index++) {
    const at = (ROW_SIZE >>> 2) * index;
    if (table[at + 1] >= 0) continue;
    row.offset = wideNumber(table[at], table[at + 1] & ~COMMIT_FLAG);
    row.token = wideNumber(table[at + 2], table[at + 3]);
    if (!segment.isPlausible(row) || isHalfCleared(index, row.token)) continue;
    // Only the first chunk begins where the entries do: a chunk has one at least.
    if (index > 0 && row.offset === segment.dataStart) continue;
    offsets[index] = row.offset;
    tokens[index] = row.token;
  }
  return { offsets, tokens };
}

/** The index of the newest row that is not in the middle of its restart; those that are lose theirs. */
function newestRow(segment: Segment, rows: Rows, budget: WalkBudget): number {
  const { offsets, tokens } = rows;
  let newest = -1;
  for (let index = 0; index < offsets.length; index++) {
    if (offsets[index] === 0) continue;
    if (newest < 0 || tokens[index] > tokens[newest]) newest = index;
  }
  if (newest < 0 || !isRestarting(segment, rows, newest, budget)) return newest;
  offsets[newest] = 0;
  const others = indices(rows, 0).sort((a, b) => tokens[b] - tokens[a] || a - b);
  for (const index of others) {
    if (!isRestarting(segment, rows, index, budget)) return index;
    offsets[index] = 0;
  }
  return -1;
}

/** The indices of all rows, with the one at `from` first. */
function indices({ offsets }: Rows, from: number): Uint32Array {
  const found = new Uint32Array(offsets.length);
  let count = 0;
  for (let i = 0; i < offsets.length; i++) {
    const index = (from + i) % offsets.length;
    if (offsets[index] > 0) found[count++] = index;
  }
  return found.subarray(0, count);
}

/** The indices of all rows by token. */
function inOrder(rows: Rows, newest: number): Uint32Array {
  const { tokens } = rows;
  // So they are, as a rule: what is left of the lap before comes first.
  const order = indices(rows, newest + 1);
  for (let i = 1; i < order.length; i++) {
    if (tokens[order[i]] < tokens[order[i - 1]]) {
      return order.sort((a, b) => tokens[a] - tokens[b] || a - b);
    }
  }
  return order;
}
