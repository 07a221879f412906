/**
 * What is in a log: header, chunk table, entries, damage. For people and for monitoring.
 *
 * @module
 */

import { type Fence, fullFence } from "../fence.ts";
import type { MemoryLike } from "../memory.ts";
import { type CutOff, cutOffOf } from "./cut_off.ts";
import { maxPayloadSize } from "./layout.ts";
import type { ReaderOptions } from "./reader_options.ts";
import { type ChunkRow, inOneLife, type Row, type Segment } from "./segment.ts";
import {
  behind,
  believes,
  rowOf,
  soundSurvey,
  steadySurvey,
  type Survey,
  writtenTotal,
} from "./survey.ts";
import { type Walk, walk } from "./walk.ts";
import { callback, checkOptions } from "../base/options.ts";

/** How much damage is described. */
const MOST_DAMAGE = 1000;

/**
 * The state of a chunk: `"empty"` was never used, or overwritten since; `"current"` is where the
 * writer is; `"full"` is complete; `"uncommitted"` is being restarted, at this moment or by a
 * writer that died; `"overwritten"` still has its row, but its bytes are gone; `"damaged"`
 * contradicts the format.
 */
export type ChunkState =
  | "empty"
  | "current"
  | "full"
  | "uncommitted"
  | "overwritten"
  | "damaged";

/** One row of the chunk table and what is in its chunk. */
export interface ChunkInfo {
  /** The index of the chunk. */
  index: number;
  /** What state it is in. */
  state: ChunkState;
  /** Where it starts, in bytes from the start of the segment. */
  offset: number;
  /** How many entries were written to the log before it. */
  token: number;
  /** How many entries are in it. */
  entries: number;
  /** How many bytes they take, with headers and padding. */
  bytesUsed: number;
}

/** What {@linkcode inspect} finds. */
export interface LogInfo {
  /** The format version. */
  version: number;
  /**
   * What tells the log from others, in version 2: a number of 64 bits in decimal digits, for JSON has no
   * such numbers. `undefined` in version 1.
   */
  bufferId: string | undefined;
  /** Whether its writer has finished it: no entry will come. Always `false` in version 1. */
  isFinished: boolean;
  /** The size of the segment in bytes. */
  segmentSize: number;
  /** The number of chunks. */
  chunkCount: number;
  /** The size in bytes after which a new chunk begins, if the segment is no larger than it must be. */
  chunkSize: number;
  /** The size of the largest payload in bytes. */
  maxEntrySize: number;
  /** Every row of the chunk table. */
  chunks: ChunkInfo[];
  /** The sequence number of the oldest entry that is still there, or 0. */
  firstSequenceNumber: number;
  /** The sequence number of the newest entry, which is how many were ever written. */
  lastSequenceNumber: number;
  /** How many entries are there. */
  entries: number;
  /** How many bytes they take, with headers and padding. */
  bytesUsed: number;
  /** What contradicts the format, a sentence each, of the first 1000; empty for a sound log. */
  damage: string[];
  /** How much of the log contradicts the format. */
  damageCount: number;
  /** What is missing, if the log is in a file that was cut off and something in it shows that. */
  cutOff?: CutOff;
}

/**
 * Describes a log without changing it. If a writer is at work the result is of one moment, and chunks
 * that it overwrites meanwhile may be missing.
 *
 * @throws {UnsupportedLogError} if it is not a log of version 1 or 2
 * @throws {CorruptLogError} if its header contradicts its size
 * @throws {TypeError} if an option has the wrong type
 *
 * @example
 * ```ts
 * import { inspect, Writer } from "@ouroboros/log";
 *
 * const memory = new ArrayBuffer(4096);
 * Writer.create(memory, { chunkCount: 4 }).writeMany(["a", "b"]);
 * const info = inspect(memory);
 * console.log(info.entries, info.chunks[0].state, info.damage); // 2 current []
 * ```
 */
export function inspect(
  memory: MemoryLike,
  options: Pick<ReaderOptions, "fence" | "load"> = {},
): LogInfo {
  checkOptions("inspect()", options, { fence: callback, load: callback });
  const fence = options.fence ?? fullFence;
  return inOneLife(memory, options.load, fence, (segment) => infoOf(segment, fence));
}

