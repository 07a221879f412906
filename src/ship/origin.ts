/**
 * Where the entries of a local log come from, told by a second log beside it.
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
import type { LogSource } from "./message.ts";

/** A source by the number that stands for it in this origin log. */
export interface NumberedSource extends LogSource {
  /** The number. It is never used for another source. */
  readonly id: number;
}

/** Entries of a source that follow each other. */
export interface OriginRun {
  /** The number of the source. */
  readonly source: number;
  /** The sequence number of the first one in its own log. */
  readonly from: number;
  /** How many they are. */
  readonly count: number;
}

/** Entries of a source that are nowhere. */
export interface OriginGap {
  /** The number of the source. */
  readonly source: number;
  /** The sequence number of the first one in its own log. */
  readonly from: number;
  /** The sequence number of the last one. */
  readonly to: number;
  /** Why they are missing. */
  readonly reason: string;
  /** The number in the local log of the entry before which they are missing. */
  readonly before: number;
}

/** What is to be written to the local log. */
export interface Intent {
  /** The number of the first entry in the local log. */
  readonly first: number;
  /** Sources that were not there before. */
  readonly new?: readonly NumberedSource[];
  /** What the entries are, in order. */
  readonly runs: readonly OriginRun[];
  /** What is missing between them. */
  readonly gaps?: readonly OriginGap[];
}

/** All sources, when everything before was done. */
export interface OriginTable {
  /** What is known at this point. */
  readonly table: {
    /** The number that the next entry of the local log has. */
    readonly next: number;
    /** Which segment the local log is. */
    readonly into: SegmentIdentity;
    /** The sources, with the last number of each that was written, or is a gap. */
    readonly sources: readonly (NumberedSource & { readonly last: number })[];
  };
}

/** A record of the origin log. */
export type OriginRecord = Intent | OriginTable;

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
  return isNumber(one.id) &&
    [one.host, one.name, one.segment].every((text) => typeof text === "string");
}

function isNumber(...numbers: unknown[]): boolean {
  return numbers.every((number) => Number.isSafeInteger(number) && Number(number) >= 0);
}

function isList(list: unknown, isOne: (one: Record<string, unknown>) => boolean): boolean {
  return Array.isArray(list) &&
    list.every((one) => typeof one === "object" && one !== null && isOne(one));
}

/** How far each source was written, as an origin log tells. */
export interface OriginState {
  /** All sources by their numbers, the one that was written to longest ago first. */
  readonly sources: Map<number, NumberedSource & { last: number }>;
  /** The number that a new source gets. */
  readonly nextId: number;
  /** How many entries were told of and are not in the local log: it lost them with its machine. */
  readonly missing: number;
  /** How many entries at the end of the local log nothing tells of. */
  readonly untold: number;
}

/**
 * What the records of an origin log say about a local log.
 *
 * @param records all that are left, in order
 * @param into which segment the local log is
 * @param last the number of its last entry
 */
export function recoverOrigins(
  records: Iterable<OriginRecord>,
  into: SegmentIdentity,
  last: number,
): OriginState {
  let sources: OriginState["sources"] = new Map();
  let nextId = 1;
  let pending: Intent | undefined;
  let isSame = true;
  let hasTable = false;
  /** The number of the last entry that was told of; and of the last one that was surely written. */
  let told = 0;
  let done = 0;
  const settle = (end: number) => {
    // A log that lost its end with its machine does not have what came after it.
    if (pending !== undefined) apply(pending, isSame ? Math.min(end, last) : end, sources);
    pending = undefined;
    done = told = end;
  };
  for (const record of records) {
    if ("table" in record) {
      const { next, into: other, sources: all } = record.table;
      settle(next - 1);
      isSame = isSameSegment(other, into);
      // One that says more than the log has is no use where there is an older one.
      const isUsable = !isSame || next - 1 <= last || !hasTable;
      if (isUsable) sources = new Map(all.map((one) => [one.id, { ...one }]));
      for (const { id } of all) nextId = Math.max(nextId, id + 1);
      hasTable = true;
    } else if (hasTable) {
      settle(record.first - 1);
      pending = record;
      told += countOf(record);
      for (const { id } of record.new ?? []) nextId = Math.max(nextId, id + 1);
    }
    // What is left from before the first table tells of sources that nobody knows.
  }
  const missing = isSame ? Math.max(0, done - last) : 0;
  const untold = isSame ? Math.max(0, last - told) : last;
  // Of another log nobody knows how much of the last intent was done: what was not comes once more.
  settle(isSame ? last : done);
  return { sources, nextId, missing, untold };
}

/** How many entries an intent tells of. */
function countOf({ runs }: Intent): number {
  return runs.reduce((sum, { count }) => sum + count, 0);
}

/** Does what an intent says, up to entry `end` of the local log. */
function apply(intent: Intent, end: number, sources: OriginState["sources"]): void {
  for (const one of intent.new ?? []) {
    if (!sources.has(one.id)) sources.set(one.id, { ...one, last: 0 });
  }
  const reached = (id: number, last: number) => {
    const one = sources.get(id);
    if (one === undefined) return;
    // The one that was written to last stands last.
    sources.delete(id);
    sources.set(id, { ...one, last: Math.max(one.last, last) });
  };
  let number = intent.first;
  for (const { source, from, count } of intent.runs) {
    const done = Math.min(count, end + 1 - number);
    if (done > 0) reached(source, from + done - 1);
    number += count;
  }
  for (const { source, to, before } of intent.gaps ?? []) {
    if (before <= end + 1) reached(source, to);
  }
}

/** Whether two identities are those of one segment; of one without an identity nobody knows. */
function isSameSegment(a: SegmentIdentity, b: SegmentIdentity): boolean {
  return a.device === b.device && a.inode === b.inode && a.created === b.created;
}
