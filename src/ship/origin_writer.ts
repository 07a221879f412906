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
import type { ReceivedItem } from "./received.ts";

interface WrittenLog {
  readonly totalEntriesWritten: number;
  readonly maxEntrySize: number;
  write(data: Uint8Array | string): number;
  writeMany(entries: readonly (Uint8Array | string)[]): number;
}

/** The two logs, and what is left in the origin log. */
export interface OriginWriterOptions {
  readonly log: WrittenLog;
  readonly into: SegmentIdentity;
  readonly origin: WrittenLog;
  /** How many bytes of entries the origin log surely reaches back. */
  readonly reach: number;
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

/** Writes entries into a local log, and before that where they are from into the origin log. */
export class OriginWriter {
  /** How many entries the local log had lost, and how many it has of which nothing is known. */
  readonly found: { readonly missing: number; readonly untold: number };
  /** How many entries were too large for the local log, and are gaps now. */
  tooLarge = 0;
  readonly #options: OriginWriterOptions;
  /** By their keys; the one that was written to last stands last. */
  readonly #sources = new Map<string, ReachedSource>();
  readonly #mostStepBytes: number;
  #nextId: number;
  #tableSize = 0;
  #sinceTable = 0;

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
  get lasts(): [source: LogSource, last: number][] {
    return [...this.#sources.values()].map((one) => [one, one.last]);
  }

  write(items: readonly ReceivedItem[]): void {
    for (let start = 0; start < items.length;) start = this.#writeSome(items, start);
  }

  /** Leaves a table for the next one, who then need not look at what was before. */
  close(): void {
    if (this.#sinceTable > 0) this.#writeTable();
  }

  /** Writes as many items as an intent takes; gives the index of the first one after them. */
  #writeSome(items: readonly ReceivedItem[], start: number): number {
    const { log, origin, reach } = this.#options;
    const first = log.totalEntriesWritten + 1;
    const entries: Uint8Array[] = [];
    const runs: OriginRun[] = [];
    const gaps: OriginGap[] = [];
    const added: NumberedSource[] = [];
    let entryBytes = 0;
    let size = INTENT_SIZE;
    let run: { source: number; from: number; count: number } | undefined;
    let one: ReachedSource | undefined;
    let latest: LogSource | undefined;
    let end = start;
    for (; end < items.length && size < reach / 16; end++) {
      const item = items[end];
      const { source } = item;
      const isEntry = item.kind === "entry" && item.bytes.length <= log.maxEntrySize;
      if (isEntry) {
        const room = item.bytes.length + ENTRY_ROOM;
        if (entries.length > 0 && entryBytes + room > this.#mostStepBytes) break;
        entryBytes += room;
        entries.push(item.bytes);
        // Most entries follow one of their own source: nothing is to be looked up for them.
        if (run !== undefined && source === latest && item.sequenceNumber === one!.last + 1) {
          run.count++;
          one!.last++;
          continue;
        }
      }
      const key = sourceKey(source);
      one = this.#sources.get(key);
      if (one === undefined) {
        const { host, name, segment } = source;
        const numbered = { id: this.#nextId++, host, name, segment };
        added.push(numbered);
        this.#add(one = { ...numbered, last: 0 });
        size += sizeOf(one);
      } else {
        this.#sources.delete(key);
        this.#sources.set(key, one);
      }
      size += PART_SIZE;
      latest = source;
      if (isEntry) {
        one.last = item.sequenceNumber;
        runs.push(run = { source: one.id, from: one.last, count: 1 });
        continue;
      }
      run = undefined;
      const before = first + entries.length;
      if (item.kind === "gap") {
        const { from, to, reason } = item;
        gaps.push({ source: one.id, from, to, reason, before });
        one.last = to;
      } else {
        this.tooLarge++;
        one.last = item.sequenceNumber;
        const reason = "too large for the local log";
        gaps.push({ source: one.id, from: one.last, to: one.last, reason, before });
      }
    }
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

  #add(one: ReachedSource): void {
    this.#sources.set(sourceKey(one), one);
    this.#tableSize += sizeOf(one);
  }

  #writeTable(): void {
    const { log, into: { device, inode, created }, origin, reach } = this.#options;
    for (const [key, one] of this.#sources) {
      if (this.#tableSize <= reach / 4) break;
      this.#sources.delete(key);
      this.#tableSize -= sizeOf(one);
    }
    const next = log.totalEntriesWritten + 1;
    const sources = [...this.#sources.values()];
    origin.write(JSON.stringify({ table: { next, into: { device, inode, created }, sources } }));
    this.#sinceTable = 0;
  }
}

/** The size of a source in a table, in bytes, rather more than less. */
function sizeOf(one: NumberedSource): number {
  return encoder.encode(JSON.stringify(one)).length + NUMBER_SIZE;
}
