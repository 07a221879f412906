/**
 * What was received, written into a local log and the origin log beside it: each entry exactly once,
 * however often the receiver is killed.
 *
 * @module
 */

import type { SegmentIdentity } from "../../ffi/mod.ts";
import { type LogSource, sourceKey } from "./message.ts";
import {
  type NumberedSource,
  type OriginGap,
  OriginHistory,
  type OriginRecord,
  type OriginRun,
  type ReachedSource,
} from "./origin.ts";

/** What is needed of the writer of a log. */
export interface WrittenLog {
  /** The number of its last entry. */
  readonly totalEntriesWritten: number;
  /** The size of its largest payload in bytes. */
  readonly maxEntrySize: number;
  /** Writes an entry. */
  write(data: Uint8Array | string): number;
  /** Writes entries that become visible all at once. */
  writeMany(entries: readonly (Uint8Array | string)[]): number;
}

/** An entry to write, or a gap to record. */
export type OriginStep =
  | { readonly source: LogSource; readonly from: number; readonly bytes: Uint8Array }
  | {
    readonly source: LogSource;
    readonly from: number;
    readonly to: number;
    readonly reason: string;
    readonly bytes?: undefined;
  };

/** Which logs to write to. */
export interface OriginWriterOptions {
  /** The local log. */
  readonly log: WrittenLog;
  /** Which segment it is. */
  readonly into: SegmentIdentity;
  /** The origin log. */
  readonly origin: WrittenLog;
  /** How many bytes of entries the origin log surely reaches back. */
  readonly reach: number;
  /** What is left in the origin log. */
  readonly records: Iterable<OriginRecord>;
}

/** The size of an intent without sources, and of its parts, in bytes, rather more than less. */
const INTENT_SIZE = 64;
const PART_SIZE = 128;
/** How many bytes of entries an intent covers, unless it is a single one. */
const STEP_BYTES = 1 << 18;
/** The room that the last number of a source takes in a table. */
const NUMBER_SIZE = 32;
/** The room that an entry takes in a log beside its bytes, at most. */
const ENTRY_ROOM = 8;

const encoder = new TextEncoder();

/** Why an entry is a gap that no log of this size can hold. */
const TOO_LARGE_HERE = "too large for the local log";

/** Writes entries into a local log, and before that where they are from into the origin log. */
export class OriginWriter {
  /** How many entries the local log had lost, and how many it has of which nothing is known. */
  readonly found: { readonly missing: number; readonly untold: number };
  readonly #options: OriginWriterOptions;
  readonly #sources = new Map<string, ReachedSource>();
  readonly #mostStepBytes: number;
  #nextId: number;
  #tableSize = 0;
  #sinceTable = 0;
  #tooLarge = 0;

  /**
   * Continues after what was written before.
   *
   * @throws {RangeError} if the origin log is too small
   */
  constructor(options: OriginWriterOptions) {
    const { log, into, records, reach } = options;
    if (reach < 8 * (INTENT_SIZE + 2 * PART_SIZE)) {
      throw new RangeError(`the origin log reaches back ${reach} bytes, which is too little`);
    }
    const history = new OriginHistory(into, log.totalEntriesWritten);
    for (const record of records) history.add(record);
    history.finish();
    this.#options = options;
    this.#nextId = history.nextId;
    for (const one of history.sources.values()) this.#add(one);
    this.found = { missing: history.missing, untold: history.untold };
    this.#mostStepBytes = Math.min(STEP_BYTES, Math.floor(log.maxEntrySize / 2));
    this.#writeTable();
  }

