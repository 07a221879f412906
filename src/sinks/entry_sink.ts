/**
 * What the sinks of all logging libraries share: they write lines as entries, and never throw.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import process from "node:process";
import { ClosedError, NativeUnavailableError, OuroborosError } from "../errors.ts";
import type { Writer } from "../log/writer.ts";
import type { LogTarget } from "../log/native/target.ts";
import type { ShmLogWriterOptions } from "../log/native/writer_options.ts";
import { SinkLog } from "./sink_log.ts";
import { mostInParts, split } from "./parts.ts";
import {
  checkEntrySize,
  checkSinkOptions,
  type EntryWriter,
  lenderOf,
  logOptions,
  maxEntrySizeOf,
  nameOfLog,
  type SinkOptions,
} from "./sink_options.ts";
import { truncate } from "./truncate.ts";
import { errorText } from "./error_fields.ts";
import { emitWarning, ErrorReports } from "./error_reports.ts";
import { type Ending, exitLine, onEnding } from "./exit_entry.ts";
import { changeUncaught, onUncaughtError, type UncaughtError } from "./uncaught.ts";
import { startVitals } from "./vitals.ts";
import { Watchdog } from "./watchdog.ts";

/** After how long to try again to open a log, in milliseconds: twice as long each time. */
const RETRY = 1000;
const LONGEST_RETRY = 60_000;
/** The `logger` of the entries of a sink itself. */
const LOGGER = "ouroboros.sink";

/** What a sink has done. */
export interface SinkCounts {
  /** Lines that were written. */
  written: number;
  /** Those of them that were truncated. */
  truncated: number;
  /** Those of them that were split. */
  split: number;
  /** Errors. Most of them are lines that are not in the log. */
  errors: number;
  /** Lines that are not in the log because it could not be opened. */
  dropped: number;
}

