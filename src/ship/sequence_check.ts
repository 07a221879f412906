/**
 * Whether everything has come, once, and in order: the numbers of many sources, looked at one by one.
 *
 * A number that was there before is a duplicate. One that comes too early is held back until those
 * before it have come, or a gap record says that they won't, or somebody gives the hole up: then what
 * is missing is given as a gap, too. So what is given of a source, entries and gaps together, are all
 * numbers from the first one on, each once, in order.
 *
 * @module
 */

/** Who takes what is given. `S` is a source, `T` a message, `R` why a gap is one. */
export interface SequenceSink<S, T, R> {
  /** The next entry of a source. */
  entry(source: S, sequenceNumber: number, message: T): void;
  /** The next entries of a source are missing. */
  gap(source: S, from: number, to: number, reason: R): void;
  /** All that a message said has been given, here or before: nothing more comes of it. */
  settled(message: T): void;
}

/** How much may be held back, over all sources. */
export interface SequenceLimits {
  /** How many messages. */
  readonly messages: number;
  /** How many bytes of them. */
  readonly bytes: number;
}

/** A source, and how far it was given. */
export class TrackedSource<S, T, R> {
  /** Where the numbers come from. */
  readonly source: S;
  /** The last number that was given; 0 before the first one. */
  last: number;
  /** What came too early: by number, without overlaps, and never beginning with the next number. */
  readonly held: Held<T, R>[] = [];
  /** Those that share the limits with each other first: of one machine. */
  readonly group: string;

  /** Begins after number `last`. */
  constructor(source: S, last: number = 0, group: string = "") {
    this.source = source;
    this.last = last;
    this.group = group;
  }

  /** What is missing before something that is here already, and since when something waits for it. */
  get hole(): { from: number; to: number; since: number } | undefined {
    if (this.held.length === 0) return undefined;
    const [first] = this.held;
    return { from: this.last + 1, to: first.from - 1, since: first.time };
  }
}

/** An entry, or a part of a gap, that came too early. */
interface Held<T, R> {
  readonly from: number;
  readonly to: number;
  /** The entry, and others that say the same; of a part of a gap only those. */
  readonly messages: T[];
  readonly gap: GapRecord<T, R> | undefined;
  readonly size: number;
  /** When it came, in the caller's milliseconds. */
  readonly time: number;
}

/** A gap record of which parts are yet to be given. */
interface GapRecord<T, R> {
  readonly message: T;
  readonly reason: R;
  parts: number;
}

/** What is held back of several sources together. */
interface Group<S, T, R> {
  messages: number;
  bytes: number;
  /** Those of which something is held back; that of which it was first, first. */
  readonly waiting: Set<TrackedSource<S, T, R>>;
}

/** Gives the entries and gaps of many sources to a sink, in order. */
export class SequenceCheck<S, T, R> {
  readonly #sink: SequenceSink<S, T, R>;
  readonly #limits: SequenceLimits;
  readonly #overflow: R;
  readonly #waiting = new Set<TrackedSource<S, T, R>>();
  readonly #groups = new Map<string, Group<S, T, R>>();
  #heldMessages = 0;
  #heldBytes = 0;
  #duplicates = 0;

  /** Begins with nothing; `overflow` is why a hole is a gap that can't be held open any longer. */
  constructor(sink: SequenceSink<S, T, R>, limits: SequenceLimits, overflow: R) {
    this.#sink = sink;
    this.#limits = limits;
    this.#overflow = overflow;
  }

  /** How many messages said nothing new. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** How many messages are held back. */
  get held(): number {
    return this.#heldMessages;
  }

  /** The sources of which something is held back; that of which it was first, first. */
  get waiting(): ReadonlySet<TrackedSource<S, T, R>> {
    return this.#waiting;
  }

  /** Takes an entry of `size` bytes. */
  entry(
    tracked: TrackedSource<S, T, R>,
    sequenceNumber: number,
    message: T,
    size: number,
    time: number,
  ): void {
    if (sequenceNumber === tracked.last + 1 && tracked.held.length === 0) {
      tracked.last = sequenceNumber;
      this.#sink.entry(tracked.source, sequenceNumber, message);
    } else if (sequenceNumber <= tracked.last) {
      this.#duplicates++;
      this.#sink.settled(message);
    } else {
      this.#hold(tracked, sequenceNumber, message, size, time);
      this.#drain(tracked);
      this.#limit();
    }
  }

  /** Takes a gap record: its numbers won't come. Those that are here already stay what they are. */
  gap(
    tracked: TrackedSource<S, T, R>,
    from: number,
    to: number,
    reason: R,
    message: T,
    time: number,
  ): void {
    const record: GapRecord<T, R> = { message, reason, parts: 0 };
    const { held } = tracked;
    let next = Math.max(from, tracked.last + 1);
    let index = indexAfter(held, next - 1);
    while (next <= to) {
      const other = held[index];
      const end = Math.min(to, other === undefined ? Infinity : other.from - 1);
      if (next <= end) {
        const part = { from: next, to: end, messages: [], gap: record, size: 0, time };
        record.parts++;
        this.#insert(tracked, index++, part);
      }
      if (other === undefined) break;
      next = other.to + 1;
      index++;
    }
    if (record.parts === 0) {
      this.#duplicates++;
      // What says the same may wait itself: then this is settled with the last of it.
      if (to <= tracked.last) this.#sink.settled(message);
      else {
        held[indexAfter(held, to - 1)].messages.push(message);
        this.#count(tracked, 1, 0);
        this.#limit();
      }
      return;
    }
    this.#drain(tracked);
    this.#limit();
  }

