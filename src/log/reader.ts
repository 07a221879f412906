/**
 * The reader of a log: follows the writer without locks, knows what is whole, counts what is lost.
 *
 * @module
 */

import { CorruptLogError, OverrunError } from "../errors.ts";
import { type Fence, fullFence } from "../fence.ts";
import { BATCH_BYTES, BATCH_ENTRIES, EntryBatch, type Found, VISIT_BYTES } from "./batch.ts";
import type { Entry } from "./entry.ts";
import { EntryView } from "./entry_view.ts";
import { COMMIT_FLAG, HEADER_SIZE, rowWord, wideNumber } from "./layout.ts";
import { type Row, Segment } from "./segment.ts";
import { type ChunkRow, runsInto, survey } from "./survey.ts";

/**
 * Where a reader starts: `"auto"` at entry 1 if it is still there, else like `"latest"`; `"latest"`
 * at the start of the newest chunk; `"lowest"` at the oldest entry that is still there.
 */
export type ReadStrategy = "auto" | "latest" | "lowest";

/**
 * Where a reader goes on after the writer overtook it: at the `"oldest"` entry that is intact, at
 * the start of the `"latest"` chunk, or at the oldest after it has thrown an OverrunError.
 */
export type OverrunPolicy = "oldest" | "latest" | "throw";

/** How a {@linkcode Reader} reads. */
export interface ReaderOptions {
  /** Where to start. Default `"auto"`. */
  strategy?: ReadStrategy;
  /** Where to go on after an overrun. Default `"oldest"`. */
  onOverrun?: OverrunPolicy;
  /**
   * What to do at bytes that contradict the format: `"throw"` a CorruptLogError, or `"skip"` to the
   * next chunk and count what was in between as lost. Default `"throw"`.
   */
  onDamage?: "throw" | "skip";
  /** How to keep loads in order. Default: a fence that suffices on every CPU. */
  fence?: Fence;
  /** Called before each look at the memory: the place to check that it is still all there. */
  guard?: () => void;
}

/** How many times one call follows a writer that overtakes it again before it gives up. */
const ATTEMPTS = 16;

