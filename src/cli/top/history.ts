/**
 * How many entries a log had at which moment: its speed, and when an entry was written.
 *
 * @module
 */

/** How many moments are kept; then every other one of the older half is forgotten. */
const MOST = 512;
/** Over how long the speed is taken, in milliseconds. */
const WINDOW = 2500;

/** Counts of one log over time. */
export class History {
  readonly #times: number[] = [];
  readonly #totals: number[] = [];

  /** Adds how many entries there were at `time`, in milliseconds. */
  add(time: number, total: number): void {
    const length = this.#totals.length;
    if (this.#totals[length - 1] === total && this.#totals[length - 2] === total) {
      // Nothing happens: the first and the last such moment say it all.
      this.#times[length - 1] = time;
      return;
    }
    this.#times.push(time);
    this.#totals.push(total);
    if (this.#times.length < MOST) return;
    for (const list of [this.#times, this.#totals]) {
      const kept = list.filter((_, i) => i >= MOST / 2 || i % 2 === 0);
      list.splice(0, list.length, ...kept);
    }
  }

  /** Entries a second, of late; undefined before there are two moments. */
  get rate(): number | undefined {
    const last = this.#times.length - 1;
    if (last < 1) return undefined;
    let first = last - 1;
    while (first > 0 && this.#times[last] - this.#times[first - 1] <= WINDOW) first--;
    const seconds = (this.#times[last] - this.#times[first]) / 1000;
    return seconds > 0 ? (this.#totals[last] - this.#totals[first]) / seconds : undefined;
  }

  /**
   * How long ago entry `number` was written, in milliseconds: `exact` if somebody looked then, else
   * what the present speed makes likely. Undefined if nothing is known.
   */
  ageOf(number: number): { age: number; isExact: boolean } | undefined {
    const last = this.#times.length - 1;
    if (last < 0) return undefined;
    const now = this.#times[last];
    if (number > this.#totals[0]) {
      // The first moment at which it was there.
      let at = this.#totals.findIndex((total) => total >= number);
      if (at < 1) at = last;
      const share = (number - this.#totals[at - 1]) / (this.#totals[at] - this.#totals[at - 1]);
      const time = this.#times[at - 1] + share * (this.#times[at] - this.#times[at - 1]);
      return { age: now - time, isExact: true };
    }
    const { rate } = this;
    if (rate === undefined || rate <= 0) return undefined;
    const age = now - this.#times[0] + (this.#totals[0] - number) / rate * 1000;
    return { age, isExact: false };
  }
}
