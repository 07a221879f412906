/** How the benchmarks measure: mitata's sampling, in rounds over all that is compared. */

import { measure } from "mitata";

/** One thing to be timed. */
export interface Case {
  /** What is measured: a row of the table. */
  path: string;
  /** The average size of a payload in bytes. */
  size: number;
  /** How many entries `run` handles. */
  entries: number;
  /** What is timed. */
  run: () => unknown;
}

/** What was measured of a case, in nanoseconds per entry. */
export interface Timing {
  /** The row of the table. */
  path: string;
  /** The average size of a payload in bytes. */
  size: number;
  /** The median of the rounds' medians. */
  median: number;
  /** The fastest sample of all. */
  fastest: number;
}

/**
 * Times all cases, in rounds one after the other, so that what happens to the machine meanwhile
 * happens to all of them.
 */
export async function time(
  cases: readonly Case[],
  rounds: number,
  milliseconds: number,
  onCase: () => void = () => {},
): Promise<Timing[]> {
  const medians = cases.map((): number[] => []);
  const fastest = cases.map(() => Infinity);
  for (let round = 0; round < rounds; round++) {
    for (const [i, { entries, run }] of cases.entries()) {
      // No forced collections: where a runtime gives no way to force one, mitata allocates 1 GiB.
      const stats = await measure(run, {
        gc: false,
        min_cpu_time: milliseconds * 1e6,
        min_samples: 4,
      });
      medians[i].push(stats.p50 / entries);
      fastest[i] = Math.min(fastest[i], stats.min / entries);
      onCase();
    }
  }
  return cases.map(({ path, size }, i) => {
    return {
      path,
      size,
      median: median(medians[i]),
      fastest: fastest[i],
    };
  });
}

/** The middle one of some figures. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
