/**
 * Quantiles of any number of values, in bounded memory.
 *
 * @module
 */

/** So many values are kept as they are. */
const MOST_EXACT = 10_000;
/** Two bounds of neighboring buckets differ by 1 %, so that a value in the middle is within 0.5 %. */
const GAMMA = 1.01;
const LOG_GAMMA = Math.log(GAMMA);

/**
 * Count, minimum, maximum and quantiles of values. Quantiles are exact up to so many values; then they are
 * within 0.5 %, because values are counted in buckets: at most 143,000 for each sign, and some hundred for
 * what is measured in practice.
 */
export class Quantiles {
  #count = 0;
  #least = Infinity;
  #most = -Infinity;
  readonly #mostExact: number;
  #exact: number[] | undefined = [];
  #isSorted = true;
  /** How many values are in each bucket: those below zero, and those above it. */
  readonly #below = new Map<number, number>();
  readonly #above = new Map<number, number>();
  #zeros = 0;

  /** Keeps the first `mostExact` values as they are. */
  constructor(mostExact: number = MOST_EXACT) {
    this.#mostExact = mostExact;
  }

  /** How many values there are. */
  get count(): number {
    return this.#count;
  }

  /** The smallest value; Infinity without values. */
  get least(): number {
    return this.#least;
  }

  /** The largest value; -Infinity without values. */
  get most(): number {
    return this.#most;
  }

  /** Whether quantiles are values that were added, and not within 0.5 % of one. */
  get isExact(): boolean {
    return this.#exact !== undefined;
  }

  /** Adds a value; what is not finite is left out. */
  add(value: number): void {
    if (!Number.isFinite(value)) return;
    this.#count++;
    if (value < this.#least) this.#least = value;
    if (value > this.#most) this.#most = value;
    if (this.#exact === undefined) return this.#intoBucket(value);
    this.#exact.push(value);
    this.#isSorted = false;
    if (this.#exact.length <= this.#mostExact) return;
    for (const one of this.#exact) this.#intoBucket(one);
    this.#exact = undefined;
  }

  /** The value below or at which a part of all values is, 0 to 1: the nearest rank. NaN without values. */
  at(part: number): number {
    if (this.#count === 0) return NaN;
    const rank = Math.max(1, Math.ceil(part * this.#count));
    if (rank === 1) return this.#least;
    if (rank === this.#count) return this.#most;
    if (this.#exact === undefined) return this.#estimate(rank);
    if (!this.#isSorted) this.#exact.sort((a, b) => a - b);
    this.#isSorted = true;
    return this.#exact[rank - 1];
  }

  #intoBucket(value: number): void {
    if (value === 0) {
      this.#zeros++;
      return;
    }
    const buckets = value < 0 ? this.#below : this.#above;
    const bucket = Math.ceil(Math.log(Math.abs(value)) / LOG_GAMMA);
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
  }

  /** The middle of the bucket in which the value of that rank is. */
  #estimate(rank: number): number {
    let seen = 0;
    // Of those below zero the largest come first.
    for (const [bucket, count] of [...this.#below].sort(([a], [b]) => b - a)) {
      seen += count;
      if (seen >= rank) return this.#within(-middleOf(bucket));
    }
    seen += this.#zeros;
    if (seen >= rank) return 0;
    for (const [bucket, count] of [...this.#above].sort(([a], [b]) => a - b)) {
      seen += count;
      if (seen >= rank) return this.#within(middleOf(bucket));
    }
    return this.#most;
  }

  #within(value: number): number {
    return Math.min(Math.max(value, this.#least), this.#most);
  }
}

/** What is nearest to all values of a bucket, in proportion. */
function middleOf(bucket: number): number {
  // Not a product, which would be more than a number can be.
  return Math.exp(bucket * LOG_GAMMA - Math.log((GAMMA + 1) / 2));
}
