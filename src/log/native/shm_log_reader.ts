/**
 * The reader of a log in shared memory, or in a file.
 *
 * @module
 */

import { ClosedError } from "../../errors.ts";
import { EntryBatch } from "../batch.ts";
import type { Entry } from "../entry.ts";
import type { EntryView } from "../entry_view.ts";
import type { LogInfo } from "../inspect.ts";
import type { Reader } from "../reader.ts";
import type { Verification } from "../verify.ts";
import { type Continuation, type Cursor, identityOf } from "./cursor.ts";
import { follow, followChecks, type FollowOptions, streamOf } from "./follow.ts";
import { followedLog } from "./followed_log.ts";
import { OpenedLog } from "./opened_log.ts";
import { absoluteTarget, type LogTarget, withName } from "./target.ts";
import { UnpackedFile } from "./unpacked_file.ts";
import { checkOptions, oneOf, pickOptions } from "../../base/options.ts";
import {
  checkReaderOptions,
  type ShmLogReaderOptions,
  shmReaderChecks,
  waitChecks,
  type WaitOptions,
} from "./reader_options.ts";
import { checkCount } from "../../base/arguments.ts";
import { inspectable } from "../../base/inspectable.ts";

/**
 * Reads a log that another process writes, wrote, or was killed while writing.
 *
 * The memory is mapped read-only: a reader can't disturb the writer or other readers.
 *
 * @example
 * ```ts
 * import { ShmLogReader, ShmLogWriter } from "@ouroboros/log";
 *
 * using writer = ShmLogWriter.create("/doc-reader", { size: "256KiB", unlinkOnClose: true });
 * writer.writeMany(["one", "two"]);
 *
 * using reader = ShmLogReader.open("/doc-reader");
 * for (const entry of reader) console.log(entry.sequenceNumber, entry.text);
 * console.log(reader.lostEntries); // 0
 * ```
 */
export class ShmLogReader implements Disposable, Iterable<Entry> {
  readonly #target: LogTarget;
  readonly #options: ShmLogReaderOptions;
  #log: OpenedLog;
  #reader: Reader;
  #continuation: Continuation | undefined;

  private constructor(target: LogTarget, log: OpenedLog, options: ShmLogReaderOptions) {
    this.#target = absoluteTarget(target);
    this.#options = options;
    this.#log = log;
    const { after } = options;
    if (after === undefined) {
      this.#reader = log.reader(options);
      return;
    }
    const { reader, isSameSegment } = log.readerAfter(after, options);
    this.#reader = reader;
    this.#continuation = { isSameSegment, lostEntries: reader.lostEntries };
  }

  /**
   * Opens the log, which must exist.
   *
   * @param target a name like `"/app"`, or `{ path }` for a file
   * @throws {SegmentNotFoundError} if it does not exist
   * @throws {PermissionDeniedError} if the system refuses access to it
   * @throws {UnsupportedLogError} if it is not a log of version 1 or 2
   * @throws {CorruptLogError} if its header contradicts its size
   * @throws {NativeUnavailableError} if this runtime gives no native memory
   * @throws {TypeError} if an option is not one of its values, or `after` is not a cursor
   */
  static open(target: LogTarget, options: ShmLogReaderOptions = {}): ShmLogReader {
    checkReaderOptions(options);
    return ShmLogReader.#of(target, OpenedLog.open(target, options.copyMode), options);
  }

  /**
   * Opens the log as soon as its writer has created it.
   *
   * @throws {DOMException} the reason of `signal` when it is aborted
   * @throws {OuroborosError} what {@linkcode ShmLogReader.open} throws, except for a log that is
   * missing or not complete yet
   *
   * @example
   * ```ts
   * import { ShmLogReader, ShmLogWriter } from "@ouroboros/log";
   *
   * const opening = ShmLogReader.waitFor("/doc-wait", { signal: AbortSignal.timeout(5000) });
   * using writer = ShmLogWriter.create("/doc-wait", { size: "256KiB", unlinkOnClose: true });
   * using reader = await opening;
   * writer.write("hello");
   * console.log(reader.read()?.text); // hello
   * ```
   */
  static async waitFor(
    target: LogTarget,
    options: ShmLogReaderOptions & WaitOptions = {},
  ): Promise<ShmLogReader> {
    checkOptions("ShmLogReader.waitFor()", options, { ...shmReaderChecks, ...waitChecks });
    const readerOptions = pickOptions<ShmLogReaderOptions>(options, shmReaderChecks);
    checkReaderOptions(readerOptions);
    const place = absoluteTarget(target);
    return ShmLogReader.#of(place, await OpenedLog.waitFor(place, options), readerOptions);
  }

