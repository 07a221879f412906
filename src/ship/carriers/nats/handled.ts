/**
 * Which messages of a consumer were handled.
 *
 * @module
 */

import { type FeedMessage, NOTHING } from "./feed_message.ts";

/** What a consumer wants to have acknowledged: each message, one for all before it, or nothing. */
export type Acks = "each" | "all" | "none";

/** What was taken and what was handled, and up to where that is everything. */
export class HandledMessages {
  /** All up to this number of the stream was handled. */
  floor = 0;
  /** What was taken of this epoch and not handled, in its order. */
  readonly #undone = new Map<number, FeedMessage>();
  #epoch = -1;
  #last: FeedMessage = NOTHING;

  /** Another incarnation of the consumer gives all after the floor once more. */
  begin(epoch: number): void {
    this.#epoch = epoch;
    this.#undone.clear();
    this.#last = NOTHING;
  }

  /** Messages are on their way to whoever handles them. */
  take(messages: readonly FeedMessage[]): void {
    for (let i = 0; i < messages.length; i++) {
      this.#undone.set(messages[i].streamSequence, messages[i]);
    }
  }

  /** Messages were handled; gives those that are to be acknowledged. */
  done(messages: readonly FeedMessage[], acks: Acks): FeedMessage[] {
    const handled: FeedMessage[] = [];
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i];
      if (message.isDone || message.epoch !== this.#epoch) continue;
      message.isDone = true;
      this.#undone.delete(message.streamSequence);
      handled.push(message);
      if (message.streamSequence > this.#last.streamSequence) this.#last = message;
    }
    const { done: isEmpty, value: first } = this.#undone.keys().next();
    const floor = isEmpty ? this.#last.streamSequence : first - 1;
    const hasRisen = floor > this.floor;
    if (hasRisen) this.floor = floor;
    if (acks === "each") return handled;
    if (acks === "none" || !hasRisen) return [];
    // One says it for all before. Of several it is the last one below which nothing is left.
    const last = isEmpty
      ? this.#last
      : messages.findLast(({ streamSequence, epoch }) =>
        streamSequence <= floor && epoch === this.#epoch
      );
    return last === undefined ? [] : [last];
  }
}
