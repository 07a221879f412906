/**
 * How far behind a forwarder is in time, of entries that have none.
 *
 * @module
 */

/** How many looks are kept. */
const MOST_LOOKS = 512;

/** Looks at how far the writer was at which moment, and tells from them how late one is. */
export class LagClock {
  #looks: { at: number; last: number }[] = [];

  /**
   * Remembers that entry `last` was the last one at the moment `at`, in milliseconds.
   */
  look(at: number, last: number): void {
    const latest = this.#looks.at(-1);
    // The first moment at which it was there is the one that tells.
    if (latest !== undefined && latest.last >= last) return;
    this.#looks.push({ at, last });
    // The more there are, the coarser they may be.
    if (this.#looks.length > MOST_LOOKS) {
      this.#looks = this.#looks.filter((_, i) => i % 2 === 0 || i === MOST_LOOKS);
    }
  }

  /** Forgets what is up to entry `done`. */
  forget(done: number): void {
    let count = 0;
    while (count < this.#looks.length && this.#looks[count].last <= done) count++;
    if (count > 0) this.#looks.splice(0, count);
  }

  /**
   * For how many milliseconds there have been entries after `done`: the oldest of them is at least as
   * old, and about as old as that.
   */
  lagAfter(done: number, now: number): number {
    const first = this.#looks.find(({ last }) => last > done);
    return first === undefined ? 0 : Math.max(0, now - first.at);
  }
}
