/**
 * Some of many, evenly spread and yet at random: what comes in a rhythm must not fall through.
 *
 * @module
 */

/** Chooses about one in `stride` of things that are numbered in order. */
export class Sampler {
  #stride = 1;
  #next = 0;
  readonly #random: () => number;

  /** `random` gives numbers from 0 to 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** One in how many is chosen: 1 for all. */
  get stride(): number {
    return this.#stride;
  }

  /** Announces about `expected` entries, of which `most` may pass. */
  expect(expected: number, most: number): void {
    this.#stride = Math.max(expected / most, 1);
    if (this.#stride === 1) this.#next = 0;
  }

  /** Whether this one is chosen. Numbers grow. */
  takes(number: number): boolean {
    if (number < this.#next) return false;
    if (this.#stride > 1) {
      // On average one stride on, wherever in it.
      const from = Math.max(this.#next, number - this.#stride);
      this.#next = from + this.#stride * (0.5 + this.#random());
    }
    return true;
  }
}

/** At most `most` of `items`, in order; all of them if they are no more. */
export function sample<T>(
  items: readonly T[],
  most: number,
  random: () => number = Math.random,
): readonly T[] {
  const { length } = items;
  if (length <= most) return items;
  const chosen: T[] = [];
  // One of each of so many parts.
  for (let part = 0; part < most; part++) {
    const from = Math.floor(part * length / most);
    const to = Math.floor((part + 1) * length / most);
    chosen.push(items[from + Math.floor(random() * (to - from))]);
  }
  return chosen;
}