  /** The name of the segment, with its `/`, or the absolute path of the file. */
  get name(): string {
    return this.#log.name;
  }

  /** The version of the log's format. */
  get version(): 1 | 2 {
    return this.#reader.version;
  }

  /** What tells the log from others, see {@linkcode Reader.bufferId}. */
  get bufferId(): bigint | undefined {
    return this.#reader.bufferId;
  }

  /** Whether this reader has come to the end of a finished log, see {@linkcode Reader.isFinished}. */
  get isFinished(): boolean {
    return this.#reader.isFinished;
  }

  /**
   * Whether the log was restarted in its memory, see {@linkcode Reader.isRestarted}.
   *
   * @throws {ClosedError} after `close()`
   */
  get isRestarted(): boolean {
    return this.#reader.isRestarted;
  }

  /** How many entries were overwritten before this reader could read them. */
  get lostEntries(): number {
    return this.#reader.lostEntries;
  }

  /** How many times the writer overtook this reader. */
  get overruns(): number {
    return this.#reader.overruns;
  }

  /** The sequence number of the last entry that was read or lost; 0 before the first. */
  get lastSequenceNumber(): number {
    return this.#reader.lastSequenceNumber;
  }

  /**
   * The place after the last entry that was read or lost: another reader continues there with
   * `{ after: position }`. While a batch is read it is the end of the batch.
   */
  get position(): Cursor {
    const { bufferId, lastSequenceNumber: sequenceNumber } = this.#reader;
    return { ...identityOf(this.#log.memory.identity, bufferId), sequenceNumber };
  }

  /** What happened to the log since the cursor that this reader was opened with; without one undefined. */
  get continuation(): Continuation | undefined {
    return this.#continuation;
  }

  /**
   * Reads the next entry, or returns `undefined` if there is no entry yet.
   *
   * @throws {CorruptLogError} if the bytes contradict the format
   * @throws {OverrunError} after an overrun, with `onOverrun: "throw"`
   * @throws {SegmentTruncatedError} if the segment became shorter
   * @throws {ClosedError} after `close()`
   */
  read(): Entry | undefined {
    return this.#open().read();
  }

  /**
   * Reads the payload of the next entry into `into`, and returns its size in bytes, or `undefined` if
   * there is no entry yet, see {@linkcode Reader.readInto}.
   *
   * @throws {RangeError} if it does not fit. The message says how many bytes are needed, and nothing is read
   * @throws {TypeError} if `into` is not a Uint8Array
   * @throws {OuroborosError} what {@linkcode ShmLogReader.read} throws
   */
  readInto(into: Uint8Array): number | undefined {
    return this.#open().readInto(into);
  }

  /**
   * Reads many entries at once, see {@linkcode Reader.readBatch}.
   *
   * @throws {RangeError} if `maxEntries` is not an integer of at least 1, or Infinity
   * @throws {OuroborosError} what {@linkcode ShmLogReader.read} throws
   */
  readBatch(maxEntries?: number, batch?: EntryBatch): EntryBatch {
    return this.#open().readBatch(maxEntries, batch);
  }

  /**
   * Visits many entries in place, see {@linkcode Reader.forEach}.
   *
   * @throws {ClosedError} after `close()`, also when the visitor closes the reader
   * @throws {OuroborosError} what {@linkcode ShmLogReader.read} throws
   */
  forEach(visit: (entry: EntryView) => void, maxEntries?: number): number {
    const reader = this.#open();
    let count: number;
    try {
      count = reader.forEach(visit, maxEntries);
    } catch (error) {
      // Engines throw a TypeError where memory is looked at that is gone.
      if (this.#log.memory.closed && error instanceof TypeError) throw this.#closed(error);
      throw error;
    }
    if (this.#log.memory.closed) throw this.#closed();
    return count;
  }

  /**
   * Iterates over the entries that are there, and ends where the writer is.
   *
   * @throws {OuroborosError} what {@linkcode ShmLogReader.read} throws
   */
  [Symbol.iterator](): IterableIterator<Entry> {
    return this.#reader[Symbol.iterator]();
  }

  /**
   * Iterates over the entries that are there and those to come. It ends, without an error, when
   * `signal` is aborted, and after the last entry of a finished log. While there is nothing to read, it
   * looks again: within microseconds at first, then less and less often. A writer with `notify` wakes it.
   * {@linkcode FollowOptions.onAbandoned} decides what happens at the end of a log to which no writer can
   * add.
   *
   * @throws {RangeError} if `maxSleep` is less than 1 ms
   * @throws {OuroborosError} what {@linkcode ShmLogReader.read} throws
   * @throws {TypeError} if an option has the wrong type
   *
   * @example
   * ```ts
   * import { ShmLogReader, ShmLogWriter } from "@ouroboros/log";
   *
   * using writer = ShmLogWriter.create("/doc-follow", { size: "256KiB", unlinkOnClose: true });
   * using reader = ShmLogReader.open("/doc-follow");
   * setTimeout(() => writer.write("later"), 20);
   * for await (const entry of reader.follow()) {
   *   console.log(entry.text); // later
   *   break;
   * }
   * ```
   */
  follow(options: FollowOptions = {}): AsyncIterableIterator<Entry> {
    return this.#follow(() => this.read(), options);
  }

  /**
   * Like {@linkcode ShmLogReader.follow}, but yields many entries at a time, which is several times
   * faster. Each step fills the same batch again.
   *
   * @throws {RangeError} if `maxSleep` or `maxEntries` is less than 1
   * @throws {OuroborosError} what {@linkcode ShmLogReader.read} throws
   * @throws {TypeError} if an option has the wrong type
   *
   * @example
   * ```ts
   * import { ShmLogReader, ShmLogWriter } from "@ouroboros/log";
   *
   * using writer = ShmLogWriter.create("/doc-batches", { size: "256KiB", unlinkOnClose: true });
   * using reader = ShmLogReader.open("/doc-batches");
   * writer.writeMany(["a", "b"]);
   * for await (const batch of reader.followBatches()) {
   *   console.log(batch.texts().join()); // a,b
   *   break;
   * }
   * ```
   */
  followBatches(
    options: FollowOptions & { maxEntries?: number } = {},
  ): AsyncIterableIterator<EntryBatch> {
    checkOptions("followBatches()", options, {
      ...followChecks,
      maxEntries: (name, value) => checkCount(name, value, 1),
    });
    const { maxEntries, ...others } = options;
    // Its own: there may be others that follow, or read, between two steps.
    const batch = new EntryBatch();
    const next = () => this.readBatch(maxEntries, batch).length > 0 ? batch : undefined;
    return this.#follow(next, others);
  }

  /**
   * Like {@linkcode ShmLogReader.follow}, as a stream that reads no faster than its consumer. It is a
   * stream of entries, or with `as: "text"` of text with a line break after each entry, many entries
   * at a time. The stream ends with `signal`, or with the log if `onAbandoned` is `"end"`.
   *
   * @throws {TypeError} if an option has the wrong type
   * @throws {OuroborosError} what {@linkcode ShmLogReader.read} throws; while it is read, it is the error of the stream
   *
   * @example
   * ```ts
   * import { ShmLogReader, ShmLogWriter } from "@ouroboros/log";
   *
   * using writer = ShmLogWriter.create("/doc-readable", { size: "256KiB", unlinkOnClose: true });
   * writer.writeMany(["a", "b"]);
   * using reader = ShmLogReader.open("/doc-readable");
   * for await (const text of reader.readable({ as: "text" })) {
   *   console.log(text.split("\n").length); // 3
   *   break;
   * }
   * ```
   */
  readable(options: FollowOptions & { as: "text" }): ReadableStream<string>;
  /** A stream of entries. */
  readable(options?: FollowOptions & { as?: "entries" }): ReadableStream<Entry>;
  readable(options: FollowOptions & { as?: "text" | "entries" } = {}): ReadableStream<unknown> {
    checkOptions("readable()", options, { ...followChecks, as: oneOf("text", "entries") });
    const { as = "entries", ...others } = options;
    if (as === "entries") return streamOf(this.follow(others));
    return streamOf(this.followBatches(others), (batch) => `${batch.texts().join("\n")}\n`);
  }

  /**
   * The sequence number of the newest entry, which is the number of entries ever written. It reads
   * the table and the newest chunk; {@linkcode ShmLogReader.inspect} reads all entries.
   *
   * @throws {SegmentTruncatedError} if the segment became shorter
   * @throws {ClosedError} after `close()`
   */
  newestSequenceNumber(): number {
    return this.#log.newestSequenceNumber();
  }

  /**
   * What is in the log, see {@linkcode inspect}.
   *
   * @throws {SegmentTruncatedError} if the segment became shorter
   * @throws {ClosedError} after `close()`
   */
  inspect(): LogInfo {
    return this.#log.inspect();
  }

  /**
   * Walks along every entry and looks for damage, see {@linkcode verify}.
   *
   * @throws {SegmentTruncatedError} if the segment became shorter
   * @throws {ClosedError} after `close()`
   */
  verify(): Verification {
    return this.#log.verify();
  }

  /**
   * Whether a writer of this library holds the log now. The C++ writer takes no lock.
   *
   * @throws {ClosedError} after `close()`
   */
  isWriterAlive(): boolean {
    return this.#log.memory.isLocked();
  }

  /**
   * The process of the writer, where the system tells.
   *
   * @internal
   *
   * @throws {ClosedError} after `close()`
   */
  writerPid(): number | undefined {
    const { memory } = this.#log;
    return "lockHolder" in memory ? memory.lockHolder() : undefined;
  }

  /**
   * What it has open at this moment.
   *
   * @internal
   */
  get opened(): OpenedLog {
    return this.#log;
  }

  /**
   * Whether the name now belongs to another segment, to none, or to this one after a restart.
   *
   * @throws {ClosedError} after `close()`
   */
  isReplaced(): boolean {
    return !this.#log.memory.isCurrent() || this.isRestarted;
  }

  /**
   * Whether no entry can come any more to the segment that is open: the name leads elsewhere, or nowhere,
   * and no living writer holds the log; or it was unpacked from a compressed file. See {@linkcode OnAbandoned}.
   *
   * @throws {ClosedError} after `close()`
   */
  isAbandoned(): boolean {
    // To a compressed file, or standard input, no writer adds anything.
    if (this.#log.memory instanceof UnpackedFile) return true;
    // A copy has the lock of what it was copied from, to which nobody writes any more.
    return this.isReplaced() && (this.#log.isCopied() || !this.isWriterAlive());
  }

  /**
   * Switches to the log that has the name now, if it is another one: in another segment, or restarted in
   * this one. The counts start again, and reading starts with entry 1, so that entries that are gone
   * count as lost. In a copy of this segment, as overlayfs makes, or a writer that resumes it in another
   * size, it starts after the last entry that was read.
   *
   * @returns whether there was another log, complete
   * @throws {ClosedError} after `close()`
   */
  reopen(): boolean {
    const next = this.#log.next(this.#target, this.#options, this.#reader);
    if (next === undefined) return false;
    if (next.log !== this.#log) this.close();
    this.#log = next.log;
    this.#reader = next.reader;
    return true;
  }

  /** Unmaps the memory. Entries that were read stay valid. May be called twice. */
  close(): void {
    this.#log.close();
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Reads what is open, and closes it if that can't be read. */
  static #of(target: LogTarget, log: OpenedLog, options: ShmLogReaderOptions): ShmLogReader {
    try {
      return new ShmLogReader(target, log, options);
    } catch (error) {
      log.close();
      throw withName(error, target);
    }
  }

  #open(): Reader {
    if (this.#log.memory.closed) throw this.#closed();
    return this.#reader;
  }

  #closed(cause?: unknown): ClosedError {
    return new ClosedError(`the reader of "${this.name}" is closed: open a new one`, { cause });
  }

  #follow<T>(next: () => T | undefined, options: FollowOptions): AsyncIterableIterator<T> {
    this.#open();
    return follow(followedLog(this, () => this.#log, next, options), options);
  }
}

inspectable(ShmLogReader, "ShmLogReader", [
  "name",
  "lastSequenceNumber",
  "lostEntries",
  "overruns",
]);
