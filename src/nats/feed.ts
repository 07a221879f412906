/**
 * The messages of a stream, in its order and without a hole: through a pull consumer of the server,
 * which begins anew after the last message that was handled whenever something may have been lost.
 *
 * @module
 */

import type { ConsumerConfig, ConsumerInfo, JetStreamManager } from "@nats-io/jetstream";
import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";
import { StreamUnusableError } from "../errors.ts";
import { sleep } from "../sleep.ts";
import type { NatsLink } from "./connect.ts";
import { checkConsumer, infoOf, makeConsumer } from "./feed_consumer.ts";
import { BusyError, explained, hasNoResponder, inUse, isPassing } from "./feed_errors.ts";
import { FeedMessage, NOTHING } from "./feed_message.ts";
import type { FeedOptions } from "./feed_options.ts";
import { jetstreamPackage } from "./packages.ts";

/** How long a request for messages lasts, and how often the server says that it is there, in ms. */
const REQUEST_TIME = 1500;
const HEARTBEAT = 500;
/** After how long without a word from the server we begin anew, in milliseconds. */
const SILENCE = 2500;
/** How many bytes a request may bring, unless a single message may be larger. */
const REQUEST_BYTES = 4 << 20;
/** How long another receiver may take to be gone, in milliseconds. */
const GRACE = REQUEST_TIME + 500;
/** How long the server may take to delete a consumer after it has said so, in milliseconds. */
const DELETION_TIME = 250;
const NANOS = 1e6;
const ACK = new TextEncoder().encode("+ACK");

/** The messages of a stream. */
export class Feed {
  readonly #link: NatsLink;
  readonly #options: FeedOptions;
  readonly #window: number;
  readonly #ending = new AbortController();
  readonly #unlisten: () => void;
  readonly #watchdog: ReturnType<typeof setInterval>;
  #jsm: JetStreamManager | undefined;
  #client: NatsConnection | undefined;
  #subscription: Subscription | undefined;
  #request = "";
  #consumer = "";
  #mostUnacknowledged = Infinity;
  #acks: "each" | "all" | "none" = "none";
  /** The config of the consumer that was there before us: it is kept when it is made anew. */
  #config: Partial<ConsumerConfig> | undefined;
  #streamCreated = "";
  #firstSequence = 0;
  #lastSequence = 0;
  #pendingAtStart = 0;
  #isNewConsumer = false;
  #hasBegun = false;
  #epoch = 0;
  /** The number that the consumer gives its next message; undefined: any. */
  #expected: number | undefined;
  #queue: FeedMessage[] = [];
  #queuedBytes = 0;
  #outstanding = 0;
  #requestBytes = REQUEST_BYTES;
  #lastWord = 0;
  /** All before this number of the stream was handled. */
  #floor = 0;
  /** What was taken of this epoch and not handled, in its order. */
  readonly #undone = new Map<number, FeedMessage>();
  #lastDone: FeedMessage = NOTHING;
  #wake: (() => void) | undefined;
  #beginning: Promise<void> | undefined;
  #failure: { cause: unknown } | undefined;
  #isClosed = false;
  #resets = 0;

