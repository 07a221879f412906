/**
 * The logs of the slots of a name, followed as one: by time, each entry with the log that it is from.
 *
 * @module
 */

import { OuroborosError } from "../../errors.ts";
import { unlessShort } from "../../log/native/followed_log.ts";
import { ShmLogReader } from "../../log/native/shm_log_reader.ts";
import type { LogTarget } from "../../log/native/target.ts";
import { LiveMerge, type LiveSource } from "../../merge.ts";
import { recognizeRecord } from "../../records/recognize.ts";
import { nameOf } from "../options/named_logs.ts";
import { oneLine } from "../output/harmless.ts";
import type { NamedTarget } from "./catalog.ts";
import { Points, STATS_EVERY } from "./log_stats.ts";
import type { LogState } from "./messages.ts";
import { numberIn } from "./place.ts";
import { type DecodedEntry, rowOf, wholeLines } from "./row.ts";
import type { Watcher } from "./watcher.ts";

/** How many entries of a member are decoded at a look. */
const MOST_AT_ONCE = 2000;
/** How often to look whether a member is still the log of its name, in milliseconds. */
const LOOK_EVERY = 500;
/** How many entries are kept for pages that come later. */
const MOST_KEPT = 5000;
/** How long a group is followed after the last page left, in milliseconds: it may be back at once. */
const LINGER = 5000;

/** An entry with its place in time. */
interface Item extends Omit<DecodedEntry, "number"> {
  time: number;
}

/** Logs that are followed as one for pages; numbers are those of this view. */
export class LiveGroup {
  /** How it is called. */
  readonly target: Pick<NamedTarget, "name">;
  readonly #members = new Map<string, Member>();
  readonly #find: () => readonly NamedTarget[];
  readonly #onIdle: () => void;
  readonly #watchers = new Set<Watcher>();
  readonly #end = new AbortController();
  readonly #state: LogState = { state: "live", segment: `0-0-${Date.now()}` };
  readonly #points = new Points();
  #kept: DecodedEntry[] = [];
  #last = 0;
  #bytes = 0;
  #lostBefore = 0;
  #takenAt = performance.now();
  #leftAt = performance.now();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Follows what `find` gives at each moment, and calls `onIdle` when the last page is gone. */
  constructor(name: string, find: () => readonly NamedTarget[], onIdle: () => void) {
    this.target = { name };
    this.#find = find;
    this.#onIdle = onIdle;
    const merge = new LiveMerge<Item>({
      signal: this.#end.signal,
      look: () => {
        try {
          this.#lookForOthers(merge);
        } catch {
          // Without a free descriptor, for one: the next look may find them.
        }
      },
    });
    this.#lookForOthers(merge);
    this.#timer = setInterval(() => this.#count(), STATS_EVERY);
    void this.#run(merge);
  }

