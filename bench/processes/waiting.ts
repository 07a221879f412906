/** How a reader that found nothing waits for more. */

/** The ways of waiting. */
export type Waiting = "spinning" | "adaptive" | "sleeping";

/** How long an adaptive reader only looks again, and then only yields, in milliseconds. */
const SPIN = 0.05;
const YIELD = 1;
/** The longest sleep of an adaptive reader in milliseconds. */
const LONGEST_SLEEP = 20;

/** Waits; `idle` says for how many milliseconds there was nothing. */
export async function wait(how: Waiting, idle: number): Promise<void> {
  if (how === "spinning") return;
  if (how === "sleeping") return await sleep(1);
  if (idle < SPIN) return;
  if (idle < YIELD) return await new Promise((resolve) => setImmediate(resolve));
  await sleep(Math.min(idle, LONGEST_SLEEP));
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
