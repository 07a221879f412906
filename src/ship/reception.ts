/**
 * What is received from a stream: in order, once, with what is missing.
 *
 * @module
 */

import { abortWith } from "../async.ts";
import { endable, Turns } from "../following.ts";
import { NatsLink } from "./carriers/nats/connect.ts";
import { Feed } from "./carriers/nats/feed.ts";
import type { FeedMessage } from "./carriers/nats/feed_message.ts";
import { END_INTERVAL, FeedEnd } from "./carriers/nats/feed_end.ts";
import { HoleJudge } from "./hole_judge.ts";
import { decodeMessage } from "./carriers/nats/message.ts";
import type { LogSource } from "./message.ts";
import {
  type MissingReason,
  ReceivedEntry,
  type ReceivedItem,
  type ReceiveSummary,
} from "./received.ts";
import { type Incoming, ReceivedItems, type Source } from "./received_items.ts";
import { ReceivedSources } from "./received_sources.ts";
import {
  type CheckedOptions,
  checkReceiveOptions,
  type ReceiveOptions,
} from "./carriers/nats/receive_options.ts";
import { ReceiveState } from "./receive_state.ts";
import { SequenceCheck } from "./sequence_check.ts";
import { pickOptions } from "../base/options.ts";
import { natsChecks, type NatsOptions } from "./carriers/nats/nats_options.ts";

/** What a program that keeps what it receives knows of before. */
export interface ReceptionStart {
  /** The last number of each log that was handled. */
  readonly lasts: Iterable<readonly [LogSource, number]>;
}

/** How often it is looked whether a hole is to be given up: at least, and at most, in milliseconds. */
const HOLE_INTERVAL = 100;
const JUDGE_INTERVAL = 20;
/** How often the server is asked which messages the stream has forgotten, in milliseconds. */
const REFRESH_INTERVAL = 500;
/** How long to wait where nothing is to be done, in milliseconds. */
const LONG = 60_000;
/** Nobody has a host of a longer name, nor a log. */
const MOST_HOST = 255;
const MOST_NAME = 4096;
const MOST_SEGMENT = 64;

/**
 * What is received, to be iterated over once: by entries and gaps, or by {@linkcode Reception.batches}.
 * `receive()` gives it.
 */
export class Reception implements AsyncIterable<ReceivedItem> {
  readonly #options: CheckedOptions;
  readonly #start: ReceptionStart | undefined;
  readonly #check: SequenceCheck<Source, Incoming, MissingReason>;
  readonly #received = new ReceivedItems();
  readonly #sources: ReceivedSources;
  readonly #stop = new AbortController();
  #hasStarted = false;
  /** How many items of the batch were handled. */
  #progress = 0;
  #now = 0;
  #refreshed = -Infinity;
  #judged = -Infinity;
  #foreignMessages = 0;

  /**
   * Prepares it; nothing happens until it is iterated over.
   *
   * @throws {RangeError} if a number or a name is not usable
   * @throws {TypeError} if there is a state file and no consumer
   */
  constructor(options: ReceiveOptions, start?: ReceptionStart) {
    this.#options = checkReceiveOptions(options);
    this.#start = start;
    this.#sources = new ReceivedSources(this.#options.maxSources);
    const limits = {
      messages: this.#options.maxHeldMessages,
      bytes: this.#options.maxHeldBytes,
    };
    this.#check = new SequenceCheck(this.#received, limits, "unexplained");
  }

  /** What was received so far. */
  get summary(): ReceiveSummary {
    const { entries, bytes, gaps, missingEntries, unexplainedEntries } = this.#received;
    return {
      ...{ entries, bytes, gaps, missingEntries, unexplainedEntries },
      duplicates: this.#check.duplicates,
      foreignMessages: this.#foreignMessages,
      sources: this.#sources.size,
      held: this.#check.held,
    };
  }

  /**
   * Iterates over the entries and gaps. Asking for the next one says that those before were handled;
   * to leave the loop says that of all but the current one.
   */
  [Symbol.asyncIterator](): AsyncGenerator<ReceivedItem, void, undefined> {
    return endable(this.#items(), this.#stop);
  }

  async *#items(): AsyncGenerator<ReceivedItem, void, undefined> {
    const turns = new Turns();
    for await (const batch of this.#batches()) {
      for (let i = 0; i < batch.length; i++) {
        this.#progress = i;
        yield batch[i];
        const turn = turns.due();
        if (turn !== undefined) await turn;
      }
    }
  }

