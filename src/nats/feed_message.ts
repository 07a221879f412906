/**
 * A message of a stream, from its arrival to its acknowledgement.
 *
 * @module
 */

import type { Msg } from "@nats-io/transport-node";

/** A message, and its place in the stream. */
export class FeedMessage {
  /** Its number in the stream. */
  readonly streamSequence: number;
  /** How many messages there are after it for this consumer. */
  readonly pending: number;
  /** Which incarnation of the consumer has sent it: only that one knows of its acknowledgement. */
  readonly epoch: number;
  /** Where to acknowledge it. */
  readonly reply: string;
  /** Whether it was handled. */
  isDone = false;
  #message: Msg | undefined;

  /** Makes a message of what stands in its reply subject. */
  constructor(
    message: Msg | undefined,
    reply: string,
    streamSequence: number,
    pending: number,
    epoch: number,
  ) {
    this.#message = message;
    this.reply = reply;
    this.streamSequence = streamSequence;
    this.pending = pending;
    this.epoch = epoch;
  }

  /** The message as the client has it, once: it may be a small part of much memory. */
  unpack(): Msg {
    const message = this.#message!;
    this.#message = undefined;
    return message;
  }
}

/** No message, from before the first one. */
export const NOTHING: FeedMessage = new FeedMessage(undefined, "", 0, 0, -1);
