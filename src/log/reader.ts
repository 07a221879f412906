/**
 * The reader of a log: it follows the writer without locks, returns whole entries, and counts losses.
 *
 * @module
 */

import { checkCount } from "../base/arguments.ts";
import { ReentrantUseError } from "../errors.ts";
import { type Fence, fullFence } from "../fence.ts";
import type { MemoryLike } from "../memory.ts";
import { BATCH_BYTES, BATCH_ENTRIES, EntryBatch, VISIT_BYTES } from "./batch.ts";
import { type Ahead, type Found, loadHeaders } from "./bounds.ts";
import { checkInto } from "../read_into.ts";
import type { Entry } from "./entry.ts";
import { EntryView } from "./entry_view.ts";
import { HEADER_SIZE } from "./layout.ts";
import { Position, type Step } from "./position.ts";
import { type ReaderOptions, readPolicy } from "./reader_options.ts";
import { Segment } from "./segment.ts";
import { inspectable } from "../base/inspectable.ts";

/** How many times one call follows a writer that overtakes it again before it gives up. */
const ATTEMPTS = 16;

/**
 * Reads the entries of a log, in order, each once.
 *
 * It copies an entry and validates the copy, so what it returns is whole, whatever the writer did
 * meanwhile. Losing entries to a faster writer is not an error. They are counted in
 * {@linkcode Reader.lostEntries}: entries read + lost = written.
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
  readonly #ahead: Ahead = { limit: 0, isComplete: false, stale: -1, broken: undefined };

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
  readonly #found: Found = { offset: 0, reason: "open" };

  /**
   * Opens the log in `memory`.
   *
   * @param memory a segment. It is never written to, so a read-only map is enough
   * @throws {UnsupportedLogError} if it is not a log of version 1
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
    // Here, not at the first read: what the writer overwrites from now on counts as lost.
    this.#position.locate();
    if (policy.after >= 0) this.#skipTo(policy.after);
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
      if (this.#fill(this.#pending, BATCH_ENTRIES, true) === 0) return undefined;
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
      if (this.#fill(this.#pending, BATCH_ENTRIES, false) === 0) return undefined;
    }
    const size = this.#pending.copyTo(into, this.#delivered);
    this.#delivered++;
    return size;
  }

  /** Iterates over the entries that are there, and ends where the writer is. */
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
      this.#fill(batch, Math.min(maxEntries, BATCH_ENTRIES), false);
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
      return this.#fill(this.#visited, most, false, { view, visit });
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

  /**
   * Fills `batch` with the next entries that are whole; returns how many there are, or -1 if those that
   * were visited were overwritten meanwhile.
   */
  #fill(batch: EntryBatch, most: number, fresh: boolean, visit?: Visit): number {
    batch.clear();
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      this.#guard?.();
      // Nothing seen in an earlier call, or in an earlier round, may be reused in this one.
      this.#fence();
      if (!this.#position.isInChunk && this.#position.locate() === "stay") return 0;
      const step = this.#take(batch, most, fresh, visit);
      if (step === "stay") return batch.length;
      if (step === "overwritten") return -1;
    }
    batch.clear();
    return 0;
  }

  /**
   * Takes what is whole at our position. `"moved"`: nothing was, try again where we are now.
   * `"overwritten"`: what was visited is void.
   */
  #take(
    batch: EntryBatch,
    most: number,
    fresh: boolean,
    visit: Visit | undefined,
  ): Step | "overwritten" {
    const segment = this.#segment;
    const position = this.#position;
    const ahead = this.#ahead;
    const found = this.#found;
    const { offset } = position;
    if (segment.end - offset < HEADER_SIZE) return position.wrap();
    if (position.lookAhead(ahead) === "moved") return "moved";

    const mostBytes = visit === undefined ? BATCH_BYTES : VISIT_BYTES;
    if (segment.isCopy) loadHeaders(segment, offset, ahead, most, mostBytes);
    batch.index(segment, offset, ahead, most, mostBytes, found);
    if (batch.length === 0) return this.#nothingFound();

    // Acquire: the headers before the payloads. Pairs with the writer's commit of each entry.
    this.#fence();
    if (!position.isIntact()) return this.#retry(batch);
    const { length } = batch;
    position.settle(batch);
    // The padding of the last entry may lie beyond the end.
    segment.load(offset, Math.min(found.offset, segment.end));
    if (visit === undefined) batch.copy(segment, offset, fresh);
    else batch.visit(visit.view, offset, visit.visit);
    // The payloads before the token. Pairs with the writer's invalidation of a row, which is
    // visible before any byte of its chunk is overwritten: unchanged now, so whole then.
    this.#fence();
    if (!position.isIntact()) {
      const step = this.#retry(batch);
      // That must be reported before anything else is shown.
      return visit === undefined ? step : "overwritten";
    }
    position.advance(found.offset, length);
    // All of them were seen before: on to what comes after.
    return batch.length === 0 ? "moved" : "stay";
  }

  /** Passes the entries up to number `last`, which were read before. */
  #skipTo(last: number): void {
    const position = this.#position;
    const passBy = { view: new EntryView(this.#segment.bytes), visit: () => {} };
    // Counted for good: a chunk of a forged table may lead back to where we were, again and again.
    for (let stuck = 0, furthest = -1; position.number < last && stuck < ATTEMPTS;) {
      if (position.number > furthest) furthest = position.number;
      else stuck++;
      this.#guard?.();
      this.#fence();
      if (!position.isInChunk && position.locate() === "stay") return;
      this.#visited.clear();
      // Not one more than is missing: nobody sees what is taken here.
      const most = Math.min(last - position.number, BATCH_ENTRIES);
      this.#take(this.#visited, most, false, passBy);
    }
  }

  /** No entry is at our position: why? `"moved"`: try again where we are now. */
  #nothingFound(): Step {
    const position = this.#position;
    const { limit, isComplete, broken } = this.#ahead;
    const { reason } = this.#found;
    this.#fence(); // the header before the token
    if (!position.isIntact()) return position.overrun();
    if (isComplete) {
      // The next chunk proves entries that are not there: unless it was just invalidated.
      return position.isVouchedFor(limit) ? position.damagedHeader(limit) : "stay";
    }
    if (reason === "wrap") return position.wrap();
    if (reason !== "open") return position.damagedHeader(limit);
    if (broken !== undefined) return position.damaged(broken);
    if (position.isLapOver()) return position.wrap();
    position.caughtUp();
    return "stay";
  }

  #retry(batch: EntryBatch): Step {
    batch.clear();
    return this.#position.overrun();
  }
}

interface Visit {
  view: EntryView;
  visit: (entry: EntryView) => void;
}

function reentrant(method: string): ReentrantUseError {
  return new ReentrantUseError(
    `${method} of a reader within its own forEach(): read after that returns, or by another reader`,
  );
}

inspectable(Reader, "Reader", ["lastSequenceNumber", "lostEntries", "overruns"]);
