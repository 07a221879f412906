/**
 * The options of all sinks, and what they write to.
 *
 * @module
 */

import { mustBe } from "../base/arguments.ts";
import {
  callback,
  type Check,
  checkOptions,
  type Checks,
  flag,
  integer,
  oneOf,
  pickOptions,
} from "../base/options.ts";
import { vitalsCheck } from "./vitals.ts";
import { watchdogCheck } from "./watchdog.ts";
import type { ErrorFields } from "./error_fields.ts";
import { maxPayloadSize } from "../log/layout.ts";
import { type Shape, shapesOf } from "../log/native/shape.ts";
import { type LogTarget, placeOf } from "../log/native/target.ts";
import { Writer } from "../log/writer.ts";
import { ShmLogWriter } from "../log/native/shm_log_writer.ts";
import { type ShmLogWriterOptions, shmWriterChecks } from "../log/native/writer_options.ts";

/** Less than this has no room for marks, in bytes. */
const LEAST_ENTRY_SIZE = 128;

/** What a sink writes to: a `ShmLogWriter`, or a `Writer` on any memory. */
export interface EntryWriter {
  /** The size of the largest payload in bytes. */
  readonly maxEntrySize: number;
  /** The size of a chunk in bytes. */
  readonly chunkSize: number;
  /** Writes one entry. Gives its number; 0: it was dropped. */
  write(data: Uint8Array | string): number;
  /** Writes several entries that become visible at once. Gives the number of the last one; 0: they were dropped. */
  writeMany(entries: readonly (Uint8Array | string)[]): number;
  /** Writes a file's bytes to its disk. */
  flush?(): void;
}

/** The options of all sinks. */
export interface EntrySinkOptions {
  /**
   * What to do with a line that is larger than `maxEntrySize`. `"truncate"`: the entry says how many
   * bytes are missing. A JSON object stays one: small members keep their values, large ones are cut, and
   * `truncatedBytes` is added. Of a value that is larger than the entry by far, the rest is not made at all, and
   * `truncatedBytes` is a lower bound. `"split"`: several entries, which `joinParts` puts together. A line larger
   * than a quarter of the log (an eighth, if parts are short) is truncated before. Default `"truncate"`.
   */
  oversized?: "truncate" | "split";
  /**
   * The size of the largest entry in bytes, from 128 to what the log has room for. Default: the
   * size of a chunk, but no more than an eighth of the log, so that one huge line does not push out
   * all others.
   */
  maxEntrySize?: number;
  /**
   * Called with every error: what a formatter throws, a writer that was closed. The logging call
   * itself never throws. What this function throws is ignored. It may log to the same sink: while it runs
   * (if it returns a promise, until that is settled), and after a hundred calls in a turn of the event
   * loop, errors are only counted. Default: the first error of the sink is printed as a warning of the
   * process, and the others are only counted.
   */
  onError?: (error: unknown) => void;
  /**
   * Whether an uncaught error, or a rejected promise that nobody handles, is logged as the last line. How
   * the process ends does not change. A sink doesn't know what your logger redacts, so it writes class,
   * message, stack, causes and `code` of the error, and no other own fields of it. `createLogger()`
   * writes the error as `log.fatal(error)` would. A function is given all of it, and returns what is
   * written. If the application has listeners to `uncaughtException`, the line is an error, and not
   * fatal. Default `false`.
   */
  uncaughtException?: boolean | ((error: ErrorFields) => ErrorFields);
  /**
   * Whether the application must not start without the log: then an error of opening it is thrown. By
   * default it goes to `onError`, lines are dropped and counted in `counts.dropped`, and the sink tries
   * again after a second, two, four and so on up to a minute. Default `false`.
   */
  required?: boolean;
  /**
   * Whether a last entry says how the process ended: its exit code; with `handleSignals` the signal; or that the
   * sink was closed before. To `ouroboros watch --when dead` a log whose last entry is of level `info`,
   * so of exit code 0, of a signal, or of a sink that was closed, is not dead. `kill -9` leaves no such
   * entry, nor does an uncaught error on Deno. Default `false`.
   */
  exitEntry?: boolean;
  /**
   * How often to write an entry about the process, like `"1s"`, at least `"100ms"`: delay and utilization of
   * the event loop, CPU, memory, garbage collections; what a runtime does not know is left out.
   * `ouroboros tail` shows these entries with `--vitals` only. Default: never.
   */
  vitals?: string;
  /**
   * How long the main thread may stand still, like `"1s"`, at least `"100ms"`. A thread notices when it stands
   * still for longer, and writes an entry into the log `NAME.watch`, on Node with the stack of the main thread,
   * and another one when it moves again. Code in a worker is not watched. The thread takes
   * 5 to 14 MB. The log must have a name: with a `writer`, a `ShmLogWriter`. Default: it is not watched.
   */
  watchdog?: string;
}

/**
 * Where a sink's lines go.
 *
 * With a `target` the sink opens the log, and closes it at the end. The log outlives its process (on
 * Windows in a file only). A target that another writer has becomes `NAME.1`, `NAME.2`, …, and a warning
 * of the process reports it; `{slot}` in the target does the same without a warning. Sinks of one process
 * with the same target share its log: what another one of them asks for, and the first has not, has no effect
 * and is reported to its `onError`. A `writer` that you made is yours to close, and has the options of its log.
 */
export type SinkTarget =
  | ({ target: LogTarget; writer?: undefined } & ShmLogWriterOptions)
  | { writer: EntryWriter; target?: undefined };

