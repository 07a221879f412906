/**
 * Beginning to receive: again and again, as long as that is of use.
 *
 * @module
 */

import { StreamUnusableError } from "../../../errors.ts";
import { delay } from "../../../async.ts";
import { BusyError, explained, hasNoResponder, inUse, isPassing } from "./feed_errors.ts";
import type { FeedOptions } from "./feed_options.ts";

/** How long a request for messages lasts, in milliseconds. */
export const REQUEST_TIME = 1500;
/** How long JetStream may take to be there, in milliseconds. */
const GRACE = 2000;
/** The first pause between two attempts, and the longest, in milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 2000;
/** The pause if somebody else uses the consumer, and how often he may be seen, who may be gone. */
const BUSY_PAUSE = 200;
const BUSY_LOOKS = Math.ceil((REQUEST_TIME + 500) / BUSY_PAUSE);

/**
 * Calls `attempt` until it succeeds, or `signal` is aborted.
 *
 * @throws {StreamUnusableError} if somebody else uses the consumer, and does not cease to, or the first
 * time that there is no JetStream
 * @throws {Error} what will not get better by itself
 */
export async function tryAgainAndAgain(
  attempt: () => Promise<void>,
  options: FeedOptions & { readonly isFirst: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { isFirst, signal } = options;
  const since = performance.now();
  let busyLooks = 0;
  for (let pause = FIRST_PAUSE; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    try {
      await attempt();
      return;
    } catch (error) {
      const isBusy = error instanceof BusyError;
      // It may be a request of our own, from before the connection was lost.
      if (isBusy && ++busyLooks > BUSY_LOOKS) throw inUse(options);
      if (isFirst && performance.now() - since > GRACE && hasNoResponder(error)) {
        throw new StreamUnusableError("the NATS server has no JetStream", { cause: error });
      }
      if (!isBusy && !isPassing(error)) throw explained(error, options);
      await delay(isBusy ? BUSY_PAUSE : pause, { signal }).catch(() => {});
    }
  }
}
