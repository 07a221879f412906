/**
 * The messages of a stream, in its order and without a hole: through a pull consumer of the server,
 * which begins anew after the last message that was handled whenever something may have been lost.
 *
 * @module
 */

import type { JetStreamManager } from "@nats-io/jetstream";
import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";
import { ClosedError, StreamUnusableError } from "../../../errors.ts";
import { abortWith, deadline, delay } from "../../../async.ts";
import type { NatsLink, NatsStatus } from "./connect.ts";
import { REQUEST_TIME, tryAgainAndAgain } from "./feed_attempts.ts";
import { explained } from "./feed_errors.ts";
import { FeedMessage } from "./feed_message.ts";
import type { FeedOptions } from "./feed_options.ts";
import { FeedPlace } from "./feed_place.ts";
import { statusOf } from "./feed_status.ts";
import { FeedWindow } from "./feed_window.ts";
import { type Acks, HandledMessages } from "./handled.ts";
import { jetstreamPackage } from "./client.ts";

/** How often the server says that it is there, in milliseconds. */
const HEARTBEAT = 500;
/** After how many looks, of which there is one each time, we begin anew without a word from it. */
const SILENT_LOOKS = 5;
/** How long the end waits for each answer of the server, in milliseconds. */
const END_TIME = 1000;
/** How long the server may take to delete a consumer after it has said so, in milliseconds. */
const DELETION_TIME = 250;
const NANOS = 1e6;
const ACK = new TextEncoder().encode("+ACK");

/** The messages of a stream. */
export class Feed {
  readonly #link: NatsLink;
  readonly #options: FeedOptions;
  readonly #window: FeedWindow;
  readonly #ending = new AbortController();
  readonly #unlisten: () => void;
  readonly #watchdog: ReturnType<typeof setInterval>;
  readonly #handled = new HandledMessages();
  readonly #place: FeedPlace;
  #jsm: JetStreamManager | undefined;
  #client: NatsConnection | undefined;
  #subscription: Subscription | undefined;
  #request = "";
  #consumer = "";
  #mostUnacknowledged = Infinity;
  #acks: Acks = "none";
  #hasBegun = false;
  #epoch = 0;
  /** The number that the consumer gives its next message; undefined: any. */
  #expected: number | undefined;
  #silentLooks = 0;
  #wake: (() => void) | undefined;
  #beginning: Promise<void> | undefined;
  #failure: { cause: unknown } | undefined;
  #isClosed = false;

