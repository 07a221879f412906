/** Seeded random numbers and payloads that can be told from each other. */

/** The seed of this run: given by SEED, else new each time. Tests print it. */
export const baseSeed: number = Number(process.env.SEED ?? Date.now() % 1_000_000_000);

/** A generator of integers from 0 to `below` - 1 (xorshift32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ 0x85ebca6b) | 1;
    for (let i = 0; i < 8; i++) this.below(2);
  }

  below(below: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % below;
  }
}

/**
 * Does something with each of `runs` seeds, after the `known` ones. The error of a run says how to repeat it
 * alone: with SEED, and the variable of the environment that has the number of runs.
 */
export function forEachSeed(
  runs: number,
  variable: string,
  work: (random: Random, seed: number) => void,
  known: readonly number[] = [],
): void {
  for (const seed of [...known, ...Array.from({ length: runs }, (_, i) => baseSeed + i)]) {
    try {
      work(new Random(seed), seed);
    } catch (error) {
      throw new Error(`run with SEED=${seed} ${variable}=1`, { cause: error });
    }
  }
}

/** The payload of entry `sequenceNumber`: every byte follows from the number and the length. */
export function payloadOf(sequenceNumber: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = Math.imul(sequenceNumber + 1, 0x9e3779b1) ^ Math.imul(length, 0x85ebca6b);
  for (let i = 0; i < length; i++) {
    if (i % 4 === 0) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
    }
    bytes[i] = state >>> (8 * (i % 4));
  }
  return bytes;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
