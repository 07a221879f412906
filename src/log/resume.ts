/**
 * Where a log ends, and what a writer that was killed left half done.
 *
 * Whatever the step at which the writer died, what it had published stays, and the numbers go on:
 *
 * | died | found | done |
 * |---|---|---|
 * | within an entry | a header without its commit flag | it is written over |
 * | after a wrap mark | chunk 0 not restarted | the next write restarts it |
 * | within the restart of a row | no flag, or (the reference) new token on old entries | cleared, or restarted by the next write |
 * | before the commit of a row that has entries (the reference) | offset and token, no flag | committed |
 *
 * One case cannot be told: the only chunk in use is chunk 0, and its restart was cut off. Then its
 * token may be the old or the new one. We count its entries on top, so that no number is ever used
 * twice; up to a lap of numbers may be skipped, and readers report them as lost.
 *
 * @module
 */

import { CorruptLogError } from "../errors.ts";
import type { Fence } from "../fence.ts";
import { ROW_COMMIT_FLAG, TABLE_OFFSET } from "./layout.ts";
import type { Row, Segment } from "./segment.ts";
import { type ChunkRow, survey, type Walk, walk } from "./survey.ts";

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
}

/** Finds the end of the log and repairs what the last writer left half done. */
export function recover(segment: Segment, fence: Fence): WriterState {
  const { rows, newest, end } = survey(segment, fence);
  if (newest === undefined) return restartOnly(segment, fence);
  if (end.reason === "damage") {
    throw new CorruptLogError(
      `header 0x${(segment.words[end.offset >>> 2] >>> 0).toString(16)} at offset ${end.offset} ` +
        `of chunk ${newest.index} is not an entry`,
      end.offset,
    );
  }
  const kept = new Set(rows.map((row) => row.index));
  const late = lateChunk(segment, fence, newest, end);
  if (late !== undefined) {
    const flagged = ROW_COMMIT_FLAG | BigInt(late.offset);
    Atomics.store(rowTable(segment), 2 * late.index, flagged);
    kept.add(late.index);
  }
  clearRows(segment, kept);
  const { index, offset } = late ?? newest;
  // What the last writer had begun here and not published.
  if (end.reason === "open") Atomics.store(segment.words, end.offset >>> 2, 0);
  return {
    chunk: index,
    chunkStart: offset,
    offset: end.offset,
    total: newest.token + end.entries,
    isWrapped: end.reason === "wrap",
  };
}

/** The chunk that the reference had begun, with entries, and not committed. */
function lateChunk(
  segment: Segment,
  fence: Fence,
  newest: ChunkRow,
  end: Walk,
): ChunkRow | undefined {
  const index = newest.index + 1;
  if (index >= segment.chunkCount) return undefined;
  const row: Row = segment.readRow(index, fence, { offset: 0, token: 0, committed: false });
  if (row.committed || row.offset <= newest.offset || row.offset >= end.offset) return undefined;
  const before = walk(segment, newest.offset, row.offset);
  if (before.offset !== row.offset || row.token !== newest.token + before.entries) return undefined;
  return { ...row, index };
}

/** No row can be believed: chunk 0 was being restarted, and it was the only one in use. */
function restartOnly(segment: Segment, fence: Fence): WriterState {
  const { token } = segment.readRow(0, fence, { offset: 0, token: 0, committed: false });
  const { entries, reason, offset } = walk(segment, segment.dataStart, segment.end);
  const total = token + entries;
  if (reason === "damage" || !Number.isSafeInteger(total)) {
    throw new CorruptLogError(`no chunk is committed, and chunk 0 is not entries only`, offset);
  }
  clearRows(segment, new Set());
  Atomics.store(segment.words, segment.dataStart >>> 2, 0);
  const rows = rowTable(segment);
  Atomics.store(rows, 1, BigInt(total));
  Atomics.store(rows, 0, ROW_COMMIT_FLAG | BigInt(segment.dataStart));
  const chunkStart = segment.dataStart;
  return { chunk: 0, chunkStart, offset: chunkStart, total, isWrapped: false };
}

/** Clears every row that is not kept, the flag first. */
function clearRows(segment: Segment, kept: Set<number>): void {
  const rows = rowTable(segment);
  for (let index = 0; index < segment.chunkCount; index++) {
    if (kept.has(index) || (rows[2 * index] === 0n && rows[2 * index + 1] === 0n)) continue;
    Atomics.store(rows, 2 * index, 0n);
    Atomics.store(rows, 2 * index + 1, 0n);
  }
}

function rowTable(segment: Segment): BigUint64Array {
  return new BigUint64Array(segment.bytes.buffer, TABLE_OFFSET, 2 * segment.chunkCount);
}
