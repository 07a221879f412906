/**
 * What an outbox sends by: a connection to NATS.
 *
 * @module
 */

import type { Msg, MsgHdrs, NatsConnection, PublishOptions } from "@nats-io/transport-node";
import type { NatsLink } from "./connect.ts";
import type { Carrier, Refusal } from "../../outbox_options.ts";
import { isRefusal, refused } from "./dial.ts";
import { transportPackage } from "./packages.ts";

/** Told of the stream's answers. */
export interface Answers {
  /** The stream has a message. */
  acknowledged(attempt: number, ticket: number, isDuplicate: boolean): void;
  /** It has not. */
  refused(attempt: number, ticket: number, refusal: Refusal): void;
  /** It went to another stream, which takes the subject instead. */
  misled(stream: string): void;
  /** It can't be sent, or its answer can't be heard, and that will not change. */
  failed(error: unknown): void;
}

/** Nobody took the message: no JetStream, or no stream for the subject. */
const NO_RESPONDERS: Refusal = { code: 0, description: "no stream takes the subject" };

/** Where answers go before the first message: no subject. */
const NOT_YET = "\n";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Publishes to a stream, and hears its answers. */
export class NatsCarrier implements Carrier {
  readonly #link: NatsLink;
  readonly #stream: string;
  readonly #answers: Answers;
  readonly #createInbox: () => string;
  readonly #maxMessageSize: number;
  // The client takes headers as what gives their bytes. Ours are made by hand; this is far quicker than
  // a table of names and values for each message.
  readonly #headers = { bytes: new Uint8Array(0) as Uint8Array, encode: () => this.#headers.bytes };
  readonly #options: PublishOptions & { reply: string } = {
    reply: "",
    headers: this.#headers as unknown as MsgHdrs,
  };
  #client: NatsConnection | undefined;
  #inbox = "";
  #attempt = -1;
  #replyTo = NOT_YET;
  /** What an answer begins with, up to the number, if the message was stored. */
  #usual: Uint8Array = new Uint8Array(0);
  #unsubscribe = () => {};

  private constructor(
    link: NatsLink,
    stream: string,
    maxMessageSize: number,
    answers: Answers,
    createInbox: () => string,
  ) {
    this.#link = link;
    this.#stream = stream;
    this.#maxMessageSize = maxMessageSize;
    this.#answers = answers;
    this.#createInbox = createInbox;
  }

  /** Makes a carrier on a connection. */
  static async on(
    link: NatsLink,
    options: { stream: string; maxMessageSize: number; inboxPrefix?: string },
    answers: Answers,
  ): Promise<NatsCarrier> {
    const { createInbox } = await transportPackage();
    const { stream, maxMessageSize, inboxPrefix } = options;
    const carrier = new NatsCarrier(
      link,
      stream,
      maxMessageSize,
      answers,
      () => createInbox(inboxPrefix),
    );
    carrier.attach();
    return carrier;
  }

  get isConnected(): boolean {
    return this.#link.isConnected && this.#client === this.#link.client;
  }

  get mostBytes(): number {
    return Math.min(this.#maxMessageSize, this.#client?.info?.max_payload ?? Infinity);
  }

  /**
   * Hears the answers on the link's connection, which may be another one than before. If that is closed
   * there will be another one, for which this is to be called again.
   */
  attach(): void {
    const { client } = this.#link;
    if (client === this.#client || client.isClosed()) return;
    this.#unsubscribe();
    this.#client = client;
    this.#inbox = `${this.#createInbox()}.`;
    this.#attempt = -1;
    this.#replyTo = NOT_YET;
    const subscription = client.subscribe(`${this.#inbox}>`, {
      callback: (error, message) => {
        if (error) this.#answers.failed(isRefusal(error) ? refused(error) : error);
        else this.#heard(message);
      },
    });
    this.#unsubscribe = () => {
      if (!client.isClosed()) subscription.unsubscribe();
    };
  }

  publish(
    subject: string,
    headers: Uint8Array,
    payload: Uint8Array,
    attempt: number,
    ticket: number,
  ): void {
    if (attempt !== this.#attempt) {
      this.#attempt = attempt;
      this.#replyTo = `${this.#inbox}${attempt}.`;
    }
    this.#headers.bytes = headers;
    this.#options.reply = this.#replyTo + ticket;
    try {
      this.#client!.publish(subject, payload, this.#options);
    } catch (error) {
      // It was closed a moment ago, which we are about to hear, and all is sent again then. Else it is
      // not thrown: there may be nothing but a timer, or the client, to catch it.
      if (!this.#client!.isClosed() && !this.#client!.isDraining()) this.#answers.failed(error);
    }
  }

  /** Hears no more. */
  close(): void {
    this.#unsubscribe();
    this.#client = undefined;
  }

  #heard(message: Msg): void {
    const { subject, data } = message;
    let attempt = this.#attempt;
    let ticket: number;
    if (subject.startsWith(this.#replyTo)) ticket = Number(subject.slice(this.#replyTo.length));
    else {
      const dot = subject.lastIndexOf(".");
      ticket = Number(subject.slice(dot + 1));
      attempt = Number(subject.slice(this.#inbox.length, dot));
    }
    if (this.#isUsual(data)) {
      this.#answers.acknowledged(attempt, ticket, false);
      return;
    }
    if (data.length === 0) {
      if (message.headers?.code === 503) this.#answers.refused(attempt, ticket, NO_RESPONDERS);
      return;
    }
    let answer;
    const text = decoder.decode(data);
    try {
      answer = JSON.parse(text);
    } catch {
      return;
    }
    const { error, stream, duplicate } = answer ?? {};
    if (error) {
      const code = Number(error.err_code ?? error.code ?? 0);
      this.#answers.refused(attempt, ticket, {
        code,
        description: String(error.description ?? ""),
      });
    } else if (stream === this.#stream) {
      this.#answers.acknowledged(attempt, ticket, duplicate === true);
      // An answer that ends with the number of the message says nothing else, whatever the number is.
      const usual = /^\{[^{}]*"seq": ?(?=\d+\}$)/.exec(text)?.[0];
      if (usual !== undefined && duplicate === undefined) this.#usual = encoder.encode(usual);
    } else if (typeof stream === "string") this.#answers.misled(stream);
  }

  /** Whether an answer is like the one before, but for its number: to parse each is dear. */
  #isUsual(data: Uint8Array): boolean {
    const usual = this.#usual;
    const last = data.length - 1;
    if (usual.length === 0 || last <= usual.length || data[last] !== 0x7d) return false;
    for (let i = 0; i < usual.length; i++) if (data[i] !== usual[i]) return false;
    for (let i = usual.length; i < last; i++) if (data[i] < 0x30 || data[i] > 0x39) return false;
    return true;
  }
}
