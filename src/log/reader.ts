/**
 * The reader of a log: it follows the writer without locks, returns whole entries, and counts losses.
 *
 * @module
 */

import { checkCount } from "../base/arguments.ts";
import { ReentrantUseError } from "../errors.ts";
import { type Fence, fullFence } from "../fence.ts";
import type { MemoryLike } from "../memory.ts";
import { BATCH_ENTRIES, EntryBatch } from "./batch.ts";
import { BatchSource } from "./batch_source.ts";
import { checkInto } from "../read_into.ts";
import type { Entry } from "./entry.ts";
import { EntryView } from "./entry_view.ts";
import { Position } from "./position.ts";
import { type ReaderOptions, readPolicy } from "./reader_options.ts";
import { Segment } from "./segment.ts";
import { inspectable } from "../base/inspectable.ts";

/**
 * Reads the entries of a log, in order, each once.
 *
 * It copies an entry and validates the copy, so what it returns is whole, whatever the writer did
 * meanwhile. Losing entries to a faster writer is not an error. They are counted in
 * {@linkcode Reader.lostEntries}: entries read + lost = written, from where it began.
 *
 * @example
 * ```ts
 * import { Reader, Writer } from "@ouroboros/log";
 *
 * const memory = new ArrayBuffer(4096);
 * const writer = Writer.create(memory, { chunkCount: 4 });
 * const reader = new Reader(memory);
 * writer.write("first");
 * writer.write("second");
 * for (const entry of reader) console.log(entry.sequenceNumber, entry.text);
 * console.log(reader.lostEntries); // 0
 * ```
 */
export class Reader implements Iterable<Entry> {
  readonly #segment: Segment;
  readonly #fence: Fence;
  readonly #guard: (() => void) | undefined;
  readonly #position: Position;
  readonly #source: BatchSource;

  // What read() hands out one by one, on memory that is theirs; what readInto() copies from, which is
  // filled again; the one of the two that was filled last, and how many of it were taken.
  readonly #shared = new EntryBatch();
  readonly #reused = new EntryBatch();
  #pending: EntryBatch = this.#shared;
  #delivered = 0;
  // The batch of readBatch(); what forEach() visits.
  readonly #batch = new EntryBatch();
  readonly #visited = new EntryBatch();
  #view: EntryView | undefined;
  #isVisiting = false;

  /**
   * Opens the log in `memory`.
   *
   * @param memory a segment. It is never written to, so a read-only map is enough
   * @throws {UnsupportedLogError} if it is not a log of version 1 or 2
   * @throws {CorruptLogError} if its header contradicts its size
   * @throws {TypeError} if an option is not one of its values
   * @throws {RangeError} if `after` is not a sequence number
   */
  constructor(memory: MemoryLike, options: ReaderOptions = {}) {
    const policy = readPolicy(options);
    this.#fence = options.fence ?? fullFence;
    this.#guard = options.guard;
    this.#guard?.();
    this.#segment = new Segment(memory, options.load);
    this.#position = new Position(this.#segment, this.#fence, policy);
    this.#source = new BatchSource(this.#segment, this.#position, this.#fence, this.#guard);
    // Here, not at the first read: what the writer overwrites from now on counts as lost.
    this.#position.locate();
    if (policy.after >= 0) this.#source.skipTo(policy.after);
    this.#position.started();
  }

  /**
   * How many entries were overwritten, or damaged, before this reader could read them. Entries older
   * than its start do not count.
   */
  get lostEntries(): number {
    return this.#position.lost;
  }

  /**
   * How many times the writer overtook this reader. Attempts to continue that failed because the writer
   * was faster count, too.
   */
  get overruns(): number {
    return this.#position.overruns;
  }

