/**
 * What the sinks of all logging libraries share: lines in, entries out, and nothing is ever thrown.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import process from "node:process";
import type { LogTarget } from "../shm_log/target.ts";
import { ShmLogWriter } from "../shm_log/writer.ts";
import type { ShmLogWriterOptions } from "../shm_log/writer_options.ts";
import { PART_HEAD_ROOM, split } from "./parts.ts";
import { truncate } from "./truncate.ts";
import { onUncaughtError, type UncaughtError } from "./uncaught.ts";

/** Less than this has no room for marks, in bytes. */
const LEAST_ENTRY_SIZE = 128;

/** What a sink writes to: a `ShmLogWriter`, or a `Writer` on any memory. */
export interface EntryWriter {
  /** The size of the largest payload in bytes. */
  readonly maxEntrySize: number;
  /** The size of a chunk in bytes. */
  readonly chunkSize: number;
  /** Writes one entry. */
  write(data: Uint8Array | string): number;
  /** Writes several entries that become visible at once. */
  writeMany(entries: readonly (Uint8Array | string)[]): number;
  /** Writes a file's bytes to its disk. */
  flush?(): void;
}

/** What all sinks can be told. */
export interface EntrySinkOptions {
  /**
   * What to do with a line that is larger than `maxEntrySize`. `"truncate"`: the entry says how many
   * bytes are missing; a JSON object stays one, with its small members as they were and the large
   * ones cut, and has a member `truncatedBytes`. `"split"`: several entries, which `joinParts` puts
   * together; a line larger than a quarter of the log (an eighth, where parts are short) is
   * truncated before. Default `"truncate"`.
   */
  oversized?: "truncate" | "split";
  /**
   * The size of the largest entry in bytes, from 128 to what the log has room for. Default: the
   * size of a chunk, but no more than an eighth of the log, so that one huge line does not wipe out
   * all others.
   */
  maxEntrySize?: number;
  /**
   * Is told of every error: what a formatter throws, a writer that was closed. The logging call
   * itself never throws. What this throws is ignored. Default: the first error of the sink is
   * printed as a warning of the process; the others are only counted.
   */
  onError?: (error: unknown) => void;
  /**
   * Whether an error that nobody caught is logged, too, as the last line. How the process ends does
   * not change. On Bun, rejected promises are not reported. Default `false`.
   */
  uncaughtException?: boolean;
}

/**
 * Where a sink's lines go.
 *
 * With a `target` the sink opens the log, and closes it at the end. Other than those of a
 * `ShmLogWriter`, its defaults are those of a flight recorder, which outlives its process (on
 * Windows in a file only): `ifExists: "resume"` and `unlinkOnClose: false`. With a `writer` that you
 * made, you close it.
 */
export type SinkTarget =
  | ({ target: LogTarget; writer?: undefined } & ShmLogWriterOptions)
  | { writer: EntryWriter; target?: undefined };

/** The options of all sinks. */
export type SinkOptions = EntrySinkOptions & SinkTarget;

/** What a sink has done. */
export interface SinkCounts {
  /** Lines that are in the log, or were. */
  written: number;
  /** Those of them that were truncated. */
  truncated: number;
  /** Those of them that were split. */
  split: number;
  /** Errors: lines that are not in the log, mostly. */
  errors: number;
}

/**
 * Takes lines and writes each as an entry. After it was made it never throws: for loggers of your
 * own.
 *
 * @example
 * ```ts
 * import { ShmLogReader } from "@ouroboros/log";
 * import { EntrySink } from "@ouroboros/log/sinks";
 *
 * using sink = new EntrySink({ target: "/doc-sink", chunkSize: 65536, unlinkOnClose: true });
 * sink.write("a line");
 * using reader = ShmLogReader.open("/doc-sink");
 * console.log(reader.read()?.text); // a line
 * console.log(sink.counts.written); // 1
 * ```
 */
export class EntrySink implements Disposable {
  /** What was done so far. */
  readonly counts: SinkCounts = { written: 0, truncated: 0, split: 0, errors: 0 };
  /** What it writes to. */
  readonly writer: EntryWriter;
  /** The size of the largest entry in bytes. */
  readonly maxEntrySize: number;
  /** The error that was reported last. */
  lastError: unknown = undefined;

  readonly #own: ShmLogWriter | undefined;
  // So many UTF-16 units fit, whatever they are.
  readonly #surelyFits: number;
  readonly #splits: boolean;
  readonly #onError: ((error: unknown) => unknown) | undefined;
  readonly #forgetUncaught: (() => void) | undefined;
  #isReporting = false;

  /**
   * Opens the log, if that is not done yet.
   *
   * @param uncaughtLine what is written with `uncaughtException: true`
   * @throws {TypeError} if an option has the wrong type, or it is not clear where to write to
   * @throws {RangeError} if `maxEntrySize` is not an integer from 128 to what the log has room for
   * @throws {OuroborosError} what `ShmLogWriter.create` throws
   */
  constructor(options: SinkOptions, uncaughtLine: (error: UncaughtError) => string = defaultLine) {
    checkOptions(options);
    this.#own = options.writer === undefined ? open(options) : undefined;
    this.writer = this.#own ?? options.writer as EntryWriter;
    try {
      this.maxEntrySize = entrySizeOf(options, this.writer);
    } catch (error) {
      this.#own?.close();
      throw error;
    }
    this.#surelyFits = Math.floor(this.maxEntrySize / 3);
    this.#splits = options.oversized === "split";
    this.#onError = options.onError;
    if (options.uncaughtException) {
      this.#forgetUncaught = onUncaughtError((error) => this.writeMade(() => uncaughtLine(error)));
    }
  }

