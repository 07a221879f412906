/**
 * What commands do with the logs that they are given.
 *
 * @module
 */

import { statSync } from "node:fs";
import { isSameFile, SharedMemory } from "../../../ffi/mod.ts";
import type { ShmLogReaderOptions } from "../../log/native/reader_options.ts";
import { BATCH_ENTRIES, EntryBatch } from "../../log/batch.ts";
import { ShmLogReader } from "../../log/native/shm_log_reader.ts";
import { describeTarget, type LogTarget } from "../../log/native/target.ts";
import { STANDARD_INPUT } from "../../log/native/unpacked_file.ts";
import { warn } from "../output/warn.ts";

/** How often to look for a log that is not there, in milliseconds. */
const INTERVAL = 20;
/** After how long to say so, in milliseconds. */
const PATIENCE = 1000;

/** Whether it is what comes by standard input. */
export function isStandardInput(target: unknown): boolean {
  return target instanceof Object && "path" in target && target.path === STANDARD_INPUT;
}

/**
 * Opens a log as soon as it is there; says so if that takes a while.
 *
 * @throws {DOMException} the reason of `signal` when it is aborted
 */
export async function waitForLog(
  target: LogTarget,
  signal: AbortSignal,
  options: ShmLogReaderOptions,
): Promise<ShmLogReader> {
  const notice = setTimeout(() => warn(`waiting for log ${describeTarget(target)}`), PATIENCE);
  try {
    return await ShmLogReader.waitFor(target, { ...options, signal, interval: INTERVAL });
  } finally {
    clearTimeout(notice);
  }
}

/** What is there up to entry `last`, many at a time; the batch is filled again for the next ones. */
export function* batchesUpTo(reader: ShmLogReader, last: number): Generator<EntryBatch> {
  const batch = new EntryBatch();
  while (reader.lastSequenceNumber < last) {
    const most = Math.min(last - reader.lastSequenceNumber, BATCH_ENTRIES);
    // Nothing, if what was there is damaged, or was cut off.
    if (reader.readBatch(most, batch).length === 0) return;
    yield batch;
  }
}

/**
 * Makes sure that a file to be written is not the log that is read: that would be cut off under its
 * writer, too.
 *
 * @throws {RangeError} if it is
 */
export function refuseItself(target: LogTarget, reader: ShmLogReader, path: string): void {
  const { device, inode } = reader.position;
  const there = statSync(path, { throwIfNoEntry: false });
  const isItself = typeof target === "string"
    // Where shared memory can be seen among the files.
    ? there?.dev === device && there.ino === inode
    : isSameFile(target.path, path);
  if (isItself) {
    throw new RangeError(`${path} is log ${describeTarget(target)} itself: choose another file`);
  }
}

/** Says that `what` keeps no shared memory where that goes with its last handle: on Windows. */
export function warnIfShortLived(target: LogTarget, what: string): void {
  if (typeof target !== "string" || SharedMemory.persists) return;
  warn(`${what} keeps only files on this system: shared memory goes when all have closed it`);
}
