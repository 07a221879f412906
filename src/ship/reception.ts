/**
 * What is received: in order, once, with what is missing.
 *
 * @module
 */

import { abortWith } from "../async.ts";
import { endable, Turns } from "../following.ts";
import type { Incoming, ReceiveCarrier, Receiver } from "./carrier.ts";
import { isLoss } from "./message.ts";
import {
  type MissingReason,
  ReceivedEntry,
  ReceivedGap,
  type ReceivedItem,
  type ReceiveSummary,
} from "./received.ts";
import { type Reached, ReceiveState } from "./receive_state.ts";
import { SequenceCheck, type SequenceSink, type TrackedSource } from "./sequence_check.ts";
import { isSensible, TrackedSources } from "./tracked_sources.ts";

/** How to receive, whatever the carrier is. */
export interface ReceptionOptions {
  /**
   * The path of a file in which the last number of each log is kept, so that nothing is given twice
   * after a restart, not even what was handled and could not be acknowledged. With a `consumer` only.
   */
  state?: string;
  /** Whether to wait for more at the end of the stream. Default `true`. */
  follow?: boolean;
  /** Ends the iteration, without an error. */
  signal?: AbortSignal;
  /**
   * How long a message waits for one that comes before it, in milliseconds, until what is missing is
   * given as an unexplained gap. Default 30,000.
   */
  maxHold?: number;
  /** How many messages may wait so, over all logs. Default 65,536. */
  maxHeldMessages?: number;
  /** How many bytes of them. Default 64 MiB. */
  maxHeldBytes?: number;
  /**
   * Of how many logs the numbers are kept; of more, those that sent something longest ago are
   * forgotten, and start again. Default 65,536.
   */
  maxSources?: number;
}

/** What a program knows that keeps what it receives. */
export interface ReceptionStart {
  /** Whether the first entry of a log that is not known is to have number 1: else there is a gap. */
  readonly isOldest: boolean;
  /** The last number of each log that was handled. */
  readonly lasts?: Iterable<Reached>;
}

/** How often it is looked whether a hole is to be given up: at least, and at most, in milliseconds. */
const HOLE_INTERVAL = 100;
const JUDGE_INTERVAL = 20;
/** How often the carrier is asked which messages are forgotten, in milliseconds. */
const REFRESH_INTERVAL = 500;
/** How often it is asked whether that is the end, in milliseconds. */
const END_INTERVAL = 250;
/** How long to wait where nothing is to be done, in milliseconds. */
const LONG = 60_000;
/** How many messages a forwarder may have on their way at once: within so many, order may be wrong. */
const REORDERED = 8192;
/** And within how many milliseconds, mostly: it sends again what was refused. */
const REORDER_TIME = 2000;
/** And at most, where it says nothing else: it sends again what has had no answer for 5 s. */
const SILENCE_TIME = 7000;

/** A message that waits or is given, and the entry in it. */
interface Arrived {
  readonly message: Incoming;
  entry: ReceivedEntry | undefined;
  /** Whether nothing more comes of it. */
  isSettled: boolean;
}

type Tracked = TrackedSource<Arrived>;

/**
 * What is received, to be iterated over once: by entries and gaps, or by {@linkcode Reception.batches}.
 * `receive()` gives it.
 *
 * @example Many at a time
 * ```typescript
 * import { receive } from "@ouroboros/log/nats";
 *
 * const reception = receive({ stream: "LOGS", follow: false });
 * for await (const items of reception.batches()) {
 *   for (const item of items) {
 *     if (item.kind === "entry") console.log(item.source.host, item.sequenceNumber, item.text);
 *   }
 * }
 * console.log(reception.summary.entries, reception.summary.missingEntries);
 * ```
 */
