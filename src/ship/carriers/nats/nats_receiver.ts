/**
 * The messages of a stream, in its order and without a hole: as the client consumes them, again after
 * the last message that was handled whenever something may have been lost.
 *
 * @module
 */

import type { Consumer, ConsumerMessages, JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { deadline, delay } from "../../../async.ts";
import { StreamUnusableError } from "../../../errors.ts";
import type { Incoming, Receiver } from "../../carrier.ts";
import type { NatsLink, NatsStatus } from "./connect.ts";
import { BusyError, ConsumerPlace, type StreamOptions } from "./consumer_place.ts";
import { NatsIncoming, type Trust } from "./nats_incoming.ts";
import { closedError, explained, isPassing, managerOf } from "./client.ts";
import { Backoff } from "./dial.ts";
import { subjectTrust, templatesOf } from "./subject.ts";

/** How many messages may be on their way or wait here, by default. */
const WINDOW = 4096;
/** How many bytes of them, as far as sizes are known before. */
const MOST_BYTES = 32 << 20;
/** How many bytes may wait here until no more is asked for. */
const MOST_WAITING = 4 << 20;
/** How long the first message waits for others that come with it, in milliseconds. */
const GATHER_TIME = 1;
/** How long a request for messages lasts, and how often the server says that it is there, in ms. */
const REQUEST_TIME = 1500;
const HEARTBEAT = 500;
/** The longest pause between two attempts, in milliseconds. */
const LONGEST_PAUSE = 2000;
/** The pause if another receiver uses the consumer, and how often that may be seen: it may be gone. */
const BUSY_PAUSE = 200;
const BUSY_LOOKS = Math.ceil((REQUEST_TIME + 500) / BUSY_PAUSE);
/** How long the server may take to delete a consumer after it has said so, in milliseconds. */
const DELETION_TIME = 250;
/** How long the end waits for each answer of the server, in milliseconds. */
const END_TIME = 1000;
/** How long nothing must come until the server is asked whether that is the end, in milliseconds. */
const QUIET_TIME = 200;
/** How often in a row it must have no more: a message may be on its way. */
const END_LOOKS = 2;
const ACK = new TextEncoder().encode("+ACK");

export class NatsReceiver implements Receiver {
  readonly #link: NatsLink;
  readonly #isOwn: boolean;
  readonly #options: StreamOptions;
  readonly #place: ConsumerPlace;
  readonly #ending = new AbortController();
  readonly #unlisten: () => void;
  readonly #begun = Promise.withResolvers<void>();
  #running: Promise<void> = Promise.resolve();
  #client: NatsConnection | undefined;
  #jsm: JetStreamManager | undefined;
  #messages: ConsumerMessages | undefined;
  #consumer = "";
  #acks: "each" | "all" | "none" = "none";
  #mostUndone = Infinity;
  /** How many messages a request may ask for. */
  #mostAsked = Infinity;
  #trust: Trust = () => false;
  #meanSize = 1;
  #epoch = 0;
  #queue: NatsIncoming[] = [];
  #queuedBytes = 0;
  #last: NatsIncoming | undefined;
  #lastTime = 0;
  #endLooks = 0;
  #wake: (() => void) | undefined;
  #makeRoom: (() => void) | undefined;
  #failure: { cause: unknown } | undefined;

  /** Begins nothing yet. The link is closed in the end if it `isOwn`. */
  constructor(link: NatsLink, options: StreamOptions, isOwn: boolean) {
    this.#link = link;
    this.#isOwn = isOwn;
    this.#options = options;
    this.#place = new ConsumerPlace(options);
    this.#unlisten = link.listen((status) => {
      // What was on its way is lost; or the client is another one.
      if (status.type === "connected") this.#restart();
      else if (status.type === "refused") this.#hearRefusal(status);
      else if (status.type === "closed") this.#fail(status.error ?? closedError());
    });
  }

  /**
   * Begins to ask for messages.
   *
   * @throws {StreamUnusableError} if there is no such stream, or another receiver uses the consumer
   * @throws {NatsRefusedError} if the server does not let us do that
   * @throws {ClosedError} if the connection is closed
   * @throws {DOMException} the reason of `signal` when it is aborted
   */
  async begin(signal: AbortSignal): Promise<void> {
    const end = () => this.#end();
    signal.addEventListener("abort", end, { once: true });
    this.#ending.signal.addEventListener("abort", () => signal.removeEventListener("abort", end));
    try {
      if (this.#link.isClosed) throw closedError();
      this.#running = this.#run();
      await this.#begun.promise;
      signal.throwIfAborted();
      this.#throwFailure();
    } catch (error) {
      await this.close();
      signal.throwIfAborted();
      throw error;
    }
  }

  get isNew(): boolean {
    return this.#place.isNew;
  }

  get firstPlace(): number {
    return this.#place.firstSequence;
  }

  get mostUndone(): number {
    return this.#mostUndone;
  }

  async take(time: number): Promise<Incoming[]> {
    this.#throwFailure();
    if (this.#queue.length === 0 && !this.#ending.signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, time);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    this.#throwFailure();
    const taken = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#makeRoom?.();
    if (taken.length > 0) {
      this.#last = taken[taken.length - 1];
      this.#lastTime = performance.now();
      this.#endLooks = 0;
    }
    return taken;
  }

  done(messages: readonly NatsIncoming[], floor: number): void {
    if (this.#last?.epoch === this.#epoch) this.#place.floor = floor;
    let last: NatsIncoming | undefined;
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i];
      if (message.epoch !== this.#epoch) continue;
      if (this.#acks === "each") this.#acknowledge(message);
      // One says it for all before.
      else if (message.place <= floor && message.place > (last?.place ?? 0)) last = message;
    }
    if (this.#acks === "all" && last !== undefined) this.#acknowledge(last);
  }

  async refresh(): Promise<void> {
    try {
      const info = await this.#jsm?.streams.info(this.#options.stream);
      this.#place.firstSequence = info?.state.first_seq ?? this.#place.firstSequence;
    } catch {
      // It is asked again; what is wrong comes to light where messages do not come.
    }
  }

  async isAtEnd(): Promise<boolean> {
    const { lastSequence } = this.#place;
    const last = this.#last;
    if (lastSequence === 0) return true;
    if (this.#queue.length > 0) return false;
    if (last !== undefined && (last.pending === 0 || last.place >= lastSequence)) return true;
    const now = performance.now();
    if (now - this.#lastTime < QUIET_TIME) return false;
    this.#lastTime = now;
    // What was there at the start may be gone by now: then the last one never comes.
    const epoch = this.#epoch;
    const info = await this.#jsm?.consumers.info(this.#options.stream, this.#consumer)
      .catch(() => undefined);
    const hasMore = info?.num_pending !== 0 || this.#queue.length > 0 || epoch !== this.#epoch;
    this.#endLooks = hasMore ? 0 : this.#endLooks + 1;
    return this.#endLooks >= END_LOOKS;
  }

  async close(): Promise<void> {
    this.#end();
    this.#unlisten();
    await inTime(this.#running);
    if (this.#client?.isClosed() === false && this.#link.isConnected) {
      await inTime(this.#client.flush());
      // What has no name is of no use to others.
      if (this.#options.consumer === undefined && this.#consumer !== "") {
        await inTime(this.#jsm!.consumers.delete(this.#options.stream, this.#consumer));
      }
    }
    if (this.#isOwn) await this.#link.close();
  }

  /** Receives until the end: from one consumer until something may be lost, then from the next. */
  async #run(): Promise<void> {
    const { signal } = this.#ending;
    try {
      while (!signal.aborted) {
        const consumer = await this.#begin();
        this.#begun.resolve();
        await this.#receive(consumer);
      }
    } catch (error) {
      const { stream, consumer } = this.#options;
      const what = consumer && `consumer "${consumer}" of stream "${stream}"`;
      if (!signal.aborted) this.#fail(explained(error, stream, what));
    }
    this.#begun.resolve();
  }

  /** Finds or makes the consumer, again and again while the server is away. */
  async #begin(): Promise<Consumer> {
    const { signal } = this.#ending;
    const isFirst = this.#consumer === "";
    const backoff = new Backoff(LONGEST_PAUSE);
    let busyLooks = 0;
    // From here on nothing of the consumer before counts.
    this.#epoch++;
    this.#queue = [];
    this.#queuedBytes = 0;
    for (;;) {
      signal.throwIfAborted();
      try {
        return await this.#tryBegin();
      } catch (error) {
        const isBusy = error instanceof BusyError;
        // It may be a request of our own, from before the connection was lost.
        if (isBusy && ++busyLooks > BUSY_LOOKS) throw inUse(this.#options);
        // A leaf may not have found its hub again.
        const isAway = !isFirst && (error as Error).name === "JetStreamNotEnabled";
        if (!isBusy && !isAway && !isPassing(error)) throw error;
        await delay(isBusy ? BUSY_PAUSE : backoff.delay(), { signal });
      }
    }
  }

  async #tryBegin(): Promise<Consumer> {
    const { domain, template } = this.#options;
    this.#client = this.#link.client;
    this.#jsm = await managerOf(this.#client, domain);
    const info = await this.#place.find(this.#jsm);
    this.#meanSize = Math.max(this.#meanSize, this.#place.meanSize);
    this.#place.begun();
    this.#consumer = info.name;
    const { ack_policy: policy, max_ack_pending: most = -1, max_batch = 0 } = info.config;
    this.#acks = policy === "all" || policy === "none" ? policy : "each";
    this.#mostUndone = most > 0 ? most : Infinity;
    this.#mostAsked = max_batch > 0 ? max_batch : Infinity;
    const trusts = (template === undefined ? templatesOf(this.#place.subjects) : [template])
      .map((one) => subjectTrust(one));
    this.#trust = (subject, source) => trusts.some((trusts) => trusts(subject, source));
    return this.#jsm.jetstream().consumers.getConsumerFromInfo(info);
  }

  async #receive(consumer: Consumer): Promise<void> {
    const epoch = this.#epoch;
    const window = this.#options.window ?? WINDOW;
    const half = Math.ceil(window / 2);
    const asked = Math.max(1, Math.min(half, this.#mostAsked, MOST_BYTES / this.#meanSize | 0));
    const messages = this.#messages = await consumer.consume({
      max_messages: asked,
      expires: REQUEST_TIME,
      idle_heartbeat: HEARTBEAT,
    });
    const isOver = () => this.#messages !== messages || this.#ending.signal.aborted;
    // If the first one is not the next, another receiver was handed those before.
    const { delivered } = await consumer.info(true);
    const numbers = { first: 0, next: delivered.consumer_seq + 1 };
    void this.#watch(messages, numbers);
    try {
      for await (const message of messages) {
        if (isOver()) break;
        const { deliverySequence } = message.info;
        if (deliverySequence !== numbers.next) break;
        if (numbers.first === 0) numbers.first = deliverySequence;
        numbers.next = deliverySequence + 1;
        // Servers send a few at a time: to handle each few by themselves costs more than the messages.
        if (this.#queue.length === 0) setTimeout(() => this.#wake?.(), GATHER_TIME);
        this.#queue.push(new NatsIncoming(message, epoch, this.#trust));
        this.#queuedBytes += message.data.length;
        const isFull = () => this.#queue.length >= half || this.#queuedBytes > MOST_WAITING;
        if (!isFull()) continue;
        // Messages have become larger: fewer of them at once.
        const meanSize = this.#queuedBytes / this.#queue.length;
        if (asked > 1 && asked * meanSize > 4 * MOST_BYTES) {
          this.#meanSize = meanSize;
          break;
        }
        // The client asks for more only when these were looked at.
        while (isFull() && !isOver()) {
          this.#wake?.();
          await new Promise<void>((resolve) => this.#makeRoom = resolve);
        }
      }
    } catch (error) {
      // The connection was closed for another one.
      if (!isPassing(error)) throw error;
    }
    this.#restart(messages);
  }

  /** Follows what the client reports beside messages. */
  async #watch(
    messages: ConsumerMessages,
    numbers: { readonly first: number },
  ): Promise<void> {
    for await (const status of messages.status()) {
      if (this.#messages !== messages) return;
      if (status.type === "consumer_deleted") {
        await delay(DELETION_TIME);
        this.#restart(messages);
      } else if (status.type === "consumer_not_found" || status.type === "stream_not_found") {
        this.#restart(messages);
      } else if (status.type === "heartbeat") {
        // The last ones of those that the server has sent have not arrived, and never will.
        const last = numbers.first + messages.getReceived() - 1;
        if (numbers.first > 0 && status.lastConsumerSequence > last) this.#restart(messages);
      } else if (status.type === "exceeded_limits") {
        const { stream } = this.#options;
        this.#fail(
          new StreamUnusableError(
            `consumer "${this.#consumer}" of stream "${stream}" can't be used here: ` +
              status.description,
          ),
        );
      }
    }
  }

  /** Has the consumer that is in use given up, for the next one. */
  #restart(messages: ConsumerMessages | undefined = this.#messages): void {
    if (messages === undefined || messages !== this.#messages) return;
    this.#messages = undefined;
    void messages.close();
    this.#makeRoom?.();
  }

  /** Something is not permitted on this connection; others may use it, too. */
  #hearRefusal({ error }: NatsStatus): void {
    const { operation, subject } = Object(error?.cause);
    const { stream } = this.#options;
    const text = String(subject);
    const isOurs = text.endsWith(`.CONSUMER.MSG.NEXT.${stream}.${this.#consumer}`) ||
      text.startsWith("$JS.ACK.") && text.includes(`.${stream}.${this.#consumer}.`);
    if (operation === "publish" && this.#consumer !== "" && isOurs) this.#fail(error);
  }

  #acknowledge({ reply }: NatsIncoming): void {
    if (this.#client?.isClosed() === false) this.#client.publish(reply, ACK);
  }

  #fail(cause: unknown): void {
    this.#failure ??= { cause };
    this.#end();
  }

  #end(): void {
    this.#ending.abort();
    this.#restart();
    this.#begun.resolve();
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

function inUse({ stream, consumer }: StreamOptions): StreamUnusableError {
  return new StreamUnusableError(
    `consumer "${consumer}" of stream "${stream}" is used by another receiver: ` +
      "give each receiver a consumer of its own",
  );
}
