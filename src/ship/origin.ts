/**
 * Where the entries of a local log come from, told by a second log beside it, `NAME.origin`.
 *
 * Before a receiver writes entries to the local log, it writes to the other one, the origin log, which
 * ones it is going to write: an intent. Both logs have a writer at a time, in sequence, so after a
 * `kill -9` the number of the last entry in the local log tells how much of the last intent was done.
 *
 * ```text
 * {"first":8,"new":[{"id":2,"host":"web-1","name":"/app","segment":"1a-2b07-640f5e3c"}],
 *  "runs":[{"source":2,"from":1,"count":3},{"source":1,"from":70,"count":1}],
 *  "gaps":[{"source":2,"from":4,"to":9,"reason":"overwritten","before":11}]}
 *
 *     local log         8       9      10      11
 *     is           /app 1  /app 2  /app 3  (4 to 9 of /app are missing)  70 of another source
 * ```
 *
 * What a forwarder left out on purpose is a gap, too, of the reason `filtered`, so that it is not taken
 * for missing later.
 *
 * An intent counts up to the `first` of the next record, and the last one up to the last entry of the
 * local log; a gap counts if all entries before it do. Every so often there is a table of all sources
 * and their last numbers, so that what is left of the origin log, which forgets as any log, has one:
 *
 * ```text
 * {"table":{"next":12,"into":{"device":26,"inode":7,"created":1},
 *           "sources":[{"id":1,"host":"db","name":"/x","segment":"1a-2-3","last":70}, …]}}
 * ```
 *
 * @module
 */

import type { SegmentIdentity } from "../../ffi/mod.ts";
import type { LogTarget } from "../log/native/target.ts";
import { isLogSource, isLoss, type LogSource } from "./message.ts";

/** A source by the number that stands for it in this origin log. */
export interface NumberedSource extends LogSource {
  /** The number. It is never used for another source. */
  readonly id: number;
}

/** A source, and its last number that was written, or is a gap. */
export type ReachedSource = NumberedSource & { last: number };

/** Entries of a source that follow each other. */
export interface OriginRun {
  readonly source: number;
  readonly from: number;
  readonly count: number;
}

export interface OriginGap {
  readonly source: number;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
  /** The number in the local log of the entry before which they are missing. */
  readonly before: number;
}

/** What is to be written to the local log. */
export interface Intent {
  readonly first: number;
  readonly new?: readonly NumberedSource[];
  readonly runs: readonly OriginRun[];
  readonly gaps?: readonly OriginGap[];
}

/** All sources, when everything before was done. */
export interface OriginTable {
  readonly table: {
    readonly next: number;
    readonly into: SegmentIdentity;
    readonly sources: readonly ReachedSource[];
  };
}

export type OriginRecord = Intent | OriginTable;

/** The name, or the file, of the origin log beside a local log: `/app` has `/app.origin`. */
export function originTarget(target: LogTarget): LogTarget {
  return typeof target === "string" ? `${target}.origin` : { path: `${target.path}.origin` };
}

