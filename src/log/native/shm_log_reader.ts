/**
 * The reader of a log in shared memory, or in a file.
 *
 * @module
 */

import { constants } from "node:os";
import { ClosedError, SegmentNotFoundError, SystemCallError } from "../../errors.ts";
import { MappedFile } from "../../../ffi/mod.ts";
import { EntryBatch } from "../batch.ts";
import type { Entry } from "../entry.ts";
import type { EntryView } from "../entry_view.ts";
import { inspect, type LogInfo } from "../inspect.ts";
import { Reader } from "../reader.ts";
import { lacksMagic, Segment } from "../segment.ts";
import { delay } from "../../async.ts";
import { totalOf } from "../total.ts";
import { type Verification, verify } from "../verify.ts";
import { checkCursor, type Continuation, type Cursor, isCursorOf } from "./cursor.ts";
import { follow, followChecks, type FollowOptions, streamOf } from "./follow.ts";
import { ReaderBell } from "./reader_bell.ts";
import type { ShmLogReaderOptions, WaitOptions } from "./reader_options.ts";
import { copyModeOf, fence, type LogSource, sourceOf } from "./source.ts";
import { absoluteTarget, type LogMemory, type LogTarget, openMemory, withName } from "./target.ts";
import { checkOptions, oneOf, pickOptions } from "../../options.ts";
import { shmReaderChecks, waitChecks } from "./reader_options.ts";
import { checkCount } from "../../arguments.ts";
import { inspectable } from "../../inspectable.ts";

/** How often to look whether the log has come to an entry. */
const LOOKS = 8;
/** That this process, or the machine, has as many open as it may. */
const SHORT_OF_DESCRIPTORS: readonly number[] = [constants.errno.EMFILE, constants.errno.ENFILE];

