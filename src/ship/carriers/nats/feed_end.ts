/**
 * When all has come that a stream had at the start.
 *
 * @module
 */

import type { Feed } from "./feed.ts";
import type { FeedMessage } from "./feed_message.ts";

/** How long nothing must come until the server is asked whether there is more, in milliseconds. */
export const END_INTERVAL = 250;
/** How often in a row it must have no more: a message may be on its way. */
const LOOKS = 2;

/** Looks whether the end is reached that a stream had when we began. */
export class FeedEnd {
  readonly #feed: Pick<Feed, "lastSequence" | "mayHaveMore">;
  #quietSince = -1;
  #looks = 0;

  /** Looks at a feed. */
  constructor(feed: Pick<Feed, "lastSequence" | "mayHaveMore">) {
    this.#feed = feed;
  }

  /** Whether it is, after so much has come: `last` came last, or nothing until `now`, in milliseconds. */
  async isReached(last: FeedMessage | undefined, now: number): Promise<boolean> {
    if (last !== undefined) {
      this.#quietSince = now;
      this.#looks = 0;
      return last.pending === 0 || last.streamSequence >= this.#feed.lastSequence;
    }
    if (this.#quietSince < 0) this.#quietSince = now;
    if (now - this.#quietSince < END_INTERVAL) return false;
    this.#quietSince = now;
    // What was there at the start may be gone by now: then the last one never comes.
    this.#looks = await this.#feed.mayHaveMore() ? 0 : this.#looks + 1;
    return this.#looks >= LOOKS;
  }
}
