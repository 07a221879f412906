/**
 * Sleeping that can be ended early.
 *
 * @module
 */

/** The longest that a timer can wait: of more, runtimes make 1 ms. */
const LONGEST = 2 ** 31 - 1;

/** Sleeps, until `signal` is aborted at the latest. */
export function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const wake = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, Math.min(milliseconds, LONGEST));
    signal?.addEventListener("abort", wake, { once: true });
  });
}
