/**
 * Lines of a log that may match a filter, batch by batch: those that are in several entries as one. Runs in
 * the page, too.
 *
 * @module
 */

import { mayBePart } from "../../records/whole_lines.ts";
import type { EntryFilter } from "./entry_filter.ts";
import { type EntriesAtOnce, QuickLook } from "./quick_look.ts";
import { type DecodedEntry, wholeLines } from "./row.ts";

/**
 * Called with a line that is in several entries, in the place of the last one; with `undefined` for one that
 * is an entry of a batch, with its index.
 */
export type LineVisitor = (line: DecodedEntry | undefined, index: number) => void;

/** Finds lines in the batches of one log, which it must see in their order. */
export class LineFinder {
  readonly #look: QuickLook;
  readonly #sourceOf: ((sequenceNumber: number) => string | undefined) | undefined;
  readonly #lines = wholeLines<DecodedEntry>();

  /** Finds what may match; `sourceOf` says where an entry is from, in a log of several. */
  constructor(filter: EntryFilter, sourceOf?: (sequenceNumber: number) => string | undefined) {
    this.#look = new QuickLook(filter);
    this.#sourceOf = sourceOf;
  }

  /**
   * Visits the lines of a part of a batch.
   *
   * @param isDone whether to end between two lines; then it returns the index of the next entry
   */
  find(
    batch: EntriesAtOnce,
    from: number,
    to: number,
    visit: LineVisitor,
    isDone?: () => boolean,
  ): number | undefined {
    const { bytes, bounds } = batch.block;
    const lines = this.#lines;
    this.#look.begin(batch);
    for (let i = from; i < to; i++) {
      if (lines.size === 0) {
        // The rest of a line may be anything.
        i = this.#look.next(i, to);
        if (i === to) break;
        if (isDone?.()) return i;
        if (!mayBePart(bytes, bounds[2 * i], bounds[2 * i + 1])) {
          visit(undefined, i);
          continue;
        }
      }
      const number = batch.sequenceNumber(i);
      const source = this.#sourceOf?.(number);
      const entry = { number, text: batch.text(i), bytes: batch.byteLength(i), source };
      const line = lines.take(entry);
      if (line !== undefined) visit(line === entry ? undefined : line, i);
    }
  }

  /** Lines that have no end. */
  rest(): DecodedEntry[] {
    return this.#lines.rest();
  }
}
