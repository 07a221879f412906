/**
 * A copy of a log whose writer may be at work: what was there at one moment, laid out again.
 *
 * Why the copy is a right log, whatever the writer does meanwhile: each entry comes from a
 * `Reader`, so it is whole and has its own number; only an unbroken run of numbers is kept; and a
 * `Writer` lays it out in fresh memory, where the first row says how many entries came before. No
 * byte of the original's table is taken over, so neither is anything half done that was in it.
 *
 * @module
 */

import { fullFence } from "../fence.ts";
import { bytesOf, type MemoryLike } from "../memory.ts";
import type { EntryBatch } from "./batch.ts";
import { entrySize } from "./layout.ts";
import { Reader } from "./reader.ts";
import type { ReaderOptions } from "./reader_options.ts";
import { Segment } from "./segment.ts";
import { totalOf } from "./total.ts";
import { Writer } from "./writer.ts";
import { callback, checkOptions } from "../base/options.ts";

/** How often a copy that the writer overtook starts again with the oldest entry. */
const FULL_ATTEMPTS = 8;
/** How many attempts there are in all; the later ones begin at the newest chunk, but for the last. */
const ATTEMPTS = 16;
/** How many attempts there are where entries are missing though nobody overtook us. */
const STUCK_ATTEMPTS = 3;

/** How the memory of a log is looked at while it is copied. */
export type SnapshotOptions = Pick<ReaderOptions, "fence" | "load" | "guard">;

/** Which entries are copied: those that have these numbers. */
export interface CopyRange {
  readonly from: number;
  readonly to: number;
}

const ALL: CopyRange = { from: 0, to: Infinity };

/** What is in a copy. */
export interface SnapshotInfo {
  /** The sequence number of the first entry in it, or 0 if there is no entry. */
  firstSequenceNumber: number;
  /** The sequence number of its last entry: a writer that resumes the copy continues with the next. */
  lastSequenceNumber: number;
  /** How many entries are in it. */
  entries: number;
  /**
   * How many intact entries were left out because what comes after them is damaged or missing: the
   * numbers of a copy have no gap.
   */
  leftOut: number;
}

/** A copy of a log in memory of its own. */
export interface Snapshot extends SnapshotInfo {
  /** The copy: a log of the same size and number of chunks. */
  memory: ArrayBuffer;
}

/** How far a copy is: numbers of entries. */
export interface CopyProgress {
  /** How many entries are copied. */
  done: number;
  /** How many there will be, unless the writer overtakes the copy. */
  total: number;
}

/**
 * Copies the log in `memory` as it is at this moment, while its writer may be at work: all entries that
 * are there, with their sequence numbers. The copy has no damage, even if the original has. It has the
 * same version and the same id, and is finished if the original is. Entries that the writer overwrites
 * before they are copied are missing at the front.
 *
 * @param memory a log, which is not changed
 * @returns the copy, which takes as many bytes as the original
 * @throws {UnsupportedLogError} if it is not a log of version 1 or 2
 * @throws {CorruptLogError} if its header contradicts its size
 * @throws {TypeError} if an option has the wrong type
 *
 * @example
 * ```ts
 * import { Reader, snapshot, Writer } from "@ouroboros/log";
 *
 * const memory = new ArrayBuffer(4096);
 * const writer = Writer.create(memory, { chunkCount: 4 });
 * writer.writeMany(["a", "b"]);
 * const copy = snapshot(memory);
 * writer.write("c");
 * console.log(copy.entries, copy.lastSequenceNumber); // 2 2
 * console.log([...new Reader(copy.memory)].map((entry) => entry.text).join()); // a,b
 * ```
 */
export function snapshot(memory: MemoryLike, options: SnapshotOptions = {}): Snapshot {
  checkOptions("snapshot()", options, { fence: callback, load: callback, guard: callback });
  const copy = new ArrayBuffer(bytesOf("memory", memory).length);
  const steps = copySteps(memory, copy, options);
  for (;;) {
    const step = steps.next();
    if (step.done) return { memory: copy, ...step.value };
  }
}

/**
 * Copies the log in `source` to `target`, of zeros, which has the same size, or room for all entries of `range`,
 * a batch a step. Between two steps the caller may do something else; the longer, the more the writer overtakes.
 */