/** The options of all sinks. */
export type SinkOptions = EntrySinkOptions & SinkTarget;

/** All options of a sink, wherever it writes to. */
type AnySinkOptions = EntrySinkOptions & ShmLogWriterOptions & {
  target?: LogTarget;
  writer?: EntryWriter;
};

/** What the options of all sinks may be. */
export const sinkChecks: Checks<AnySinkOptions> = {
  target: (_name, value) => void placeOf(value as LogTarget),
  writer: writerCheck,
  oversized: oneOf("truncate", "split"),
  // Before a log is made that would be left behind.
  maxEntrySize: integer(LEAST_ENTRY_SIZE, undefined, "bytes"),
  onError: callback,
  uncaughtException: flagOrCallback,
  required: flag,
  exitEntry: flag,
  vitals: vitalsCheck,
  watchdog: watchdogCheck,
  ...shmWriterChecks,
};

/** What a sink can't change of a log that a writer has open; the other options are its own, too. */
const OF_THE_LOG = [
  "size",
  "chunkCount",
  "chunkSize",
  "slots",
  "ifExists",
  "mode",
  "notify",
  "version",
  "bufferId",
] as const;

/**
 * The options that all sinks have, once all of them are found right.
 *
 * @param own the checks of those that only this sink has
 */
export function checkSinkOptions(
  what: string,
  options: SinkOptions,
  own: Readonly<Record<string, Check>>,
  more: readonly string[] = [],
): SinkOptions {
  checkOptions(what, options as object, { ...sinkChecks, ...own }, more);
  if ((options.target === undefined) === (options.writer === undefined)) {
    throw new TypeError(`${what} needs either a target or a writer: { target: "/app" }`);
  }
  if (options.writer !== undefined) {
    for (const name of OF_THE_LOG) {
      const value = (options as ShmLogWriterOptions)[name];
      if (value === undefined) continue;
      throw new TypeError(
        `${what} has a writer, so ${name} ${String(value)} has no effect: give it to that writer`,
      );
    }
    if (options.watchdog !== undefined) nameOfLog(options.writer);
  }
  return pickOptions<AnySinkOptions>(options, sinkChecks) as SinkOptions;
}

/** The part of a sink's options that is its log's. */
export function logOptions(options: ShmLogWriterOptions): ShmLogWriterOptions {
  return pickOptions(options, shmWriterChecks);
}

/**
 * The name of the log, or its path; `undefined` if it could not be opened, by a recorder.
 *
 * @throws {TypeError} if it has none
 */
export function nameOfLog(writer: EntryWriter): string | undefined {
  const { name } = writer as Partial<ShmLogWriter>;
  if (typeof name === "string") return name;
  if ("name" in writer) return undefined;
  throw new TypeError("watchdog needs a log with a name: the writer must be a ShmLogWriter");
}

/** What makes lines in place in the log of a writer; `undefined` if it is not one of ours. */
export function lenderOf(writer: EntryWriter): Writer | undefined {
  if (writer instanceof ShmLogWriter) return writer.inner;
  if (writer instanceof Writer) return writer;
  // A recorder has a log of its own.
  const { lender } = writer as { lender?: unknown };
  return lender instanceof Writer ? lender : undefined;
}

function flagOrCallback(name: string, value: unknown): void {
  if (typeof value === "boolean" || typeof value === "function") return;
  throw new TypeError(mustBe(name, value, "a boolean or a function"));
}

function writerCheck(name: string, value: unknown): void {
  const { write, writeMany } = Object(value) as Partial<EntryWriter>;
  if (typeof write === "function" && typeof writeMany === "function") return;
  throw new TypeError(mustBe(name, value, "a writer, like a ShmLogWriter"));
}

/**
 * Checks the sizes of a log that is to be made, if its options say how large it is: it must not be made, and
 * left behind, before they are found wrong.
 *
 * @throws {RangeError} if entries of that log are too small, or `maxEntrySize` is too large for it
 */
export function checkEntrySize(
  target: LogTarget,
  options: EntrySinkOptions & ShmLogWriterOptions,
): void {
  const shape = givenShape(target, options);
  if (shape === undefined) return;
  const maxEntrySize = maxPayloadSize(shape.chunkCount * shape.chunkSize);
  maxEntrySizeOf(options, { maxEntrySize, chunkSize: shape.chunkSize });
}

/** The chunks that the options ask for; `undefined` if they leave that open. */
export function givenShape(target: LogTarget, options: ShmLogWriterOptions): Shape | undefined {
  const { size, chunkSize } = options;
  return size === undefined && chunkSize === undefined ? undefined : shapesOf(target, options)[0];
}

/**
 * The size of the largest entry in bytes.
 *
 * @throws {RangeError} if it is not an integer from 128 to what the log has room for
 */
export function maxEntrySizeOf(
  options: EntrySinkOptions,
  writer: Pick<EntryWriter, "maxEntrySize" | "chunkSize">,
): number {
  const most = writer.maxEntrySize;
  if (most < LEAST_ENTRY_SIZE) {
    throw new RangeError(
      `the log's entries of ${most} bytes are too small for lines: make its chunks larger`,
    );
  }
  const usual = Math.max(LEAST_ENTRY_SIZE, Math.min(writer.chunkSize, Math.floor(most / 8)));
  const { maxEntrySize = usual } = options;
  if (maxEntrySize <= most) return maxEntrySize;
  throw new RangeError(
    mustBe("maxEntrySize", maxEntrySize, `an integer from ${LEAST_ENTRY_SIZE} to ${most} bytes`),
  );
}
