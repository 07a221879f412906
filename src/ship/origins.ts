/**
 * Where the entries of a local log come from, to be asked.
 *
 * @module
 */

import { ShmLogReader } from "../log/native/shm_log_reader.ts";
import type { LogTarget } from "../log/native/target.ts";
import type { LogSource } from "./message.ts";
import { type Intent, type OriginRecord, parseOrigin } from "./origin.ts";

/** Where an entry of a local log comes from. */
export interface EntryOrigin {
  /** The log that it was written to at first. */
  readonly source: LogSource;
  /** The number that it has there. */
  readonly sequenceNumber: number;
}

/** Entries that are in no message of the stream, or came to it too late. */
export interface MissingEntries {
  /** The log that they were written to. */
  readonly source: LogSource;
  /** The number of the first one there. */
  readonly from: number;
  /** The number of the last one. */
  readonly to: number;
  /** Why they are missing. */
  readonly reason: string;
  /** The number in the local log of the entry before which they are missing. */
  readonly before: number;
}

/** A run of entries of a source in the local log. */
interface Run {
  readonly first: number;
  readonly source: LogSource;
  readonly from: number;
  readonly count: number;
}

/**
 * Where the entries of a local log come from, as far as its origin log reaches back.
 *
 * @example
 * ```ts
 * import { Origins } from "@ouroboros/log/nats";
 *
 * const source = { host: "web-1", name: "/app", segment: "1a-2b-3c" };
 * const origins = new Origins([
 *   { first: 1, new: [{ id: 1, ...source }], runs: [{ source: 1, from: 70, count: 3 }] },
 * ], 3);
 * console.log(origins.of(2)?.source.name, origins.of(2)?.sequenceNumber); // /app 71
 * ```
 */
export class Origins {
  /** What is known to be missing, in the order in which it was found out. */
  readonly missing: readonly MissingEntries[];
  readonly #runs: Run[] = [];

  /** Makes sense of the records of an origin log, beside a local log whose last entry is `last`. */
  constructor(records: Iterable<OriginRecord>, last: number) {
    const all = [...records];
    const sources = new Map<number, LogSource>();
    for (const record of all) {
      const known = "table" in record ? record.table.sources : record.new ?? [];
      for (const { id, host, name, segment } of known) sources.set(id, { host, name, segment });
    }
    const missing: MissingEntries[] = [];
    for (const [i, record] of all.entries()) {
      if ("table" in record) continue;
      const after = all.at(i + 1);
      const end = after === undefined ? last : firstOf(after) - 1;
      this.#add(record, Math.min(end, last), sources, missing);
    }
    this.missing = missing;
  }

  /** Where entry `sequenceNumber` of the local log is from; `undefined` if that is not known. */
  of(sequenceNumber: number): EntryOrigin | undefined {
    const runs = this.#runs;
    let low = 0;
    let high = runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (runs[middle].first <= sequenceNumber) low = middle + 1;
      else high = middle;
    }
    const run = runs.at(low - 1);
    if (low === 0 || run === undefined || sequenceNumber >= run.first + run.count) return undefined;
    return { source: run.source, sequenceNumber: run.from + sequenceNumber - run.first };
  }

  #add(
    intent: Intent,
    end: number,
    sources: Map<number, LogSource>,
    missing: MissingEntries[],
  ): void {
    let first = intent.first;
    // Of a local log that was begun anew: what was told before is of the other one.
    while (this.#runs.length > 0 && this.#runs[this.#runs.length - 1].first >= first) {
      this.#runs.pop();
    }
    for (const { source: id, from, count } of intent.runs) {
      const source = sources.get(id);
      const done = Math.min(count, end + 1 - first);
      if (done > 0 && source !== undefined) this.#runs.push({ first, source, from, count: done });
      first += count;
    }
    for (const { source: id, from, to, reason, before } of intent.gaps ?? []) {
      const source = sources.get(id);
      if (source !== undefined && before <= end + 1) {
        missing.push({ source, from, to, reason, before });
      }
    }
  }
}

function firstOf(record: OriginRecord): number {
  return "table" in record ? record.table.next : record.first;
}

/** The name, or the file, of the origin log beside a local log: `/app` has `/app.origin`. */
export function originTarget(target: LogTarget): LogTarget {
  return typeof target === "string" ? `${target}.origin` : { path: `${target.path}.origin` };
}

/** The records that are left in an origin log. */
export function* originRecords(reader: ShmLogReader): Generator<OriginRecord> {
  for (const entry of reader) {
    const record = parseOrigin(entry.text);
    if (record !== undefined) yield record;
  }
}

/**
 * Reads where the entries of a local log come from, which `receiveInto()` has written. It may be
 * writing at this moment.
 *
 * @param target the local log: a name like `"/all"`, or `{ path }` for a file
 * @throws {SegmentNotFoundError} if one of the two logs is not there
 * @throws {OuroborosError} what {@linkcode ShmLogReader.open} throws
 */
export function readOrigins(target: LogTarget): Origins {
  using origin = ShmLogReader.open(originTarget(target), { strategy: "oldest", onDamage: "skip" });
  const records = [...originRecords(origin)];
  // After the records: what they tell of is written by then, or is not told of yet.
  using log = ShmLogReader.open(target);
  return new Origins(records, log.newestSequenceNumber());
}
