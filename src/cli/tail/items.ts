/**
 * What `tail` makes of the entries of one log: those that are selected, as lines, and what is missing.
 *
 * @module
 */

import type { EntryBatch } from "../../log/batch.ts";
import type { Entry } from "../../log/entry.ts";
import type { Cursor } from "../../log/native/cursor.ts";
import { entryParts, readTimeOf } from "../../log/native/entry_lines.ts";
import { EntryLook } from "../../records/look/entry_look.ts";
import type { LogRecord } from "../../records/record.ts";
import { type LineParts, mayBePart, WholeLines } from "../../records/whole_lines.ts";
import { type Criteria, Selection } from "../options/selection.ts";
import type { ReceivedLog } from "../output/received_log.ts";
import { entryCount } from "../output/warn.ts";

/** The log of an item, as it is when the item is printed. */
export interface ItemLog {
  readonly name: string;
  /** Where its entries are from, if it was received from other machines. */
  readonly received: ReceivedLog | undefined;
  /** The place after the last entry that was read, if it is open. */
  readonly position: Cursor | undefined;
}

/** The name of the log that an entry is from: of one that was received, the one of the other machine. */
export function logOf({ name, received }: ItemLog, { sequenceNumber }: Entry): string {
  return received?.of(sequenceNumber).label ?? name;
}

/** Entries of a log as parts of lines. */
function partsIn(log: ItemLog): LineParts<Entry> {
  return entryParts(({ sequenceNumber }) => log.received?.of(sequenceNumber).label);
}

/**
 * An entry to print, or something to say between two of them, in the place where it belongs; without any of
 * these only a moment to look at signals.
 */
export interface Item {
  log: ItemLog;
  /** The moment by which it is merged with those of other logs; `-Infinity` if nothing is known. */
  time: number;
  entry: Entry | undefined;
  /** Its text, and what it says, if that is known. */
  text: string | undefined;
  record: LogRecord | undefined;
  notice: string | undefined;
  /** Whether the entry is not selected, but may be printed around one that is. */
  isContext?: boolean;
  /** Whether it stands between two groups of entries. */
  isBreak?: boolean;
  /** Many entries to print at once, which are there until the next item. */
  batch?: EntryBatch;
}

/** Orders items of the same time. */
export function finerTimeOf({ entry }: Item): number {
  return entry === undefined ? 0 : readTimeOf(entry);
}

/** How to make items of entries. */
export interface ItemOptions {
  criteria: Criteria;
  /** Whether records are recognized in any case. */
  wantsRecords: boolean;
  /** Whether lines of container runtimes that are in parts are put together. */
  joinsLines: boolean;
  /** Whether entries are items that are not selected, but may be printed around one that is. */
  hasContext?: boolean;
  /** Whether entries may come in batches, where all are selected as they are. */
  inBatches: boolean;
}

/** Of how many entries one must be selected to be looked at without asking their bytes before. */
const DENSE = 1 / 4;

/** Makes the items of one log, whose entries come in order. */
export class Items {
  /** The number of the entry to come, once one is expected. */
  expected = 0;
  readonly #log: ItemLog;
  readonly #inBatches: boolean;
  readonly #selection: Selection;
  readonly #lines: WholeLines<Entry> | undefined;
  readonly #hasContext: boolean;
  readonly #look: EntryLook;
  /** Whether many entries of the last batch were selected. */
  #isDense: boolean;

  constructor(log: ItemLog, options: ItemOptions) {
    this.#log = log;
    const { criteria, wantsRecords } = options;
    this.#selection = new Selection(criteria, wantsRecords, (entry) => logOf(log, entry));
    this.#inBatches = options.inBatches && this.#selection.isOpen;
    this.#lines = options.joinsLines ? new WholeLines(partsIn(log)) : undefined;
    this.#hasContext = options.hasContext ?? false;
    this.#look = new EntryLook(this.#selection.needs);
    this.#isDense = !this.#isLookUseful;
  }

  /** Whether to look at the clock after each entry: a pattern may take its time. */
  get isSlow(): boolean {
    return this.#selection.isSlow;
  }

  /** What to say of entries that were left out because they have no time. */
  get untimed(): string | undefined {
    const { untimed } = this.#selection;
    return untimed > 0 ? `${entryCount(untimed)} left out because they have no time` : undefined;
  }

