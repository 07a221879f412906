/** How the benchmarks measure: mitata's sampling, with steps in between that are not timed. */

import { performance } from "node:perf_hooks";
import process from "node:process";
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
  /** What makes ready for a run, not timed. */
  prepare?: () => void;
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
    for (const [i, { entries, run, prepare }] of cases.entries()) {
      const stats = await sample(run, prepare, milliseconds);
      medians[i].push(stats.p50 / entries);
      fastest[i] = Math.min(fastest[i], stats.min / entries);
      onCase();
    }
  }
  return cases.map(({ path, size }, i) => {
    return { path, size, median: median(medians[i]), fastest: fastest[i] };
  });
}

function sample(run: () => unknown, prepare: (() => void) | undefined, milliseconds: number) {
  // No forced collections: where a runtime gives no way to force one, mitata allocates 1 GiB.
  const options = { gc: false, min_cpu_time: milliseconds * 1e6, min_samples: 8 } as const;
  if (prepare === undefined) return measure(run, options);
  return measure(function* () {
    yield {
      manual(): number {
        prepare();
        const start = performance.now();
        run();
        return (performance.now() - start) * 1e6;
      },
    } as never;
  }, options);
}

/** The middle one of some figures. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** A name for the runtime that this is, with its version. */
export function runtimeTitle(): string {
  const { versions } = process;
  if (versions.deno !== undefined) return `Deno ${versions.deno}`;
  if (versions.bun !== undefined) return `Bun ${versions.bun}`;
  return `Node ${versions.node}`;
}
