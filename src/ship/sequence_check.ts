/**
 * Whether everything has come, once, and in order: the numbers of many logs, looked at one by one.
 *
 * A number that was there before is a duplicate. One that comes too early is held back until those
 * before it have come, or a gap record says that they won't, or the hole is given up: then what is
 * missing is given as a gap, too. A message may say that numbers directly before it were left out on
 * purpose: they are given as a gap whose reason says so. So what is given of a log, entries and gaps together, are all numbers
 * from the first one on, each once, in order.
 *
 * @module
 */

import type { LogSource } from "./message.ts";
import type { MissingReason } from "./received.ts";

/** Takes what is given. `T` is a message. */
export interface SequenceSink<T> {
  entry(tracked: TrackedSource<T>, sequenceNumber: number, message: T): void;
  gap(tracked: TrackedSource<T>, from: number, to: number, reason: MissingReason): void;
  /** All that a message said has been given, here or before: nothing more comes of it. */
  settled(message: T): void;
}

/** How many messages, and how many bytes of them, may be held back over all logs. */
export interface SequenceLimits {
  readonly messages: number;
  readonly bytes: number;
}

/** A message that came too early. */
interface Held<T> {
  readonly from: number;
  readonly to: number;
  /** `undefined`: another part of a message that is held. */
  readonly message: T | undefined;
  readonly size: number;
  /** When it came, in the caller's milliseconds. */
  readonly time: number;
}

/** A gap record that came too early, or of which parts are yet to be given. */
interface HeldGap<T> extends Held<T> {
  readonly reason: MissingReason;
  /** Whether a part of it was given: else it is a duplicate. */
  isNew: boolean;
}

/** A log, and how far it was given. */
export class TrackedSource<T> {
  readonly log: LogSource;
  /** The last number that was given, and that the application has handled; 0 before the first one. */
  last: number;
  handled: number;
  /** When it was handled last, in the order of all logs. */
  turn = 0;
  /** The place of the last message that was given. */
  place = 0;
  /** What came too early, by number; of equal ones the first counts. An entry goes before a gap. */
  readonly entries: Held<T>[] = [];
  readonly gaps: HeldGap<T>[] = [];

  /** Begins after number `last`. */
  constructor(log: LogSource, last: number = 0) {
    this.log = log;
    this.last = this.handled = last;
  }

  /** What is missing before something that is here already, and since when something waits for it. */
  get hole(): { from: number; to: number; since: number } | undefined {
    const { entries: [entry], gaps: [gap], last } = this;
    const first = gap === undefined || entry?.from < gap.from ? entry : gap;
    return first && { from: last + 1, to: first.from - 1, since: first.time };
  }

  /** Whether something is held back. */
  get isWaiting(): boolean {
    return this.entries.length > 0 || this.gaps.length > 0;
  }
}

/** What is held back of the logs of a machine; that of which it was first, first. */
interface Group<T> {
  messages: number;
  bytes: number;
  readonly waiting: Set<TrackedSource<T>>;
}

/** Gives the entries and gaps of many logs to a sink, in order. */
export class SequenceCheck<T> {
  /** How many messages said nothing new. */
  duplicates = 0;
  /** How many messages are held back, and how many bytes of entries. */
  held = 0;
  #bytes = 0;
  readonly #sink: SequenceSink<T>;
  readonly #limits: SequenceLimits;
  readonly #groups = new Map<string, Group<T>>();

  constructor(sink: SequenceSink<T>, limits: SequenceLimits) {
    this.#sink = sink;
    this.#limits = limits;
  }

  /** The logs of which something is held back. */
  get waiting(): TrackedSource<T>[] {
    return [...this.#groups.values()].flatMap(({ waiting }) => [...waiting]);
  }

  /**
   * Takes an entry of `size` bytes, before which so many were left out on purpose; gives whether it is the
   * first one of its number.
   */
  entry(
    tracked: TrackedSource<T>,
    sequenceNumber: number,
    message: T,
    size: number,
    time: number,
    filtered: number = 0,
  ): boolean {
    if (filtered > 0) this.#filtered(tracked, sequenceNumber, filtered, time);
    const { entries, last } = tracked;
    if (sequenceNumber === last + 1 && !tracked.isWaiting) {
      tracked.last = sequenceNumber;
      this.#sink.entry(tracked, sequenceNumber, message);
      return true;
    }
    if (sequenceNumber <= last) {
      this.duplicates++;
      this.#sink.settled(message);
      return false;
    }
    const index = indexAfter(entries, sequenceNumber);
    const isTwice = index > 0 && entries[index - 1].from === sequenceNumber;
    if (isTwice) this.duplicates++;
    entries.splice(index, 0, { from: sequenceNumber, to: sequenceNumber, message, size, time });
    this.#hold(tracked, size);
    return !isTwice;
  }

  /** Takes a gap record: its numbers won't come. Those that are here already stay what they are. */
  gap(
    tracked: TrackedSource<T>,
    from: number,
    to: number,
    reason: MissingReason,
    message: T,
    time: number,
    filtered: number = 0,
  ): void {
    if (filtered > 0) this.#filtered(tracked, from, filtered, time);
    this.#addGap(tracked, { from, to, reason, message, size: 0, time, isNew: false });
  }

  /** So many numbers before `next` won't come, says a message that may have to wait for its turn. */
  #filtered(tracked: TrackedSource<T>, next: number, filtered: number, time: number): void {
    const [from, to] = [Math.max(next - filtered, tracked.last + 1), next - 1];
    if (from > to) return;
    const reason = "filtered";
    this.#addGap(tracked, { from, to, reason, message: undefined, size: 0, time, isNew: false });
  }

