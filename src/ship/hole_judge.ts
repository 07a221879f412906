/**
 * When nobody waits any longer for entries that are missing.
 *
 * @module
 */

import type { Feed } from "./carriers/nats/feed.ts";
import type { MissingReason } from "./received.ts";
import type { Tracked } from "./received_items.ts";

/** How many messages a forwarder may have on their way at once: within so many, order may be wrong. */
const REORDERED = 8192;
/** And within how many milliseconds, mostly: it sends again what was refused. */
const REORDER_TIME = 2000;
/** And at most, where it says nothing else: it sends again what has had no answer for 5 s. */
const SILENCE_TIME = 7000;

/** Says why a hole is to be given up: by what the stream still has, and by how long it has been there. */
export class HoleJudge {
  readonly #feed: Pick<Feed, "firstSequence">;
  readonly #maxHold: number;
  readonly #isBeginning: boolean;

  /** `isBeginning`: what was not given before is in the stream, or nowhere. */
  constructor(feed: Pick<Feed, "firstSequence">, maxHold: number, isBeginning: boolean) {
    this.#feed = feed;
    this.#maxHold = maxHold;
    this.#isBeginning = isBeginning;
  }

  /**
   * Why the first hole of a log is to be given up; `undefined` if it is not, or there is none.
   *
   * @param now the moment, in the milliseconds of `hole.since`
   * @param isEnd whether nothing more will come
   */
  reasonOf(
    { source, last, hole }: Tracked,
    now: number,
    isEnd: boolean,
  ): MissingReason | undefined {
    if (hole === undefined) return undefined;
    const age = now - hole.since;
    const isBefore = last === 0 && !this.#isBeginning;
    const isForgotten = this.#feed.firstSequence > source.streamSequence + 1;
    if (isBefore || isForgotten) {
      // What is not much may still come: the forwarder sends again what was not taken.
      const isSmall = hole.to - hole.from < REORDERED;
      // At the beginning nobody wants to wait for long; later others are given meanwhile.
      const patience = isBefore ? REORDER_TIME : SILENCE_TIME;
      const mayCome = isSmall && age < Math.min(patience, this.#maxHold);
      if (mayCome && !isEnd) return undefined;
      return isBefore ? "before this receiver" : "not in the stream";
    }
    return isEnd || age >= this.#maxHold ? "unexplained" : undefined;
  }
}
