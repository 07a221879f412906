/**
 * A message of a stream that has come in, and is not unpacked yet.
 *
 * @module
 */

import type { JsMsg } from "@nats-io/jetstream";
import type { Incoming } from "../../carrier.ts";
import type { LogMessage } from "../../message.ts";
import { HeaderText } from "./header_text.ts";
import { decodeMessage } from "./message.ts";
import type { subjectTrust } from "./subject.ts";

/** Whether a message is from where it says. */
export type Trust = ReturnType<typeof subjectTrust>;

const headerText = new HeaderText();

/** A message of a consumer. It keeps what the client has given only until it is unpacked. */
export class NatsIncoming implements Incoming {
  readonly place: number;
  /** How many messages there are after it for this consumer. */
  readonly pending: number;
  readonly reply: string;
  /** Which incarnation of the consumer has sent it: only that one gets the answer. */
  readonly epoch: number;
  readonly #trust: Trust;
  #message: JsMsg | undefined;

  constructor(message: JsMsg, epoch: number, trust: Trust) {
    const { streamSequence, pending } = message.info;
    this.place = streamSequence;
    this.pending = pending;
    // Its class has it, and its type does not. To keep the message for `ack()` is expensive: it may be a
    // small part of much memory.
    this.reply = (message as JsMsg & { reply: string }).reply;
    this.epoch = epoch;
    this.#trust = trust;
    this.#message = message;
  }

  unpack(): LogMessage | "distrusted" | undefined {
    const message = this.#message!;
    this.#message = undefined;
    const { data, subject } = message;
    const said = decodeMessage(headerText.find(data) ? headerText : message.headers, data);
    return said === undefined || this.#trust(subject, said) ? said : "distrusted";
  }
}
