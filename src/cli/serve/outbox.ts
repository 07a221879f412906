/**
 * What waits to be sent to a page: bounded, the newest stays.
 *
 * @module
 */

import type { EntryRow } from "./messages.ts";

/** How many characters of text wait at most. */
const MOST_CHARACTERS = 1 << 21;

/** Rows for a page that may be slower than the log. */
export class Outbox {
  readonly #most: number;
  #rows: EntryRow[] = [];
  #characters = 0;
  #dropped = 0;

  /** Keeps `most` rows, and no more than 2 Mi characters. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many rows had to go because nobody took them in time. */
  get dropped(): number {
    return this.#dropped;
  }

  /** How many rows wait. */
  get length(): number {
    return this.#rows.length;
  }

  /** Adds rows; drops the oldest ones if they become too many. */
  push(rows: readonly EntryRow[]): void {
    for (const row of rows) {
      this.#rows.push(row);
      this.#characters += row[1].length;
    }
    let gone = Math.max(this.#rows.length - this.#most, 0);
    for (let i = 0; i < gone; i++) this.#characters -= this.#rows[i][1].length;
    while (this.#characters > MOST_CHARACTERS && gone < this.#rows.length - 1) {
      this.#characters -= this.#rows[gone++][1].length;
    }
    if (gone === 0) return;
    this.#rows = this.#rows.slice(gone);
    this.#dropped += gone;
  }

  /** Takes everything. */
  take(): EntryRow[] {
    const rows = this.#rows;
    this.#rows = [];
    this.#characters = 0;
    return rows;
  }
}
