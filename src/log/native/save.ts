/**
 * A live log saved into a file.
 *
 * @module
 */

import { isSameFile, PartialFile } from "../../../ffi/mod.ts";
import { delay } from "../../async.ts";
import { SegmentNotFoundError } from "../../errors.ts";
import { dataOffset, HEADER_SIZE, SAVED_HEADER } from "../layout.ts";
import { type CopyProgress, copySteps, type SnapshotInfo } from "../snapshot.ts";
import { Segment } from "../segment.ts";
import { survey } from "../survey.ts";
import { OpenedLog } from "./opened_log.ts";
import { type CopyMode, fence } from "./source.ts";
import { describeTarget, type LogTarget, withName } from "./target.ts";
import {
  entriesOf,
  roomSteps,
  type TimeRange,
  type TrimmedRange,
  trimSteps,
} from "./time_range.ts";
import { mustBe } from "../../base/arguments.ts";
import { durationCheck, parseDuration } from "../../base/durations.ts";
import {
  callback,
  type Check,
  checkOptions,
  type Checks,
  flag,
  mode as isMode,
  signal as isSignal,
} from "../../base/options.ts";
import { shmReaderChecks } from "./reader_options.ts";

/** How often a part of a log that is restarted again and again is looked for. */
const MOST_LIVES = 16;
/** How long a copy may block the event loop, in milliseconds. */
const SLICE = 8;

/** How a log is saved. */
export interface SaveOptions {
  /** Whether an existing file is replaced, in one step at the end. Default `false`. */
  force?: boolean;
  /**
   * Whether the file ends with the last entry. Such a file is read like any other, but a writer that resumes
   * it has no more room than its entries take. Default `false`: it is as large as the log.
   */
  compact?: boolean;
  /**
   * Only the last part of the log, like `"30s"`: so long before its last entry, not before now. Times are what
   * entries say themselves, see the guide Questions, and are expected to grow; an entry without one has
   * that of the entry before it. Of a log without any time all is saved. With this, `since` or `until` the
   * file is compact.
   */
  last?: string;
  /**
   * Only entries from this time on: a `Date`, or milliseconds since 1970. Where a clock was put back, entries
   * of other times may be between the first and the last one, for the numbers of a log have no gap:
   * `otherTimes` of what is returned counts them.
   */
  since?: Date | number;
  /** Only entries up to this time: a `Date`, or milliseconds since 1970. */
  until?: Date | number;
  /** How to read the bytes of the log, see {@linkcode ShmLogReaderOptions}. Default `"map"`. */
  copyMode?: CopyMode;
  /** The permission bits of the file. Default 0o600: nobody else may read it. */
  mode?: number;
  /** Stops saving. No file is left. */
  signal?: AbortSignal;
  /** Called now and then with the progress. */
  onProgress?: (progress: CopyProgress) => void;
}

/** What was saved. */
export interface SavedLog extends SnapshotInfo {
  /** The path of the file. */
  path: string;
  /** Its size in bytes. */
  size: number;
  /** Whether a part by time was asked for, and nothing in the log has a time: then all of it is saved. */
  isUntimed: boolean;
  /** How many entries in it are not of the time from `since` until `until`, for a clock was put back in the log. */
  otherTimes: number;
}

/**
 * Saves the log as it is at this moment into a file, while its writer runs: a log without
 * damage, with the same sequence numbers, which all readers of the format open. See
 * {@linkcode snapshot} for what is in it. The file appears under its name when it is complete and on
 * the disk, or not at all.
 *
 * @param target a name like `"/app"`, or `{ path }` for a log in a file
 * @param path the file to make, in a folder that exists
 * @throws {SegmentNotFoundError} if there is no such log
 * @throws {SegmentExistsError} if there is a file already, without `force`
 * @throws {NoSpaceError} if the disk has no room for it
 * @throws {PermissionDeniedError} if the system refuses access to the log or the folder
 * @throws {UnsupportedLogError} if it is not a log of version 1 or 2
 * @throws {CorruptLogError} if its header contradicts its size
 * @throws {SegmentTruncatedError} if the log became shorter
 * @throws {SystemCallError} if there is something else than a file at `path`
 * @throws {RangeError} if `path` is the log itself
 * @throws {DOMException} the reason of `signal` when it is aborted
 * @throws {TypeError} if an option has the wrong type
 *
 * @example
 * ```ts
 * import { rmSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { saveLog, ShmLogReader, ShmLogWriter } from "@ouroboros/log";
 *
 * using writer = ShmLogWriter.create("/doc-save", { size: "256KiB", unlinkOnClose: true });
 * writer.writeMany(["one", "two"]);
 * const path = `${tmpdir()}/doc-save-${process.pid}.log`;
 * const saved = await saveLog("/doc-save", path);
 * console.log(saved.entries, saved.lastSequenceNumber); // 2 2
 * using reader = ShmLogReader.open({ path });
 * console.log(reader.read()?.text); // one
 * reader.close();
 * rmSync(path);
 * ```
 */