/**
 * Reads the entries of a log, in order, each once.
 *
 * What it hands out was copied first and validated after the copy, so it is whole, whatever the
 * writer did meanwhile. Losing entries to a faster writer is not an error: they are counted in
 * {@linkcode Reader.lostEntries}, so that read + lost = written.
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
  readonly #strategy: ReadStrategy;
  readonly #policy: OverrunPolicy;
  readonly #skipsDamage: boolean;

  // The chunk that we are in; -1: none yet, or it was taken from us.
  #chunk = -1;
  #token = -1;
  #chunkStart = 0;
  // The row was not committed yet when we entered: the reference commits it after its first entry.
  #isLate = false;
  // The next header, and the sequence number of the entry before it.
  #offset = 0;
  #position = 0;
  // The highest number that was delivered or counted as lost; -1: not started.
  #seen = -1;
  #lost = 0;
  #overruns = 0;

  // What read() hands out one by one; the batch of readBatch(); the bounds that forEach() uses.
  readonly #pending = new EntryBatch();
  #delivered = 0;
  readonly #batch = new EntryBatch();
  #view: EntryView | undefined;
  readonly #row: Row = { offset: 0, token: 0, committed: false };
  readonly #found: Found = { offset: 0, reason: "open" };

  /**
   * Opens the log in `memory`.
   *
   * @param memory a segment; it is never written to, so a read-only map will do
   * @throws {UnsupportedLogError} if it is not a log of version 1
   * @throws {CorruptLogError} if its header contradicts its size
   * @throws {TypeError} if an option is not one of its values
   */
  constructor(memory: ArrayBufferLike, options: ReaderOptions = {}) {
    this.#strategy = oneOf("strategy", options.strategy ?? "auto", ["auto", "latest", "lowest"]);
    this.#policy = oneOf("onOverrun", options.onOverrun ?? "oldest", ["oldest", "latest", "throw"]);
    this.#skipsDamage =
      oneOf("onDamage", options.onDamage ?? "throw", ["throw", "skip"]) === "skip";
    this.#fence = options.fence ?? fullFence;
    this.#guard = options.guard;
    this.#guard?.();
    this.#segment = new Segment(memory);
    // Here, not at the first read: what the writer overwrites from now on counts as lost.
    this.#locate();
  }

  /**
   * How many entries this reader did not get because they were overwritten, or damaged, before it
   * came to them. Entries older than where it started do not count.
   */
  get lostEntries(): number {
    return this.#lost;
  }

  /** How many times the writer overtook this reader. */
  get overruns(): number {
    return this.#overruns;
  }

  /** The sequence number of the last entry that was read or lost; 0 before the first. */
  get lastSequenceNumber(): number {
    const waiting = this.#pending.length - this.#delivered;
    return Math.max(this.#seen - waiting, 0);
  }

  /**
   * Reads the next entry, or gives `undefined` if there is none yet.
   *
   * @throws {CorruptLogError} if the bytes contradict the format
   * @throws {OverrunError} after an overrun, with `onOverrun: "throw"`
   */
  read(): Entry | undefined {
    if (this.#delivered === this.#pending.length) {
      this.#delivered = 0;
      if (this.#fill(this.#pending, BATCH_ENTRIES, true) === 0) return undefined;
    }
    return this.#pending.share(this.#delivered++);
  }

  /** Iterates over the entries that are there, and ends where the writer is. */
  *[Symbol.iterator](): IterableIterator<Entry> {
    for (let entry = this.read(); entry !== undefined; entry = this.read()) yield entry;
  }

  /**
   * Reads many entries with one validation and nothing allocated per entry: up to 64 KiB, or one
   * larger entry. An empty batch means that there is none yet.
   *
   * @returns a batch that this reader fills anew at each call
   * @throws {CorruptLogError} if the bytes contradict the format
   * @throws {OverrunError} after an overrun, with `onOverrun: "throw"`
   * @throws {RangeError} if `maxEntries` is not at least 1
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
  readBatch(maxEntries: number = BATCH_ENTRIES): EntryBatch {
    checkMost(maxEntries);
    if (this.#delivered < this.#pending.length) {
      // read() has copied further than it has handed out: that comes first.
      this.#batch.takeFrom(this.#pending, this.#delivered, maxEntries);
      this.#delivered += this.#batch.length;
    } else {
      this.#fill(this.#batch, Math.min(maxEntries, BATCH_ENTRIES), false);
    }
    return this.#batch;
  }

  /**
   * Visits many entries in place, up to 1 MiB or one larger entry, without a copy, and validates
   * them together afterwards.
   *
   * The visitor sees the shared memory itself, so an entry may be overwritten while it looks. Only
   * when `forEach` returns is it known whether all of them held still: then it returns how many
   * they were. If not, it returns 0, the entries visited count as lost, and whatever the visitor
   * made of them must be thrown away. Use {@linkcode Reader.readBatch} where that is a burden.
   *
   * @returns how many entries were visited and found whole; 0 if there is none yet, too
   * @throws {CorruptLogError} if the bytes contradict the format
   * @throws {OverrunError} after an overrun, with `onOverrun: "throw"`
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
   */
  forEach(visit: (entry: EntryView) => void, maxEntries: number = BATCH_ENTRIES): number {
    checkMost(maxEntries);
    if (this.#delivered < this.#pending.length) return this.#visitPending(visit, maxEntries);
    const view = this.#view ??= new EntryView(this.#segment.bytes);
    const most = Math.min(maxEntries, BATCH_ENTRIES);
    return this.#fill(this.#batch, most, false, { view, visit });
  }

  #visitPending(visit: (entry: EntryView) => void, maxEntries: number): number {
    this.#batch.takeFrom(this.#pending, this.#delivered, maxEntries);
    this.#batch.visitCopies(visit);
    this.#delivered += this.#batch.length;
    return this.#batch.length;
  }

  /** Fills `batch` with the next entries that are whole; gives how many there are. */
  #fill(batch: EntryBatch, most: number, fresh: boolean, visit?: Visit): number {
    batch.clear();
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      this.#guard?.();
      // Nothing seen in an earlier call, or in an earlier round, may be reused in this one.
      this.#fence();
      if (this.#chunk < 0 && !this.#locate()) return 0;
      if (!this.#take(batch, most, fresh, visit)) return batch.length;
    }
    batch.clear();
    return 0;
  }

  /** Takes what is whole at our offset. True: we are somewhere else now, try again there. */
  #take(batch: EntryBatch, most: number, fresh: boolean, visit: Visit | undefined): boolean {
    const segment = this.#segment;
    const found = this.#found;
    const offset = this.#offset;
    if (segment.end - offset < HEADER_SIZE) return this.#wrap();

    let limit = segment.end;
    let stale = -1;
    let broken: CorruptLogError | undefined;
    const next = this.#chunk + 1;
    if (next < segment.chunkCount) {
      const at = rowWord(next);
      const { words } = segment;
      if (tokenAt(words, at) <= this.#token) {
        // A chunk of a lap before: where it starts, nothing of ours was written yet.
        stale = words[at] >>> 0;
      } else {
        const row = segment.readRow(next, this.#fence, this.#row);
        if (row.token > this.#token) {
          if (this.#isEntered(row)) {
            this.#adopt(next, row);
            return true;
          }
          if (row.committed) {
            if (!segment.isPlausible(row)) broken = segment.damagedRow(next, row);
            // Chunks of one lap follow each other: up to there every entry is complete.
            else if (row.offset > offset) limit = row.offset;
            this.#fence(); // the row before the headers that it vouches for
          }
        }
      }
    }

    const mostBytes = visit === undefined ? BATCH_BYTES : VISIT_BYTES;
    batch.index(segment, offset, limit, most, mostBytes, stale, limit < segment.end, found);
    if (batch.length === 0) return this.#nothingAt(offset, limit, broken);

    // Acquire: the headers before the payloads. Pairs with the writer's commit of each entry.
    this.#fence();
    if (!this.#isIntact()) return this.#retry(batch);
    const { length } = batch;
    const skipped = Math.min(Math.max(this.#seen - this.#position, 0), length);
    batch.settle(this.#position + 1, skipped, this.#chunk, this.#token);
    if (visit === undefined) batch.copy(segment, offset, fresh);
    else batch.visit(visit.view, offset, visit.visit);
    // The payloads before the token. Pairs with the writer's invalidation of a row, which is
    // visible before any byte of its chunk is overwritten: unchanged now, so whole then.
    this.#fence();
    if (!this.#isIntact()) {
      const isElsewhere = this.#retry(batch);
      // What was visited is void: that must be said before anything else is shown.
      return visit === undefined && isElsewhere;
    }
    this.#offset = found.offset;
    this.#position += length;
    if (this.#position > this.#seen) this.#seen = this.#position;
    return batch.length === 0;
  }

  /** Whether the row after ours is in truth our chunk, with or without its commit. */
  #isEntered(row: Row): boolean {
    if (!this.#segment.isPlausible(row)) return false;
    if (!row.committed) {
      // The reference's order: token, offset, first entry, and the commit of the row last.
      return row.offset === this.#offset && this.#segment.words[this.#offset >>> 2] < 0;
    }
    return row.offset === this.#offset ||
      (row.offset < this.#offset && row.token <= this.#position);
  }

  /** No entry was found at our offset: why? True: try again elsewhere. */
  #nothingAt(offset: number, limit: number, broken: CorruptLogError | undefined): boolean {
    const { reason } = this.#found;
    this.#fence(); // the header before the token
    if (!this.#isIntact()) return this.#overrun();
    if (limit < this.#segment.end) {
      // The next chunk vouches for entries that are not there: unless it was just taken back.
      const row = this.#segment.readRow(this.#chunk + 1, this.#fence, this.#row);
      if (!row.committed || row.offset !== limit || row.token <= this.#token) return false;
    } else {
      if (reason === "open") return broken !== undefined && this.#damaged(broken);
      if (reason === "wrap") return this.#wrap();
    }
    const header = this.#segment.words[offset >>> 2];
    return this.#damaged(
      new CorruptLogError(
        `header 0x${(header >>> 0).toString(16)} at offset ${offset} of chunk ${this.#chunk} ` +
          `is not an entry within ${limit - offset} bytes`,
        offset,
      ),
    );
  }

  /** The lap ends here: on to chunk 0, if the writer went there. */
  #wrap(): boolean {
    const segment = this.#segment;
    const row = segment.readRow(0, this.#fence, this.#row);
    if (!row.committed || !this.#isNewer(row)) {
      return this.#isIntact() ? false : this.#overrun();
    }
    if (row.token > this.#seen) return this.#overrun();
    if (!segment.isPlausible(row)) return this.#damaged(segment.damagedRow(0, row));
    const { offset, token } = row;
    if (segment.chunkCount > 1) {
      // The reference changes the token first: old entries that run into the old chunk 1 are old.
      const after = segment.readRow(1, this.#fence, this.#row);
      if (
        after.committed && after.token < token && segment.isPlausible(after) &&
        runsInto(segment, offset, after.offset)
      ) return false;
    }
    this.#enter(0, offset, token);
    return true;
  }

  #retry(batch: EntryBatch): boolean {
    batch.clear();
    return this.#overrun();
  }

  /** Our chunk was overwritten, or is about to be. True: we are in another one now. */
  #overrun(): boolean {
    this.#chunk = -1;
    return this.#locate();
  }

  /** Finds the chunk to start in, or to go on in. */
  #locate(): boolean {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const row = this.#choose();
      if (row === undefined) return false;
      // The survey looked at a table in motion: what it chose must still be there.
      const { offset, token, committed } = this.#segment.readRow(row.index, this.#fence, this.#row);
      if (!committed || offset !== row.offset || token !== row.token) continue;
      const lost = this.#enter(row.index, offset, token);
      if (lost > 0) {
        this.#overruns++;
        if (this.#policy === "throw") {
          throw new OverrunError(
            `the writer overtook this reader: ${lost} entries before entry ${token + 1} are lost`,
            lost,
          );
        }
      }
      return true;
    }
    return false;
  }

  #choose(): ChunkRow | undefined {
    const { rows, newest } = survey(this.#segment, this.#fence);
    if (this.#seen >= 0) {
      if (this.#policy === "latest") {
        return newest !== undefined && this.#isNewer(newest) ? newest : undefined;
      }
      return lowest(rows.filter((row) => this.#isNewer(row)));
    }
    if (this.#strategy === "lowest") return lowest(rows);
    const first = rows.find((row) => row.token === 0);
    return this.#strategy === "auto" && first !== undefined ? first : newest;
  }

  /** Whether the chunk of `row` comes after ours. One that we found empty may have been moved. */
  #isNewer(row: Row): boolean {
    return row.token > this.#token || (row.token === this.#token && row.token === this.#seen);
  }

  /** Goes to the start of chunk `index`; gives how many entries were lost on the way. */
  #enter(index: number, offset: number, token: number): number {
    this.#chunk = index;
    this.#chunkStart = offset;
    this.#token = token;
    this.#isLate = false;
    this.#offset = offset;
    this.#position = token;
    const lost = this.#seen < 0 ? 0 : Math.max(token - this.#seen, 0);
    this.#lost += lost;
    this.#seen = Math.max(this.#seen, token);
    return lost;
  }

  /** Makes the next chunk ours, which starts where we are, or before: then we stay there. */
  #adopt(index: number, row: Row): void {
    const { offset, token, committed } = row;
    const [here, position] = [this.#offset, this.#position];
    this.#enter(index, offset, token);
    this.#isLate = !committed;
    if (offset < here) {
      this.#offset = here;
      this.#position = position;
    }
  }

  /** Whether our row still says what it said when we entered: nothing of it was overwritten. */
  #isIntact(): boolean {
    const { words } = this.#segment;
    const at = rowWord(this.#chunk);
    const high = words[at + 1];
    if (this.#isLate && high < 0) this.#isLate = false;
    return wideNumber(words[at], high & ~COMMIT_FLAG) === this.#chunkStart &&
      (high < 0 || this.#isLate) && tokenAt(words, at) === this.#token;
  }

  #damaged(error: CorruptLogError): boolean {
    if (!this.#skipsDamage) throw error;
    const { rows } = survey(this.#segment, this.#fence);
    const row = lowest(rows.filter((row) => row.token > this.#token));
    if (row === undefined) return false;
    this.#enter(row.index, row.offset, row.token);
    return true;
  }
}

interface Visit {
  view: EntryView;
  visit: (entry: EntryView) => void;
}

/** The token of the row whose first word is `at`, as plain loads see it. */
function tokenAt(words: Int32Array, at: number): number {
  return wideNumber(words[at + 2], words[at + 3]);
}

function lowest(rows: ChunkRow[]): ChunkRow | undefined {
  return rows.reduce<ChunkRow | undefined>(
    (best, row) => best === undefined || row.token < best.token ? row : best,
    undefined,
  );
}

function oneOf<T extends string>(option: string, value: T, values: readonly T[]): T {
  if (values.includes(value)) return value;
  throw new TypeError(`${option} is "${value}", but must be one of ${values.join(", ")}`);
}

function checkMost(maxEntries: number): void {
  if (!(maxEntries >= 1)) throw new RangeError(`maxEntries of ${maxEntries} is less than 1`);
}
