/**
 * What is received from a stream: in order, once, with what is missing.
 *
 * @module
 */

import { NatsLink } from "./connect.ts";
import { Feed } from "./feed.ts";
import type { FeedMessage } from "./feed_message.ts";
import { decodeMessage, type LogMessage, type LogSource } from "./message.ts";
import {
  type MissingReason,
  ReceivedEntry,
  ReceivedGap,
  type ReceivedItem,
  type ReceiveSummary,
} from "./received.ts";
import {
  type CheckedOptions,
  checkReceiveOptions,
  type ReceiveOptions,
} from "./receive_options.ts";
import { ReceiveState } from "./receive_state.ts";
import { SequenceCheck, TrackedSource } from "./sequence_check.ts";
import { sourceKey } from "./source_key.ts";

/** What a program that keeps what it receives knows of before. */
export interface ReceptionStart {
  /** The last number of each log that was handled. */
  readonly lasts: Iterable<readonly [LogSource, number]>;
}

/** A message, and the entry in it. */
interface Incoming {
  readonly message: FeedMessage;
  entry: ReceivedEntry | undefined;
}

/** A log that entries come from. */
interface Source {
  readonly log: LogSource;
  /** The number in the stream of the last message that was given. */
  streamSequence: number;
  /** The number of the last entry that was handled. */
  handled: number;
}

type Tracked = TrackedSource<Source, Incoming, MissingReason>;

