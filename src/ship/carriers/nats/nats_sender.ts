/**
 * Sending to a stream of NATS JetStream.
 *
 * @module
 */

import type { Msg, MsgHdrs, NatsConnection, PublishOptions } from "@nats-io/transport-node";
import { deadline } from "../../../async.ts";
import { StreamUnusableError } from "../../../errors.ts";
import type { Answers, Outgoing, Refusal, Sender } from "../../carrier.ts";
import type { LogSource } from "../../message.ts";
import { closedError, isRefusal, refused, transportPackage } from "./client.ts";
import type { NatsLink } from "./connect.ts";
import { MessageEncoder } from "./message_encoder.ts";
import type { NatsStatus } from "./nats_options.ts";

export interface NatsSenderOptions {
  readonly link: NatsLink;
  readonly ownsLink: boolean;
  readonly stream: string;
  readonly subject: string;
  /** The largest message that the stream takes, in bytes, headers included. */
  readonly maxMessageSize: number;
  readonly inboxPrefix: string | undefined;
  readonly secret: Uint8Array;
}

/** No JetStream, or no stream for the subject: it may come. */
const NO_STREAM: Refusal = { kind: "later", description: "no stream takes the subject" };
/** The stream takes no message of that size (`JSStreamMessageExceedsMaximumErr`). */
const TOO_LARGE = 10054;
/** Of how many segments what makes their messages is kept: a log may be replaced each second, for months. */
const MOST_SOURCES = 16;
/** Where answers go before the first message: no subject. */
const NOT_YET = "\n";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Publishes to a stream, and receives its answers. */
export class NatsSender implements Sender {
  readonly #options: NatsSenderOptions;
  readonly #answers: Answers;
  readonly #createInbox: () => string;
  readonly #encoders = new Map<LogSource, MessageEncoder>();
  #latest: { source: LogSource; encoder: MessageEncoder } | undefined;
  // The client takes headers as what gives their bytes. Ours are made by hand; this is far quicker than
  // a table of names and values for each message.
  readonly #headers = { bytes: new Uint8Array(0) as Uint8Array, encode: () => this.#headers.bytes };
  readonly #publishOptions: PublishOptions & { reply: string } = {
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
  readonly #unlisten: () => void;

  private constructor(options: NatsSenderOptions, answers: Answers, createInbox: () => string) {
    this.#options = options;
    this.#answers = answers;
    this.#createInbox = createInbox;
    this.#unlisten = options.link.listen((status) => this.#linkChanged(status));
    if (options.link.isClosed) answers.failed(closedError());
    else this.#attach();
  }

  static async on(options: NatsSenderOptions, answers: Answers): Promise<NatsSender> {
    const { createInbox } = await transportPackage();
    return new NatsSender(options, answers, () => createInbox(options.inboxPrefix));
  }

  get isConnected(): boolean {
    return this.#options.link.isConnected && this.#client === this.#options.link.client;
  }

  mostBytes(message: Outgoing): number {
    const most = Math.min(
      this.#options.maxMessageSize,
      this.#client?.info?.max_payload ?? Infinity,
    );
    return most - this.#encoderOf(message.source).headersSize(message);
  }