export async function saveLog(
  target: LogTarget,
  path: string,
  options: SaveOptions = {},
): Promise<SavedLog> {
  checkOptions("saveLog()", options, {
    ...syncChecks,
    signal: isSignal,
    onProgress: callback,
  });
  options.signal?.throwIfAborted();
  return await saveOpened(OpenedLog.open(target, options.copyMode), path, options);
}

/**
 * The same of a log that is open, whatever has its name by now. It is closed.
 *
 * @throws {SegmentNotFoundError} if no entry would be in the file, with `isNeverEmpty`
 * @throws {OuroborosError} what `saveLog()` throws
 */
export async function saveOpened(
  log: OpenedLog,
  path: string,
  options: SaveOptions & { isNeverEmpty?: boolean },
): Promise<SavedLog> {
  using saving = new Saving(log, path, options);
  const info = await inTurns(saving.steps, options);
  if (options.isNeverEmpty && info.entries === 0) {
    throw nothingToSave(`log ${describeTarget(log.target)} has no entry of that time`);
  }
  await saving.flush();
  options.signal?.throwIfAborted();
  return saving.finish(info);
}

/** The error for a file that would have no entries. */
export function nothingToSave(why: string): SegmentNotFoundError {
  return new SegmentNotFoundError(`nothing could be saved: ${why}`);
}

/** How a log is saved at once. */
export type SaveSyncOptions = Omit<SaveOptions, "signal" | "onProgress">;

/**
 * The same at once, for the last moment of a process: in `uncaughtExceptionMonitor`, in a listener to
 * `exit` or to a signal. Nothing else runs meanwhile: 16 MiB take some 10 ms, and the disk's time.
 *
 * @param target a name like `"/app"`, or `{ path }` for a log in a file
 * @param path the file to make, in a folder that exists
 * @throws {OuroborosError} what `saveLog()` throws
 * @throws {RangeError} if `path` is the log itself
 * @throws {TypeError} if an option has the wrong type
 *
 * @example
 * ```ts
 * import { rmSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { saveLogSync, ShmLogWriter } from "@ouroboros/log";
 *
 * using writer = ShmLogWriter.create("/doc-save-sync", { size: "1MiB" });
 * writer.write("last words");
 * const path = `${tmpdir()}/doc-save-sync-${process.pid}.log`;
 * // In a listener: process.on("uncaughtExceptionMonitor", () => saveLogSync(…));
 * console.log(saveLogSync("/doc-save-sync", path, { compact: true }).entries); // 1
 * rmSync(path);
 * ```
 */
export function saveLogSync(
  target: LogTarget,
  path: string,
  options: SaveSyncOptions = {},
): SavedLog {
  checkOptions("saveLogSync()", options, syncChecks);
  using saving = new Saving(OpenedLog.open(target, options.copyMode), path, options);
  for (;;) {
    const step = saving.steps.next();
    if (step.done) return saving.finish(step.value);
  }
}

const isMoment: Check = (name, value) => {
  if (Number.isFinite(value instanceof Date ? value.getTime() : value)) return;
  throw new TypeError(mustBe(name, value, "a Date, or milliseconds since 1970"));
};

