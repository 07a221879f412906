/**
 * When a log was written last, as far as it can be known: entries have no time of their own.
 *
 * @module
 */

import { statSync } from "node:fs";
import { SharedMemory } from "../../../ffi/mod.ts";
import type { EntryBatch } from "../../log/batch.ts";
import { ShmLogReader } from "../../log/native/shm_log_reader.ts";
import type { LogTarget } from "../../log/native/target.ts";
import { recognizeRecord } from "../../records/recognize.ts";
import { batchesUpTo } from "../options/log_targets.ts";

/** Of how many of the last entries the time is looked for: lines of a stack have none. */
const MOST = 50;

/**
 * The time of the last entry that says one, in milliseconds since 1970, or that of its file if that is later;
 * `undefined` if nothing is known.
 *
 * @throws {OuroborosError} if the log can't be read
 */
export function lastWriteOf(target: LogTarget): number | undefined {
  using reader = ShmLogReader.open(target, {
    strategy: "latest",
    onOverrun: "latest",
    onDamage: "skip",
    copyMode: "auto",
  });
  let time: number | undefined;
  // Not further: a writer at full speed must not keep us here.
  for (const batch of batchesUpTo(reader, reader.newestSequenceNumber())) {
    time = timeOf(batch) ?? time;
  }
  if (typeof target === "string") return time;
  const changed = statSync(target.path, { throwIfNoEntry: false })?.mtimeMs;
  return time === undefined ? changed : Math.max(time, changed ?? 0);
}

/**
 * The same; of a log in shared memory that has no entry when it was made, where the system tells. `undefined` if
 * its entries say no time: it may have been written a moment ago.
 *
 * @throws {OuroborosError} if the log can't be read
 */
export function lastChangeOf(target: LogTarget): number | undefined {
  const written = lastWriteOf(target);
  if (written !== undefined || typeof target !== "string") return written;
  {
    using reader = ShmLogReader.open(target, { strategy: "latest", onDamage: "skip" });
    if (reader.newestSequenceNumber() > 0) return undefined;
  }
  // Writes through a mapping do not change it.
  return statSync(`/dev/shm${SharedMemory.normalizeName(target)}`, { throwIfNoEntry: false })
    ?.mtimeMs;
}

/** The time of the last entry of a batch that says one. */
function timeOf(batch: EntryBatch): number | undefined {
  for (let i = batch.length - 1; i >= Math.max(batch.length - MOST, 0); i--) {
    const time = recognizeRecord(batch.text(i))?.time;
    if (time !== undefined) return time;
  }
  return undefined;
}

/** `4 s ago`, `3 d ago`; nothing if it is not known. */
export function agoWord(time: number | undefined): string {
  if (time === undefined) return "?";
  const seconds = Math.max(Date.now() - time, 0) / 1000;
  if (seconds < 120) return `${Math.floor(seconds)} s ago`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ago`;
  return seconds < 172_800
    ? `${Math.floor(seconds / 3600)} h ago`
    : `${Math.floor(seconds / 86400)} d ago`;
}