  /** The last number of each source that was written, or is a gap. */
  *lasts(): Generator<[source: LogSource, last: number]> {
    for (const one of this.#sources.values()) yield [one, one.last];
  }

  /** How many entries were too large for the local log, and are gaps now. */
  get tooLarge(): number {
    return this.#tooLarge;
  }

  /** Writes what comes next, in order. */
  write(steps: readonly OriginStep[]): void {
    const { maxEntrySize } = this.#options.log;
    const fitting = steps.every(({ bytes }) => bytes === undefined || bytes.length <= maxEntrySize)
      ? steps
      : steps.map((step) => {
        if (step.bytes === undefined || step.bytes.length <= maxEntrySize) return step;
        this.#tooLarge++;
        return { source: step.source, from: step.from, to: step.from, reason: TOO_LARGE_HERE };
      });
    for (let start = 0; start < steps.length;) start = this.#writeSome(fitting, start);
  }

  /** Leaves a table for the next one, who then need not look at what was before. */
  close(): void {
    if (this.#sinceTable > 0) this.#writeTable();
  }

  /** Writes as many steps as an intent takes; gives the index of the first one after them. */
  #writeSome(steps: readonly OriginStep[], start: number): number {
    const { log, origin, reach } = this.#options;
    const first = log.totalEntriesWritten + 1;
    const entries: Uint8Array[] = [];
    const runs: OriginRun[] = [];
    const gaps: OriginGap[] = [];
    const added: NumberedSource[] = [];
    let entryBytes = 0;
    let size = INTENT_SIZE;
    let run: { source: number; from: number; count: number } | undefined;
    let runSource: LogSource | undefined;
    let end = start;
    for (; end < steps.length && size < reach / 16; end++) {
      const step = steps[end];
      const { bytes } = step;
      if (bytes !== undefined) {
        const room = bytes.length + ENTRY_ROOM;
        if (entries.length > 0 && entryBytes + room > this.#mostStepBytes) break;
        entryBytes += room;
      }
      // Most entries follow one of their own source: nothing is to be looked up for them.
      const follows = run !== undefined && bytes !== undefined && step.source === runSource &&
        step.from === run.from + run.count;
      if (follows) {
        run!.count++;
        entries.push(bytes);
        continue;
      }
      if (run !== undefined) this.#reach(runSource!, run.from + run.count - 1);
      run = undefined;
      let one = this.#sources.get(sourceKey(step.source));
      if (one === undefined) {
        const { host, name, segment } = step.source;
        one = { id: this.#nextId++, host, name, segment, last: 0 };
        this.#add(one);
        added.push({ id: one.id, host, name, segment });
        size += sizeOf(one);
      }
      size += PART_SIZE;
      if (bytes === undefined) {
        const { from, to, reason } = step;
        gaps.push({ source: one.id, from, to, reason, before: first + entries.length });
        this.#reach(step.source, to);
      } else {
        run = { source: one.id, from: step.from, count: 1 };
        runSource = step.source;
        runs.push(run);
        entries.push(bytes);
      }
    }
    if (run !== undefined) this.#reach(runSource!, run.from + run.count - 1);
    const intent = {
      first,
      ...added.length > 0 && { new: added },
      runs,
      ...gaps.length > 0 && { gaps },
    };
    const record = encoder.encode(JSON.stringify(intent));
    // First the intent: what a kill leaves undone of it, the next one sees by the log's last number.
    origin.write(record);
    if (entries.length === 1) log.write(entries[0]);
    else if (entries.length > 0) log.writeMany(entries);
    this.#sinceTable += record.length + ENTRY_ROOM;
    if (this.#sinceTable + this.#tableSize > reach / 2) this.#writeTable();
    return end;
  }

  #reach(source: LogSource, last: number): void {
    const key = sourceKey(source);
    const one = this.#sources.get(key)!;
    one.last = last;
    // The one that was written to last stands last.
    this.#sources.delete(key);
    this.#sources.set(key, one);
  }

  #add(one: ReachedSource): void {
    this.#sources.set(sourceKey(one), one);
    this.#tableSize += sizeOf(one);
  }

  #writeTable(): void {
    const { log, into, origin, reach } = this.#options;
    for (const [key, one] of this.#sources) {
      if (this.#tableSize <= reach / 4) break;
      this.#sources.delete(key);
      this.#tableSize -= sizeOf(one);
    }
    const next = log.totalEntriesWritten + 1;
    const { device, inode, created } = into;
    const table = { next, into: { device, inode, created }, sources: [...this.#sources.values()] };
    origin.write(JSON.stringify({ table }));
    this.#sinceTable = 0;
  }
}

/** The size of a source in a table, in bytes, rather more than less. */
function sizeOf(one: NumberedSource): number {
  return encoder.encode(JSON.stringify(one)).length + NUMBER_SIZE;
}