export function* copySteps(
  source: MemoryLike,
  target: ArrayBufferLike,
  options: SnapshotOptions,
  { from, to }: CopyRange = ALL,
): Generator<CopyProgress, SnapshotInfo> {
  const fence = options.fence ?? fullFence;
  options.guard?.();
  let hasOverruns = false;
  let hasMoved = false;
  for (let attempt = 1, before = 0;; attempt++) {
    // Before the reader looks: all entries up to here are, or were, there at this one moment, so
    // those that it finds of them fit into a segment of the same size.
    options.guard?.();
    // Each time: it may have been restarted.
    const segment = new Segment(source, options.load);
    const total = totalOf(segment, fence);
    const goal = Math.min(total, to);
    hasMoved ||= attempt > 1 && goal !== before;
    before = goal;
    const isPatient = attempt <= FULL_ATTEMPTS;
    const reader = new Reader(source, {
      fence,
      load: options.load,
      guard: options.guard,
      strategy: isPatient || attempt === ATTEMPTS ? "oldest" : "latest",
      onOverrun: isPatient ? "oldest" : "latest",
      onDamage: "skip",
      ...isPatient && from > 1 && { after: from - 1 },
    });
    const run = new Run(target, segment, attempt === 1);
    const start = reader.lastSequenceNumber;
    while (reader.lastSequenceNumber < goal) {
      const batch = reader.readBatch();
      if (batch.length === 0) break;
      // What is newer may not fit in: then the copy forgets its oldest chunk, as any log does.
      run.add(batch, from, isPatient ? goal : to);
      yield { done: Math.max(run.last - start, 0), total: Math.max(goal - start, 0) };
    }
    // Of which life `goal` is, nobody knows.
    if (!segment.isSameLife(fence) && attempt < ATTEMPTS) {
      hasMoved = hasOverruns = true;
      continue;
    }
    // The finish mark is behind the last entry: not where the writer overtook us on the way there.
    const isLast = () => reader.lastSequenceNumber === run.last;
    const isEnd = goal === total && run.last >= goal && isLast() &&
      reader.readBatch(1).length === 0 && reader.isFinished && isLast();
    // Less: the writer is a lap ahead, or was in the middle of something when we looked.
    hasOverruns ||= reader.overruns > 0;
    const most = hasOverruns && hasMoved ? ATTEMPTS : STUCK_ATTEMPTS;
    if (run.last >= goal || goal < from || attempt >= most) {
      return run.finish(Math.min(Math.max(goal, reader.lastSequenceNumber), to), isEnd);
    }
  }
}

/** Entries whose numbers follow each other, in a log that is made for them. */
class Run {
  readonly #source: Segment;
  readonly #segment: Segment;
  readonly #rows: BigUint64Array;
  #writer: Writer | undefined;
  #before = 0;
  #leftOut = 0;
  // How many bytes were written since the log was last empty.
  #bytes = 0;

  constructor(target: ArrayBufferLike, source: Segment, isZeros: boolean) {
    this.#source = source;
    this.#segment = Segment.format(target, source.chunkCount, source, isZeros);
    this.#rows = this.#segment.rowTable();
  }

  /** The number of its last entry. */
  get last(): number {
    return this.#writer?.totalEntriesWritten ?? 0;
  }

  /**
   * Adds the entries of a batch from number `from` up to number `goal`; a number that does not follow starts
   * a new run.
   */
  add(batch: EntryBatch, from: number, goal: number): void {
    const start = Math.max(0, from - batch.sequenceNumber(0));
    if (start >= batch.length) return;
    const first = batch.sequenceNumber(start);
    if (first > goal) return;
    let writer = this.#writer;
    if (writer === undefined || first !== writer.totalEntriesWritten + 1) {
      writer = this.#begin(first - 1);
    }
    for (let i = start; i < batch.length && batch.sequenceNumber(i) <= goal; i++) {
      const bytes = batch.bytes(i);
      writer.write(bytes);
      this.#bytes += entrySize(bytes.length);
    }
  }

  /**
   * Ends the log, for good if `isEnd`; returns what is in it. Without any entry its numbers continue
   * after `total`. There is room for the finish mark, as there was in the original.
   */
  finish(total: number, isEnd: boolean): SnapshotInfo {
    const writer = this.#writer ?? this.#begin(total);
    if (isEnd) writer.finish();
    else writer.close();
    const lastSequenceNumber = writer.totalEntriesWritten;
    const entries = lastSequenceNumber - this.#before;
    const firstSequenceNumber = entries > 0 ? this.#before + 1 : 0;
    return { firstSequenceNumber, lastSequenceNumber, entries, leftOut: this.#leftOut };
  }

  /** Makes an empty log after `total` entries. */
  #begin(total: number): Writer {
    if (this.#writer !== undefined) {
      this.#leftOut += this.#writer.totalEntriesWritten - this.#before;
      this.#clear();
    }
    this.#rows[1] = BigInt(total);
    this.#before = total;
    return this.#writer = Writer.begin(this.#segment, total, {});
  }

  /**
   * Undoes what was written. In a damaged log a run may end after each chunk, and there may be
   * millions of these: so it takes time by what was written, not by the size of the log.
   */
  #clear(): void {
    const { words, dataStart, end, chunkCount } = this.#segment;
    if (2 * this.#bytes > end - dataStart) Segment.format(words.buffer, chunkCount, this.#source);
    else {
      // It is still in its first lap: its rows follow each other.
      const rows = this.#rows;
      for (let at = 2; at < rows.length && rows[at] !== 0n; at += 2) rows.fill(0n, at, at + 2);
      words[dataStart >>> 2] = 0;
    }
    this.#bytes = 0;
  }
}
