/**
 * Hands each event of a ring to several consumers.
 *
 * @module
 */

import { checkCount } from "../base/arguments.ts";
import type { EventView } from "./event_view.ts";
import type { RingBuffer } from "./ring_buffer.ts";
import type { SpscConsumer } from "./spsc_consumer.ts";
import { inspectable } from "../base/inspectable.ts";

/** Where a dispatcher gets events from. */
export type EventSource = Pick<SpscConsumer | RingBuffer, "drain">;

/** What a dispatcher hands events to. */
export interface EventConsumer {
  /** What it is called in statistics. */
  readonly name: string;
  /**
   * Takes an event, which it sees in place: `event.copy()` is what it may keep. It may be asynchronous:
   * then the event counts when the promise is kept, or as failed when it is rejected. What it looks at
   * after its first `await` must be a copy.
   */
  consume(event: EventView): void;
  /** Finishes what it holds back. Called after each drain that delivered something. */
  flush?(): void;
}

/** What a consumer has got. */
export interface ConsumerStatistics {
  /** Its name. */
  name: string;
  /** How many events it took. */
  delivered: number;
  /** How many times it threw, in `consume` or in `flush`. */
  failed: number;
  /** What it threw last. */
  lastError: unknown;
}

/** What a dispatcher has done. */
export interface DispatcherStatistics {
  /** How many events were read. */
  read: number;
  /** How many times a consumer took one. */
  delivered: number;
  /** How many times a consumer threw instead, or at a flush. */
  failed: number;
  /** delivered / (delivered + failed), from 0 to 1; 1 before anything happened. */
  successRate: number;
  /** The same for each consumer. */
  consumers: ConsumerStatistics[];
}

interface Entry extends ConsumerStatistics {
  consumer: EventConsumer;
}

/**
 * Reads events from a ring and hands each to every consumer, in the order in which they were added.
 * A consumer that throws is counted, and keeps no other from its events.
 *
 * @example
 * ```ts
 * import { EventDispatcher, RingBuffer } from "@ouroboros/log/events";
 *
 * const ring = new RingBuffer(1024);
 * const dispatcher = new EventDispatcher(ring);
 * dispatcher.add({ name: "types", consume: (event) => void event.type });
 * dispatcher.add({ name: "broken", consume: () => { throw new Error("no"); } });
 * ring.writeEvent({ timestamp: 1, type: 3 }, new Uint8Array(10));
 * console.log(dispatcher.drain()); // 1
 * const { read, delivered, failed, successRate } = dispatcher.statistics();
 * console.log(read, delivered, failed, successRate); // 1 1 1 0.5
 * ```
 */
export class EventDispatcher {
  readonly #source: EventSource;
  readonly #entries: Entry[] = [];
  #read = 0;
  readonly #dispatch = (event: EventView): void => {
    this.#read++;
    const entries = this.#entries;
    for (let i = 0, { length } = entries; i < length; i++) deliver(entries[i], event);
  };

  /** Makes a dispatcher without consumers: events that it reads then are gone. */
  constructor(source: EventSource) {
    this.#source = source;
  }

  /** Adds a consumer. One that is added within `consume` gets the next event. */
  add(consumer: EventConsumer): this {
    this.#entries.push({
      consumer,
      name: consumer.name,
      delivered: 0,
      failed: 0,
      lastError: undefined,
    });
    return this;
  }

  /**
   * Hands out all events that are there.
   *
   * @returns how many were read
   * @throws {CorruptLogError} if the ring contradicts its format
   */
  drain(): number {
    return this.drainBatch(Infinity);
  }

  /**
   * Hands out up to `limit` events.
   *
   * @returns how many were read
   * @throws {CorruptLogError} if the ring contradicts its format
   * @throws {RangeError} if `limit` is not an integer of at least 1, or Infinity
   */
  drainBatch(limit: number): number {
    checkCount("limit", limit, 1);
    const count = this.#source.drain(this.#dispatch, limit);
    if (count > 0) this.flush();
    return count;
  }

  /** Lets every consumer finish what it holds back. */
  flush(): void {
    for (const entry of this.#entries) {
      if (entry.consumer.flush === undefined) continue;
      try {
        settle(entry, entry.consumer.flush(), 0);
      } catch (error) {
        fail(entry, error);
      }
    }
  }

  /** What was done so far. */
  statistics(): DispatcherStatistics {
    const consumers = this.#entries.map(({ name, delivered, failed, lastError }) => {
      return { name, delivered, failed, lastError };
    });
    const delivered = consumers.reduce((sum, { delivered }) => sum + delivered, 0);
    const failed = consumers.reduce((sum, { failed }) => sum + failed, 0);
    const attempts = delivered + failed;
    const successRate = attempts === 0 ? 1 : delivered / attempts;
    return { read: this.#read, delivered, failed, successRate, consumers };
  }
}

function deliver(entry: Entry, event: EventView): void {
  try {
    settle(entry, entry.consumer.consume(event), 1);
  } catch (error) {
    fail(entry, error);
  }
}

/** Counts `events` as delivered: at once, or when the promise of an asynchronous consumer is kept. */
function settle(entry: Entry, result: unknown, events: number): void {
  if (typeof (result as Partial<PromiseLike<unknown>> | undefined)?.then !== "function") {
    entry.delivered += events;
    return;
  }
  (result as PromiseLike<unknown>).then(
    () => void (entry.delivered += events),
    (error) => fail(entry, error),
  );
}

function fail(entry: Entry, error: unknown): void {
  entry.failed++;
  entry.lastError = error;
}

inspectable(EventDispatcher, "EventDispatcher", ["statistics"]);