  send(message: Outgoing): void {
    const encoder = this.#encoderOf(message.source);
    let payload: Uint8Array;
    if (message.reason === undefined) {
      this.#headers.bytes = encoder.entryHeaders(message);
      payload = message.bytes;
    } else {
      ({ headers: this.#headers.bytes, payload } = encoder.gap(message));
      // It can't be made smaller, and would be refused forever.
      const tooLarge = this.#limitBelow(this.#headers.bytes.length + payload.length);
      if (tooLarge !== undefined) return this.#answers.failed(tooLarge);
    }
    if (message.attempt !== this.#attempt) {
      this.#attempt = message.attempt;
      this.#replyTo = `${this.#inbox}${message.attempt}.`;
    }
    this.#publishOptions.reply = this.#replyTo + message.ticket;
    try {
      this.#client!.publish(encoder.subject, payload, this.#publishOptions);
    } catch (error) {
      // It was closed a moment ago, which the link is about to report, and all is sent again then. Else it is
      // not thrown: there may be nothing but a timer, or the client, to catch it.
      if (!this.#client!.isClosed() && !this.#client!.isDraining()) this.#answers.failed(error);
    }
  }

  async checkAlive(time: number, signal: AbortSignal): Promise<void> {
    const { link } = this.#options;
    const { client } = link;
    const isAlive = await deadline(client.flush(), time, { signal }).then(() => true, () => false);
    if (isAlive || signal.aborted || !link.isConnected || link.client !== client) return;
    // What can't be renewed is closed, which the link reports.
    await link.renew().catch(() => {});
  }

  async close(): Promise<void> {
    this.#unlisten();
    this.#unsubscribe();
    this.#client = undefined;
    if (this.#options.ownsLink) await this.#options.link.close();
  }

  /** What is too small for a message of so many bytes about missing entries, as an error. */
  #limitBelow(size: number): StreamUnusableError | undefined {
    const { stream, maxMessageSize } = this.#options;
    const maxPayload = this.#client?.info?.max_payload ?? Infinity;
    const [limit, most] = maxPayload < size
      ? ["max_payload of the NATS server", maxPayload]
      : [`max_msg_size of stream "${stream}"`, maxMessageSize];
    if (most >= size) return undefined;
    // Numbers of entries get longer.
    const enough = 2 ** Math.ceil(Math.log2(size + 64));
    return new StreamUnusableError(
      `${limit} is ${most} bytes, and a message that says which entries are missing takes ${size}: ` +
        `raise it to ${enough} or more`,
    );
  }

  #encoderOf(source: LogSource): MessageEncoder {
    if (this.#latest?.source === source) return this.#latest.encoder;
    const { secret, subject } = this.#options;
    let encoder = this.#encoders.get(source);
    if (encoder === undefined) {
      if (this.#encoders.size >= MOST_SOURCES) this.#encoders.clear();
      this.#encoders.set(source, encoder = new MessageEncoder(source, secret, subject));
    }
    this.#latest = { source, encoder };
    return encoder;
  }

  #linkChanged({ type, error }: NatsStatus): void {
    if (type === "connected") {
      this.#attach();
      this.#answers.connected();
    } else if (type === "disconnected") this.#answers.disconnected();
    else if (type === "closed") this.#answers.failed(error ?? closedError());
    else if (type === "refused") {
      const { operation, subject } = Object(error?.cause);
      const isOurs = [...this.#encoders.values()].some((encoder) => encoder.subject === subject);
      if (operation === "publish" && isOurs) this.#answers.failed(error);
    }
  }

  /** Subscribes to the answers on the link's connection, which may be another one than before. */
  #attach(): void {
    const { client } = this.#options.link;
    if (client === this.#client || client.isClosed()) return;
    this.#unsubscribe();
    this.#client = client;
    this.#inbox = `${this.#createInbox()}.`;
    this.#attempt = -1;
    this.#replyTo = NOT_YET;
    const subscription = client.subscribe(`${this.#inbox}>`, {
      callback: (error, message) => {
        if (error) this.#answers.failed(isRefusal(error) ? refused(error) : error);
        else this.#answered(message);
      },
    });
    this.#unsubscribe = () => {
      if (!client.isClosed()) subscription.unsubscribe();
    };
  }

  #answered({ subject, data, headers }: Msg): void {
    let attempt = this.#attempt;
    let ticket: number;
    if (subject.startsWith(this.#replyTo)) ticket = Number(subject.slice(this.#replyTo.length));
    else {
      const dot = subject.lastIndexOf(".");
      ticket = Number(subject.slice(dot + 1));
      attempt = Number(subject.slice(this.#inbox.length, dot));
    }
    if (this.#isUsual(data)) return this.#answers.acknowledged(attempt, ticket, false);
    if (data.length === 0) {
      if (headers?.code === 503) this.#answers.refused(attempt, ticket, NO_STREAM);
      return;
    }
    let answer;
    const text = decoder.decode(data);
    try {
      answer = JSON.parse(text);
    } catch {
      return;
    }
    const { error, stream: taker, duplicate } = answer ?? {};
    const { stream } = this.#options;
    if (error) {
      const isTooLarge = Number(error.err_code ?? error.code) === TOO_LARGE;
      this.#answers.refused(attempt, ticket, {
        kind: isTooLarge ? "too large" : "later",
        description: String(error.description ?? ""),
      });
    } else if (taker === stream) {
      this.#answers.acknowledged(attempt, ticket, duplicate === true);
      // An answer that ends with the number of the message says nothing else, whatever the number is.
      const usual = /^\{[^{}]*"seq": ?(?=\d+\}$)/.exec(text)?.[0];
      if (usual !== undefined && duplicate === undefined) this.#usual = encoder.encode(usual);
    } else if (typeof taker === "string") {
      const subject = this.#latest?.encoder.subject;
      this.#answers.failed(
        new StreamUnusableError(`stream "${taker}" takes "${subject}" by now, and not "${stream}"`),
      );
    }
  }

  /** Whether an answer is like the one before, but for its number: to parse each is slow. */
  #isUsual(data: Uint8Array): boolean {
    const usual = this.#usual;
    const last = data.length - 1;
    if (usual.length === 0 || last <= usual.length || data[last] !== 0x7d) return false;
    for (let i = 0; i < usual.length; i++) if (data[i] !== usual[i]) return false;
    for (let i = usual.length; i < last; i++) if (data[i] < 0x30 || data[i] > 0x39) return false;
    return true;
  }
}