const syncChecks: Checks<SaveSyncOptions> = {
  force: flag,
  compact: flag,
  copyMode: shmReaderChecks.copyMode,
  mode: isMode,
  last: durationCheck(1, '"30s" or "5m"'),
  since: isMoment,
  until: isMoment,
};

/** A log on its way into a file. */
class Saving implements Disposable {
  /** What is done step by step; to the end, before it is finished. */
  readonly steps: Generator<CopyProgress, SnapshotInfo>;
  readonly #path: string;
  readonly #isCompact: boolean;
  readonly #log: OpenedLog;
  #file: PartialFile | undefined;
  #range: TrimmedRange | undefined;

  /** Closes `log` at its end. */
  constructor(log: OpenedLog, path: string, options: SaveSyncOptions) {
    const part = partOf(options);
    this.#path = path;
    this.#isCompact = options.compact || part !== undefined;
    this.#log = log;
    this.steps = this.#save(options, part);
  }

  *#save(
    { force = false, mode }: SaveSyncOptions,
    part: TimeRange | undefined,
  ): Generator<CopyProgress, SnapshotInfo> {
    const path = this.#path;
    const { memory, source, target } = this.#log;
    if (typeof target !== "string" && isSameFile(target.path, path)) {
      throw new RangeError(
        `${describeTarget(target)} can't be saved over itself: choose another path`,
      );
    }
    const { buffer, load, guard } = source;
    for (let attempt = 1;; attempt++) {
      guard?.();
      let size = memory.byteLength;
      let segment: Segment;
      try {
        segment = new Segment(buffer, load);
        if (part !== undefined) {
          this.#range = yield* trimSteps(source, entriesOf(source, part));
          // A disk has no room for a large log, and takes its time, where a few seconds of it are asked for.
          const start = dataOffset(segment.chunkCount, segment.version);
          size = Math.min(size, start + (yield* roomSteps(source, this.#range)));
        }
      } catch (error) {
        throw withName(error, target);
      }
      const file = PartialFile.create(path, size, { force, mode });
      this.#file = file;
      const info = yield* copySteps(buffer, file.buffer, { fence, load, guard }, this.#range);
      // Where the log was restarted meanwhile, its numbers are of other entries.
      if (part === undefined || attempt === MOST_LIVES || segment.isSameLife(fence)) return info;
      file.close();
    }
  }

  /** Writes the bytes to the disk while others work. */
  async flush(): Promise<void> {
    await this.#file!.flush();
  }

  /** Gives the file its name. */
  finish(info: SnapshotInfo): SavedLog {
    const file = this.#file!;
    const used = finishCopy(file.buffer, info.entries > 0);
    const size = this.#isCompact ? used : file.buffer.byteLength;
    file.finish(size);
    const { isUntimed = false, otherTimes = 0 } = this.#range ?? {};
    return { path: this.#path, size, ...info, isUntimed, otherTimes };
  }

  [Symbol.dispose](): void {
    this.#file?.close();
    this.#log.close();
  }
}

/** The part by time that is asked for, if there is one. */
function partOf({ since, until, last }: SaveSyncOptions): TimeRange | undefined {
  if (since === undefined && until === undefined && last === undefined) return undefined;
  return {
    since: since && Number(since),
    until: until && Number(until),
    last: last && parseDuration(last) || undefined,
  };
}

/** Takes the steps, and gives others their turns. */
async function inTurns(
  steps: Generator<CopyProgress, SnapshotInfo>,
  { signal, onProgress }: SaveOptions,
): Promise<SnapshotInfo> {
  let turnAt = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - turnAt < SLICE) continue;
    onProgress?.(step.value);
    await delay(0, { signal });
    turnAt = performance.now();
  }
}

/**
 * Marks a copy, which was never wrapped, as one that was saved; returns how many bytes its entries take, with
 * what is before them and the header that says that nothing comes after them. Without room for that, or in a
 * finished log, it has no mark.
 */
function finishCopy(memory: ArrayBuffer, hasEntries: boolean): number {
  const segment = new Segment(memory);
  const { end } = survey(segment, fence);
  if (hasEntries && end.reason === "open") segment.words[end.offset >>> 2] = SAVED_HEADER;
  return Math.min(end.offset + HEADER_SIZE, segment.end);
}
