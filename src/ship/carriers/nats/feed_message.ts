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
  /** The number that the consumer gave it: one more with each message. */
  readonly consumerSequence: number;
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
    consumerSequence: number,
    pending: number,
    epoch: number,
  ) {
    this.#message = message;
    this.reply = reply;
    this.streamSequence = streamSequence;
    this.consumerSequence = consumerSequence;
    this.pending = pending;
    this.epoch = epoch;
  }

  /** Makes one of what a consumer sends; `undefined`: it is no message of the stream. */
  static of(message: Msg, epoch: number): FeedMessage | undefined {
    const { reply = "" } = message;
    if (!reply.startsWith("$JS.ACK.")) return undefined;
    // $JS.ACK.[domain.account.]stream.consumer.delivered.sequence.number.time.pending[.random]
    const tokens = reply.split(".");
    const at = tokens.length < 11 ? 5 : 7;
    return new FeedMessage(
      message,
      reply,
      Number(tokens[at]),
      Number(tokens[at + 1]),
      Number(tokens[at + 3]),
      epoch,
    );
  }

  /** The message as the client has it, once: it may be a small part of much memory. */
  unpack(): Msg {
    const message = this.#message!;
    this.#message = undefined;
    return message;
  }
}

/** No message, from before the first one. */
export const NOTHING: FeedMessage = new FeedMessage(undefined, "", 0, 0, 0, -1);