  /** Writes a line, which has no newline at its end. Gives whether it is in the log. */
  write(line: string): boolean {
    try {
      if (line.length > this.#surelyFits && Buffer.byteLength(line) > this.maxEntrySize) {
        this.#writeOversized(line);
      } else this.writer.write(line);
      this.counts.written++;
      return true;
    } catch (error) {
      this.report(error);
      return false;
    }
  }

  /** Writes the line that `make` gives; what that throws is reported. */
  writeMade(make: () => string): boolean {
    let line: string;
    try {
      line = make();
    } catch (error) {
      this.report(error);
      return false;
    }
    return this.write(line);
  }

  /** Counts an error and tells who wants to know. */
  report(error: unknown): void {
    this.counts.errors++;
    this.lastError = error;
    // Who logs an error of the log where it failed would do so for ever.
    if (this.#isReporting) return;
    this.#isReporting = true;
    try {
      if (this.#onError === undefined) this.#warnOnce(error);
      else {
        const result = this.#onError(error);
        if (result instanceof Promise) result.catch(() => {});
      }
    } catch {
      // Nobody is left to tell.
    } finally {
      this.#isReporting = false;
    }
  }

  /** Writes a file's bytes to its disk; for shared memory there is nothing to do. */
  flush(): boolean {
    try {
      this.writer.flush?.();
      return true;
    } catch (error) {
      this.report(error);
      return false;
    }
  }

  /** Ends writing, and closes the log unless somebody else made its writer. May be called twice. */
  close(): void {
    this.#forgetUncaught?.();
    try {
      this.#own?.close();
    } catch (error) {
      this.report(error);
    }
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }

  #writeOversized(line: string): void {
    const whole = this.#splits ? this.#mostInParts() : this.maxEntrySize;
    let text = line;
    if (Buffer.byteLength(line) > whole) {
      text = truncate(line, whole);
      this.counts.truncated++;
    }
    if (Buffer.byteLength(text) <= this.maxEntrySize) this.writer.write(text);
    else {
      // At once, so that a crash leaves all or nothing.
      this.writer.writeMany(split(text, this.maxEntrySize));
      this.counts.split++;
    }
  }

  /**
   * The size of the largest line that is split. Parts have heads, and JSON in JSON takes twice the
   * room at worst: so they never take more than 60 % of the log.
   */
  #mostInParts(): number {
    const { maxEntrySize } = this;
    const payload = (maxEntrySize - PART_HEAD_ROOM) / maxEntrySize;
    return Math.max(maxEntrySize, Math.floor(this.writer.maxEntrySize / 4 * payload));
  }

  #warnOnce(error: unknown): void {
    if (this.counts.errors > 1) return;
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    process.emitWarning(`a line was not logged: ${message}`, "OuroborosWarning");
  }
}

/** Takes the newline off the end of a line. */
export function withoutNewline(line: string): string {
  const { length } = line;
  if (line.charCodeAt(length - 1) !== 0x0a) return line;
  return line.slice(0, line.charCodeAt(length - 2) === 0x0d ? length - 2 : length - 1);
}

function defaultLine({ type, message, stack }: UncaughtError): string {
  return `uncaught: ${stack ?? `${type}: ${message}`}`;
}

function open(options: { target?: LogTarget } & ShmLogWriterOptions): ShmLogWriter {
  return ShmLogWriter.create(options.target as LogTarget, {
    ...options,
    ifExists: options.ifExists ?? "resume",
    unlinkOnClose: options.unlinkOnClose ?? false,
  });
}

function checkOptions(options: SinkOptions): void {
  const { target, writer, oversized = "truncate", onError } = options;
  if ((target === undefined) === (writer === undefined)) {
    throw new TypeError("a sink needs either a target or a writer");
  }
  if (oversized !== "truncate" && oversized !== "split") {
    throw new TypeError(`oversized is "${oversized}", but must be one of truncate, split`);
  }
  const { maxEntrySize = LEAST_ENTRY_SIZE } = options;
  // Before a log is made that would be left behind.
  if (!Number.isInteger(maxEntrySize) || maxEntrySize < LEAST_ENTRY_SIZE) {
    throw wrongSize(maxEntrySize, "what the log has room for");
  }
  if (onError !== undefined && typeof onError !== "function") {
    throw new TypeError(`onError must be a function, not ${typeof onError}`);
  }
}

function entrySizeOf(options: EntrySinkOptions, writer: EntryWriter): number {
  const most = writer.maxEntrySize;
  if (most < LEAST_ENTRY_SIZE) {
    throw new RangeError(`the log's entries of ${most} bytes are too small for lines`);
  }
  const usual = Math.max(LEAST_ENTRY_SIZE, Math.min(writer.chunkSize, Math.floor(most / 8)));
  const { maxEntrySize = usual } = options;
  if (maxEntrySize <= most) return maxEntrySize;
  throw wrongSize(maxEntrySize, most);
}

function wrongSize(maxEntrySize: number, most: number | string): RangeError {
  return new RangeError(
    `maxEntrySize is ${maxEntrySize}, but must be an integer from ${LEAST_ENTRY_SIZE} to ${most}`,
  );
}
