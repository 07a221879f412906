/**
 * Waiting for what may never come.
 *
 * @module
 */

/**
 * Waits for a promise, for so many milliseconds at most, and no longer than until `signal` is aborted.
 *
 * @returns whether it was fulfilled by then
 */
export function within(
  promise: Promise<unknown>,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isFulfilled: boolean) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
      resolve(isFulfilled);
    };
    const giveUp = () => end(false);
    const timer = setTimeout(giveUp, milliseconds);
    signal?.addEventListener("abort", giveUp);
    promise.then(() => end(true), giveUp);
    if (signal?.aborted) giveUp();
  });
}

/**
 * Resolves as the promise does, unless the signal is aborted before.
 *
 * @throws the reason of `signal`
 */
export async function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return await promise;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
