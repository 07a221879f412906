/**
 * The entries of a log in their order, in slices of time: nothing else is held up meanwhile.
 *
 * @module
 */

import { delay } from "../../async.ts";
import type { EntryBatch } from "../../log/batch.ts";
import { ShmLogReader } from "../../log/native/shm_log_reader.ts";
import type { ShmLogReaderOptions } from "../../log/native/reader_options.ts";
import type { LogTarget } from "../../log/native/target.ts";
import { segmentOf } from "./place.ts";

/** How long a scan works before it lets others work, in milliseconds. */
const SLICE = 8;

/** Which entries to visit, and how. */
export interface ScanOptions {
  /** In which segment. Another one may have the name by now. Default: the one that has the name. */
  segment?: string | undefined;
  /** Only those after this number. Default 0. */
  after?: number;
  /** Only those up to this number. Default: the newest one when the scan begins. */
  upTo?: number;
  /** How the log is read. Default `"auto"`. */
  copyMode?: ShmLogReaderOptions["copyMode"] | undefined;
  /** Ends the scan early, without an error. */
  signal: AbortSignal;
  /** Called now and then with how far it is, from 0 to 1. */
  onProgress?: ((done: number) => void) | undefined;
}

/** What was scanned. */
export interface Scanned {
  /** The segment. */
  segment: string;
  /** The number of the oldest entry that was kept when the scan began; of an empty log 1. */
  oldest: number;
  /** The number of the newest one then; 0 if there was none. */
  newest: number;
  /** The number of the last entry that was visited, lost or not asked for. */
  reached: number;
}

/**
 * Calls `visit` with batches, and the part of each that was asked for, from an index up to another one.
 * If it returns an index the scan ends before that entry.
 *
 * @returns `undefined` if the log of that name is not in that segment (any more)
 * @throws {SegmentNotFoundError} if there is no log of that name
 */
export async function scan(
  target: LogTarget,
  options: ScanOptions,
  visit: (batch: EntryBatch, from: number, to: number) => number | void,
): Promise<Scanned | undefined> {
  const { after = 0, signal, copyMode = "auto", onProgress } = options;
  const reading = { onDamage: "skip", copyMode } as const;
  using oldest = ShmLogReader.open(target, { ...reading, strategy: "oldest" });
  const { sequenceNumber: before, ...identity } = oldest.position;
  const segment = segmentOf(identity);
  if (options.segment !== undefined && options.segment !== segment) return undefined;
  const newest = Math.max(oldest.newestSequenceNumber(), before);
  const upTo = Math.min(options.upTo ?? newest, newest);
  const found = { segment, oldest: before + 1, newest };
  if (after >= upTo) return { ...found, reached: Math.max(after, before) };
  // Opened again at its place: what comes before need not be read. A segment of which nothing is known
  // has no places (on macOS).
  const start = { ...identity, sequenceNumber: after };
  using jumped = after > before && (identity.device !== 0 || identity.inode !== 0)
    ? ShmLogReader.open(target, { ...reading, after: start })
    : undefined;
  if (jumped?.continuation?.isSameSegment === false) return undefined;
  const reader = jumped ?? oldest;
  const first = reader.lastSequenceNumber;
  let sliceEnd = performance.now() + SLICE;
  while (!signal.aborted && reader.lastSequenceNumber < upTo) {
    const batch = reader.readBatch();
    if (batch.length === 0) break;
    const number = batch.sequenceNumber(0);
    const from = Math.max(after + 1 - number, 0);
    const to = Math.min(upTo + 1 - number, batch.length);
    const end = from < to ? visit(batch, from, to) : undefined;
    if (end !== undefined) return { ...found, reached: number + end - 1 };
    if (performance.now() < sliceEnd) continue;
    onProgress?.((reader.lastSequenceNumber - first) / Math.max(upTo - first, 1));
    await turn();
    sliceEnd = performance.now() + SLICE;
  }
  return { ...found, reached: Math.min(Math.max(reader.lastSequenceNumber, after), upTo) };
}

let turns: Promise<void> = Promise.resolve();

/**
 * Waits for the next slice: of all scans one has a slice before the loop looks for what else there is. By
 * a timer, because Deno looks for nothing else before `setImmediate()`.
 */
function turn(): Promise<void> {
  return turns = turns.then(() => delay(0));
}
