/**
 * One log as `tail` sees it: what is there already, then what comes, and messages about it.
 *
 * @module
 */

import { delay } from "../../async.ts";
import { OuroborosError } from "../../errors.ts";
import type { Cursor } from "../../log/native/cursor.ts";
import { ShmLogReader } from "../../log/native/shm_log_reader.ts";
import type { ShmLogReaderOptions } from "../../log/native/reader_options.ts";
import { sourceOf } from "../../log/native/source.ts";
import { type LogTarget, openMemory } from "../../log/native/target.ts";
import { entriesOf } from "../../log/native/time_range.ts";
import { startOf, unlessShort } from "../../log/native/followed_log.ts";
import { batchesUpTo } from "../options/log_targets.ts";
import { nameOf } from "../options/named_logs.ts";
import { ReceivedLog } from "../output/received_log.ts";
import { type Item, type ItemLog, type ItemOptions, Items } from "./items.ts";
import { warn } from "../output/warn.ts";

/** What to read of a log. */
export interface TailedLogOptions extends ItemOptions {
  /** Whether to read what comes, too: in this segment, or in any that has the name. */
  follow: "no" | "segment" | "name";
  /** Where to start; unless `lines` says so. */
  from: "latest" | "oldest" | number;
  /** Start so many milliseconds before the last entry, instead. */
  last?: number | undefined;
  /** Only the last so many of what is there. */
  lines: number | undefined;
  /** The place after which to start instead, if it is one of this log. */
  after: Cursor | undefined;
  /** How many logs are read along with it, this one included. */
  count: number;
  /** Whether it is one of those that match a pattern: then it ends when its name is gone. */
  isMember?: boolean;
}

// Each look costs the CPU a third of a millisecond, most of it for waking up; an idle `tail` should
// cost less than 1 % of a core, of however many logs. What people read may come a tenth of a second late.
/** How often to look for a log that is not there, in milliseconds. */
const WAIT_INTERVAL = 100;
/** How long to sleep at most between two entries; after a second without any three times as long. */
const MAX_SLEEP = 30;
/** How often to look whether it is still the log of its name, plus one for each log, in milliseconds. */
const LOOK_INTERVAL = 100;
/** How many more entries are taken at once when they come quickly, */
const MORE_ENTRIES = 4096;
/** and for how long at most, in milliseconds: a pattern may take its time. */
const MORE_TIME = 20;
/** After how many entries that are not selected signals are looked at. */
const SILENCE = 64;
const FINISHED = "the log is finished";
const COMPLETE = "no writer adds anything to a compressed log";

/** A log that is read from some place on, and perhaps followed. */
export class TailedLog implements ItemLog {
  readonly name: string;
  readonly #target: LogTarget;
  readonly #options: TailedLogOptions;
  readonly #items: Items;
  #opening: Promise<ShmLogReader> | undefined;
  #reader: ShmLogReader | undefined;
  #received: ReceivedLog | undefined;
  /** Whether it did not exist when we began: then it is new from its first entry on. */
  #isNew = false;
  /** What was there when it was opened late, as far as `poll()` has not given it. */
  #rest: Iterator<Item> | undefined;
  /** Why it could not be opened late. */
  #failure: { cause: unknown } | undefined;
  #isEnded = false;
  #isAbandoned = false;
  #lookDue = 0;

  constructor(target: LogTarget, options: TailedLogOptions) {
    this.name = nameOf(target);
    this.#target = target;
    this.#options = options;
    this.#items = new Items(this, options);
  }

  /** Opens the log; when following, returns `false` if it does not exist yet. */
  async open(signal: AbortSignal): Promise<boolean> {
    const { from, after, follow } = this.#options;
    const options: ShmLogReaderOptions = {
      strategy: from === "latest" ? "latest" : "oldest",
      onDamage: "skip",
      copyMode: "auto",
      after,
    };
    if (follow === "no") {
      this.#reader = ShmLogReader.open(this.#target, options);
    } else {
      const waiting = { ...options, signal, interval: WAIT_INTERVAL };
      this.#opening = ShmLogReader.waitFor(this.#target, waiting);
      this.#reader = await Promise.race([this.#opening, delay(0)]) ?? undefined;
    }
    this.#openReceived();
    return this.#reader !== undefined;
  }

  /** Where its entries are from, if it was received from other machines. */
  get received(): ReceivedLog | undefined {
    return this.#received;
  }

