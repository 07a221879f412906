/** What code allocates, by V8's own counter of allocated bytes. */

import v8 from "node:v8";

/** How often a path is run at most until the engine has compiled it, in its own time. */
const MOST_RUNS = 50;

/** Why this runtime can't say it; false if it can. */
export const noCounter: string | false = Number.isNaN(allocatedBytes()) &&
  "this runtime does not count allocations";

function allocatedBytes(): number {
  const heap = v8.getHeapStatistics() as { total_allocated_bytes?: number };
  return "Bun" in globalThis ? NaN : heap.total_allocated_bytes ?? NaN;
}

/**
 * Bytes allocated by each of the `count` items of a run: of the first run that allocates less than
 * `enough`, else the least.
 */
export function allocatedBy(run: () => void, count: number, enough: number = 0): number {
  let least = Infinity;
  for (let i = 0; i < MOST_RUNS && least >= enough; i++) {
    const before = allocatedBytes();
    run();
    least = Math.min(least, (allocatedBytes() - before) / count);
  }
  return least;
}