  /** Gives the first hole of a source up, and gives what was waiting for it. */
  giveUp(tracked: TrackedSource<S, T, R>, reason: R): void {
    const { hole } = tracked;
    if (hole === undefined) return;
    tracked.last = hole.to;
    this.#sink.gap(tracked.source, hole.from, hole.to, reason);
    this.#drain(tracked);
  }

  #hold(
    tracked: TrackedSource<S, T, R>,
    sequenceNumber: number,
    message: T,
    size: number,
    time: number,
  ): void {
    const { held } = tracked;
    const index = indexAfter(held, sequenceNumber - 1);
    const other = held[index];
    const entry = {
      from: sequenceNumber,
      to: sequenceNumber,
      messages: [message],
      gap: undefined,
      size,
      time,
    };
    if (other === undefined || other.from > sequenceNumber) {
      this.#insert(tracked, index, entry);
    } else if (other.gap === undefined) {
      this.#duplicates++;
      // It is settled with the one that is here: to the server both may be the same.
      other.messages.push(message);
      this.#count(tracked, 1, 0);
    } else {
      // It is here after all: the gap ends before it, and continues after it.
      const { gap, time, messages } = other;
      this.#remove(tracked, index, 1);
      gap.parts--;
      const parts = [[other.from, sequenceNumber - 1], [sequenceNumber + 1, other.to]];
      const [before, after] = parts.map(([from, to]) =>
        from <= to ? { from, to, messages: [] as T[], gap, size: 0, time } : undefined
      );
      (after ?? entry).messages.push(...messages);
      for (const part of [after, entry, before]) {
        if (part === undefined) continue;
        if (part.gap !== undefined) part.gap.parts++;
        this.#insert(tracked, index, part);
      }
      if (gap.parts === 0) this.#sink.settled(gap.message);
    }
  }

  /** Gives all that is held back and is next. */
  #drain(tracked: TrackedSource<S, T, R>): void {
    const { held, source } = tracked;
    let count = 0;
    for (; count < held.length; count++) {
      const { from, to, messages, gap } = held[count];
      if (from > tracked.last + 1) break;
      tracked.last = to;
      if (gap === undefined) {
        this.#sink.entry(source, from, messages[0]);
        for (let i = 1; i < messages.length; i++) this.#sink.settled(messages[i]);
      } else {
        this.#sink.gap(source, from, to, gap.reason);
        if (--gap.parts === 0) this.#sink.settled(gap.message);
        for (const message of messages) this.#sink.settled(message);
      }
    }
    this.#remove(tracked, 0, count);
  }

  /**
   * Gives up holes until no more is held back than may be: those of the group that holds the most. What
   * one machine sends must not cost others what they wait for.
   */
  #limit(): void {
    const { messages, bytes } = this.#limits;
    while (this.#heldMessages > messages || this.#heldBytes > bytes) {
      const what = this.#heldMessages > messages ? "messages" : "bytes";
      let most: Group<S, T, R> | undefined;
      for (const group of this.#groups.values()) {
        if (most === undefined || group[what] > most[what]) most = group;
      }
      const [first] = most!.waiting;
      this.giveUp(first, this.#overflow);
    }
  }

  #insert(tracked: TrackedSource<S, T, R>, index: number, one: Held<T, R>): void {
    if (index === tracked.held.length) tracked.held.push(one);
    else tracked.held.splice(index, 0, one);
    this.#waiting.add(tracked);
    this.#count(tracked, countOf(one), one.size);
  }

  /** So much more is held back of a source. */
  #count(tracked: TrackedSource<S, T, R>, messages: number, bytes: number): void {
    this.#heldMessages += messages;
    this.#heldBytes += bytes;
    let group = this.#groups.get(tracked.group);
    if (group === undefined) {
      this.#groups.set(tracked.group, group = { messages: 0, bytes: 0, waiting: new Set() });
    }
    group.messages += messages;
    group.bytes += bytes;
    if (tracked.held.length > 0) group.waiting.add(tracked);
    else group.waiting.delete(tracked);
    if (group.waiting.size === 0) this.#groups.delete(tracked.group);
  }

  #remove(tracked: TrackedSource<S, T, R>, index: number, count: number): void {
    if (count === 0) return;
    for (const one of tracked.held.splice(index, count)) {
      this.#count(tracked, -countOf(one), -one.size);
    }
    if (tracked.held.length === 0) this.#waiting.delete(tracked);
  }
}

/** How many messages are held back with it. */
function countOf<T, R>({ messages, gap }: Held<T, R>): number {
  return messages.length + (gap === undefined ? 0 : 1);
}

/** The index of the first one that ends after `number`. Mostly that is behind the last one. */
function indexAfter<T, R>(held: readonly Held<T, R>[], number: number): number {
  let high = held.length;
  if (high === 0 || held[high - 1].to <= number) return high;
  let low = 0;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (held[middle].to <= number) low = middle + 1;
    else high = middle;
  }
  return low;
}