  /** Waits for a log that `open()` did not find; gives `false` if `signal` is aborted before. */
  async wait(signal: AbortSignal): Promise<boolean> {
    this.#isNew = true;
    try {
      this.#reader = await this.#opening;
      this.#openReceived();
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }

  /** Lets `poll()` begin with all of a log that `open()` did not find, once it is there. */
  openLater(signal: AbortSignal): void {
    this.wait(signal).then(
      (isOpen) => this.#rest = isOpen ? this.past()[Symbol.iterator]() : undefined,
      (cause) => this.#failure = { cause },
    );
  }

  /** Opens a log that was not there when we began: all of it is new. */
  openNew(): void {
    this.#isNew = true;
    this.#reader = ShmLogReader.open(this.#target, {
      strategy: "oldest",
      onDamage: "skip",
      copyMode: "auto",
    });
    this.#openReceived();
    this.#rest = this.past()[Symbol.iterator]();
  }

  /** What is there, lazily. */
  *past(): Generator<Item> {
    const { lines, after, last: length } = this.#options;
    const from = length === undefined ? this.#options.from : this.#startOfLast(length);
    const { continuation } = this.#opened;
    const last = this.#opened.newestSequenceNumber();
    if (after !== undefined && continuation?.isSameSegment) {
      this.#items.expected = after.sequenceNumber + 1;
    } else if (after !== undefined) {
      this.#items.expected = 1;
      yield this.#items.notice(
        "the place is one of another log: all entries of this one are printed",
      );
    } else if (typeof from === "number") this.#items.expected = from;
    if (lines === undefined || this.#isNew) {
      yield* this.#readUpTo(last);
      if (this.#options.follow === "no") yield* this.#items.unfinished(false);
    } else {
      yield* this.#lastItems(lines, last);
      this.#items.expected = last + 1;
    }
    const { untimed } = this.#items;
    if (untimed !== undefined) yield this.#items.notice(untimed);
  }

  /**
   * What comes, a batch at a time. Ends with `signal` or, unless the name is followed, after the last
   * entry of a log to which no writer can add.
   */
  async *live(signal: AbortSignal): AsyncGenerator<Item[]> {
    const reader = this.#opened;
    const following = reader.followBatches({
      signal,
      maxSleep: MAX_SLEEP,
      maxEntries: 1,
      onAbandoned: this.#options.follow === "name" ? "reopen" : "end",
      // At once, for it may take its time until the first entry comes; all before is printed by now.
      onReopen: ({ lostEntries, after }) => warn(this.#begin(lostEntries, after)),
    });
    for await (const batch of following) {
      const items: Item[] = [];
      for (const entry of batch) this.#items.add(entry, true, items);
      // Entries by themselves share the memory of those around them, which is quicker.
      this.#takeMore(items);
      yield items;
    }
    yield [...this.#items.unfinished(true)];
    if (signal.aborted) return;
    if (reader.isFinished) warn(FINISHED);
    else if (!reader.isReplaced()) warn(COMPLETE);
  }

  /** The same without waiting: what has come since the last call, of very much a part. */
  poll(): Item[] {
    if (this.#failure !== undefined) throw this.#failure.cause;
    const items: Item[] = [];
    if (this.#reader === undefined) return items;
    try {
      if (this.#rest !== undefined) this.#takeRest(this.#rest, items);
      else {
        this.#takeMore(items);
        if (items.length === 0) this.#lookForEnd(this.#reader, items);
      }
    } catch (error) {
      // One of many must not end the others.
      if (!this.#options.isMember || !(error instanceof OuroborosError)) throw error;
      items.push(this.#items.notice(error.message));
      this.#isEnded = true;
    }
    return items;
  }

  /** Whether nothing can come any more. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The place after the last entry that was read, if it is open. */
  get position(): Cursor | undefined {
    return this.#reader?.position;
  }

  /** Closes it, if it is open. */
  close(): void {
    this.#reader?.close();
    this.#received?.[Symbol.dispose]();
  }

  #openReceived(): void {
    this.#received?.[Symbol.dispose]();
    this.#received = this.#reader && ReceivedLog.open(this.#target);
  }

  get #opened(): ShmLogReader {
    if (this.#reader === undefined) throw new Error(`${this.name} is not open`);
    return this.#reader;
  }

  /** The number of the first entry of the last so many milliseconds. */
  #startOfLast(length: number): number {
    using memory = openMemory(this.#target, "read");
    const source = sourceOf(memory, this.#target, "auto");
    const { from, isUntimed } = entriesOf(source, { last: length });
    if (isUntimed) warn(`no entry of ${this.name} has a time: all of them are printed`);
    return from;
  }

  *#readUpTo(last: number): Generator<Item> {
    for (const batch of batchesUpTo(this.#opened, last)) yield* this.#items.past(batch);
  }

  /** Adds the next of what was there when it was opened. */
  #takeRest(rest: Iterator<Item>, items: Item[]): void {
    const end = performance.now() + MORE_TIME;
    while (items.length < MORE_ENTRIES) {
      const { value, done } = rest.next();
      if (done) {
        this.#rest = undefined;
        return;
      }
      if (value.entry !== undefined || value.notice !== undefined) items.push(value);
      else if (performance.now() >= end) return;
    }
  }

  /** Looks whether more can come, after the last entry that is there: of this log or the next of its name. */
  #lookForEnd(reader: ShmLogReader, items: Item[]): void {
    const isByName = this.#options.follow === "name";
    if (reader.isFinished && !isByName) {
      items.push(...this.#items.unfinished(true), this.#items.notice(FINISHED));
      this.#isEnded = true;
    } else if (reader.isRestarted) this.#leave(reader, items);
    const now = performance.now();
    if (this.#isEnded || now < this.#lookDue) return;
    this.#lookDue = now + LOOK_INTERVAL + this.#options.count;
    const wasAbandoned = this.#isAbandoned;
    this.#isAbandoned = unlessShort(() => reader.isAbandoned());
    if (!this.#isAbandoned) return;
    if (wasAbandoned) this.#leave(reader, items);
    // First what was written between our last look and the end of its writer.
    else this.#lookDue = 0;
  }

  /** Leaves a log that has ended: for the next one of its name, if that is followed. */
  #leave(reader: ShmLogReader, items: Item[]): void {
    const { follow, isMember } = this.#options;
    items.push(...this.#items.unfinished(true));
    const isCounted = !reader.isRestarted || reader.isFinished;
    const { lostEntries } = reader;
    if (follow !== "name") this.#isEnded = true;
    else if (unlessShort(() => reader.reopen())) {
      this.#isAbandoned = false;
      items.push(
        this.#items.notice(this.#begin(isCounted ? lostEntries : "unknown", startOf(reader))),
      );
    } else if (isMember && !reader.isRestarted) {
      items.push(this.#items.notice(reader.isReplaced() ? "the log is removed" : COMPLETE));
      this.#isEnded = true;
    }
    // Its memory is given back; where its entries are from is asked when they are printed.
    if (this.#isEnded) reader.close();
  }

  /** Begins after an entry of the next log of the name; returns what to say. */
  #begin(lostEntries: number | "unknown", after: number): string {
    this.#items.expected = after + 1;
    this.#openReceived();
    if (after > 0) return `the log continues in another size after entry ${after}`;
    const loss = lostEntries === "unknown"
      ? ", which was restarted: how many entries are lost is unknown"
      : "";
    return `following a new log of this name${loss}`;
  }

  /** Adds what is there to `items`, up to a number of entries, and for some time. */
  #takeMore(items: Item[]): void {
    const reader = this.#opened;
    const end = performance.now() + MORE_TIME;
    for (let count = 1; count <= MORE_ENTRIES; count++) {
      const entry = reader.read();
      if (entry === undefined) return;
      this.#items.add(entry, true, items);
      if (this.#isDue(count) && performance.now() >= end) return;
    }
  }

  /** The last items up to entry `last`, in order. */
  *#lastItems(count: number, last: number): Generator<Item> {
    const ring: Item[] = [];
    let taken = 0;
    for (const batch of batchesUpTo(this.#opened, last)) {
      if (count === 0) {
        yield this.#items.pause();
        continue;
      }
      for (const item of this.#items.selected(batch)) {
        if (item.entry === undefined) yield item;
        else ring[taken++ % count] = item;
      }
    }
    if (this.#options.follow === "no") {
      for (const item of this.#items.unfinished(false)) ring[taken++ % count] = item;
    }
    const oldest = taken <= count ? 0 : taken % count;
    yield* ring.slice(oldest);
    yield* ring.slice(0, oldest);
  }

  /** Whether to look at the clock after so many entries. */
  #isDue(count: number): boolean {
    return count % SILENCE === 0 || this.#items.isSlow;
  }
}
