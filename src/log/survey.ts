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
  isFirstMoving,
  isHalfCleared,
  isRestarting,
  leaveOutBegun,
  leaveOutOverwritten,
} from "./reference_writer.ts";
import { type ChunkRow, MAX_TOKEN, type Row, type Rows, type Segment } from "./segment.ts";
import { headerAt, type Walk, walk, type WalkBudget } from "./walk.ts";

/** How often a table that changes is surveyed: one of a fast writer changes all the time. */
const STEADY_ATTEMPTS = 4;
/** How often it is, until at least the end of the log is known. */
const SOUND_ATTEMPTS = 16;

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
  let table: Int32Array;
  let attempt = 0;
  do {
    segment.load(tableStart, dataStart);
    // One copy, not row by row: a caller that relies on a row reads it again, in order, with readRow().
    table = words.slice(tableStart >>> 2, dataStart >>> 2);
    fence(); // row 0 before row 0 again
    // In the middle of its restart it may have the flag of the lap before, and the token of the next one, over
    // entries of the lap before. As in readRow(): where its offset is as it was, the token is that of the offset.
    // Of other rows no entry is where their chunk begins by the time that they get their tokens.
  } while (!isSameRow(segment, 0, table) && ++attempt < STEADY_ATTEMPTS);
  // Not committed.
  if (attempt === STEADY_ATTEMPTS) table.fill(0, 0, ROW_SIZE >>> 2);
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

/**
 * The same where at least the end of the log is known, once so many attempts have found no table that holds
 * still. Where the writer is too fast for that, too, it ends with the newest row that was seen.
 */
export function soundSurvey(
  segment: Segment,
  fence: Fence,
  steadyAttempts: number = STEADY_ATTEMPTS,
): Survey {
  let latest: Survey | undefined;
  for (let attempt = 1;; attempt++) {
    const found = survey(segment, fence);
    const isGood = found.isSteady || attempt >= steadyAttempts;
    if (isGood && isEndKnown(segment, fence, found)) return found;
    // It has no chunk.
    if (found.isSteady && attempt >= STEADY_ATTEMPTS) return found;
    if ((found.newest?.token ?? -1) >= (latest?.newest?.token ?? -1)) latest = found;
    if (attempt < SOUND_ATTEMPTS) continue;
    if (latest?.newest === undefined) return found;
    // What comes after its row may be of any lap.
    const end: Walk = { offset: latest.newest.offset, entries: 0, reason: "open", header: 0 };
    return { ...latest, end };
  }
}

/**
 * Whether the newest row and the end were true together, though the table may not have held still.
 *
 * Within a lap rows are only added: where row 0 is as it was, all rows of this lap that were there before were
 * seen. Else the newest row that was seen may be of the lap before, with a count of long ago.
 */
function isEndKnown(segment: Segment, fence: Fence, found: Survey): boolean {
  const { newest, first, isSteady } = found;
  const isMarked = markedTotal(found) !== undefined;
  if (newest === undefined && !isMarked) return false;
  if (isSteady) return true;
  // A writer that came along since we looked at row 0 looks as if it were about to restart it.
  if (!isSameRow(segment, 0, first) || isFirstMoving(found, first)) return false;
  return isMarked || segment.isUnchanged(newest!, fence);
}

/** How many entries were written: the sequence number of the newest one. */
export function writtenTotal(found: Survey): number {
  const { newest, end } = found;
  // A row 0 that is restarted counts more than all others, though those may have entries.
  return markedTotal(found) ?? (newest === undefined ? 0 : newest.token + end.entries);
}

/** The count that our writer leaves in row 0 while it restarts it. */
export function markedTotal({ first: [low, high] }: Survey): number | undefined {
  if (high >> 30 !== 1) return undefined;
  const total = wideNumber(low, high & 0x3fffffff);
  return total <= MAX_TOKEN ? total : undefined;
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
  if (!isSameRow(segment, 0, first)) return false;
  // A late row of the reference.
  if (next.length > 0 && !isSameRow(segment, newest.index + 1, next)) return false;
  segment.loadRow(newest.index);
  const at = segment.rowWord(newest.index);
  return words[at + 1] < 0 &&
    wideNumber(words[at], words[at + 1] & ~COMMIT_FLAG) === newest.offset &&
    wideNumber(words[at + 2], words[at + 3]) === newest.token &&
    headerAt(segment, segment.dataStart) === first[4] &&
    headerAt(segment, end.offset) === end.header;
}

/** Whether the words of row `index` are as they were: its token grows with each lap. */
function isSameRow(segment: Segment, index: number, was: ArrayLike<number>): boolean {
  segment.loadRow(index);
  const row = segment.rowWord(index);
  for (let i = 0; i < ROW_SIZE >>> 2; i++) if (segment.words[row + i] !== was[i]) return false;
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
