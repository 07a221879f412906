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

/** How often a table that changes is surveyed: one of a fast writer changes all the time. */
const STEADY_ATTEMPTS = 4;

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

/** A row that can be believed, with its place in the table. */
export interface ChunkRow extends Row {
  /** The index of the chunk. */
  index: number;
}

/** Rows of a chunk table, in two numbers a chunk: there may be millions of them. */
interface Rows {
  /** Where chunk i starts, in bytes; 0 if its row can't be believed. */
  offsets: Uint32Array;
  /** The token of chunk i. */
  tokens: Float64Array;
}

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
    if (total < HEADER_SIZE) {
      const reason = total === 0 ? "open" : total === WRAP_LENGTH ? "wrap" : "damage";
      return { offset, entries, reason, header };
    }
    if (total > end - offset) return { offset, entries, reason: "damage", header };
    offset += (total + 3) & ~3;
    entries++;
  }
  return { offset, entries, reason: end - offset < HEADER_SIZE ? "end" : "limit", header: 0 };
}

/**
 * How many bytes the walks of a survey may still pass, but for the last one. The chunks of a log don't
 * overlap, so that walks along all of them pass no more than its bytes; those of a forged table may,
 * and each of millions could lead through the whole log. What is not known when this is used up is not
 * believed.
 */
interface Room {
  left: number;
}

/** Finds the rows that can be believed and the end of the log. Takes time by the size of the log. */
export function survey(segment: Segment, fence: Fence): Survey {
  segment.load(TABLE_OFFSET, segment.dataStart);
  // One copy, not row by row: whoever relies on a row reads it again, in order, with readRow().
  const table = segment.words.slice(TABLE_OFFSET >>> 2, segment.dataStart >>> 2);
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
  const { words, dataStart } = segment;
  segment.load(TABLE_OFFSET, dataStart);
  for (let i = 0; i < table.length; i++) {
    if (words[(TABLE_OFFSET >>> 2) + i] !== table[i]) return false;
  }
  return true;
}

/** What can be believed of `table`. */
function surveyOf(segment: Segment, table: Int32Array): Omit<Survey, "isSteady"> {
  const rows = committedRows(segment, table);
  const room: Room = { left: 2 * (segment.end - segment.dataStart) };
  const first = [...table.subarray(0, ROW_SIZE >>> 2), headerAt(segment, segment.dataStart)];
  leaveOutBegun(segment, rows);
  const index = newestRow(segment, rows, room);
  if (index < 0) {
    const end: Walk = { offset: segment.dataStart, entries: 0, reason: "open", header: 0 };
    const next = new Int32Array(0);
    return { ...rows, order: new Uint32Array(0), newest: undefined, end, first, next };
  }
  const newest = { index, offset: rows.offsets[index], token: rows.tokens[index], committed: true };
  const end = walk(segment, newest.offset, segment.end);
  believe(segment, rows, index, end, room);
  const at = rowWord(index + 1) - rowWord(0);
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
  segment.loadRow(0);
  const row = rowWord(0);
  for (let i = 0; i < 4; i++) if (words[row + i] !== first[i]) return false;
  // The reference commits a row after its first entry.
  if (next.length > 0) segment.loadRow(newest.index + 1);
  const after = rowWord(newest.index + 1);
  for (let i = 0; i < next.length; i++) if (words[after + i] !== next[i]) return false;
  segment.loadRow(newest.index);
  const at = rowWord(newest.index);
  return words[at + 1] < 0 &&
    wideNumber(words[at], words[at + 1] & ~COMMIT_FLAG) === newest.offset &&
    wideNumber(words[at + 2], words[at + 3]) === newest.token &&
    headerAt(segment, segment.dataStart) === first[4] &&
    headerAt(segment, end.offset) === end.header;
}

/**
 * Whether row 0 was in the midst of its restart, in the reference's order: once that is done, a lap of
 * entries of one size may look to isCurrent() as the lap before did.
 */
export function isMoving({ offsets, first }: Survey): boolean {
  return offsets[0] === 0 && first[1] < 0;
}

/** The header at `offset`; 0 if there is no room for one. */
function headerAt(segment: Segment, offset: number): number {
  if (segment.end - offset < HEADER_SIZE) return 0;
  segment.load(offset, offset + HEADER_SIZE);
  return segment.words[offset >>> 2];
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
    const at = rowWord(index) - rowWord(0);
    if (table[at + 1] >= 0) continue;
    row.offset = wideNumber(table[at], table[at + 1] & ~COMMIT_FLAG);
    row.token = wideNumber(table[at + 2], table[at + 3]);
    // Only the first chunk can begin with entry 1: the reference clears a token before its offset.
    if (!segment.isPlausible(row) || (index > 0 && row.token === 0)) continue;
    offsets[index] = row.offset;
    tokens[index] = row.token;
  }
  return { offsets, tokens };
}

/** The index of the newest row that is not in the midst of its restart; those that are lose theirs. */
function newestRow(segment: Segment, rows: Rows, room: Room): number {
  const { offsets, tokens } = rows;
  let newest = -1;
  for (let index = 0; index < offsets.length; index++) {
    if (offsets[index] === 0) continue;
    if (newest < 0 || tokens[index] > tokens[newest]) newest = index;
  }
  if (newest < 0 || !isRestarting(segment, rows, newest, room)) return newest;
  offsets[newest] = 0;
  const others = indices(rows, 0).sort((a, b) => tokens[b] - tokens[a] || a - b);
  for (const index of others) {
    if (!isRestarting(segment, rows, index, room)) return index;
    offsets[index] = 0;
  }
  return -1;
}

