/**
 * A look at the bytes of entries, which passes by most of those that a filter leaves out. Runs in the page,
 * too.
 *
 * @module
 */

import type { EntryBatch } from "../../log/batch.ts";
import { EntryLook } from "../../records/look/entry_look.ts";
import { mayBePart } from "../../records/whole_lines.ts";
import type { EntryFilter } from "./entry_filter.ts";

/** Entries that are looked at together: what there is of a batch. */
export type EntriesAtOnce = Pick<
  EntryBatch,
  "length" | "block" | "sequenceNumber" | "byteLength" | "text"
>;

/** Looks at one batch after another. */
export class QuickLook {
  readonly #look: EntryLook | undefined;
  #batch: EntriesAtOnce | undefined;

  /** Passes by what does not match `filter`, as far as bytes tell. */
  constructor(filter: EntryFilter) {
    const look = new EntryLook(filter.needs);
    // Where times matter each entry may say that of the next ones.
    this.#look = look.isUseful && !filter.isTimed ? look : undefined;
  }

  /** Begins with a batch. */
  begin(batch: EntriesAtOnce): void {
    this.#batch = batch;
    this.#look?.begin(batch.block);
  }

  /** The first entry from `index` on that may match, or be a part of a line that does; at most `end`. */
  next(index: number, end: number): number {
    if (this.#look === undefined || this.#batch === undefined) return index;
    const next = Math.min(this.#look.next(index), end);
    const { bytes, bounds } = this.#batch.block;
    while (index < next && !mayBePart(bytes, bounds[2 * index], bounds[2 * index + 1])) index++;
    return index;
  }
}
