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
  /** How far they are apart at least, in milliseconds. */
  #distance = 0;

  /**
   * Remembers that entry `last` was the last one at the moment `at`, in milliseconds.
   */
  look(at: number, last: number): void {
    const latest = this.#looks.at(-1);
    // The first moment at which it was there is the one that tells.
    if (latest !== undefined && (latest.last >= last || at - latest.at < this.#distance)) return;
    this.#looks.push({ at, last });
    if (this.#looks.length <= MOST_LOOKS) return;
    // The longer the time, the coarser the looks may be.
    this.#distance = 2 * (at - this.#looks[0].at) / MOST_LOOKS;
    let before = -Infinity;
    this.#looks = this.#looks.filter(({ at }) => {
      if (at - before < this.#distance) return false;
      before = at;
      return true;
    });
  }

  /** Forgets what is up to entry `done`. */
  forget(done: number): void {
    let count = 0;
    while (count < this.#looks.length && this.#looks[count].last <= done) count++;
    if (count > 0) this.#looks.splice(0, count);
    if (this.#looks.length === 0) this.#distance = 0;
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