export class Reception implements AsyncIterable<ReceivedItem> {
  readonly #carrier: ReceiveCarrier;
  readonly #options: ReceptionOptions;
  readonly #maxHold: number;
  readonly #start: ReceptionStart;
  readonly #check: SequenceCheck<Arrived>;
  readonly #sources: TrackedSources<Arrived>;
  readonly #stop = new AbortController();
  #hasStarted = false;
  #isBeginning = false;
  /** The items of the batch, of which logs, and how many messages are done with after each. */
  #items: ReceivedItem[] = [];
  #logs: Tracked[] = [];
  #marks: number[] = [];
  #messages: Incoming[] = [];
  /** How many items of the batch were handled. */
  #progress = 0;
  #epoch = -1;
  /** The place of the last message that was taken in this epoch, and those of the ones that wait. */
  #lastPlace = 0;
  readonly #heldPlaces = new Set<number>();
  #now = 0;
  #refreshed = -Infinity;
  #judged = -Infinity;
  readonly #counts = {
    entries: 0,
    bytes: 0,
    gaps: 0,
    missingEntries: 0,
    unexplainedEntries: 0,
    filteredEntries: 0,
    foreignMessages: 0,
    distrustedMessages: 0,
  };

  /** Prepares it; nothing happens until it is iterated over. The options are checked. */
  constructor(carrier: ReceiveCarrier, options: ReceptionOptions, start: ReceptionStart) {
    this.#carrier = carrier;
    this.#options = options;
    this.#start = start;
    this.#maxHold = options.maxHold ?? 30_000;
    const limits = {
      messages: options.maxHeldMessages ?? 65_536,
      bytes: options.maxHeldBytes ?? 64 << 20,
    };
    this.#sources = new TrackedSources(options.maxSources ?? 65_536);
    this.#check = new SequenceCheck(this.#sink(), limits);
  }

  /** What was received so far. */
  get summary(): ReceiveSummary {
    return {
      ...this.#counts,
      duplicates: this.#check.duplicates,
      sources: this.#sources.size,
      held: this.#check.held,
    };
  }

  /**
   * Iterates over the entries and gaps. Asking for the next one says that those before were handled;
   * to leave the loop says that of all but the current one.
   */
  [Symbol.asyncIterator](): AsyncGenerator<ReceivedItem, void, undefined> {
    return endable(this.#each(), this.#stop);
  }

  async *#each(): AsyncGenerator<ReceivedItem, void, undefined> {
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
   * @throws {StreamUnusableError} if there is no such stream, or another receiver uses the consumer
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
    const { signal: given, state: path } = this.#options;
    const { signal } = this.#stop;
    using _linked = abortWith(this.#stop, given);
    if (signal.aborted) return;
    const state = path === undefined ? undefined : new ReceiveState(path, this.#carrier.place);
    let receiver: Receiver | undefined;
    try {
      this.#sources.restore(this.#start.lasts ?? state?.lasts ?? []);
      receiver = await this.#carrier.open(signal);
      this.#isBeginning = receiver.isNew || this.#sources.size > 0;
      yield* this.#run(receiver, state);
    } catch (error) {
      if (!given?.aborted && error !== signal.reason) throw error;
    } finally {
      // Whatever fails of it: nothing stays that would keep a process.
      try {
        receiver?.done(state?.finish(() => this.#sources.reached()) ?? [], this.#floor);
      } finally {
        try {
          await receiver?.close();
        } finally {
          state?.close();
        }
      }
    }
  }

  async *#run(
    receiver: Receiver,
    state: ReceiveState | undefined,
  ): AsyncGenerator<ReceivedItem[], void, undefined> {
    const { follow = true } = this.#options;
    const { signal } = this.#stop;
    let isAtEnd = !follow && await receiver.isAtEnd();
    while (!signal.aborted) {
      const time = Math.min(
        this.#check.held > 0 ? HOLE_INTERVAL : LONG,
        follow ? LONG : END_INTERVAL,
        state?.due ?? LONG,
      );
      const messages = isAtEnd ? [] : await receiver.take(time);
      if (signal.aborted) break;
      this.#now = performance.now();
      for (let i = 0; i < messages.length; i++) this.#take(messages[i]);
      if (!follow && !isAtEnd) isAtEnd = await receiver.isAtEnd();
      const isDue = this.#now - this.#judged >= JUDGE_INTERVAL || isAtEnd;
      if (this.#check.held > 0 && isDue) this.#judgeHoles(receiver, isAtEnd);
      if (this.#items.length > 0) {
        this.#progress = 0;
        let isHandled = false;
        try {
          yield this.#items;
          isHandled = true;
        } finally {
          if (!isHandled) this.#handle(this.#progress, receiver, state);
        }
      }
      this.#handle(this.#items.length, receiver, state);
      if (isAtEnd) return;
    }
  }

  /** The first so many items were handled, and another batch begins. */
  #handle(count: number, receiver: Receiver, state: ReceiveState | undefined): void {
    const isWhole = count === this.#items.length;
    const last = count === 0 ? 0 : this.#marks[count - 1];
    const messages = isWhole ? this.#messages : this.#messages.slice(0, last);
    // What was not handled is to come again, with all that came after it.
    for (let i = messages.length; i < this.#messages.length; i++) {
      this.#lastPlace = Math.min(this.#lastPlace, this.#messages[i].place - 1);
    }
    if (state !== undefined) {
      for (let i = 0; i < count; i++) {
        const item = this.#items[i];
        const last = item.kind === "entry" ? item.sequenceNumber : item.to;
        this.#sources.handled(this.#logs[i], last);
      }
      // What is acknowledged before it is in the file would be a hole for the next one.
      const reached = () => this.#sources.reached();
      const saved = state.handled(messages, count > 0, receiver.mostUndone, reached);
      receiver.done(saved, this.#floor);
    } else if (messages.length > 0) receiver.done(messages, this.#floor);
    this.#items = [];
    this.#logs = [];
    this.#marks = [];
    this.#messages = [];
  }

  /** The place up to which all was handled. */
  get #floor(): number {
    const [first = Infinity] = this.#heldPlaces;
    return Math.min(first - 1, this.#lastPlace);
  }

  #take(message: Incoming): void {
    const { place, epoch } = message;
    // All comes again that was not done with: also what waits.
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#lastPlace = 0;
      this.#heldPlaces.clear();
    }
    this.#lastPlace = Math.max(this.#lastPlace, place);
    const said = message.unpack();
    if (said === undefined || said === "distrusted" || !isSensible(said)) {
      if (said === "distrusted") this.#counts.distrustedMessages++;
      else this.#counts.foreignMessages++;
      this.#messages.push(message);
      return;
    }
    const tracked = this.#sources.of(said);
    if (tracked.last === 0 && !tracked.isWaiting && !this.#start.isOldest) {
      tracked.last = (said.kind === "gap" ? said.from : said.sequenceNumber) - 1;
    }
    const arrived: Arrived = { message, entry: undefined, isSettled: false };
    if (said.kind === "gap") {
      const { from, to, reason, filtered } = said;
      this.#check.gap(tracked, from, to, reason, arrived, this.#now, filtered);
    } else {
      const { sequenceNumber, time, payload, truncatedFrom, filtered } = said;
      const { log } = tracked;
      const entryOf = (bytes: Uint8Array) =>
        new ReceivedEntry(log, sequenceNumber, time, bytes, truncatedFrom, place);
      arrived.entry = entryOf(payload);
      const { length } = payload;
      const isFirst = this.#check.entry(
        ...[tracked, sequenceNumber, arrived, length, this.#now, filtered] as const,
      );
      // What waits for long must not keep all that it came with; what is here twice not even itself.
      if (!arrived.isSettled) {
        arrived.entry = isFirst ? entryOf(new Uint8Array(payload)) : undefined;
      }
    }
    if (!arrived.isSettled) this.#heldPlaces.add(place);
  }

  #sink(): SequenceSink<Arrived> {
    const counts = this.#counts;
    return {
      entry: (tracked, _sequenceNumber, arrived) => {
        const { message, entry } = arrived;
        counts.entries++;
        counts.bytes += entry!.bytes.length;
        tracked.place = message.place;
        this.#settle(arrived);
        this.#give(tracked, entry!);
      },
      gap: (tracked, from, to, reason) => {
        const gap = new ReceivedGap(tracked.log, from, to, reason);
        if (reason === "filtered") counts.filteredEntries += gap.count;
        else if (isLoss(reason)) {
          counts.gaps++;
          counts.missingEntries += gap.count;
        }
        if (reason === "unexplained") counts.unexplainedEntries += gap.count;
        this.#give(tracked, gap);
      },
      settled: (arrived) => this.#settle(arrived),
    };
  }

  #settle(arrived: Arrived): void {
    const { message } = arrived;
    arrived.isSettled = true;
    if (this.#heldPlaces.size > 0) this.#heldPlaces.delete(message.place);
    this.#messages.push(message);
  }

  #give(tracked: Tracked, item: ReceivedItem): void {
    this.#items.push(item);
    this.#logs.push(tracked);
    this.#marks.push(this.#messages.length);
  }

  /** Gives up the holes that nothing more can come for; in the end all. */
  #judgeHoles(receiver: Receiver, isEnd: boolean): void {
    this.#judged = this.#now;
    for (const tracked of this.#check.waiting) {
      for (;;) {
        const reason = this.#reasonToGiveUp(tracked, receiver, isEnd);
        if (reason === undefined) break;
        this.#check.giveUp(tracked, reason);
      }
    }
    if (this.#check.held > 0 && this.#now - this.#refreshed > REFRESH_INTERVAL) {
      this.#refreshed = this.#now;
      void receiver.refresh();
    }
  }

  /** Why the first hole of a log is to be given up; `undefined` if it is not, or there is no hole. */
  #reasonToGiveUp(
    { hole, last, place }: Tracked,
    { firstPlace }: Receiver,
    isEnd: boolean,
  ): MissingReason | undefined {
    if (hole === undefined) return undefined;
    const age = this.#now - hole.since;
    // What was not given before is in the stream, or nowhere; or others have had it.
    const isBefore = last === 0 && !this.#isBeginning;
    if (!isBefore && firstPlace <= place + 1) {
      return isEnd || age >= this.#maxHold ? "unexplained" : undefined;
    }
    // What is not much may still come: the forwarder sends again what was not taken. At the beginning
    // nobody wants to wait for long; later others are given meanwhile.
    const patience = Math.min(isBefore ? REORDER_TIME : SILENCE_TIME, this.#maxHold);
    if (hole.to - hole.from < REORDERED && age < patience && !isEnd) return undefined;
    return isBefore ? "before this receiver" : "not in the stream";
  }
}
