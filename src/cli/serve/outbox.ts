/**
 * What waits to be sent to a page: bounded in bytes, the newest stays.
 *
 * @module
 */

import type { EntryRow } from "./messages.ts";
import { sizeOf } from "./row.ts";

/** How many bytes of JSON wait for a page at most; 64 pages may take nothing all at once. */
export const MOST_WAITING: number = 1 << 20;

/** Rows for a page that may be slower than the log. */
export class Outbox {
  readonly #most: number;
  #rows: EntryRow[] = [];
  #bytes = 0;
  #dropped = 0;

  /** Keeps `most` rows, and no more than 1 MiB of JSON; of a larger row that one. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many rows had to go because they were not taken in time. */
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
      this.#bytes += sizeOf(row);
    }
    let gone = 0;
    while (
      gone < this.#rows.length - 1 &&
      (this.#rows.length - gone > this.#most || this.#bytes > MOST_WAITING)
    ) {
      this.#bytes -= sizeOf(this.#rows[gone++]);
    }
    if (gone === 0) return;
    this.#rows = this.#rows.slice(gone);
    this.#dropped += gone;
  }

  /** Takes the oldest rows, up to so many bytes of JSON, or one that is larger. */
  take(most: number = Infinity): EntryRow[] {
    let [count, bytes] = [0, 0];
    while (count < this.#rows.length) {
      const size = sizeOf(this.#rows[count]);
      if (count > 0 && bytes + size > most) break;
      bytes += size;
      count++;
    }
    const taken = this.#rows.slice(0, count);
    this.#rows = this.#rows.slice(count);
    this.#bytes -= bytes;
    return taken;
  }
}
