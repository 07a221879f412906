/**
 * What is in a log: header, chunk table, entries, damage. For people and for monitoring.
 *
 * @module
 */

import { type Fence, fullFence } from "../fence.ts";
import { maxPayloadSize, VERSION } from "./layout.ts";
import type { ReaderOptions } from "./reader_options.ts";
import { markedTotal } from "./resume.ts";
import { Segment } from "./segment.ts";
import { belief, type ChunkRow, survey, type Walk, walk } from "./survey.ts";

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
  /** What contradicts the format, one sentence each; empty for a sound log. */
  damage: string[];
}

/**
 * Looks at a log without changing it. While a writer is at work the picture is of a moment, and
 * chunks that it overtakes during the look may be missing from it.
 *
 * @throws {UnsupportedLogError} if it is not a log of version 1
 * @throws {CorruptLogError} if its header contradicts its size
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
  memory: ArrayBufferLike,
  options: Pick<ReaderOptions, "fence" | "load"> = {},
): LogInfo {
  const fence = options.fence ?? fullFence;
  const segment = new Segment(memory, options.load);
  const found = survey(segment, fence);
  const suspicions: Suspicion[] = [];
  const byIndex = new Map(found.rows.map((row) => [row.index, row]));
  const chunks: ChunkInfo[] = [];
  for (let index = 0; index < segment.chunkCount; index++) {
    const row = byIndex.get(index);
    chunks.push(
      row === undefined ? unbelieved(segment, fence, index, suspicions) : believed(
        segment,
        fence,
        row,
        row === found.newest ? found.end : undefined,
        byIndex.get(index + 1),
        suspicions,
      ),
    );
  }
  const damage = confirmed(segment, fence, suspicions, chunks);
  const live = chunks.filter(({ state }) => state === "current" || state === "full");
  const entries = live.reduce((sum, chunk) => sum + chunk.entries, 0);
  return {
    version: VERSION,
    segmentSize: segment.end,
    chunkCount: segment.chunkCount,
    chunkSize: Math.floor((segment.end - segment.dataStart) / segment.chunkCount),
    maxEntrySize: maxPayloadSize(segment.end, segment.chunkCount),
    chunks,
    firstSequenceNumber: firstNumber(live),
    lastSequenceNumber: found.newest === undefined
      ? markedTotal(segment) ?? 0
      : found.newest.token + found.end.entries,
    entries,
    bytesUsed: live.reduce((sum, chunk) => sum + chunk.bytesUsed, 0),
    damage,
  };
}

/** What looks like damage, and in which chunk, if it is one whose row was believed. */
interface Suspicion {
  what: string;
  row?: ChunkRow;
}

/**
 * What is damage indeed. The reference overwrites entries whose row it leaves in the table: where the
 * table does not believe a row any more, its chunk was overwritten.
 */
function confirmed(
  segment: Segment,
  fence: Fence,
  suspicions: Suspicion[],
  chunks: ChunkInfo[],
): string[] {
  if (suspicions.length === 0) return [];
  const isBelieved = belief(survey(segment, fence).rows);
  return suspicions.filter(({ row }) => {
    if (row === undefined || isBelieved(row)) return true;
    chunks[row.index] = overwritten(row);
    return false;
  }).map(({ what }) => what);
}

function overwritten({ index, offset, token }: ChunkRow): ChunkInfo {
  return { index, state: "overwritten", offset, token, entries: 0, bytesUsed: 0 };
}

function believed(
  segment: Segment,
  fence: Fence,
  row: ChunkRow,
  end: Walk | undefined,
  after: ChunkRow | undefined,
  suspicions: Suspicion[],
): ChunkInfo {
  const { index, offset, token } = row;
  const next = after !== undefined && after.token > token ? after : undefined;
  const found = end ?? walk(segment, offset, next?.offset ?? segment.end);
  const isShort = next !== undefined &&
    (found.offset !== next.offset || found.entries !== next.token - token);
  let state: ChunkState = end === undefined ? "full" : "current";
  if (found.reason === "damage" || isShort) {
    // Pairs with the writer's invalidation of a row before any byte of its chunk is overwritten: only
    // where the row is as it was, the bytes were those of the chunk.
    fence();
    const now = segment.readRow(index, fence, { offset: 0, token: 0, committed: false });
    if (!now.committed || now.offset !== offset || now.token !== token) {
      return overwritten(row);
    }
    state = "damaged";
    const header = segment.words[found.offset >>> 2] >>> 0;
    const what = `chunk ${index}: ${found.entries} entries up to offset ${found.offset}, ` +
      `then header 0x${header.toString(16)}` +
      (next === undefined ? "" : `; ${next.token - token} entries up to ${next.offset} expected`);
    suspicions.push({ what, row });
  }
  return { index, state, offset, token, entries: found.entries, bytesUsed: found.offset - offset };
}

function unbelieved(
  segment: Segment,
  fence: Fence,
  index: number,
  suspicions: Suspicion[],
): ChunkInfo {
  const row = segment.readRow(index, fence, { offset: 0, token: 0, committed: false });
  const { offset, token } = row;
  let state: ChunkState = "overwritten";
  if (!row.committed) state = offset === 0 && token === 0 ? "empty" : "uncommitted";
  else if (!segment.isPlausible(row)) {
    state = "damaged";
    suspicions.push({ what: segment.damagedRow(index, row).message });
  }
  return { index, state, offset, token, entries: 0, bytesUsed: 0 };
}

function firstNumber(live: ChunkInfo[]): number {
  let token = Infinity;
  for (const chunk of live) if (chunk.entries > 0) token = Math.min(token, chunk.token);
  return token === Infinity ? 0 : token + 1;
}
