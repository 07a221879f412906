/**
 * Waiting that can be ended: what denoland/std has under these names, for any runtime.
 *
 * @module
 */

/** How a wait can be ended early. */
export interface AbortOptions {
  /** Ends the wait: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The longest that a timer can wait: of more, runtimes make 1 ms. */
const LONGEST = 2 ** 31 - 1;

/**
 * Resolves after so many milliseconds; any number of them, `Infinity` too.
 *
 * @throws {DOMException} the reason of `signal` when it is aborted
 */
export function delay(ms: number, { signal }: AbortOptions = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    let timer: ReturnType<typeof setTimeout>;
    const abort = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const wait = (left: number) => {
      if (left > LONGEST) timer = setTimeout(wait, LONGEST, left - LONGEST);
      else timer = setTimeout(end, left);
    };
    const end = () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    };
    signal?.addEventListener("abort", abort, { once: true });
    wait(ms);
  });
}

/**
 * Resolves or rejects as `promise` does, unless `signal` is aborted before.
 *
 * @throws {DOMException} the reason of `signal` when it is aborted
 */
export async function abortable<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return await promise;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/**
 * Resolves or rejects as `promise` does, for so many milliseconds at most.
 *
 * @throws {DOMException} "TimeoutError" after that time; the reason of `signal` when it is aborted
 */
export async function deadline<T>(
  promise: Promise<T>,
  ms: number,
  { signal }: AbortOptions = {},
): Promise<T> {
  const ended = new AbortController();
  const isLate = delay(ms, { signal: ended.signal }).then(() => {
    throw new DOMException(`no result within ${ms} ms`, "TimeoutError");
  });
  try {
    return await abortable(Promise.race([promise, isLate]), signal);
  } finally {
    ended.abort();
  }
}

/**
 * Aborts `controller` with `signal`, until the result is disposed of. Not `AbortSignal.any()`: Node keeps
 * all that it made for as long as its sources live.
 */
export function abortWith(
  controller: AbortController,
  signal: AbortSignal | undefined,
): Disposable {
  const abort = () => controller.abort();
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", abort) };
}