/**
 * Writes lines as entries, for loggers of your own. Once it is made, it never throws.
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
  /** Counts of lines and errors so far. */
  readonly counts: SinkCounts = { written: 0, truncated: 0, split: 0, errors: 0, dropped: 0 };
  /** The error that was reported last. */
  lastError: unknown = undefined;

  readonly #options: SinkOptions;
  #log: SinkLog | undefined;
  // Undefined: the log could not be opened.
  #writer: EntryWriter | undefined;
  #lender: Writer | undefined;
  #entriesBefore = 0;
  #maxEntrySize = 0;
  #maxLineSize = Infinity;
  // So many UTF-16 units fit, whatever they are.
  #surelyFits = 0;
  // When to try again to open the log.
  #nextTry = Infinity;
  #retry = RETRY;
  // When the first line was dropped, in milliseconds since 1970.
  #droppedSince = 0;
  readonly #splits: boolean;
  readonly #reports: ErrorReports;
  readonly #forgetUncaught: (() => void) | undefined;
  readonly #stopVitals: (() => void) | undefined;
  // Undefined: the end is not written, or it is written already.
  #forgetEnding: (() => void) | undefined;
  #watchdog: Watchdog | undefined;
  #isClosed = false;

  /**
   * Opens the log, if that is not done yet. If the system refuses, because another writer has it and all of
   * its slots, for lack of room or permission, or without native memory, nothing is thrown: the error
   * goes to `onError`, a warning of the process says so once, lines are dropped and counted, and the sink
   * tries again at a line after a second, two, four and so on up to a minute. When that succeeds, the first
   * entry of the sink says how many lines are missing. With `required: true` the error is thrown.
   *
   * @param uncaughtLine what is written with `uncaughtException: true`
   * @throws {TypeError} if an option has the wrong type, or it is not clear where to write to
   * @throws {RangeError} if `maxEntrySize` is not an integer from 128 to what the log has room for
   * @throws {OuroborosError} with `required: true`, what `ShmLogWriter.create` throws
   */
  constructor(options: SinkOptions, uncaughtLine: (error: UncaughtError) => string = defaultLine) {
    checkSinkOptions("EntrySink", options, {});
    this.#options = options;
    this.#splits = options.oversized === "split";
    this.#reports = new ErrorReports(options.onError);
    // Before the log is opened, which may be closed by the same.
    if (options.exitEntry) {
      const { handleSignals = false } = options as ShmLogWriterOptions;
      this.#forgetEnding = onEnding((ending) => this.end(ending), handleSignals);
    }
    try {
      if (options.writer !== undefined) this.#use(options.writer);
      else this.#open(true);
    } catch (error) {
      this.#forgetEnding?.();
      throw error;
    }
    if (options.vitals !== undefined) {
      this.#stopVitals = startVitals(options.vitals, (line) => this.write(line));
    }
    const { uncaughtException } = options;
    if (uncaughtException) {
      this.#forgetUncaught = onUncaughtError((error) => {
        // The last chance to have the last words.
        this.#nextTry = Math.min(this.#nextTry, 0);
        const otherwise = () => uncaughtLine(error);
        if (uncaughtException === true) return this.writeMade(otherwise, () => defaultLine(error));
        this.writeMade(() => uncaughtLine(changeUncaught(error, uncaughtException)), otherwise);
      });
    }
  }

  /** What it writes to; undefined while the log can't be opened. */
  get writer(): EntryWriter | undefined {
    return this.#writer;
  }

  /** The size of the largest entry in bytes; 0 while the log can't be opened. */
  get maxEntrySize(): number {
    return this.#maxEntrySize;
  }

  /**
   * How many bytes of a line are kept at most; Infinity while the log can't be opened.
   *
   * @internal
   */
  get maxLineSize(): number {
    return this.#maxLineSize;
  }

  /**
   * What lends room for lines that are made in place; undefined after `close()`, and for a writer that is
   * not one of ours. Lines that were made there are counted by `wrote()`.
   *
   * @internal
   */
  get lender(): Writer | undefined {
    return this.#lender;
  }

  /**
   * How many entries the log had when it was opened; 0 while it can't be.
   *
   * @internal
   */
  get entriesBefore(): number {
    return this.#entriesBefore;
  }

  /**
   * Counts a line that was made in place.
   *
   * @internal
   */
  wrote(): void {
    this.counts.written++;
  }

  /**
   * Writes a line, which has no newline at its end. Returns whether it is in the log.
   *
   * @param omitted how many bytes of a line that is too large were left out before
   */
  write(line: string, omitted: number = 0): boolean {
    try {
      // The application that made the writer may still use it.
      if (this.#isClosed) throw new ClosedError("the sink is closed: make a new one");
      const writer = this.#writer ?? this.#openAgain();
      if (writer === undefined) {
        if (this.counts.dropped++ === 0) this.#droppedSince = Date.now();
        return false;
      }
      const isOversized = line.length > this.#surelyFits &&
        Buffer.byteLength(line) > this.#maxEntrySize;
      const number = isOversized ? this.#writeOversized(line, writer, omitted) : writer.write(line);
      // A recorder whose log could not be opened.
      if (number === 0) this.counts.dropped++;
      else this.counts.written++;
      return number !== 0;
    } catch (error) {
      this.report(error);
      return false;
    }
  }

  /**
   * Writes the line that `make` gives. What that throws is reported, and the line that `otherwise` gives is
   * written in its place.
   */
  writeMade(make: () => string, otherwise?: () => string): boolean {
    let line: string;
    try {
      line = make();
    } catch (error) {
      this.report(error);
      return otherwise !== undefined && this.writeMade(otherwise);
    }
    return this.write(line);
  }

  /** Counts an error and calls `onError`; or warns once, saying what happened. */
  report(error: unknown, what: string = "a line was not logged"): void {
    this.counts.errors++;
    this.lastError = error;
    this.#reports.tell(error, what);
  }

  /** Writes a file's bytes to its disk; for shared memory there is nothing to do. */
  flush(): boolean {
    try {
      this.#writer?.flush?.();
      return true;
    } catch (error) {
      this.report(error);
      return false;
    }
  }

  /**
   * Switches to the log that has the name, or path, now, after the one before was moved or removed. It is
   * opened with the same options, and made if it does not exist. If it is the same log, or the sink has a
   * `writer` of yours, nothing happens. If it cannot be opened, the error is reported, and the sink keeps
   * the log that it has.
   *
   * @returns whether the sink writes to the log that has the name
   */
  reopen(): boolean {
    try {
      if (this.#isClosed) throw new ClosedError("the sink is closed: make a new one");
      if (this.#writer === undefined) {
        this.#nextTry = 0;
        return this.#openAgain() !== undefined;
      }
      const old = this.#log;
      if (!old?.writer.isReplaced()) return true;
      this.#openLog();
      old.close();
      return true;
    } catch (error) {
      this.report(error);
      return false;
    }
  }

  /** Ends writing, and closes the log unless somebody else made its writer. May be called twice. */
  close(): void {
    const log = this.#log;
    if (!log?.isShared) this.end({ closed: true });
    this.#isClosed = true;
    this.#log = undefined;
    this.#lender = undefined;
    this.#forgetUncaught?.();
    this.#forgetEnding?.();
    this.#stopVitals?.();
    this.#watchdog?.stop();
    try {
      log?.close();
    } catch (error) {
      this.report(error);
    }
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Writes that the process ends, or the sink, once, if that is asked for.
   *
   * @internal
   */
  end(ending: Ending): void {
    const forget = this.#forgetEnding;
    if (forget === undefined || this.#isClosed) return;
    this.#forgetEnding = undefined;
    this.writeMade(() => exitLine(ending));
    forget();
  }

  /** Opens the log, or says why not; at first wrong options are thrown. */
  #open(isFirst: boolean): void {
    try {
      this.#openLog();
      if (this.counts.dropped > 0) this.#sayDropped();
    } catch (error) {
      // What the environment refuses must not end the application; wrong options are its mistake, unless
      // another process has made the log that they don't fit.
      if (isFirst && (!(error instanceof OuroborosError) || this.#options.required)) throw error;
      if (!(error instanceof NativeUnavailableError)) {
        this.#nextTry = performance.now() + this.#retry;
        this.#retry = Math.min(2 * this.#retry, LONGEST_RETRY);
      }
      const { name, message } = error as Error;
      this.#reports.warnOnce(`lines are dropped: ${name}: ${message}`);
      this.report(error);
    }
  }

  /** Says in the log and as a warning of the process what is missing. */
  #sayDropped(): void {
    const { dropped } = this.counts;
    emitWarning(`lines are logged again, after ${dropped} were dropped`);
    const since = new Date(this.#droppedSince).toISOString();
    this.write(JSON.stringify({
      time: new Date().toISOString(),
      level: "warn",
      logger: LOGGER,
      msg: `${dropped} lines were dropped since ${since}: the log could not be opened`,
      dropped,
      since,
      pid: process.pid,
    }));
  }

  /** Tries again to open the log, if it is time. */
  #openAgain(): EntryWriter | undefined {
    if (performance.now() >= this.#nextTry) this.#open(false);
    return this.#writer;
  }

  /** Writes to the log of the target from now on. */
  #openLog(): void {
    const { target, ...options } = this.#options as { target: LogTarget };
    checkEntrySize(target, options);
    const own = logOptions(options);
    const log = SinkLog.open(target, own);
    this.#entriesBefore = log.writer.totalEntriesWritten;
    try {
      this.#use(log.writer);
    } catch (error) {
      log.close();
      throw error;
    }
    const isFirst = this.#log === undefined;
    this.#log = log;
    const ignored = isFirst && log.isShared ? log.ignored(target, own) : [];
    if (ignored.length > 0) {
      this.report(otherOptions(log.writer.name, ignored), "the log has other options");
    }
  }

  #use(writer: EntryWriter): void {
    this.#maxEntrySize = maxEntrySizeOf(this.#options, writer);
    this.#maxLineSize = this.#splits
      ? mostInParts(this.#maxEntrySize, writer.maxEntrySize)
      : this.#maxEntrySize;
    this.#surelyFits = Math.floor(this.#maxEntrySize / 3);
    this.#writer = writer;
    this.#lender = lenderOf(writer);
    const { watchdog, unlinkOnClose } = this.#options as SinkOptions & ShmLogWriterOptions;
    if (watchdog === undefined) return;
    const onError = (error: unknown) => this.report(error, "there is no watchdog");
    const log = nameOfLog(writer);
    if (log === undefined) return onError(new ClosedError("the log could not be opened"));
    this.#watchdog ??= new Watchdog(watchdog, { log, unlinks: unlinkOnClose, onError });
  }

  #writeOversized(line: string, writer: EntryWriter, omitted: number): number {
    const whole = this.#maxLineSize;
    let text = line;
    if (Buffer.byteLength(line) > whole) {
      text = truncate(line, whole, omitted);
    }
    const isSplit = Buffer.byteLength(text) > this.#maxEntrySize;
    // At once, so that a crash leaves all or nothing.
    const number = isSplit ? writer.writeMany(split(text, this.#maxEntrySize)) : writer.write(text);
    if (number === 0) return 0;
    if (isSplit) this.counts.split++;
    if (text !== line) this.counts.truncated++;
    return number;
  }
}

function otherOptions(name: string, ignored: string[]): TypeError {
  return new TypeError(
    `log "${name}" is open already for another sink of this process, so these options have no effect: ` +
      `${ignored.join(", ")}. Give all of its sinks the same`,
  );
}

function defaultLine({ fields }: UncaughtError): string {
  return `uncaught: ${errorText(fields)}`;
}

/** Takes the newline off the end of a line. */
export function withoutNewline(line: string): string {
  // A stream that is piped into a sink writes bytes; what is not a line, the sink reports.
  if (typeof line !== "string") return line;
  const { length } = line;
  if (line.charCodeAt(length - 1) !== 0x0a) return line;
  return line.slice(0, line.charCodeAt(length - 2) === 0x0d ? length - 2 : length - 1);
}
