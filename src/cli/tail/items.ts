/**
 * What `tail` makes of the entries of one log: those that are selected, as lines, and what is missing.
 *
 * @module
 */

import { Entry } from "../../log/entry.ts";
import type { Cursor } from "../../log/native/cursor.ts";
import type { LogRecord } from "../../records/record.ts";
import { headOfBytes, joinBytes, type LineParts, WholeLines } from "../../records/whole_lines.ts";
import { type Criteria, Selection } from "../options/selection.ts";
import type { ReceivedLog } from "../output/log_names.ts";
import { entryCount } from "../output/warn.ts";

/** Entries as parts of lines. */
export const ENTRIES: LineParts<Entry> = {
  headOf: ({ bytes }) => headOfBytes(bytes),
  sizeOf: ({ length }) => length,
  join(parts, isWhole) {
    const bytes = joinBytes(parts, isWhole);
    const { sequenceNumber, chunkIndex, chunkToken } = parts[parts.length - 1].item;
    return new Entry(bytes, 0, bytes.length, sequenceNumber, chunkIndex, chunkToken);
  },
  most: 1 << 24,
};

/** The log of an item, as it is when the item is printed. */
export interface ItemLog {
  readonly name: string;
  /** Where its entries are from, if it was received from other machines. */
  readonly received: ReceivedLog | undefined;
  /** The place after the last entry that was read, if it is open. */
  readonly position: Cursor | undefined;
}

/**
 * An entry to print, or something to say between two of them, in the place where it belongs; without both
 * only a moment to listen in.
 */
export interface Item {
  log: ItemLog;
  /** The moment by which it is merged with those of other logs; `-Infinity` if nothing is known. */
  time: number;
  entry: Entry | undefined;
  /** What the entry says, if that is known. */
  record: LogRecord | undefined;
  notice: string | undefined;
}

/** How to make items of entries. */
export interface ItemOptions {
  criteria: Criteria;
  /** Whether what entries say is to be recognised in any case. */
  wantsRecords: boolean;
  /** Whether lines of container runtimes that are in parts are put together. */
  joinsLines: boolean;
}

/** Makes the items of one log, whose entries come in order. */
export class Items {
  /** The number of the entry to come, once one is expected. */
  expected = 0;
  readonly #log: ItemLog;
  readonly #selection: Selection;
  readonly #lines: WholeLines<Entry> | undefined;

  constructor(log: ItemLog, options: ItemOptions) {
    this.#log = log;
    this.#selection = new Selection(options.criteria, options.wantsRecords);
    this.#lines = options.joinsLines ? new WholeLines(ENTRIES) : undefined;
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

  /** Adds an entry to `items` if it is selected; what is missing before it in any case. */
  add(entry: Entry, isLive: boolean, items: Item[]): void {
    const { sequenceNumber } = entry;
    if (sequenceNumber < this.expected) return;
    const lost = this.expected > 0 ? sequenceNumber - this.expected : 0;
    if (lost > 0) items.push(...this.unfinished(isLive), this.notice(`${entryCount(lost)} lost`));
    this.expected = sequenceNumber + 1;
    const item = this.of(entry, isLive);
    if (item !== undefined) items.push(item);
  }

  /** The item of an entry; undefined if it is not selected, or more of its line is to come. */
  of(entry: Entry, isLive: boolean): Item | undefined {
    const line = this.#lines === undefined ? entry : this.#lines.take(entry);
    if (line === undefined || !this.#selection.wants(line, isLive)) return undefined;
    return this.#item(line);
  }

  /** Lines without an end, of which no more will come. */
  *unfinished(isLive: boolean): Generator<Item> {
    for (const line of this.#lines?.rest() ?? []) {
      if (this.#selection.wants(line, isLive)) yield this.#item(line);
    }
  }

  /** Something to say in this place. */
  notice(notice: string | undefined): Item {
    const { time } = this.#selection;
    return { log: this.#log, time, entry: undefined, record: undefined, notice };
  }

  /**
   * Nothing, so that a command that reads a long log can listen. It has no place in time: what comes
   * after it may be older than the entry that was read last.
   */
  pause(): Item {
    return { ...this.notice(undefined), time: -Infinity };
  }

  /** The entry that was selected last. */
  #item(entry: Entry): Item {
    const { time, record } = this.#selection;
    return { log: this.#log, time, entry, record, notice: undefined };
  }
}
