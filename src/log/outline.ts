/**
 * What is in a log, at the cost of a look at its table and its newest chunk: for those who look often.
 *
 * @module
 */

import type { Fence } from "../fence.ts";
import { markedTotal } from "./resume.ts";
import { Segment } from "./segment.ts";
import { type ChunkRow, survey } from "./survey.ts";

/** A chunk that has entries. */
export interface ChunkOutline {
  /** How many entries were written to the log before it. */
  token: number;
  /** How many entries are in it, as the chunk behind it says. */
  entries: number;
  /** How many bytes it takes. */
  bytes: number;
  /** Whether it is the one that the writer is in. */
  isNewest: boolean;
}

/** What is in a log. */
export interface LogOutline {
  /** The size of the segment in bytes. */
  segmentSize: number;
  /** After how many bytes a new chunk begins, if the segment is no larger than it must be. */
  chunkSize: number;
  /** By index; undefined for those without entries. */
  chunks: (ChunkOutline | undefined)[];
  /** How many entries are there. */
  entries: number;
  /** How many bytes they take. */
  bytes: number;
  /** How many entries were ever written. */
  total: number;
}

/** Looks at the log in `memory`, whose writer may be at work. */
export function outline(memory: ArrayBufferLike, fence: Fence): LogOutline {
  const segment = new Segment(memory);
  const { rows, newest, end } = survey(segment, fence);
  const total = newest === undefined ? markedTotal(segment) ?? 0 : newest.token + end.entries;
  const chunks: (ChunkOutline | undefined)[] = new Array(segment.chunkCount).fill(undefined);
  const byAge = [...rows].sort((a, b) => a.token - b.token);
  byAge.forEach((row, i) => {
    const next: ChunkRow | undefined = byAge[i + 1];
    const isNewest = next === undefined;
    // The last chunk of a lap ends with the segment, but for what a wrap mark leaves free.
    const to = isNewest ? end.offset : next.offset > row.offset ? next.offset : segment.end;
    chunks[row.index] = {
      token: row.token,
      entries: (isNewest ? total : next.token) - row.token,
      bytes: to - row.offset,
      isNewest,
    };
  });
  const found = chunks.filter((chunk) => chunk !== undefined);
  return {
    segmentSize: segment.end,
    chunkSize: Math.floor((segment.end - segment.dataStart) / segment.chunkCount),
    chunks,
    entries: found.reduce((sum, chunk) => sum + chunk.entries, 0),
    bytes: found.reduce((sum, chunk) => sum + chunk.bytes, 0),
    total,
  };
}