  /** The sequence number of the last entry that was read or lost; 0 before the first. */
  get lastSequenceNumber(): number {
    const waiting = this.#pending.length - this.#delivered;
    return Math.max(this.#position.seen - waiting, 0);
  }

  /** The version of the log's format. */
  get version(): 1 | 2 {
    return this.#segment.version;
  }

  /**
   * What tells this life of the log from others of the same memory, a number of 64 bits; `undefined` in
   * version 1, which has none.
   */
  get bufferId(): bigint | undefined {
    return this.#segment.bufferId;
  }

  /**
   * Whether the writer has finished the log, and this reader has come to its end: no entry will come. It
   * becomes `true` when a read finds nothing. In version 1 a writer can't say so: there it is `false`.
   *
   * @example
   * ```ts
   * import { Reader, segmentSize, Writer } from "@ouroboros/log";
   *
   * const memory = new ArrayBuffer(segmentSize(4, 1024, 2));
   * const writer = Writer.create(memory, { chunkCount: 4, version: 2 });
   * writer.write("last words");
   * writer.finish();
   * const reader = new Reader(memory);
   * console.log(reader.read()?.text, reader.read(), reader.isFinished); // last words undefined true
   * ```
   */
  get isFinished(): boolean {
    return this.#position.isFinished;
  }

  /**
   * Whether the log was restarted in its memory since this reader was made (version 2 only). Then this
   * reader gives no more entries, because the numbers start again, too, and it is unknown how many of the life
   * before it did not get: make another reader.
   */
  get isRestarted(): boolean {
    if (this.version === 1) return false;
    this.#guard?.();
    return !this.#segment.isSameLife(this.#fence);
  }

  /**
   * Reads the next entry, or returns `undefined` if there is no entry yet.
   *
   * @throws {CorruptLogError} if the bytes contradict the format
   * @throws {OverrunError} after an overrun, with `onOverrun: "throw"`
   * @throws {ReentrantUseError} within a visitor of this reader
   */
  read(): Entry | undefined {
    if (this.#isVisiting) throw reentrant("read()");
    if (this.#delivered === this.#pending.length) {
      this.#delivered = 0;
      this.#pending = this.#shared;
      if (this.#source.fill(this.#pending, BATCH_ENTRIES, true) === 0) return undefined;
    }
    if (this.#pending === this.#reused) return this.#pending.entry(this.#delivered++);
    return this.#pending.share(this.#delivered++);
  }

  /**
   * Reads the payload of the next entry into `into`, and returns its size in bytes, which may be 0; or
   * `undefined` if there is no entry yet. {@linkcode Reader.lastSequenceNumber} is its number then.
   * Nothing is allocated for it, but a view to copy from if it has more than 96 bytes.
   *
   * @throws {RangeError} if it does not fit. The message says how many bytes are needed, and nothing is read
   * @throws {TypeError} if `into` is not a Uint8Array
   * @throws {CorruptLogError} if the bytes contradict the format
   * @throws {OverrunError} after an overrun, with `onOverrun: "throw"`
   * @throws {ReentrantUseError} within a visitor of this reader
   *
   * @example
   * ```ts
   * import { Reader, Writer } from "@ouroboros/log";
   *
   * const memory = new ArrayBuffer(4096);
   * Writer.create(memory, { chunkCount: 4 }).writeMany(["a", "bc"]);
   * const reader = new Reader(memory);
   * const into = new Uint8Array(1024);
   * console.log(reader.readInto(into), reader.lastSequenceNumber); // 1 1
   * console.log(reader.readInto(into), reader.lastSequenceNumber); // 2 2
   * console.log(reader.readInto(into)); // undefined
   * ```
   */
  readInto(into: Uint8Array): number | undefined {
    if (this.#isVisiting) throw reentrant("readInto()");
    checkInto(into);
    if (this.#delivered === this.#pending.length) {
      this.#delivered = 0;
      this.#pending = this.#reused;
      if (this.#source.fill(this.#pending, BATCH_ENTRIES, false) === 0) return undefined;
    }
    const size = this.#pending.copyTo(into, this.#delivered);
    this.#delivered++;
    return size;
  }

  /**
   * Iterates over the entries that are there, and ends where the writer is.
   *
   * @throws {OuroborosError} what {@linkcode Reader.read} throws
   */
  *[Symbol.iterator](): IterableIterator<Entry> {
    for (let entry = this.read(); entry !== undefined; entry = this.read()) yield entry;
  }

  /**
   * Reads many entries with one validation and nothing allocated per entry: up to 64 KiB, or one
   * larger entry. An empty batch means that there is no entry yet.
   *
   * @param batch the batch to fill. Default: one that this reader fills again at each call
   * @returns the batch
   * @throws {CorruptLogError} if the bytes contradict the format
   * @throws {OverrunError} after an overrun, with `onOverrun: "throw"`
   * @throws {RangeError} if `maxEntries` is not an integer of at least 1, or Infinity
   * @throws {ReentrantUseError} within a visitor of this reader
   *
   * @example
   * ```ts
   * import { Reader, Writer } from "@ouroboros/log";
   *
   * const memory = new ArrayBuffer(4096);
   * Writer.create(memory, { chunkCount: 4 }).writeMany(["a", "b"]);
   * const reader = new Reader(memory);
   * for (let batch = reader.readBatch(); batch.length > 0; batch = reader.readBatch()) {
   *   for (let i = 0; i < batch.length; i++) console.log(batch.text(i));
   * }
   * ```
   */
  readBatch(maxEntries: number = BATCH_ENTRIES, batch: EntryBatch = this.#batch): EntryBatch {
    this.#check("readBatch()", maxEntries);
    if (this.#delivered < this.#pending.length) {
      // read() has copied further than it has handed out: that comes first.
      batch.takeFrom(this.#pending, this.#delivered, maxEntries);
      this.#delivered += batch.length;
    } else {
      this.#source.fill(batch, Math.min(maxEntries, BATCH_ENTRIES), false);
    }
    return batch;
  }

  /**
   * Visits many entries in place, up to 1 MiB or one larger entry, without a copy, and validates
   * them together afterwards.
   *
   * The visitor sees the shared memory itself, so an entry may be overwritten meanwhile. If none was,
   * `forEach` returns how many entries it visited. Otherwise it returns -1, the visited entries count as
   * lost, and you must discard what the visitor made of them. {@linkcode Reader.readBatch} has no such
   * condition.
   *
   * If the visitor throws, no entry of this call is consumed: the next call visits all of them again.
   *
   * @returns how many entries were visited and found whole; 0 if there is no entry yet; -1 if the writer
   * has overwritten those that were visited: there are newer ones, so call it again
   * @throws {CorruptLogError} if the bytes contradict the format
   * @throws {OverrunError} after an overrun, with `onOverrun: "throw"`
   * @throws {RangeError} if `maxEntries` is not an integer of at least 1, or Infinity
   * @throws {ReentrantUseError} within a visitor of this reader
   *
   * @example
   * ```ts
   * import { Reader, Writer } from "@ouroboros/log";
   *
   * const memory = new ArrayBuffer(4096);
   * Writer.create(memory, { chunkCount: 4 }).writeMany(["a", "bc"]);
   * let bytes = 0;
   * const count = new Reader(memory).forEach((entry) => bytes += entry.length);
   * console.log(count, bytes); // 2 3
   * ```
   *
   * @example All that is there, whatever the writer does meanwhile
   * ```ts
   * import { Reader, Writer } from "@ouroboros/log";
   *
   * const memory = new ArrayBuffer(4096);
   * Writer.create(memory, { chunkCount: 4 }).writeMany(["a", "bc"]);
   * const reader = new Reader(memory);
   * let total = 0;
   * let bytes = 0;
   * let count: number;
   * do {
   *   bytes = 0;
   *   count = reader.forEach((entry) => bytes += entry.length);
   *   if (count > 0) total += bytes; // not what was seen of entries that were overwritten
   * } while (count !== 0);
   * console.log(total); // 3
   * ```
   */
  forEach(visit: (entry: EntryView) => void, maxEntries: number = BATCH_ENTRIES): number {
    this.#check("forEach()", maxEntries);
    this.#isVisiting = true;
    try {
      if (this.#delivered < this.#pending.length) return this.#visitPending(visit, maxEntries);
      const view = this.#view ??= new EntryView(this.#segment.bytes);
      const most = Math.min(maxEntries, BATCH_ENTRIES);
      return this.#source.fill(this.#visited, most, false, { view, visit });
    } finally {
      this.#isVisiting = false;
    }
  }

  #check(method: string, maxEntries: number): void {
    if (this.#isVisiting) throw reentrant(method);
    checkCount("maxEntries", maxEntries, 1);
  }

  #visitPending(visit: (entry: EntryView) => void, maxEntries: number): number {
    this.#visited.takeFrom(this.#pending, this.#delivered, maxEntries);
    this.#visited.visitCopies(visit);
    this.#delivered += this.#visited.length;
    return this.#visited.length;
  }
}

function reentrant(method: string): ReentrantUseError {
  return new ReentrantUseError(
    `${method} of a reader within its own forEach(): read after that returns, or by another reader`,
  );
}

inspectable(Reader, "Reader", [
  "version",
  "lastSequenceNumber",
  "lostEntries",
  "overruns",
  "isFinished",
]);