/** How many messages a forwarder may have on their way at once: within so many, order may be wrong. */
const REORDERED = 8192;
/** And within how many milliseconds. */
const REORDER_TIME = 2000;
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
  readonly #sources = new Map<string, Tracked>();
  #latest: Tracked | undefined;
  #hasStarted = false;
  /** Whether what was not given before is in the stream, or nowhere. */
  #isBeginning = false;
  #items: ReceivedItem[] = [];
  /** The messages of these items, and others of which nothing more comes; in order. */
  #messages: FeedMessage[] = [];
  /** How many of these messages are handled with the first so many items. */
  #marks: number[] = [];
  #progress = 0;
  #now = 0;
  #refreshed = -Infinity;
  #judged = -Infinity;
  #entries = 0;
  #bytes = 0;
  #gaps = 0;
  #missingEntries = 0;
  #unexplainedEntries = 0;
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
    const sink = {
      entry: (source: Source, _sequenceNumber: number, incoming: Incoming) => {
        const entry = incoming.entry!;
        this.#entries++;
        this.#bytes += entry.bytes.length;
        source.streamSequence = entry.streamSequence;
        this.#messages.push(incoming.message);
        this.#give(entry);
      },
      gap: ({ log }: Source, from: number, to: number, reason: MissingReason) => {
        const gap = new ReceivedGap(log, from, to, reason);
        this.#gaps++;
        this.#missingEntries += gap.count;
        if (reason === "unexplained") this.#unexplainedEntries += gap.count;
        this.#give(gap);
      },
      settled: ({ message }: Incoming) => void this.#messages.push(message),
    };
    const limits = {
      messages: this.#options.maxHeldMessages,
      bytes: this.#options.maxHeldBytes,
    };
    this.#check = new SequenceCheck(sink, limits, "unexplained");
  }

  /** What was received so far. */
  get summary(): ReceiveSummary {
    return {
      entries: this.#entries,
      bytes: this.#bytes,
      duplicates: this.#check.duplicates,
      gaps: this.#gaps,
      missingEntries: this.#missingEntries,
      unexplainedEntries: this.#unexplainedEntries,
      foreignMessages: this.#foreignMessages,
      sources: this.#sources.size,
      held: this.#check.held,
    };
  }

  /**
   * Iterates over the entries and gaps. Asking for the next one says that those before were handled;
   * to leave the loop says that of all but the current one.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedItem, void, undefined> {
    for await (const batch of this.batches()) {
      for (let i = 0; i < batch.length; i++) {
        this.#progress = i;
        yield batch[i];
      }
    }
  }

  /**
   * Iterates over many entries and gaps at a time: several times faster where there are many. Asking
   * for the next batch says that the one before was handled.
   *
   * @throws {StreamUnusableError} if there is no such stream, or somebody else uses the consumer
   * @throws {NatsRefusedError} if the server does not let us in
   * @throws {CorruptStateError} if the state file is damaged, or of another consumer
   * @throws {StateLockedError} if another process has the state file
   */
  async *batches(): AsyncGenerator<ReceivedItem[], void, undefined> {
    if (this.#hasStarted) throw new TypeError("what is received can be iterated over only once");
    this.#hasStarted = true;
    const { signal, link: given } = this.#options;
    if (signal?.aborted) return;
    const state = this.#openState();
    let link: NatsLink | undefined;
    let feed: Feed | undefined;
    try {
      link = given ?? await NatsLink.open(this.#options);
      feed = await Feed.open(link, this.#options, signal);
      this.#isBeginning = feed.isNew || this.#sources.size > 0;
      yield* this.#run(feed, state);
    } catch (error) {
      if (!signal?.aborted) throw error;
    } finally {
      try {
        state?.finish();
        if (feed !== undefined) {
          feed.done(state?.takeSaved() ?? []);
          await feed.close();
        }
      } finally {
        state?.close();
        if (link !== given) await link?.close();
      }
    }
  }

  /** Opens the state file, and knows what is in it, or what we were told instead. */
  #openState(): ReceiveState | undefined {
    const { state: path, stream, consumer = "" } = this.#options;
    const state = path === undefined ? undefined : ReceiveState.open(path, { stream, consumer });
    for (const [log, last] of this.#start?.lasts ?? state?.lasts() ?? []) {
      const { host, name, segment } = log;
      this.#add({ host, name, segment }, last);
    }
    return state;
  }

  async *#run(
    feed: Feed,
    state: ReceiveState | undefined,
  ): AsyncGenerator<ReceivedItem[], void, undefined> {
    const { follow, signal } = this.#options;
    let isAtEnd = !follow && feed.lastSequence === 0;
    while (!signal?.aborted) {
      const isWaiting = this.#check.waiting.size > 0;
      const time = Math.min(isWaiting ? HOLE_INTERVAL : LONG, state?.due ?? LONG);
      const messages = isAtEnd ? [] : await feed.take(time, signal);
      if (signal?.aborted) break;
      this.#now = performance.now();
      for (let i = 0; i < messages.length; i++) this.#take(messages[i]);
      const last = messages.at(-1);
      if (!follow && last !== undefined) {
        isAtEnd ||= last.pending === 0 || last.streamSequence >= feed.lastSequence;
      }
      const isDue = this.#now - this.#judged >= JUDGE_INTERVAL || isAtEnd;
      if (this.#check.waiting.size > 0 && isDue) this.#judgeHoles(feed, isAtEnd);
      if (this.#items.length > 0) {
        this.#progress = 0;
        let isHandled = false;
        try {
          yield this.#items;
          isHandled = true;
        } finally {
          if (!isHandled) this.#handle(this.#progress, feed, state);
        }
      }
      this.#handle(this.#items.length, feed, state);
      if (isAtEnd) return;
    }
  }

  /** The first so many items were handled. */
  #handle(count: number, feed: Feed, state: ReceiveState | undefined): void {
    const isWhole = count === this.#items.length;
    const messages = isWhole
      ? this.#messages
      : this.#messages.slice(0, count === 0 ? 0 : this.#marks[count - 1]);
    if (state === undefined) feed.done(messages);
    else {
      for (const item of isWhole ? this.#items : this.#items.slice(0, count)) {
        state.reached(item.source, item.kind === "entry" ? item.sequenceNumber : item.to);
      }
      // What is acknowledged before it is in the file would be a hole for the next one.
      state.handled(messages, feed.mostUnacknowledged);
      feed.done(state.takeSaved());
    }
    this.#items = [];
    this.#messages = [];
    this.#marks = [];
  }

  #give(item: ReceivedItem): void {
    this.#items.push(item);
    this.#marks.push(this.#messages.length);
  }

  #take(message: FeedMessage): void {
    const { headers, data } = message.unpack();
    const decoded = decodeMessage(headers, data);
    if (decoded === undefined || !isSensible(decoded)) {
      this.#foreignMessages++;
      this.#messages.push(message);
      return;
    }
    const tracked = this.#trackedOf(decoded);
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
    const { held } = this.#check;
    this.#check.entry(tracked, sequenceNumber, incoming, payload.length, this.#now);
    // What waits for long must not keep all that it came with.
    if (this.#check.held > held) incoming.entry = entryOf(payload.slice());
  }

  #trackedOf(log: LogMessage): Tracked {
    const latest = this.#latest;
    if (latest !== undefined) {
      const { segment, name, host } = latest.source.log;
      if (segment === log.segment && name === log.name && host === log.host) return latest;
    }
    const key = sourceKey(log);
    let tracked = this.#sources.get(key);
    if (tracked === undefined) {
      const { host, name, segment } = log;
      tracked = this.#add({ host, name, segment }, 0);
      this.#forget();
    } else {
      // The one that was heard of last stands last.
      this.#sources.delete(key);
      this.#sources.set(key, tracked);
    }
    return this.#latest = tracked;
  }

  #add(log: LogSource, last: number): Tracked {
    const tracked: Tracked = new TrackedSource({ log, streamSequence: 0, handled: last }, last);
    this.#sources.set(sourceKey(log), tracked);
    return tracked;
  }

  /** Forgets the source that was heard of longest ago, if there are too many. */
  #forget(): void {
    if (this.#sources.size <= this.#options.maxSources) return;
    for (const [key, tracked] of this.#sources) {
      if (tracked.held.length > 0) continue;
      this.#sources.delete(key);
      return;
    }
  }

  /** Gives up the holes that nothing more can come for; in the end all. */
  #judgeHoles(feed: Feed, isEnd: boolean): void {
    this.#judged = this.#now;
    for (const tracked of [...this.#check.waiting]) {
      for (let hole = tracked.hole; hole !== undefined; hole = tracked.hole) {
        const reason = this.#reasonOf(tracked, hole, feed, isEnd);
        if (reason === undefined) break;
        this.#check.giveUp(tracked, reason);
      }
    }
    if (this.#check.waiting.size > 0 && this.#now - this.#refreshed > REFRESH_INTERVAL) {
      this.#refreshed = this.#now;
      void feed.refresh();
    }
  }

  /** Why a hole is to be given up now; `undefined` if it is not. */
  #reasonOf(
    { source, last }: Tracked,
    { from, to, since }: { from: number; to: number; since: number },
    feed: Feed,
    isEnd: boolean,
  ): MissingReason | undefined {
    const age = this.#now - since;
    const { maxHold } = this.#options;
    const isBefore = last === 0 && !this.#isBeginning;
    const isForgotten = feed.firstSequence > source.streamSequence + 1;
    if (isBefore || isForgotten) {
      // What is not much may still come: the forwarder sends again what was not taken.
      const mayCome = to - from < REORDERED && age < Math.min(REORDER_TIME, maxHold);
      if (mayCome && !isEnd) return undefined;
      return isBefore ? "before this receiver" : "not in the stream";
    }
    return isEnd || age >= maxHold ? "unexplained" : undefined;
  }
}

/** Whether names have lengths that names have: they are kept in tables. */
function isSensible({ host, name, segment }: LogSource): boolean {
  return host.length <= MOST_HOST && name.length <= MOST_NAME && segment.length <= MOST_SEGMENT;
}