/**
 * Reads a log that another process writes, wrote, or was killed while writing.
 *
 * The memory is mapped read-only: a reader can't disturb the writer or other readers.
 *
 * @example
 * ```ts
 * import { ShmLogReader, ShmLogWriter } from "@ouroboros/log";
 *
 * using writer = ShmLogWriter.create("/doc-reader", { chunkSize: 65536, chunkCount: 4 });
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
  #memory: LogMemory;
  #source: LogSource;
  #reader: Reader;
  #continuation: Continuation | undefined;
  #bell: ReaderBell;

  private constructor(target: LogTarget, memory: LogMemory, options: ShmLogReaderOptions) {
    checkOptions("ShmLogReader", options, shmReaderChecks);
    const { after, copyMode = "map" } = options;
    if (after !== undefined) checkCursor(after);
    this.#target = absoluteTarget(target);
    this.#options = options;
    this.#memory = memory;
    this.#source = sourceOf(memory, target, copyMode);
    this.#bell = new ReaderBell(memory, copyModeOf(memory, copyMode));
    // A file that was not written to its disk before a crash of the machine has lost its last entries:
    // what has their numbers now is something else.
    const isSameSegment = after !== undefined && isCursorOf(after, memory.identity) &&
      this.#hasComeTo(after.sequenceNumber);
    if (after === undefined) {
      this.#reader = readerOf(this.#source, options);
    } else {
      this.#reader = readerOf(this.#source, options, isSameSegment ? after.sequenceNumber : 0);
      this.#continuation = { isSameSegment, lostEntries: this.#reader.lostEntries };
    }
  }

  /**
   * Opens the log, which must exist.
   *
   * @param target a name like `"/app"`, or `{ path }` for a file
   * @throws {SegmentNotFoundError} if there is none
   * @throws {PermissionDeniedError} if the system refuses access to it
   * @throws {UnsupportedLogError} if it is not a log of version 1
   * @throws {CorruptLogError} if its header contradicts its size
   * @throws {NativeUnavailableError} if this runtime gives no native memory
   * @throws {TypeError} if an option is not one of its values, or `after` is no cursor
   */
  static open(target: LogTarget, options: ShmLogReaderOptions = {}): ShmLogReader {
    const memory = openMemory(target, "read");
    try {
      return new ShmLogReader(target, memory, options);
    } catch (error) {
      memory.close();
      throw withName(error, target);
    }
  }

  /**
   * Opens the log as soon as its writer has created it.
   *
   * @throws {DOMException} the reason of `signal` when it is aborted
   * @throws {OuroborosError} what {@linkcode ShmLogReader.open} throws, except for a log that is
   * not there or not finished yet
   *
   * @example
   * ```ts
   * import { ShmLogReader, ShmLogWriter } from "@ouroboros/log";
   *
   * const opening = ShmLogReader.waitFor("/doc-wait", { signal: AbortSignal.timeout(5000) });
   * using writer = ShmLogWriter.create("/doc-wait", { chunkSize: 65536, chunkCount: 4 });
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
    const { signal, interval = 10 } = options;
    const readerOptions = pickOptions<ShmLogReaderOptions>(options, shmReaderChecks);
    const place = absoluteTarget(target);
    signal?.throwIfAborted();
    for (;;) {
      const reader = ShmLogReader.#openIfReady(place, readerOptions);
      if (reader !== undefined) return reader;
      await delay(interval, { signal });
    }
  }

  /** The name of the segment, with its `/`, or the absolute path of the file. */
  get name(): string {
    return "name" in this.#memory ? this.#memory.name : this.#memory.path;
  }

  /** How many entries this reader did not get because they were gone before it came to them. */
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
   * The place after the last entry that was read or lost: another reader goes on there with
   * `{ after: position }`. In the midst of a batch it is the end of the batch.
   */
  get position(): Cursor {
    return { ...this.#memory.identity, sequenceNumber: this.lastSequenceNumber };
  }

  /** What became of the log since the cursor that this reader was opened with; without one undefined. */
  get continuation(): Continuation | undefined {
    return this.#continuation;
  }

  /**
   * Reads the next entry, or gives `undefined` if there is none yet.
   *
   * @throws {CorruptLogError} if the bytes contradict the format
   * @throws {OverrunError} after an overrun, with `onOverrun: "throw"`
   * @throws {SegmentTruncatedError} if somebody made the segment shorter
   * @throws {ClosedError} after `close()`
   */
  read(): Entry | undefined {
    return this.#open().read();
  }

  /**
   * Reads the payload of the next entry into `into`, and gives its size in bytes, or `undefined` if
   * there is none yet, see {@linkcode Reader.readInto}.
   *
   * @throws {RangeError} if it does not fit: it says how many bytes are needed, and nothing is taken
   * @throws {TypeError} if `into` is no Uint8Array
   * @throws {OuroborosError} what {@linkcode ShmLogReader.read} throws
   *
   * @example
   * ```ts
   * import { ShmLogReader, ShmLogWriter } from "@ouroboros/log";
   *
   * using writer = ShmLogWriter.create("/doc-read-into", { chunkSize: 65536, chunkCount: 4 });
   * writer.write("hello");
   * using reader = ShmLogReader.open("/doc-read-into");
   * const into = new Uint8Array(1024);
   * console.log(reader.readInto(into), reader.readInto(into)); // 5 undefined
   * ```
   */
  readInto(into: Uint8Array): number | undefined {
    return this.#open().readInto(into);
  }

  /** Reads many entries at once, see {@linkcode Reader.readBatch}. */
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
      if (this.#memory.closed && error instanceof TypeError) throw this.#closed(error);
      throw error;
    }
    if (this.#memory.closed) throw this.#closed();
    return count;
  }

  /** Iterates over the entries that are there, and ends where the writer is. */
  [Symbol.iterator](): IterableIterator<Entry> {
    return this.#reader[Symbol.iterator]();
  }

  /**
   * Iterates over the entries that are there and those to come, until `signal` is aborted: then it
   * ends without an error. While there is nothing, it looks again, within microseconds at first, then
   * less and less often; a writer with `notify` wakes it. What it does at the end of a log to which no
   * writer can add is said by {@linkcode FollowOptions.onAbandoned}.
   *
   * @throws {RangeError} if `maxSleep` is less than 1 ms
   * @throws {OuroborosError} what {@linkcode ShmLogReader.read} throws
   *
   * @example
   * ```ts
   * import { ShmLogReader, ShmLogWriter } from "@ouroboros/log";
   *
   * using writer = ShmLogWriter.create("/doc-follow", { chunkSize: 65536, chunkCount: 4 });
   * using reader = ShmLogReader.open("/doc-follow");
   * setTimeout(() => writer.write("later"), 20);
   * for await (const entry of reader.follow()) {
   *   console.log(entry.text); // later
   *   break;
   * }
   * ```
   *
   * @example To the end of a log, and no further
   * ```ts
   * import { ShmLogReader, ShmLogWriter } from "@ouroboros/log";
   *
   * const writer = ShmLogWriter.create("/doc-to-the-end", { chunkSize: 65536, chunkCount: 4 });
   * using reader = ShmLogReader.open("/doc-to-the-end");
   * writer.write("last words");
   * writer.close(); // removes the log: no entry can come
   * for await (const entry of reader.follow({ onAbandoned: "end" })) {
   *   console.log(entry.text); // last words
   * }
   * console.log("the end"); // the end
   * ```
   */
  follow(options: FollowOptions = {}): AsyncIterableIterator<Entry> {
    return this.#follow(() => this.read(), options);
  }

  /**
   * As {@linkcode ShmLogReader.follow}, many entries at a time: several times faster where there are
   * many. The batch is filled anew at each step, and by nobody else.
   *
   * @throws {RangeError} if `maxSleep` or `maxEntries` is less than 1
   * @throws {OuroborosError} what {@linkcode ShmLogReader.read} throws
   *
   * @example
   * ```ts
   * import { ShmLogReader, ShmLogWriter } from "@ouroboros/log";
   *
   * using writer = ShmLogWriter.create("/doc-batches", { chunkSize: 65536, chunkCount: 4 });
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
   * What {@linkcode ShmLogReader.follow} gives as a stream that reads no more than is asked for: of
   * entries, or with `as: "text"` of text in which a line break follows each entry, many at a time.
   * The stream ends with `signal`, or with the log if `onAbandoned` is `"end"`; to cancel it ends the
   * following.
   *
   * @example
   * ```ts
   * import { ShmLogReader, ShmLogWriter } from "@ouroboros/log";
   *
   * using writer = ShmLogWriter.create("/doc-readable", { chunkSize: 65536, chunkCount: 4 });
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
   * The sequence number of the newest entry, which is how many were ever written. It costs a look at
   * the table and the newest chunk, where {@linkcode ShmLogReader.inspect} looks at all entries.
   *
   * @throws {SegmentTruncatedError} if somebody made the segment shorter
   * @throws {ClosedError} after `close()`
   */
  newestSequenceNumber(): number {
    this.#source.guard?.();
    return totalOf(new Segment(this.#source.buffer, this.#source.load), fence);
  }

  /** What is in the log, see {@linkcode inspect}. */
  inspect(): LogInfo {
    this.#source.guard?.();
    return inspect(this.#source.buffer, { fence, load: this.#source.load });
  }

  /** Walks along every entry and looks for damage, see {@linkcode verify}. */
  verify(): Verification {
    this.#source.guard?.();
    return verify(this.#source.buffer, { fence, load: this.#source.load });
  }

  /**
   * Whether a writer of this library holds the log now. The reference's writers hold no lock: for
   * theirs this is `false`.
   */
  isWriterAlive(): boolean {
    return this.#memory.isLocked();
  }

  /** Whether the name, or path, leads to another segment by now, or to none. */
  isReplaced(): boolean {
    return !this.#memory.isCurrent();
  }

  /**
   * Goes over to the segment that has the name now, if it is another one: the counts begin anew, and
   * with entry 1, so that what is gone of it by now counts as lost. Of a copy of this one, as overlayfs
   * makes, with the entry after the last one that was read.
   *
   * @returns whether there was another one, finished by its creator
   */
  reopen(): boolean {
    if (!this.isReplaced()) return false;
    const other = ShmLogReader.#openIfReady(this.#target, { ...this.#options, after: undefined });
    if (other === undefined) return false;
    let reader: Reader;
    try {
      // All of it is new to us, wherever this reader was to start; of a copy, what comes after our place.
      const isSame = this.#isCopied() && other.#hasComeTo(this.lastSequenceNumber);
      reader = readerOf(other.#source, this.#options, isSame ? this.lastSequenceNumber : 0);
    } catch (error) {
      other.close();
      throw error;
    }
    this.close();
    this.#memory = other.#memory;
    this.#source = other.#source;
    this.#bell = other.#bell;
    this.#reader = reader;
    return true;
  }

  /** Unmaps the memory. Entries that were read stay good. May be called twice. */
  close(): void {
    this.#bell.close();
    this.#memory.close();
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Opens the log unless it is not there, or its creator has not come to the magic yet. */
  static #openIfReady(target: LogTarget, options: ShmLogReaderOptions): ShmLogReader | undefined {
    let memory: LogMemory | undefined;
    try {
      memory = openMemory(target, "read");
      // By a system call: it may be truncated at this moment.
      const start = new Uint8Array(new ArrayBuffer(8));
      memory.read(start, 0);
      // Once more if it has grown since it was mapped: what has no size yet has no magic, either.
      const isReady = !lacksMagic(start.buffer) && memory.currentSize() <= memory.byteLength;
      const reader = isReady ? new ShmLogReader(target, memory, options) : undefined;
      if (reader !== undefined) memory = undefined;
      return reader;
    } catch (error) {
      if (error instanceof SegmentNotFoundError) return undefined;
      throw withName(error, target);
    } finally {
      memory?.close();
    }
  }

  /** Whether a copy of the file is written in its place. */
  #isCopied(): boolean {
    return this.#memory instanceof MappedFile && this.#memory.isCopied();
  }

  /** Whether an entry of that number was written. */
  #hasComeTo(sequenceNumber: number): boolean {
    // A look beside a writer that laps it may see too few; the number itself only grows.
    for (let look = 0; look < LOOKS; look++) {
      if (this.newestSequenceNumber() >= sequenceNumber) return true;
    }
    return false;
  }

  #open(): Reader {
    if (this.#memory.closed) throw this.#closed();
    return this.#reader;
  }

  #closed(cause?: unknown): ClosedError {
    return new ClosedError(`the reader of "${this.name}" is closed: open a new one`, { cause });
  }

  #follow<T>(next: () => T | undefined, options: FollowOptions): AsyncIterableIterator<T> {
    this.#open();
    return follow({
      next,
      bell: () => this.#bell.attended(),
      // A copy has the lock of what it was copied from, to which nobody writes any more.
      isAbandoned: () =>
        unlessShort(() => this.isReplaced() && (this.#isCopied() || !this.isWriterAlive())),
      moveOn: () => {
        const { position, lostEntries, overruns } = this;
        if (!unlessShort(() => this.reopen())) return false;
        options.onReopen?.({ from: position, lostEntries, overruns });
        return true;
      },
    }, options);
  }
}

/** What `look` gives; `false` if there is no free descriptor now: a follower asks again soon. */
function unlessShort(look: () => boolean): boolean {
  try {
    return look();
  } catch (error) {
    if (error instanceof SystemCallError && SHORT_OF_DESCRIPTORS.includes(error.errno)) {
      return false;
    }
    throw error;
  }
}

function readerOf(source: LogSource, options: ShmLogReaderOptions, after?: number): Reader {
  const { strategy, onOverrun, onDamage } = options;
  const { load, guard } = source;
  return new Reader(source.buffer, { strategy, onOverrun, onDamage, load, guard, fence, after });
}

inspectable(ShmLogReader, "ShmLogReader", [
  "name",
  "lastSequenceNumber",
  "lostEntries",
  "overruns",
]);