  #addGap(tracked: TrackedSource<T>, gap: HeldGap<T>): void {
    tracked.gaps.splice(indexAfter(tracked.gaps, gap.from), 0, gap);
    this.#hold(tracked, 0, gap.message === undefined ? 0 : 1);
  }

  /** Gives the first hole of a log up, and gives what was waiting for it. */
  giveUp(tracked: TrackedSource<T>, reason: MissingReason): void {
    const { hole } = tracked;
    if (hole === undefined) return;
    tracked.last = hole.to;
    this.#sink.gap(tracked, hole.from, hole.to, reason);
    this.#drain(tracked);
  }

  /**
   * One more is held back, until it is its turn. Where that is too much, holes are given up: those of the
   * group that holds the most. What one machine sends must not cost others what they wait for.
   */
  #hold(tracked: TrackedSource<T>, size: number, messages: number = 1): void {
    this.#count(tracked, messages, size);
    this.#drain(tracked);
    const limits = this.#limits;
    while (this.held > limits.messages || this.#bytes > limits.bytes) {
      const what = this.held > limits.messages ? "messages" : "bytes";
      let most: Group<T> | undefined;
      for (const group of this.#groups.values()) {
        if (most === undefined || group[what] > most[what]) most = group;
      }
      const [first] = most!.waiting;
      this.giveUp(first, "unexplained");
    }
  }

  #drain(tracked: TrackedSource<T>): void {
    const { entries, gaps } = tracked;
    let [entryCount, gapCount, partCount, bytes] = [0, 0, 0, 0];
    for (;;) {
      const next = tracked.last + 1;
      const entry = entries[entryCount];
      const gap = gaps[gapCount];
      if (entry?.from <= next) {
        entryCount++;
        bytes += entry.size;
        if (entry.from < next) this.#sink.settled(entry.message!);
        else {
          tracked.last = next;
          this.#sink.entry(tracked, next, entry.message!);
        }
      } else if (gap?.from <= next) {
        const to = Math.min(gap.to, entry === undefined ? Infinity : entry.from - 1);
        if (to >= next) {
          tracked.last = to;
          gap.isNew = true;
          this.#sink.gap(tracked, next, to, gap.reason);
        }
        if (gap.to > tracked.last) continue;
        gapCount++;
        if (gap.message === undefined) partCount++;
        else {
          if (!gap.isNew) this.duplicates++;
          this.#sink.settled(gap.message);
        }
      } else break;
    }
    if (entryCount + gapCount === 0) return;
    entries.splice(0, entryCount);
    gaps.splice(0, gapCount);
    this.#count(tracked, partCount - entryCount - gapCount, -bytes);
  }

  #count(tracked: TrackedSource<T>, messages: number, bytes: number): void {
    this.held += messages;
    this.#bytes += bytes;
    const { host } = tracked.log;
    let group = this.#groups.get(host);
    if (group === undefined) {
      this.#groups.set(host, group = { messages: 0, bytes: 0, waiting: new Set() });
    }
    group.messages += messages;
    group.bytes += bytes;
    if (tracked.isWaiting) group.waiting.add(tracked);
    else group.waiting.delete(tracked);
    if (group.waiting.size === 0) this.#groups.delete(host);
  }
}

/** The index behind all that begin with `number`, or before it. Mostly that is the end. */
function indexAfter<T>(held: readonly Held<T>[], number: number): number {
  let high = held.length;
  if (high === 0 || held[high - 1].from <= number) return high;
  let low = 0;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (held[middle].from <= number) low = middle + 1;
    else high = middle;
  }
  return low;
}
