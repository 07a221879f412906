/**
 * What is in a log, at the cost of a look at its table and the last chunk of each lap: for programs that
 * look often.
 *
 * @module
 */

import type { Fence } from "../fence.ts";
import type { MemoryLike } from "../memory.ts";
import { inOneLife, type Load, type Segment } from "./segment.ts";
import { behind, rowOf, soundSurvey, writtenTotal } from "./survey.ts";
import { walk } from "./walk.ts";

/** What is in a log. Of the chunks in few numbers each: there may be millions of them. */
export interface LogOutline {
  /** The version of the format. */
  version: number;
  /** What tells the log from others, in version 2. */
  bufferId: bigint | undefined;
  /** Whether its writer has finished it. */
  isFinished: boolean;
  /** The size of the segment in bytes. */
  segmentSize: number;
  /** The number of chunks. */
  chunkCount: number;
  /** After how many bytes a new chunk begins, if the segment is no larger than it must be. */
  chunkSize: number;
  /** By the index of the chunk: where it begins, in bytes; 0 for one without a place in the log. */
  offsets: Uint32Array;
  /** By the index of the chunk: how many entries were written to the log before it. */
  tokens: Float64Array;
  /** By the index of the chunk: how many entries are in it, as the chunk behind it says. */
  chunkEntries: Float64Array;
  /** By the index of the chunk: how many bytes it takes; 0 for one without a place in the log. */
  chunkBytes: Uint32Array;
  /** The index of the chunk that the writer is in; -1 if it is in no chunk. */
  newest: number;
  /** How many entries are there. */
  entries: number;
  /** How many bytes they take. */
  bytes: number;
  /** How many entries were ever written. */
  total: number;
}

/**
 * Looks at the log in `memory`, whose writer may be at work.
 *
 * @throws {UnsupportedLogError} if it is not a log of version 1 or 2
 * @throws {CorruptLogError} if its header contradicts its size
 */
export function outline(memory: MemoryLike, fence: Fence, load?: Load): LogOutline {
  return inOneLife(memory, load, fence, (segment) => outlineOf(segment, fence));
}

function outlineOf(segment: Segment, fence: Fence): LogOutline {
  const found = soundSurvey(segment, fence);
  const { order, offsets, tokens, newest, end } = found;
  const chunkEntries = new Float64Array(segment.chunkCount);
  const chunkBytes = new Uint32Array(segment.chunkCount);
  let [entries, bytes] = [0, 0];
  for (let place = 0; place < order.length; place++) {
    const [index, next] = [order[place], order[place + 1]];
    if (next === index + 1) {
      chunkEntries[index] = tokens[next] - tokens[index];
      chunkBytes[index] = offsets[next] - offsets[index];
    } else {
      // The last chunk of a lap: what comes after it may not be the next entry.
      const limit = behind(found, index)?.offset ?? segment.end;
      const last = next === undefined ? end : walk(segment, offsets[index], limit);
      fence(); // the headers before the row
      if (next !== undefined && !segment.isUnchanged(rowOf(found, index), fence)) {
        // Overwritten meanwhile.
        offsets[index] = 0;
        continue;
      }
      chunkEntries[index] = last.entries;
      chunkBytes[index] = last.offset - offsets[index];
    }
    entries += chunkEntries[index];
    bytes += chunkBytes[index];
  }
  return {
    version: segment.version,
    bufferId: segment.bufferId,
    isFinished: end.reason === "finish",
    segmentSize: segment.end,
    chunkCount: segment.chunkCount,
    chunkSize: Math.floor((segment.end - segment.dataStart) / segment.chunkCount),
    offsets,
    tokens,
    chunkEntries,
    chunkBytes,
    newest: newest === undefined ? -1 : newest.index,
    entries,
    bytes,
    total: writtenTotal(found),
  };
}
