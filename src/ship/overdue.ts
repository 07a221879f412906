/**
 * Whether an answer that is waited for is overdue.
 *
 * @module
 */

/** How many looks in a row must find the same, the first one apart. */
const LOOKS = 4;

/**
 * Looks again and again at what is waited for, and says when that has been the same for too long. It
 * counts looks, not milliseconds: a process that stood still, or a clock that jumps, is no silence.
 */
export class Overdue {
  /** How often to look, in milliseconds. */
  readonly interval: number;
  #attempt = -1;
  #awaited = -1;
  #looks = 0;

  /** What takes longer than so many milliseconds is overdue. */
  constructor(time: number) {
    this.interval = Math.max(1, time / LOOKS);
  }

  /** Whether `awaited` of that attempt has been waited for for too long by now. */
  look(attempt: number, awaited: number): boolean {
    if (attempt !== this.#attempt || awaited !== this.#awaited) {
      this.#attempt = attempt;
      this.#awaited = awaited;
      this.#looks = 0;
      return false;
    }
    return ++this.#looks >= LOOKS;
  }
}
