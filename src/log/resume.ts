/**
 * Where a log ends, and what a writer that was killed left half done.
 *
 * Whatever the step at which the writer died, what it had published stays, and the numbers continue:
 *
 * | died | found | done |
 * |---|---|---|
 * | within an entry | a header without its commit flag | it is written over |
 * | after a wrap mark | chunk 0 not restarted | the next write restarts it |
 * | within the restart of a row | no flag (row 0: a mark with the count), or (the reference) new token on old entries | cleared, or restarted by the next write |
 * | before the commit of a row that has entries (the reference) | offset and token, no flag | committed |
 *
 * While our writer restarts row 0, the count is in it (RESTART_MARK): the rows that are left are of
 * the lap before, or of none. The reference leaves no such mark. If then no other row is in use, the
 * token may be the old or the new one: we count the entries on top, so that no number is ever used
 * twice; up to a lap of numbers may be skipped, and readers report them as lost.
 *
 * @module
 */

import { CorruptLogError, LogFinishedError } from "../errors.ts";
import type { Fence } from "../fence.ts";
import { RESTART_MARK, ROW_COMMIT_FLAG } from "./layout.ts";
import { lateChunk } from "./reference_writer.ts";
import { MAX_TOKEN, type Segment } from "./segment.ts";
import { markedTotal, survey } from "./survey.ts";
import { walk } from "./walk.ts";

/** Where a writer stands. */
export interface WriterState {
  /** The index of the chunk that it writes to. */
  chunk: number;
  /** Where that chunk starts, in bytes. */
  chunkStart: number;
  /** Where the next header goes, in bytes. */
  offset: number;
  /** How many entries were written. */
  total: number;
  /** Whether there is a wrap mark at `offset`. */
  isWrapped: boolean;
  /** Whether nothing is in the log: no row but that of this chunk is in use. */
  isEmpty: boolean;
}

/** Where the writer of an empty log stands, to which `total` entries were written before. */
export function emptyState({ dataStart }: Segment, total: number): WriterState {
  return {
    chunk: 0,
    chunkStart: dataStart,
    offset: dataStart,
    total,
    isWrapped: false,
    isEmpty: true,
  };
}

/**
 * Finds the end of the log and repairs what the last writer left half done.
 *
 * @throws {LogFinishedError} if that has finished the log: nothing is changed
 * @throws {CorruptLogError} if the next sequence number is not known
 */
export function recover(segment: Segment, fence: Fence): WriterState {
  const found = survey(segment, fence);
  const { offsets, newest, end } = found;
  // Before what the rows say: with row 0 invalidated, the newest may be of a lap before, and its count
  // an old one.
  const marked = markedTotal(found);
  // A mark that says less than they do is damage.
  const isMarked = marked !== undefined &&
    (newest === undefined || marked >= newest.token + end.entries);
  if (isMarked) return restartFirst(segment, marked, offsets);
  if (newest === undefined) return restartFirst(segment, countedTotal(segment, fence), offsets);
  if (end.reason === "damage") {
    throw new CorruptLogError(
      `header 0x${(segment.words[end.offset >>> 2] >>> 0).toString(16)} at offset ${end.offset} ` +
        `of chunk ${newest.index} is not an entry`,
      end.offset,
    );
  }
  if (end.reason === "finish") {
    throw new LogFinishedError(
      `the log is finished after entry ${newest.token + end.entries}, so it can't be resumed: ` +
        `restart or replace it`,
    );
  }
  const late = lateChunk(segment, fence, newest, end);
  if (late !== undefined) {
    const flagged = ROW_COMMIT_FLAG | BigInt(late.offset);
    Atomics.store(segment.rowTable(), 2 * late.index, flagged);
  }
  clearRows(segment, offsets, late?.index);
  // A header that is not committed there would be taken for the first entry of a lap that was begun,
  // over the rows that we keep. After the row: nobody gets there by it any more.
  if (offsets[0] === 0) Atomics.store(segment.words, segment.dataStart >>> 2, 0);
  const { index, offset } = late ?? newest;
  // What the last writer had begun here and not published.
  if (end.reason === "open") Atomics.store(segment.words, end.offset >>> 2, 0);
  return {
    chunk: index,
    chunkStart: offset,
    offset: end.offset,
    total: newest.token + end.entries,
    isWrapped: end.reason === "wrap",
    isEmpty: false,
  };
}

/** Restarts chunk 0, after `total` entries, as a writer was about to; those at `offsets` are older. */
function restartFirst(segment: Segment, total: number, offsets: Uint32Array): WriterState {
  const rows = segment.rowTable();
  // In the writer's order, so that a writer that comes after a crash in here counts the same.
  Atomics.store(rows, 0, RESTART_MARK | BigInt(total));
  clearRows(segment, offsets, 0);
  Atomics.store(rows, 1, BigInt(total));
  const chunkStart = segment.dataStart;
  Atomics.store(segment.words, chunkStart >>> 2, 0);
  Atomics.store(rows, 0, ROW_COMMIT_FLAG | BigInt(chunkStart));
  return { chunk: 0, chunkStart, offset: chunkStart, total, isWrapped: false, isEmpty: false };
}

/** The count that token and entries allow at most, in a log of the reference. */
function countedTotal(segment: Segment, fence: Fence): number {
  const { token } = segment.readRow(0, fence);
  const { entries, reason, offset } = walk(segment, segment.dataStart, segment.end);
  const total = token + entries;
  if (reason === "damage" || !(total <= MAX_TOKEN)) {
    throw new CorruptLogError(`no chunk is committed, and chunk 0 is not entries only`, offset);
  }
  return total;
}

/** Clears every row whose offset is 0 but row `kept`, the flag first. */
function clearRows(segment: Segment, offsets: Uint32Array, kept: number | undefined): void {
  const rows = segment.rowTable();
  for (let index = 0; index < segment.chunkCount; index++) {
    if (offsets[index] > 0 || index === kept) continue;
    if (rows[2 * index] === 0n && rows[2 * index + 1] === 0n) continue;
    Atomics.store(rows, 2 * index, 0n);
    Atomics.store(rows, 2 * index + 1, 0n);
  }
}