function infoOf(segment: Segment, fence: Fence): LogInfo {
  const found = soundSurvey(segment, fence);
  const row: Row = { offset: 0, token: 0, committed: false };
  const look: Look = { segment, fence, row, suspicions: [], count: 0 };
  const chunks: ChunkInfo[] = new Array(segment.chunkCount);
  for (let index = 0; index < segment.chunkCount; index++) {
    chunks[index] = found.offsets[index] === 0 ? unbelieved(look, index) : believed(
      look,
      rowOf(found, index),
      index === found.newest?.index ? found.end : undefined,
      behind(found, index),
    );
  }
  const damage = confirmed(look, found, chunks);
  let [entries, bytesUsed, oldest] = [0, 0, Infinity];
  for (const chunk of chunks) {
    // A reader that skips damage gives what is before it.
    if (chunk.state === "overwritten") continue;
    entries += chunk.entries;
    bytesUsed += chunk.bytesUsed;
    if (chunk.entries > 0) oldest = Math.min(oldest, chunk.token);
  }
  const cutOff = cutOffOf(segment, fence, found);
  return {
    version: segment.version,
    bufferId: segment.bufferId?.toString(),
    isFinished: found.end.reason === "finish",
    segmentSize: segment.end,
    chunkCount: segment.chunkCount,
    chunkSize: Math.floor((segment.end - segment.dataStart) / segment.chunkCount),
    maxEntrySize: maxPayloadSize(segment.end - segment.dataStart),
    chunks,
    firstSequenceNumber: oldest === Infinity ? 0 : oldest + 1,
    lastSequenceNumber: writtenTotal(found),
    entries,
    bytesUsed,
    damage,
    damageCount: look.count,
    ...cutOff !== undefined && { cutOff },
  };
}

/** What a look at a log needs, and what looks like damage. */
interface Look {
  readonly segment: Segment;
  readonly fence: Fence;
  /** What a row is read into. */
  readonly row: Row;
  /** The first ones, with the chunk if it is one whose row was believed. */
  readonly suspicions: { chunk: number; what: string }[];
  count: number;
}

/**
 * What is damage indeed. The reference overwrites entries whose row it leaves in the table: where the
 * table does not believe a row any more, its chunk was overwritten.
 */
function confirmed(look: Look, found: Survey, chunks: ChunkInfo[]): string[] {
  if (look.count === 0) return [];
  const now = steadySurvey(look.segment, look.fence);
  for (const { index, state, offset, token } of chunks) {
    if (state !== "damaged" || found.offsets[index] === 0) continue;
    if (now.isSteady && believes(now, index, offset, token)) continue;
    chunks[index] = { index, state: "overwritten", offset, token, entries: 0, bytesUsed: 0 };
    look.count--;
  }
  return look.suspicions.filter(({ chunk }) => chunks[chunk].state === "damaged")
    .map(({ what }) => what);
}

/** What is in the chunk of `row`; at the latest it ends where `after` begins. */
function believed(
  look: Look,
  row: ChunkRow,
  end: Walk | undefined,
  after: ChunkRow | undefined,
): ChunkInfo {
  const { segment, fence } = look;
  const { index, offset, token } = row;
  const next = after?.index === index + 1 && after.token > token ? after : undefined;
  const found = end ?? walk(segment, offset, after?.offset ?? segment.end);
  const isWrong = next === undefined
    ? after !== undefined && found.offset > after.offset
    : found.offset !== next.offset || found.entries !== next.token - token;
  let state: ChunkState = end === undefined ? "full" : "current";
  const isEnded = found.reason === "finish" && end === undefined;
  const isDamaged = found.reason === "damage" || isEnded || isWrong;
  // Pairs with the writer's invalidation of a row before any byte of its chunk is overwritten: only where the
  // row is as it was, the bytes were those of the chunk. Where the next row says how many entries there are, all
  // of them were found.
  fence();
  if ((isDamaged || (end ?? next) === undefined) && !segment.isUnchanged(row, fence)) {
    return { index, state: "overwritten", offset, token, entries: 0, bytesUsed: 0 };
  }
  if (isDamaged) {
    state = "damaged";
    suspect(look, index, () => {
      const header = segment.words[found.offset >>> 2] >>> 0;
      return `chunk ${index}: ${found.entries} entries up to offset ${found.offset}, ` +
        `then header 0x${header.toString(16)}` +
        (next === undefined ? "" : `; ${next.token - token} entries up to ${next.offset} expected`);
    });
  }
  return { index, state, offset, token, entries: found.entries, bytesUsed: found.offset - offset };
}

function unbelieved(look: Look, index: number): ChunkInfo {
  const { segment, fence } = look;
  const row = segment.readRow(index, fence, look.row);
  const { offset, token } = row;
  let state: ChunkState = "overwritten";
  if (!row.committed) state = offset === 0 && token === 0 ? "empty" : "uncommitted";
  else if (!segment.isPlausible(row)) {
    state = "damaged";
    suspect(look, index, () => segment.rowDamage(index, row));
  }
  return { index, state, offset, token, entries: 0, bytesUsed: 0 };
}

/** Describes what looks like damage, unless there is too much of it. */
function suspect(look: Look, chunk: number, describe: () => string): void {
  look.count++;
  if (look.count <= MOST_DAMAGE) look.suspicions.push({ chunk, what: describe() });
}