  /**
   * Iterates over many entries and gaps at a time: several times faster where there are many. Asking
   * for the next batch says that the one before was handled.
   *
   * @throws {StreamUnusableError} if there is no such stream, or somebody else uses the consumer
   * @throws {NatsRefusedError} if the server does not let us in
   * @throws {ClosedError} if a `link` is given that is closed, or is closed meanwhile
   * @throws {CorruptStateError} if the state file is damaged, or of another consumer
   * @throws {StateLockedError} if another process has the state file
   */
  batches(): AsyncGenerator<ReceivedItem[], void, undefined> {
    return endable(this.#batches(), this.#stop);
  }

  async *#batches(): AsyncGenerator<ReceivedItem[], void, undefined> {
    if (this.#hasStarted) throw new TypeError("what is received can be iterated over only once");
    this.#hasStarted = true;
    const { signal: given, link: givenLink } = this.#options;
    const { signal } = this.#stop;
    using _linked = abortWith(this.#stop, given);
    if (signal.aborted) return;
    const state = this.#openState();
    let link: NatsLink | undefined;
    let feed: Feed | undefined;
    try {
      link = givenLink ?? await NatsLink.open({
        ...pickOptions<NatsOptions>(this.#options, natsChecks),
        signal,
      });
      feed = await Feed.open(link, this.#options, signal);
      const isBeginning = feed.isNew || this.#sources.size > 0;
      yield* this.#run(feed, state, new HoleJudge(feed, this.#options.maxHold, isBeginning));
    } catch (error) {
      if (!given?.aborted && error !== signal.reason) throw error;
    } finally {
      // Whatever fails of it: nothing stays that would keep a process.
      try {
        state?.finish();
        feed?.done(state?.takeSaved() ?? []);
      } finally {
        await feed?.close();
        state?.close();
        if (link !== givenLink) await link?.close();
      }
    }
  }

  /** Opens the state file, and knows what is in it, or what we were told instead. */
  #openState(): ReceiveState | undefined {
    const { state: path, stream, consumer = "" } = this.#options;
    const state = path === undefined ? undefined : ReceiveState.open(path, { stream, consumer });
    for (const [log, last] of this.#start?.lasts ?? state?.lasts() ?? []) {
      this.#sources.add(log, last);
    }
    return state;
  }

  async *#run(
    feed: Feed,
    state: ReceiveState | undefined,
    judge: HoleJudge,
  ): AsyncGenerator<ReceivedItem[], void, undefined> {
    const { follow } = this.#options;
    const { signal } = this.#stop;
    const end = new FeedEnd(feed);
    let isAtEnd = !follow && feed.lastSequence === 0;
    while (!signal.aborted) {
      const isWaiting = this.#check.waiting.size > 0;
      const time = Math.min(
        isWaiting ? HOLE_INTERVAL : LONG,
        follow ? LONG : END_INTERVAL,
        state?.due ?? LONG,
      );
      const messages = isAtEnd ? [] : await feed.take(time, signal);
      if (signal.aborted) break;
      this.#now = performance.now();
      for (let i = 0; i < messages.length; i++) this.#take(messages[i]);
      if (!follow && !isAtEnd) isAtEnd = await end.isReached(messages.at(-1), this.#now);
      const isDue = this.#now - this.#judged >= JUDGE_INTERVAL || isAtEnd;
      if (this.#check.waiting.size > 0 && isDue) this.#judgeHoles(feed, judge, isAtEnd);
      if (this.#received.items.length > 0) {
        this.#progress = 0;
        let isHandled = false;
        try {
          yield this.#received.items;
          isHandled = true;
        } finally {
          if (!isHandled) this.#handle(this.#progress, feed, state);
        }
      }
      this.#handle(this.#received.items.length, feed, state);
      if (isAtEnd) return;
    }
  }

  /** The first so many items were handled. */
  #handle(count: number, feed: Feed, state: ReceiveState | undefined): void {
    const { items, messages } = this.#received.handled(count);
    if (state === undefined) feed.done(messages);
    else {
      for (const item of items) {
        state.reached(item.source, item.kind === "entry" ? item.sequenceNumber : item.to);
      }
      // What is acknowledged before it is in the file would be a hole for the next one.
      state.handled(messages, feed.mostUnacknowledged);
      feed.done(state.takeSaved());
    }
  }

  #take(message: FeedMessage): void {
    const { headers, data } = message.unpack();
    const decoded = decodeMessage(headers, data);
    if (decoded === undefined || !isSensible(decoded)) {
      this.#foreignMessages++;
      this.#received.skip(message);
      return;
    }
    const tracked = this.#sources.of(decoded);
    const { log } = tracked.source;
    const isSeen = tracked.last > 0 || tracked.held.length > 0;
    const { streamSequence } = message;
    if (decoded.kind === "gap") {
      const { from, to, reason } = decoded;
      if (!isSeen && this.#options.start !== "oldest") tracked.last = from - 1;
      this.#check.gap(tracked, from, to, reason, { message, entry: undefined }, this.#now);
      return;
    }
    const { sequenceNumber, time, payload, truncatedFrom } = decoded;
    if (!isSeen && this.#options.start !== "oldest") tracked.last = sequenceNumber - 1;
    const entryOf = (bytes: Uint8Array) =>
      new ReceivedEntry(log, sequenceNumber, time, bytes, truncatedFrom, streamSequence);
    const incoming: Incoming = { message, entry: entryOf(payload) };
    const { held, duplicates } = this.#check;
    this.#check.entry(tracked, sequenceNumber, incoming, payload.length, this.#now);
    // What waits for long must not keep all that it came with; what is here twice not even itself.
    if (this.#check.held > held) {
      const isTwice = this.#check.duplicates > duplicates;
      incoming.entry = isTwice ? undefined : entryOf(payload.slice());
    }
  }

  /** Gives up the holes that nothing more can come for; in the end all. */
  #judgeHoles(feed: Feed, judge: HoleJudge, isEnd: boolean): void {
    this.#judged = this.#now;
    for (const tracked of [...this.#check.waiting]) {
      for (;;) {
        const reason = judge.reasonOf(tracked, this.#now, isEnd);
        if (reason === undefined) break;
        this.#check.giveUp(tracked, reason);
      }
    }
    if (this.#check.waiting.size > 0 && this.#now - this.#refreshed > REFRESH_INTERVAL) {
      this.#refreshed = this.#now;
      void feed.refresh();
    }
  }
}

/** Whether names have lengths that names have: they are kept in tables. */
function isSensible({ host, name, segment }: LogSource): boolean {
  return host.length <= MOST_HOST && name.length <= MOST_NAME && segment.length <= MOST_SEGMENT;
}
