/**
 * What several logs say, as one sequence by time. Within a log the order is never changed: an item whose
 * time is before that of the item before it comes right after that.
 *
 * @module
 */

import { delay } from "./async.ts";
import { Turns, WorkTime } from "./following.ts";

/** Something that has a place in time; `-Infinity` comes first. */
export interface Timed {
  readonly time: number;
}

/** Orders items of the same time; asked of no others. */
export type FinerTime<T> = (item: T) => number;

/** A sequence with its next item. */
interface Head<T> {
  item: T;
  /** Where it stands among the others: of equal times the first comes first. */
  readonly place: number;
}

/** Heads of sequences, of which the earliest is found quickly: there may be thousands. */
class Heads<T extends Timed, H extends Head<T>> {
  readonly #heap: H[] = [];
  readonly #finerTime: FinerTime<T> | undefined;

  constructor(finerTime: FinerTime<T> | undefined) {
    this.#finerTime = finerTime;
  }

  /** The earliest one. */
  get first(): H | undefined {
    return this.#heap[0];
  }

  push(head: H): void {
    const heap = this.#heap;
    let at = heap.push(head) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(head, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = head;
  }

  /** Takes the first one out. */
  shift(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.sink();
  }

  /** Puts the first one in its place, after its item has changed. */
  sink(): void {
    const heap = this.#heap;
    const head = heap[0];
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1], heap[child])) child++;
      if (!this.#isBefore(heap[child], head)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = head;
  }

  #isBefore(a: H, b: H): boolean {
    if (a.item.time !== b.item.time) return a.item.time < b.item.time;
    const finer = this.#finerTime;
    const order = finer === undefined ? 0 : finer(a.item) - finer(b.item);
    return order === 0 ? a.place < b.place : order < 0;
  }
}

/**
 * Merges sequences: always the earliest of their next items; of the same time by `finerTime`, and of equal ones
 * that of the first one.
 */
export function merged<T extends Timed>(
  sequences: readonly Iterable<T>[],
  finerTime?: FinerTime<T>,
): Iterable<T> {
  return sequences.length === 1 ? sequences[0] : mergedAll(sequences, finerTime);
}

function* mergedAll<T extends Timed>(
  sequences: readonly Iterable<T>[],
  finerTime: FinerTime<T> | undefined,
): Generator<T> {
  interface Sequence extends Head<T> {
    rest: Iterator<T>;
  }
  const heads = new Heads<T, Sequence>(finerTime);
  for (const [place, sequence] of sequences.entries()) {
    const rest = sequence[Symbol.iterator]();
    const { value, done } = rest.next();
    if (!done) heads.push({ item: value, place, rest });
  }
  for (let head = heads.first; head !== undefined; head = heads.first) {
    yield head.item;
    const { value, done } = head.rest.next();
    if (done) heads.shift();
    else {
      head.item = value;
      heads.sink();
    }
  }
}

/** How long an item waits for earlier ones of other logs, in milliseconds; */
export const HOLD: number = 50;
/** and where other logs may begin: these are seen a little later. */
const HOLD_FOR_OTHERS = 250;
/** How many items of a log may wait; more are let through at once. */
const MOST_HELD = 4096;
/** How many items are given at once, about. */
const MOST_TAKEN = 8192;
/** How long to sleep while items wait, as a part of the time that they wait, */
const NAP = 1 / 10;
/** and while none came for a moment or for long, in milliseconds. */
const SLEEP = 30;
const LONG_SLEEP = 90;
/** From when on nothing came for long, in milliseconds. */
const DOZE_AFTER = 1000;
/** How many times longer than a round through all logs the sleep after it is, at least: busy, idle. */
const BUSY_FACTOR = 1;
const IDLE_FACTOR = 12;
/** How often to look for other logs, in milliseconds, and how many times longer than a look at least. */
const LOOK_EVERY = 100;
const LOOK_FACTOR = 20;

/** A log that is written just now. */
export interface LiveSource<T> {
  /**
   * What has come since the last call, without waiting; of very much a part. It may end the source: then it
   * is not called again.
   */
  poll(): T[];
  /** Whether nothing will come after what was given. */
  readonly isEnded: boolean;
}

/** How a {@linkcode LiveMerge} works. */
export interface LiveMergeOptions<T> {
  /** How long each item waits for earlier ones of other logs, in milliseconds. Default 50, with `look` 250. */
  hold?: number;
  /** Orders items of the same time. */
  finerTime?: FinerTime<T>;
  /** Called now and then: the place to add sources. With it the merge does not end with them. */
  look?: () => void;
  /** Ends the merge, without an error. */
  signal?: AbortSignal;
}

/** A source, and what of it waits. Its head is the first item. */
class Queue<T extends Timed> implements Head<T> {
  readonly source: LiveSource<T>;
  readonly place: number;
  #items: T[] = [];
  #arrivals: number[] = [];
  #head = 0;