  private constructor(link: NatsLink, options: FeedOptions) {
    this.#link = link;
    this.#options = options;
    this.#window = options.window ?? 4096;
    this.#unlisten = link.listen((status) => {
      if (status.type === "connected") this.#reset();
      else if (status.type === "refused") this.#fail(status.error);
      else if (status.type === "closed") this.#fail(status.error ?? new Error("closed"));
    });
    this.#watchdog = setInterval(() => this.#watch(), HEARTBEAT);
  }

  /**
   * Begins to ask for messages.
   *
   * @throws {StreamUnusableError} if there is no such stream, or somebody else uses the consumer
   * @throws {NatsRefusedError} if the server does not let us do that
   * @throws {DOMException} the reason of `signal` when it is aborted
   */
  static async open(link: NatsLink, options: FeedOptions, signal?: AbortSignal): Promise<Feed> {
    const feed = new Feed(link, options);
    const abort = () => feed.#ending.abort();
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    try {
      await (feed.#beginning = feed.#begin());
      signal?.throwIfAborted();
      feed.#throwFailure();
      return feed;
    } catch (error) {
      await feed.close();
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Whether the consumer had acknowledged nothing before us: we see the stream from its start. */
  get isNew(): boolean {
    return this.#isNewConsumer;
  }

  /** The number of the first message of the stream, as far as is known. */
  get firstSequence(): number {
    return this.#firstSequence;
  }

  /** The number of the last message that the stream had in the beginning; 0 if none is for us. */
  get lastSequence(): number {
    return this.#pendingAtStart === 0 ? 0 : this.#lastSequence;
  }

  /** How many messages there were for us in the beginning. */
  get pendingAtStart(): number {
    return this.#pendingAtStart;
  }

  /** How many messages the server leaves unacknowledged until it sends no more. */
  get mostUnacknowledged(): number {
    return this.#mostUnacknowledged;
  }

  /** How often the feed has begun anew. */
  get resets(): number {
    return this.#resets;
  }

  /**
   * Gives what has come, waiting for it up to `time` ms; nothing then, or when `signal` is aborted.
   *
   * @throws {OuroborosError} what ended this feed
   */
  async take(time: number, signal?: AbortSignal): Promise<FeedMessage[]> {
    this.#throwFailure();
    if (this.#queue.length === 0 && !signal?.aborted) {
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
    const taken = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    for (let i = 0; i < taken.length; i++) this.#undone.set(taken[i].streamSequence, taken[i]);
    this.#pull();
    return taken;
  }

  /** Says that messages were handled, for good. */
  done(messages: readonly FeedMessage[]): void {
    if (messages.length === 0) return;
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i];
      if (message.isDone || message.epoch !== this.#epoch) continue;
      message.isDone = true;
      this.#undone.delete(message.streamSequence);
      if (this.#acks === "each") this.#acknowledge(message);
      if (message.streamSequence > this.#lastDone.streamSequence) this.#lastDone = message;
    }
    const { done, value: first } = this.#undone.keys().next();
    const floor = done ? this.#lastDone.streamSequence : first - 1;
    if (floor <= this.#floor) return;
    this.#floor = floor;
    if (this.#acks !== "all") return;
    // One says it for all before. Of several it is the last one below which nothing is left.
    const last = done
      ? this.#lastDone
      : messages.findLast(({ streamSequence, epoch }) =>
        streamSequence <= floor && epoch === this.#epoch
      );
    if (last !== undefined) this.#acknowledge(last);
  }

  /** Asks what the number of the first message of the stream is by now. */
  async refresh(): Promise<void> {
    try {
      const info = await this.#jsm?.streams.info(this.#options.stream);
      this.#firstSequence = info?.state.first_seq ?? this.#firstSequence;
    } catch {
      // It is asked again; what is wrong comes to light where messages do not come.
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
    await Promise.race([this.#beginning?.catch(() => {}), sleep(1000, undefined)]);
    if (this.#client === undefined || this.#client.isClosed() || !this.#link.isConnected) return;
    const flushed = this.#client.flush().catch(() => {});
    await Promise.race([flushed, sleep(1000, undefined)]);
    // What has no name is of no use to others.
    if (this.#options.consumer === undefined && this.#consumer !== "") {
      const deleted = this.#jsm?.consumers.delete(this.#options.stream, this.#consumer);
      await Promise.race([deleted?.catch(() => {}), sleep(1000, undefined)]);
    }
  }

  /** Begins anew, soon, after the last message that was handled. */
  #reset(delay: number = 0): void {
    if (this.#isClosed || this.#beginning !== undefined || !this.#hasBegun) return;
    this.#resets++;
    this.#beginning = this.#begin(delay).catch((error) => this.#fail(error));
  }

  /** Makes or finds the consumer, and asks for messages; again and again while the server is away. */
  async #begin(delay: number = 0): Promise<void> {
    // What comes from now on for the old one is not for us.
    this.#epoch++;
    this.#subscription?.unsubscribe();
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#undone.clear();
    this.#lastDone = NOTHING;
    this.#outstanding = 0;
    const { signal } = this.#ending;
    if (delay > 0) await sleep(delay, signal);
    const since = performance.now();
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await this.#tryBegin();
        break;
      } catch (error) {
        const isBusy = error instanceof BusyError;
        const isLate = performance.now() - since > GRACE;
        if (isBusy && isLate) throw inUse(this.#options);
        if (isLate && !this.#hasBegun && hasNoResponder(error)) {
          throw new StreamUnusableError("the NATS server has no JetStream", { cause: error });
        }
        if (!isBusy && !isPassing(error)) throw explained(error, this.#options);
        await sleep(Math.min(isBusy ? 200 : 2000, 50 * 2 ** Math.min(attempt, 10)), signal);
      }
    }
    this.#beginning = undefined;
    this.#hasBegun = true;
    this.#lastWord = performance.now();
    if (!signal.aborted) this.#pull();
  }

  async #tryBegin(): Promise<void> {
    const { stream, consumer, domain, inboxPrefix = "_INBOX" } = this.#options;
    const client = this.#link.client;
    if (client !== this.#client) {
      const { jetstreamManager } = await jetstreamPackage();
      this.#jsm = await jetstreamManager(client, {
        checkAPI: false,
        ...domain !== undefined && { domain },
      });
      this.#client = client;
    }
    const jsm = this.#jsm!;
    const { created, state, config } = await jsm.streams.info(stream);
    if (consumer !== undefined && config.retention !== "limits") {
      throw new StreamUnusableError(
        `stream "${stream}" has retention "${config.retention}": a consumer that keeps its place ` +
          'needs one that keeps its messages, "limits"',
      );
    }
    const isFirst = !this.#hasBegun;
    // Another stream of this name, or one of which the server lost the end with its machine: it gives
    // the same numbers once more, so all is looked at again. What was there before is known by its own.
    const isOther = created !== this.#streamCreated || this.#floor > state.last_seq;
    if (!isFirst && isOther) this.#floor = 0;
    this.#streamCreated = created;
    this.#firstSequence = state.first_seq;
    const there = consumer === undefined ? undefined : await infoOf(jsm, stream, consumer);
    let info: ConsumerInfo;
    if (there === undefined) {
      const { start = "oldest" } = this.#options;
      if (isFirst) {
        this.#isNewConsumer = start === "oldest";
        if (start === "latest") this.#floor = state.last_seq;
        else if (start !== "oldest") this.#floor = start.streamSequence - 1;
      }
      info = await makeConsumer(jsm, this.#options, this.#config, this.#floor);
    } else {
      checkConsumer(there, this.#options);
      if (there.num_waiting > 0) throw new BusyError();
      let isClean = there.num_ack_pending === 0;
      if (isFirst) {
        const { deliver_policy: policy, opt_start_seq: first = 1 } = there.config;
        const isUntouched = there.ack_floor.consumer_seq === 0;
        const isSequence = policy === "by_start_sequence";
        this.#config = there.config;
        this.#isNewConsumer = isUntouched && (policy === "all" || isSequence && first === 1);
        this.#floor = isUntouched ? (isSequence ? first - 1 : 0) : there.ack_floor.stream_seq;
        // Of some consumers it is not known where they began.
        isClean ||= isUntouched && policy !== "all" && !isSequence;
        if (this.#floor > state.last_seq && !isUntouched) {
          this.#floor = 0;
          isClean = false;
        }
      }
      // What was on its way to somebody who is gone would come in minutes, after all else.
      if (isFirst && isClean) info = there;
      else {
        await jsm.consumers.delete(stream, there.name);
        info = await makeConsumer(jsm, this.#options, this.#config, this.#floor);
      }
    }
    this.#consumer = info.name;
    if (this.#isClosed) return;
    const { max_ack_pending: most = -1 } = info.config;
    this.#mostUnacknowledged = most > 0 ? most : Infinity;
    this.#acks = info.config.ack_policy === "all"
      ? "all"
      : info.config.ack_policy === "none"
      ? "none"
      : "each";
    if (isFirst) {
      this.#lastSequence = state.last_seq;
      this.#pendingAtStart = info.num_pending;
    }
    // Of one that is just made it is known where its numbers begin.
    this.#expected = info.delivered.consumer_seq === 0 ? 1 : undefined;
    const prefix = domain === undefined ? "$JS.API" : `$JS.${domain}.API`;
    this.#request = `${prefix}.CONSUMER.MSG.NEXT.${stream}.${info.name}`;
    this.#requestBytes = Math.max(REQUEST_BYTES, 2 * (client.info?.max_payload ?? 1 << 20));
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
    const room = this.#window - this.#outstanding - this.#queue.length;
    if (room < this.#window / 2 || this.#queuedBytes >= this.#requestBytes) return;
    if (this.#beginning !== undefined || this.#isClosed || !this.#link.isConnected) return;
    const client = this.#client;
    const inbox = this.#subscription?.getSubject();
    if (client === undefined || inbox === undefined || client.isClosed()) return;
    this.#outstanding += room;
    const request = {
      batch: room,
      max_bytes: this.#requestBytes,
      expires: REQUEST_TIME * NANOS,
      idle_heartbeat: HEARTBEAT * NANOS,
    };
    client.publish(this.#request, JSON.stringify(request), { reply: inbox });
  }

  #receive(message: Msg): void {
    this.#lastWord = performance.now();
    const reply = message.reply ?? "";
    if (!reply.startsWith("$JS.ACK.")) return this.#hear(message);
    // $JS.ACK.[domain.account.]stream.consumer.delivered.sequence.number.time.pending[.random]
    const tokens = reply.split(".");
    const at = tokens.length < 11 ? 5 : 7;
    const number = Number(tokens[at + 1]);
    if (this.#expected !== undefined && number !== this.#expected) return this.#reset();
    this.#expected = number + 1;
    this.#outstanding--;
    const sequence = Number(tokens[at]);
    // Of a consumer of which it is not known where it began.
    if (this.#floor === 0 && !this.#isNewConsumer) this.#floor = sequence - 1;
    const pending = Number(tokens[at + 3]);
    this.#queue.push(new FeedMessage(message, reply, sequence, pending, this.#epoch));
    this.#queuedBytes += message.data.length;
    this.#wake?.();
  }

  /** Hears what the server has to say beside messages. */
  #hear(message: Msg): void {
    const { headers } = message;
    const code = headers?.code ?? 0;
    const text = headers?.description?.toLowerCase() ?? "";
    if (code === 100) return;
    const left = Number(headers?.get("Nats-Pending-Messages") || "0");
    this.#outstanding = Math.max(0, this.#outstanding - left);
    if (code === 408 || code === 404 || (code === 409 && text.includes("maxbytes"))) {
      if (left === 0 && code !== 408) this.#outstanding = 0;
      this.#pull();
    } else if (code === 409 && text.startsWith("exceeded")) {
      this.#fail(
        new StreamUnusableError(
          `consumer "${this.#consumer}" of stream "${this.#options.stream}" is not for us: ${text}`,
        ),
      );
    } else this.#reset(text.includes("deleted") ? DELETION_TIME : 0);
  }

  /** Begins anew when the server has forgotten us. */
  #watch(): void {
    if (!this.#link.isConnected) this.#lastWord = performance.now();
    else if (this.#outstanding === 0) this.#pull();
    else if (performance.now() - this.#lastWord > SILENCE) this.#reset();
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
