/**
 * Entries of a log that match a filter, as rows for a page, batch by batch; those that are parts of a line
 * as one. Runs in the page, too.
 *
 * @module
 */

import type { EntryFilter } from "./entry_filter.ts";
import { LineFinder } from "./line_finder.ts";
import type { EntryRow } from "./messages.ts";
import type { EntriesAtOnce } from "./quick_look.ts";
import type { DecodedEntry } from "./row.ts";

/** How entries are found, and shown. */
export interface RowFinderOptions {
  filter: EntryFilter;
  /** Where an entry is from, if that is known. */
  sourceOf?: ((sequenceNumber: number) => string | undefined) | undefined;
  /** Makes a row. */
  rowOf: (entry: DecodedEntry) => EntryRow;
}

/** Finds rows in the batches of one log, which it must see in their order. */
export class RowFinder {
  readonly #options: RowFinderOptions;
  readonly #lines: LineFinder;
  #time = -Infinity;

  /** Finds what matches the filter. */
  constructor(options: RowFinderOptions) {
    this.#options = options;
    this.#lines = new LineFinder(options.filter, options.sourceOf);
  }

  /** The rows of a part of a batch. */
  find(batch: EntriesAtOnce, from: number, to: number): EntryRow[] {
    const rows: EntryRow[] = [];
    this.#lines.find(batch, from, to, (line, i) => {
      const number = batch.sequenceNumber(i);
      this.#add(line ?? { number, text: batch.text(i), bytes: batch.byteLength(i) }, rows);
    });
    return rows;
  }

  /** The rows of lines that have no end. */
  rest(): EntryRow[] {
    const rows: EntryRow[] = [];
    for (const line of this.#lines.rest()) this.#add(line, rows);
    return rows;
  }

  #add(entry: DecodedEntry, rows: EntryRow[]): void {
    const { filter, sourceOf, rowOf } = this.#options;
    if (!filter.isEmpty) {
      const source = filter.asksLog ? sourceOf?.(entry.number) : undefined;
      const isMatch = filter.matches(entry.text, this.#time, source);
      this.#time = filter.time;
      if (!isMatch) return;
    }
    rows.push(rowOf({ ...entry, source: sourceOf?.(entry.number) }));
  }
}