/**
 * Whether the newest row has its new token already and still its old entries.
 *
 * True rows of one lap are contiguous, so the chunk before must end exactly where this one starts,
 * with the right count. Chunk 0 has none before it; there it tells that the entries run into the
 * next chunk of the lap before, mostly chunk 1: a writer that came so far would have taken that row back.
 */
function isRestarting(segment: Segment, rows: Rows, newest: number, room: Room): boolean {
  const { offsets, tokens } = rows;
  const [offset, token] = [offsets[newest], tokens[newest]];
  if (newest === 0) {
    let next = 1;
    while (next < offsets.length && offsets[next] === 0) next++;
    if (next === offsets.length || tokens[next] >= token) return false;
    const found = counted(segment, offset, offsets[next], room);
    return found.reason === "most" || isCommittedAt(segment, found, offsets[next]);
  }
  const [before, tokenBefore] = [offsets[newest - 1], tokens[newest - 1]];
  if (before === 0 || tokenBefore >= token || before >= offset) return false;
  const found = counted(segment, before, offset, room);
  return found.offset !== offset || found.entries !== token - tokenBefore;
}

/** Walks within what room is left for that. */
function counted(segment: Segment, offset: number, limit: number, room: Room): Walk {
  const most = Math.min(limit, offset + Math.max(room.left, 0));
  const found = walk(segment, offset, most);
  room.left -= found.offset - offset + HEADER_SIZE;
  if (most < limit && found.offset >= most && found.offset < limit) found.reason = "most";
  return found;
}

/** Whether committed entries run from `offset` exactly to a committed one at `next`. */
export function runsInto(segment: Segment, offset: number, next: number): boolean {
  return isCommittedAt(segment, walk(segment, offset, next), next);
}

function isCommittedAt(segment: Segment, found: Walk, next: number): boolean {
  return found.offset === next && walk(segment, next, next + 1).entries === 1;
}

/** Leaves out the rows whose bytes were overwritten since. */
function believe(segment: Segment, rows: Rows, newest: number, end: Walk, room: Room): void {
  const { offsets, tokens } = rows;
  let first = newest;
  for (let index = newest - 1; index >= 0; index--) {
    if (tokens[index] < tokens[first] && offsets[index] < offsets[first]) {
      if (offsets[index] > 0) first = index;
    } else offsets[index] = 0;
  }
  let before = newest;
  // Where the entries of that chunk end, once somebody wants to know.
  let reach = 0;
  // What follows the newest chunk is older.
  let intactFrom = reachAt(segment, end.offset);
  for (let index = newest + 1; index < offsets.length; index++) {
    if (offsets[index] === 0) continue;
    let isIntact = tokens[index] < tokens[first] && offsets[index] >= intactFrom;
    if (isIntact && before === newest) {
      // A lap in between may have come so far and have left no row. Chunks are not left empty.
      isIntact = walk(segment, offsets[index], offsets[index] + 1).entries === 1;
    } else if (isIntact && tokens[index] < tokens[before]) {
      // One lap further back: the lap in between must not have come so far.
      if (reach === 0) {
        const found = counted(segment, offsets[before], segment.end, room);
        reach = found.reason === "most" ? segment.end : found.offset;
      }
      isIntact = reach + HEADER_SIZE <= offsets[index];
    }
    if (!isIntact) {
      offsets[index] = 0;
      continue;
    }
    before = index;
    reach = 0;
    intactFrom = offsets[index] + HEADER_SIZE;
  }
}

/**
 * Up to where the writer has overwritten, or may be about to, that has come to the header at `offset`.
 *
 * The header after an entry is zeroed, hence the header's size on top. The reference stores the header
 * of an entry, not committed, before the payload, and leaves rows in the table whose bytes go with it.
 */
function reachAt(segment: Segment, offset: number): number {
  const room = segment.end - offset;
  if (room < HEADER_SIZE) return segment.end;
  const total = headerAt(segment, offset) & LENGTH_MASK;
  const size = total >= HEADER_SIZE && total <= room ? (total + 3) & ~3 : 0;
  return offset + size + HEADER_SIZE;
}

/**
 * Leaves out the rows whose bytes the first entry of a lap has overwritten whose own row is not
 * committed: the reference commits row 0 after it.
 */
function leaveOutBegun(segment: Segment, { offsets }: Rows): void {
  const { dataStart, end } = segment;
  if (offsets[0] > 0) return;
  const reached = reachAt(segment, dataStart);
  const next = reached - HEADER_SIZE;
  const isBegun = headerAt(segment, dataStart) >= 0 || end - next < HEADER_SIZE ||
    // Until its row is there, that entry is alone: two in a row are of the lap before.
    headerAt(segment, next) === 0;
  if (!isBegun) return;
  for (let index = 1; index < offsets.length; index++) {
    if (offsets[index] < reached) offsets[index] = 0;
  }
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