  constructor(source: LiveSource<T>, place: number) {
    this.source = source;
    this.place = place;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The first one; there must be one. */
  get item(): T {
    return this.#items[this.#head];
  }

  /** When the first one came; `Infinity` if it is empty. */
  get arrival(): number {
    return this.#arrivals[this.#head] ?? Infinity;
  }

  /** Takes what has come. */
  poll(): number {
    if (this.source.isEnded) return 0;
    const items = this.source.poll();
    const now = items.length > 0 ? performance.now() : 0;
    for (const item of items) {
      this.#items.push(item);
      this.#arrivals.push(now);
    }
    return items.length;
  }

  shift(): T {
    const item = this.#items[this.#head++];
    if (this.#head === this.#items.length || this.#head >= MOST_HELD) {
      this.#items.splice(0, this.#head);
      this.#arrivals.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }
}

/**
 * Merges logs that are written just now. Each item waits a moment for earlier ones of the others, which
 * were written before but are seen later. All logs are looked at in rounds, by one timer: thousands that
 * are idle cost little.
 */
export class LiveMerge<T extends Timed> {
  readonly #options: LiveMergeOptions<T>;
  #queues: Queue<T>[] = [];
  #places = 0;
  #error: { cause: unknown } | undefined;

  constructor(options: LiveMergeOptions<T> = {}) {
    this.#options = options;
  }

  /** Adds a log. */
  add(source: LiveSource<T>): void {
    this.#queues.push(new Queue(source, this.#places++));
  }

  /**
   * What the logs give, as far as it has waited long enough; ends after all of them. May be called once.
   *
   * @throws {unknown} what one of the logs failed with, after what came before
   */
  async *merged(): AsyncGenerator<T[]> {
    const { look, signal } = this.#options;
    const { hold = look === undefined ? HOLD : HOLD_FOR_OTHERS } = this.#options;
    let lookDue = performance.now() + LOOK_EVERY;
    let cameAt = performance.now();
    const turns = new Turns();
    const [ofLook, ofRound] = [new WorkTime(), new WorkTime()];
    while (!signal?.aborted) {
      // A task of its own: others have their turn between two rounds.
      await turns.take();
      const start = performance.now();
      if (look !== undefined && start >= lookDue) {
        const places = this.#places;
        look();
        const now = performance.now();
        // Where one begins, others may, too.
        const factor = this.#places > places ? 0 : LOOK_FACTOR;
        lookDue = now + Math.max(LOOK_EVERY, factor * ofLook.took(now - start));
      }
      const count = this.#pollAll();
      const now = performance.now();
      if (count > 0) cameAt = now;
      const isLast = this.#error !== undefined ||
        (look === undefined && this.#queues.every(({ source }) => source.isEnded));
      const items = this.#takeDue(isLast ? Infinity : now - hold);
      if (items.length > 0) yield items;
      const rest = this.#queues.filter((queue) => queue.length > 0 || !queue.source.isEnded);
      this.#queues = rest;
      const isEmpty = rest.every(({ length }) => length === 0);
      if (isLast && isEmpty) {
        if (this.#error !== undefined) throw this.#error.cause;
        return;
      }
      // What is full, or gave a lot, has more.
      if (isLast || items.length >= MOST_TAKEN || count >= MOST_HELD || this.#isFull) continue;
      const round = ofRound.took(now - start);
      const pause = !isEmpty || now - cameAt < hold
        ? Math.max(NAP * Math.min(hold, HOLD_FOR_OTHERS), BUSY_FACTOR * round)
        : Math.max(now - cameAt < DOZE_AFTER ? SLEEP : LONG_SLEEP, IDLE_FACTOR * round);
      await delay(pause, { signal }).catch(() => {});
      turns.sleeps(performance.now());
    }
  }

  get #isFull(): boolean {
    return this.#queues.some(({ length }) => length >= MOST_HELD);
  }

  /** Looks at all logs of which not too much waits; returns how much came. */
  #pollAll(): number {
    let count = 0;
    for (const queue of this.#queues) if (queue.length < MOST_HELD) count += this.#poll(queue);
    return count;
  }

  #poll(queue: Queue<T>): number {
    if (this.#error !== undefined) return 0;
    try {
      return queue.poll();
    } catch (cause) {
      this.#error = { cause };
      return 0;
    }
  }

  /** The items up to the last one that came before a moment; all that are there if one log has too many. */
  #takeDue(moment: number): T[] {
    const limit = this.#isFull ? Infinity : moment;
    let due = 0;
    for (const { arrival } of this.#queues) if (arrival <= limit && arrival !== Infinity) due++;
    const taken: T[] = [];
    if (due === 0) return taken;
    // What has not waited: a log that had nothing was looked at before the others, and may have it now.
    if (limit === Infinity) {
      for (const queue of this.#queues) if (queue.length === 0 && this.#poll(queue) > 0) due++;
    }
    const heads = new Heads<T, Queue<T>>(this.#options.finerTime);
    for (const queue of this.#queues) if (queue.length > 0) heads.push(queue);
    while (due > 0 && taken.length < MOST_TAKEN) {
      const queue = heads.first!;
      if (queue.arrival <= limit) due--;
      taken.push(queue.shift());
      // The last one that it had: what came since may be earlier than that of others.
      if (queue.length === 0) this.#poll(queue);
      if (queue.length === 0) heads.shift();
      else {
        if (queue.arrival <= limit) due++;
        heads.sink();
      }
    }
    return taken;
  }
}