/** The record in an entry of an origin log; `undefined` if it is something else. */
export function parseOrigin(text: string): OriginRecord | undefined {
  let record: Partial<Intent & OriginTable> | null;
  try {
    record = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (record?.table !== undefined) {
    const { next, into, sources } = record.table ?? {};
    const isTable = isNumber(next) && typeof into === "object" && into !== null &&
      isList(sources, (one) => isSource(one) && isNumber(one.last));
    return isTable ? record as OriginTable : undefined;
  }
  const isIntent = record !== null && isNumber(record.first) &&
    isList(record.runs, ({ source, from, count }) => isNumber(source, from, count)) &&
    isList(record.new ?? [], isSource) &&
    isList(
      record.gaps ?? [],
      ({ source, from, to, before }) => isNumber(source, from, to, before),
    );
  return isIntent ? record as Intent : undefined;
}

function isSource(one: Record<string, unknown>): boolean {
  return isNumber(one.id) && isLogSource(one);
}

function isNumber(...numbers: unknown[]): boolean {
  return numbers.every((number) => Number.isSafeInteger(number) && Number(number) >= 0);
}

function isList(list: unknown, isOne: (one: Record<string, unknown>) => boolean): boolean {
  return Array.isArray(list) &&
    list.every((one) => typeof one === "object" && one !== null && isOne(one));
}

/** Of how many runs and gaps it is remembered what they were. */
const MOST_REMEMBERED = 1 << 18;

/** What the records of an origin log say about a local log, as they are read one by one. */
export class OriginHistory {
  /** How far the sources were written, by their numbers; the one that was written to last stands last. */
  sources: Map<number, ReachedSource> = new Map();
  readonly names: Map<number, LogSource> = new Map();
  /** What each run of entries in the local log is, in their order. */
  readonly runs: (OriginRun & { readonly first: number })[] = [];
  readonly gaps: OriginGap[] = [];
  nextId = 1;
  /** How many entries were announced and are not in the local log: it lost them with its machine. */
  missing = 0;
  /** How many entries at the end of the local log have no record. */
  untold = 0;
  readonly #into: SegmentIdentity;
  readonly #last: number;
  #pending: Intent | undefined;
  #isSame = true;
  #hasTable = false;
  /** The number of the last entry that was announced; and of the last one that was surely written. */
  #told = 0;
  #done = 0;

  /**
   * Begins with nothing.
   *
   * @param into which segment the local log is
   * @param last the number of its last entry, where nobody writes it
   */
  constructor(into: SegmentIdentity, last: number = Infinity) {
    this.#into = into;
    this.#last = last;
  }

  add(record: OriginRecord): void {
    if ("table" in record) {
      const { next, into, sources } = record.table;
      this.#settle(next - 1);
      this.#done = this.#told = next - 1;
      this.#isSame = isSameSegment(into, this.#into);
      // What was recorded until now belongs to another log.
      if (!this.#isSame) this.runs.length = this.gaps.length = 0;
      // One that says more than the log has is no use where there is an older one.
      if (!this.#isSame || next - 1 <= this.#last || !this.#hasTable) {
        this.sources = new Map(sources.map((one) => [one.id, { ...one }]));
      }
      this.#name(sources);
      this.#hasTable = true;
      return;
    }
    this.#settle(record.first - 1);
    this.#name(record.new ?? []);
    this.#pending = record;
    if (this.#hasTable) this.#told += record.runs.reduce((sum, { count }) => sum + count, 0);
    if (!this.#isSame) return;
    let { first } = record;
    for (const run of record.runs) {
      this.runs.push({ ...run, first });
      first += run.count;
    }
    if (this.runs.length > 2 * MOST_REMEMBERED) this.runs.splice(0, MOST_REMEMBERED);
  }

  /** No more records come: the last intent was done as far as the local log has it. */
  finish(): void {
    this.missing = this.#isSame ? Math.max(0, this.#done - this.#last) : 0;
    this.untold = this.#isSame ? Math.max(0, this.#last - this.#told) : this.#last;
    // Of another log nobody knows how much of the last intent was done: what was not comes once more.
    this.#settle(this.#isSame ? this.#last : this.#done);
  }

  /** What is missing, as far as all entries before it are there: up to entry `last`. */
  gapsUpTo(last: number): OriginGap[] {
    const pending = this.#isSame ? this.#pending?.gaps ?? [] : [];
    return [
      ...this.gaps,
      ...pending.filter((gap) => gap.before <= last + 1 && isMissing(gap)),
    ];
  }

  runOf(sequenceNumber: number): (OriginRun & { readonly first: number }) | undefined {
    let low = 0;
    let high = this.runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.runs[middle].first <= sequenceNumber) low = middle + 1;
      else high = middle;
    }
    const run = this.runs.at(low - 1);
    return low > 0 && sequenceNumber < run!.first + run!.count ? run : undefined;
  }

  #name(sources: readonly NumberedSource[]): void {
    for (const { id, host, name, segment } of sources) {
      this.names.set(id, { host, name, segment });
      this.nextId = Math.max(this.nextId, id + 1);
    }
  }

  /** All up to entry `end` of the local log was done, and no more of the last intent. */
  #settle(end: number): void {
    const intent = this.#pending;
    this.#pending = undefined;
    if (this.#hasTable) this.#done = this.#told = end;
    // Of a local log that lost its end, what was recorded before for these numbers does not count.
    for (let last = this.runs.at(-1); last !== undefined; last = this.runs.at(-1)) {
      if (last.first + last.count - 1 <= end) break;
      this.runs.pop();
      if (last.first <= end) this.runs.push({ ...last, count: end + 1 - last.first });
    }
    if (intent === undefined) return;
    const { runs, gaps = [] } = intent;
    const counted = gaps.filter(({ before }) => before <= end + 1);
    if (this.#isSame) this.gaps.push(...counted.filter(isMissing));
    if (this.gaps.length > 2 * MOST_REMEMBERED) this.gaps.splice(0, MOST_REMEMBERED);
    // What is left from before the first table belongs to sources whose numbers are unknown.
    if (!this.#hasTable) return;
    for (const one of intent.new ?? []) {
      if (!this.sources.has(one.id)) this.sources.set(one.id, { ...one, last: 0 });
    }
    // A log that lost its end with its machine does not have what came after it.
    const most = this.#isSame ? Math.min(end, this.#last) : end;
    let number = intent.first;
    for (const { source, from, count } of runs) {
      const done = Math.min(count, most + 1 - number);
      if (done > 0) this.#reach(source, from + done - 1);
      number += count;
    }
    for (const { source, to, before } of counted) if (before <= most + 1) this.#reach(source, to);
  }

  #reach(id: number, last: number): void {
    const one = this.sources.get(id);
    if (one === undefined) return;
    this.sources.delete(id);
    this.sources.set(id, { ...one, last: Math.max(one.last, last) });
  }
}

/** Whether entries are missing, and were not left out on purpose. */
function isMissing({ reason }: OriginGap): boolean {
  return isLoss(reason);
}

function isSameSegment(a: SegmentIdentity, b: SegmentIdentity): boolean {
  return a.device === b.device && a.inode === b.inode && a.created === b.created;
}