  private constructor(link: NatsLink, options: FeedOptions) {
    this.#link = link;
    this.#options = options;
    this.#place = new FeedPlace(options, this.#handled);
    this.#window = new FeedWindow(options.window);
    this.#unlisten = link.listen((status) => {
      if (status.type === "connected") this.#reset();
      else if (status.type === "refused") this.#hearRefusal(status);
      else if (status.type === "closed") this.#fail(status.error ?? closedError());
    });
    this.#watchdog = setInterval(() => this.#watch(), HEARTBEAT);
    if (link.isClosed) this.#fail(closedError());
  }

  /**
   * Begins to ask for messages.
   *
   * @throws {StreamUnusableError} if there is no such stream, or somebody else uses the consumer
   * @throws {NatsRefusedError} if the server does not let us do that
   * @throws {ClosedError} if the connection is closed
   * @throws {DOMException} the reason of `signal` when it is aborted
   */
  static async open(link: NatsLink, options: FeedOptions, signal?: AbortSignal): Promise<Feed> {
    const feed = new Feed(link, options);
    using _linked = abortWith(feed.#ending, signal);
    try {
      await (feed.#beginning = feed.#begin());
      signal?.throwIfAborted();
      feed.#throwFailure();
      return feed;
    } catch (error) {
      await feed.close();
      signal?.throwIfAborted();
      throw error;
    }
  }

  /** Whether the consumer had acknowledged nothing before us: we see the stream from its start. */
  get isNew(): boolean {
    return this.#place.isNew;
  }

  /** The number of the first message of the stream, as far as is known. */
  get firstSequence(): number {
    return this.#place.firstSequence;
  }

  /** The number of the last message that the stream had in the beginning; 0 if none is for us. */
  get lastSequence(): number {
    return this.#place.lastSequence;
  }

  /** How many messages the server leaves unacknowledged until it sends no more. */
  get mostUnacknowledged(): number {
    return this.#mostUnacknowledged;
  }

  /**
   * Gives what has come, waiting for it up to `time` ms; nothing then, or when `signal` is aborted.
   *
   * @throws {OuroborosError} what ended this feed
   */
  async take(time: number, signal?: AbortSignal): Promise<FeedMessage[]> {
    this.#throwFailure();
    if (this.#window.isEmpty && !signal?.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, time);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
        signal?.addEventListener("abort", this.#wake, { once: true });
      });
      if (this.#wake !== undefined) signal?.removeEventListener("abort", this.#wake);
      this.#wake = undefined;
    }
    this.#throwFailure();
    const taken = this.#window.take();
    this.#handled.take(taken);
    this.#pull();
    return taken;
  }

  /** Says that messages were handled, for good. */
  done(messages: readonly FeedMessage[]): void {
    if (messages.length === 0) return;
    const acknowledged = this.#handled.done(messages, this.#acks);
    for (let i = 0; i < acknowledged.length; i++) this.#acknowledge(acknowledged[i]);
  }

  /** Asks what the number of the first message of the stream is by now. */
  async refresh(): Promise<void> {
    try {
      const info = await this.#jsm?.streams.info(this.#options.stream);
      this.#place.firstSequence = info?.state.first_seq ?? this.#place.firstSequence;
    } catch {
      // It is asked again; what is wrong comes to light where messages do not come.
    }
  }

  /** Whether there may be more for us than has come: the stream may have lost it meanwhile. */
  async mayHaveMore(): Promise<boolean> {
    const epoch = this.#epoch;
    try {
      const info = await this.#jsm?.consumers.info(this.#options.stream, this.#consumer);
      return info?.num_pending !== 0 || !this.#window.isEmpty || epoch !== this.#epoch;
    } catch {
      // Nobody knows; what is wrong comes to light where messages do not come.
      return true;
    }
  }

  /** Ends it. What was handled is acknowledged at the server when this is fulfilled, if it is there. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#ending.abort();
    clearInterval(this.#watchdog);
    this.#unlisten();
    this.#subscription?.unsubscribe();
    // It ends by itself, in the time that an answer may take.
    if (this.#beginning !== undefined) await inTime(this.#beginning);
    if (this.#client === undefined || this.#client.isClosed() || !this.#link.isConnected) return;
    await inTime(this.#client.flush());
    // What has no name is of no use to others.
    if (this.#options.consumer === undefined && this.#consumer !== "" && this.#jsm !== undefined) {
      await inTime(this.#jsm.consumers.delete(this.#options.stream, this.#consumer));
    }
  }

  /** Begins anew, soon, after the last message that was handled. */
  #reset(pause: number = 0): void {
    if (this.#isClosed || this.#beginning !== undefined || !this.#hasBegun) return;
    this.#beginning = this.#begin(pause).catch((error) => this.#fail(error));
  }

  /** Makes or finds the consumer, and asks for messages; again and again while the server is away. */
  async #begin(pause: number = 0): Promise<void> {
    // What comes from now on for the old one is not for us.
    this.#epoch++;
    this.#subscription?.unsubscribe();
    this.#window.begin();
    this.#handled.begin(this.#epoch);
    const { signal } = this.#ending;
    if (pause > 0) await delay(pause, { signal }).catch(() => {});
    const isFirst = !this.#hasBegun;
    await tryAgainAndAgain(() => this.#tryBegin(), { ...this.#options, isFirst, signal });
    this.#beginning = undefined;
    this.#hasBegun = true;
    this.#place.begun();
    this.#silentLooks = 0;
    if (!signal.aborted) this.#pull();
  }

  async #tryBegin(): Promise<void> {
    const { stream, domain, inboxPrefix = "_INBOX" } = this.#options;
    const client = this.#link.client;
    if (client !== this.#client) {
      const { jetstreamManager } = await jetstreamPackage();
      this.#jsm = await jetstreamManager(client, {
        checkAPI: false,
        ...domain !== undefined && { domain },
      });
      this.#client = client;
    }
    const info = await this.#place.find(this.#jsm!);
    this.#consumer = info.name;
    if (this.#isClosed) return;
    const { max_ack_pending: most = -1 } = info.config;
    this.#mostUnacknowledged = most > 0 ? most : Infinity;
    const { ack_policy: policy } = info.config;
    this.#acks = policy === "all" || policy === "none" ? policy : "each";
    // Of one that is just made it is known where its numbers begin.
    this.#expected = info.delivered.consumer_seq === 0 ? 1 : undefined;
    const prefix = domain === undefined ? "$JS.API" : `$JS.${domain}.API`;
    this.#request = `${prefix}.CONSUMER.MSG.NEXT.${stream}.${info.name}`;
    this.#window.begin(client.info?.max_payload);
    const epoch = this.#epoch;
    const inbox = `${inboxPrefix}.${crypto.randomUUID().replaceAll("-", "")}`;
    this.#subscription = client.subscribe(inbox, {
      callback: (error, message) => {
        if (epoch !== this.#epoch) return;
        if (error !== null) this.#fail(explained(error, this.#options));
        else this.#receive(message);
      },
    });
  }

  /** Asks for more, if there is room for it. */
  #pull(): void {
    if (this.#beginning !== undefined || this.#isClosed || !this.#link.isConnected) return;
    const client = this.#client;
    const inbox = this.#subscription?.getSubject();
    if (client === undefined || inbox === undefined || client.isClosed()) return;
    const batch = this.#window.ask();
    if (batch === 0) return;
    const request = {
      batch,
      max_bytes: this.#window.mostBytes,
      expires: REQUEST_TIME * NANOS,
      idle_heartbeat: HEARTBEAT * NANOS,
    };
    client.publish(this.#request, JSON.stringify(request), { reply: inbox });
  }

  #receive(message: Msg): void {
    this.#silentLooks = 0;
    const arrived = FeedMessage.of(message, this.#epoch);
    if (arrived === undefined) return this.#hear(message);
    const { consumerSequence, streamSequence } = arrived;
    if (this.#expected !== undefined && consumerSequence !== this.#expected) return this.#reset();
    this.#expected = consumerSequence + 1;
    // Of a consumer of which it is not known where it began.
    if (this.#handled.floor === 0 && !this.isNew) this.#handled.floor = streamSequence - 1;
    this.#window.add(arrived, message.data.length);
    this.#wake?.();
  }

  /** Hears what the server has to say beside messages. */
  #hear(message: Msg): void {
    const { verdict, left, text } = statusOf(message);
    if (verdict === "alive") return;
    this.#window.ended(left);
    if (verdict === "ask again") this.#pull();
    else if (verdict === "not for us") {
      const { stream } = this.#options;
      this.#fail(
        new StreamUnusableError(
          `consumer "${this.#consumer}" of stream "${stream}" is not for us: ${text}`,
        ),
      );
    } else this.#reset(verdict === "deleted" ? DELETION_TIME : 0);
  }

  /** Begins anew when the server has forgotten us. */
  #watch(): void {
    if (!this.#link.isConnected) this.#silentLooks = 0;
    // The connection was renewed while we began on the one before.
    else if (this.#client !== this.#link.client) this.#reset();
    else if (!this.#window.isAsking) this.#pull();
    // Looks, not milliseconds: who stood still may have words to read yet.
    else if (++this.#silentLooks >= SILENT_LOOKS) this.#reset();
  }

  /** Something is not permitted on this connection; others may use it, too. */
  #hearRefusal({ error }: NatsStatus): void {
    const { operation, subject = "" } = Object(error?.cause);
    const isAck = String(subject).startsWith("$JS.ACK.") &&
      String(subject).includes(`.${this.#options.stream}.${this.#consumer}.`);
    if (operation === "publish" && (subject === this.#request || isAck)) this.#fail(error);
  }

  #acknowledge({ reply }: FeedMessage): void {
    if (this.#client?.isClosed() === false) this.#client.publish(reply, ACK);
  }

  #fail(cause: unknown): void {
    this.#failure ??= { cause };
    this.#ending.abort();
    this.#wake?.();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.cause;
  }
}

/** Waits for an answer, which the end does without. */
async function inTime(answer: Promise<unknown>): Promise<void> {
  await deadline(answer, END_TIME).catch(() => {});
}

function closedError(): ClosedError {
  return new ClosedError("the connection is closed");
}
