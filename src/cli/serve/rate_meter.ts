/**
 * How much there was in the last second.
 *
 * @module
 */

/** How far back it looks, in milliseconds. */
const SPAN = 1000;

/** Adds up several counts that grow, and says how fast they grow. */
export class RateMeter {
  readonly #samples: { time: number; totals: readonly number[] }[] = [];

  /** Says how far the counts have come at a time in milliseconds, which never goes back. */
  add(time: number, totals: readonly number[]): void {
    const samples = this.#samples;
    samples.push({ time, totals });
    // The last one that is older than the span stays: rates are measured from there.
    let old = 0;
    while (old + 1 < samples.length && samples[old + 1].time <= time - SPAN) old++;
    samples.splice(0, old);
  }

  /** How much count `index` grows in a second. */
  perSecond(index: number): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.time === first.time) return 0;
    const grown = last.totals[index] - first.totals[index];
    return Math.max(grown, 0) * 1000 / (last.time - first.time);
  }
}