  /** Lets a page look on; `after` is the place of the last entry that it has. */
  add(watcher: Watcher, after: string): void {
    this.#watchers.add(watcher);
    watcher.segment = this.#state.segment;
    watcher.sink.send("state", this.#state);
    watcher.sink.send("history", this.#points.history);
    const from = numberIn(this.#state.segment, after);
    const rows = this.#kept.filter(({ number, text, source }) =>
      number > from && watcher.filter.matches(text, undefined, source)
    );
    watcher.begin({ rows: rows.map(rowOf), left: 0 });
  }

  /** Forgets a page. */
  remove(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    this.#leftAt = performance.now();
  }

  /** Ends following. */
  close(): void {
    this.#end.abort();
    clearInterval(this.#timer);
    for (const member of this.#members.values()) member.close();
    this.#members.clear();
  }

  async #run(merge: LiveMerge<Item>): Promise<void> {
    for await (const items of merge.merged()) {
      const now = performance.now();
      const entries = items.map((item): DecodedEntry => ({ ...item, number: ++this.#last }));
      for (const { bytes } of items) this.#bytes += bytes;
      this.#kept = [...this.#kept, ...entries].slice(-MOST_KEPT);
      for (const watcher of this.#watchers) {
        watcher.take(entries, now - this.#takenAt);
        watcher.flush();
      }
      this.#takenAt = now;
    }
  }

  #lookForOthers(merge: LiveMerge<Item>): void {
    for (const [name, member] of this.#members) {
      if (!member.isEnded) continue;
      this.#lostBefore += member.lost;
      this.#members.delete(name);
    }
    for (const { target } of this.#find()) {
      if (this.#members.has(nameOf(target))) continue;
      const member = Member.open(target);
      if (member === undefined) continue;
      this.#members.set(nameOf(target), member);
      merge.add(member);
    }
  }

  #count(): void {
    const now = performance.now();
    if (this.#watchers.size === 0 && now - this.#leftAt > LINGER) {
      this.close();
      this.#onIdle();
      return;
    }
    const members = [...this.#members.values()];
    const lost = members.reduce((sum, member) => sum + member.lost, this.#lostBefore);
    const [last, bytes] = [this.#last, this.#bytes];
    const totals = { last, written: last + lost, lost, bytes, examined: last };
    const stats = this.#points.take(now, totals);
    for (const watcher of this.#watchers) watcher.sendStats(now, stats);
  }
}

/** One log of a group, from its newest chunk on. */
class Member implements LiveSource<Item> {
  isEnded = false;
  readonly #reader: ShmLogReader;
  readonly #label: string;
  readonly #lines = wholeLines<Item>();
  #time = -Infinity;
  #lookDue = 0;
  #isAbandoned = false;
  #lost = 0;

  private constructor(reader: ShmLogReader) {
    this.#reader = reader;
    this.#label = oneLine(reader.name);
  }

  /** Opens it; `undefined` if it can't be read now. */
  static open(target: LogTarget): Member | undefined {
    const options = { strategy: "latest", onOverrun: "latest", onDamage: "skip" } as const;
    try {
      return new Member(ShmLogReader.open(target, { ...options, copyMode: "auto" }));
    } catch (error) {
      if (error instanceof OuroborosError) return undefined;
      throw error;
    }
  }

  /** How many entries were overwritten before they could be read. */
  get lost(): number {
    return this.#lost + (this.isEnded ? 0 : this.#reader.lostEntries);
  }

  poll(): Item[] {
    try {
      return this.#read();
    } catch (error) {
      if (!(error instanceof OuroborosError)) throw error;
      this.close();
      return [];
    }
  }

  close(): void {
    if (this.isEnded) return;
    this.#lost = this.lost;
    this.isEnded = true;
    this.#reader.close();
  }

  #read(): Item[] {
    const reader = this.#reader;
    const items: Item[] = [];
    const batch = reader.readBatch(MOST_AT_ONCE);
    for (let i = 0; i < batch.length; i++) {
      const text = batch.text(i);
      this.#time = recognizeRecord(text)?.time ?? this.#time;
      const item = { time: this.#time, text, bytes: batch.byteLength(i), source: this.#label };
      const line = this.#lines.take(item);
      if (line !== undefined) items.push(line);
    }
    const now = performance.now();
    if (items.length > 0 || now < this.#lookDue) return items;
    this.#lookDue = now + LOOK_EVERY;
    const wasAbandoned = this.#isAbandoned;
    this.#isAbandoned = unlessShort(() => reader.isAbandoned()) || reader.isRestarted;
    if (!this.#isAbandoned) return items;
    if (!wasAbandoned && !reader.isRestarted) {
      // First what was written between our last look and the end of its writer.
      this.#lookDue = 0;
      return this.#read();
    }
    this.#isAbandoned = false;
    const { lostEntries } = reader;
    items.push(...this.#lines.rest());
    if (!unlessShort(() => reader.reopen())) this.close();
    else this.#lost += lostEntries;
    return items;
  }
}