  /** Whether bytes rule entries out: not if those are printed around others. */
  get #isLookUseful(): boolean {
    return this.#look.isUseful && !this.#hasContext;
  }

  /** Adds an entry to `items` if it is selected; what is missing before it in any case. */
  add(entry: Entry, isLive: boolean, items: Item[]): void {
    const { sequenceNumber } = entry;
    if (sequenceNumber < this.expected) return;
    const lost = this.expected > 0 ? sequenceNumber - this.expected : 0;
    if (lost > 0) items.push(...this.unfinished(isLive), this.notice(`${entryCount(lost)} lost`));
    this.expected = sequenceNumber + 1;
    const item = this.#of(entry, isLive);
    if (item !== undefined) items.push(item);
  }

  /** The items of a batch of entries that were there before; what is missing before it in any case. */
  *past(batch: EntryBatch): Generator<Item> {
    const first = batch.sequenceNumber(0);
    const lost = this.expected > 0 ? first - this.expected : 0;
    if (lost > 0) {
      yield* this.unfinished(false);
      yield this.notice(`${entryCount(lost)} lost`);
    }
    // Those before it are not asked for.
    const start = Math.max(this.expected - first, 0);
    this.expected = Math.max(first + batch.length, this.expected);
    if (start === 0 && this.#isPlain(batch)) yield { ...this.pause(), batch };
    else yield* this.selected(batch, start);
  }

  /** Whether each entry of a batch is printed as it is. */
  #isPlain(batch: EntryBatch): boolean {
    if (!this.#inBatches || this.#log.received !== undefined || this.#lines?.size) return false;
    return this.#lines === undefined || this.#partFrom(batch, 0, batch.length) === batch.length;
  }

  /** The items of a batch from entry `start` on. */
  *selected(batch: EntryBatch, start: number = 0): Generator<Item> {
    const isDense = this.#isDense;
    const looks = !isDense && this.#isLookUseful && this.#selection.maySkip;
    if (looks) this.#look.begin(batch.block);
    const texts = looks ? undefined : batch.texts();
    let count = 0;
    let next = -1;
    for (let i = start; i < batch.length; i++) {
      // The rest of a line may be anything.
      if (looks && !this.#lines?.size) {
        if (next < i) next = this.#nextIn(batch, i);
        this.#passBy(batch, i, next);
        if (next === batch.length) break;
        i = next;
      }
      // One of few must not keep the memory of all.
      const entry = isDense ? batch.share(i) : batch.entry(i);
      const item = this.#of(entry, false, texts?.[i]);
      if (item !== undefined) {
        count++;
        if (!isDense) item.text = undefined;
        yield item;
      }
      if (this.isSlow) yield this.pause();
    }
    this.#isDense = count > DENSE * batch.length;
    yield this.pause();
  }

  /** The next entry from `i` on that may be selected, or of whose line more is to come. */
  #nextIn(batch: EntryBatch, i: number): number {
    const next = this.#look.next(i);
    return this.#lines === undefined ? next : this.#partFrom(batch, i, next);
  }

  /** The first entry from `i` on that may be a part of a line; `end` if there is no other before it. */
  #partFrom(batch: EntryBatch, i: number, end: number): number {
    const { bytes, bounds } = batch.block;
    while (i < end && !mayBePart(bytes, bounds[2 * i], bounds[2 * i + 1])) i++;
    return i;
  }

  /** Passes by entries that are not selected. */
  #passBy(batch: EntryBatch, from: number, to: number): void {
    for (let i = to - 1; i >= from; i--) if (this.#selection.passBy(batch.text(i))) return;
  }

  /** The item of an entry; undefined if it is not selected, or more of its line is to come. */
  #of(entry: Entry, isLive: boolean, text?: string): Item | undefined {
    const line = this.#lines === undefined ? entry : this.#lines.take(entry);
    if (line === undefined) return undefined;
    return this.#ofLine(line, isLive, line === entry ? text ?? entry.text : line.text);
  }

  /** Lines without an end, of which no more will come. */
  *unfinished(isLive: boolean): Generator<Item> {
    for (const line of this.#lines?.rest() ?? []) {
      const item = this.#ofLine(line, isLive, line.text);
      if (item !== undefined) yield item;
    }
  }

  /** Something to say in this place. */
  notice(notice: string | undefined): Item {
    const { time } = this.#selection;
    return { log: this.#log, time, entry: undefined, text: undefined, record: undefined, notice };
  }

  /**
   * Nothing, so that a command that reads a long log can listen. It has no place in time: what comes
   * after it may be older than the entry that was read last.
   */
  pause(): Item {
    return { ...this.notice(undefined), time: -Infinity };
  }

  #ofLine(entry: Entry, isLive: boolean, text: string): Item | undefined {
    const isSelected = this.#selection.wants(entry, isLive, undefined, text);
    const { time, record, isNear } = this.#selection;
    if (!isSelected && !(this.#hasContext && isNear)) return undefined;
    const item: Item = { log: this.#log, time, entry, text, record, notice: undefined };
    if (!isSelected) item.isContext = true;
    return item;
  }
}
