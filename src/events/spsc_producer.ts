/**
 * The producer's side of a ring between two threads or processes.
 *
 * @module
 */

import { checkArray } from "../base/arguments.ts";
import { CorruptLogError, ReentrantUseError } from "../errors.ts";
import type { EventFields, EventInput } from "./event_header.ts";
import { checkEvent, payloadBytes } from "./event_memory.ts";
import {
  CONSUMER_WAITS_WORD,
  HEAD_WORD,
  PRODUCER_WAITS_WORD,
  ringEventSize,
  TAIL_WORD,
} from "./layout.ts";
import type { RingMemory } from "./ring_memory.ts";
import { type Wait, waitFor, waitForAsync, wake } from "./ring_wait.ts";
import { inspectable } from "../base/inspectable.ts";

/**
 * Puts events into a {@linkcode SpscRingBuffer}. One thread of one process has it.
 *
 * An event costs its bytes and one atomic store; where the consumer is, it looks only when there
 * seems to be no room.
 *
 * @example
 * ```ts
 * import { SpscRingBuffer } from "@ouroboros/log/events";
 *
 * const { producer } = SpscRingBuffer.create(64).split();
 * console.log(producer.writeEvent({ timestamp: 1, type: 3 }, new Uint8Array(40))); // true
 * console.log(producer.available, producer.waitNotFull(40, 1)); // 0 false
 * ```
 */
export class SpscProducer {
  readonly #ring: RingMemory;
  readonly #words: Int32Array;
  #head: number;
  // Where the consumer was when we looked last: there is at least so much room.
  #knownTail: number;

  /** Continues where the head is. {@linkcode SpscRingBuffer.split} does this. */
  constructor(ring: RingMemory) {
    this.#ring = ring;
    this.#words = ring.memory.words;
    this.#head = Atomics.load(this.#words, HEAD_WORD);
    this.#knownTail = this.#head;
    this.#look();
  }

  /** The largest payload that the ring takes, in bytes. */
  get maxPayload(): number {
    return this.#ring.maxPayload;
  }

  /**
   * How many bytes are free at this moment. An event takes its payload and 16 bytes, rounded up to a
   * multiple of 16.
   *
   * @throws {CorruptLogError} if the consumer's position is not valid
   */
  get available(): number {
    this.#look();
    return this.#room();
  }

  /**
   * Puts an event in.
   *
   * @returns whether there was room for it
   * @throws {RangeError} if the payload is larger than `maxPayload`, or a field is out of its range
   * @throws {TypeError} if the payload is neither text nor a Uint8Array
   * @throws {CorruptLogError} if the consumer's position is not valid
   */
  writeEvent(header: EventFields, payload: Uint8Array | string): boolean {
    const bytes = payloadBytes(payload);
    const { timestamp, type, flags = 0, reserved = 0 } = header;
    const { length } = bytes;
    this.#ring.checkFits(length);
    const size = ringEventSize(length);
    if (size > this.#room() && !this.#hasRoom(size)) return false;
    this.#ring.put(this.#head, timestamp, type, flags, reserved, bytes);
    this.#publish((this.#head + size) | 0);
    return true;
  }

  /**
   * Puts events in, in their order, and publishes them together.
   *
   * @returns how many of them: fewer than were given if there was no room for more
   * @throws {RangeError} if a payload or a field is out of its range: then none is put in
   * @throws {ReentrantUseError} if a getter of an event writes to the same place: then none of these is
   * @throws {TypeError} if they are not an array, or a payload is neither text nor a Uint8Array: then none is put in
   * @throws {CorruptLogError} if the consumer's position is not valid
   */
  writeMany(events: readonly EventInput[]): number {
    checkArray("events", events);
    const first = this.#head;
    let head = first;
    let count = 0;
    for (; count < events.length; count++) {
      const event = events[count];
      checkEvent(event, count);
      const { payload, timestamp, type, flags = 0, reserved = 0 } = event;
      const bytes = payloadBytes(payload);
      // A getter of the event may do anything.
      if (this.#head !== first) {
        throw new ReentrantUseError(
          "a getter of an event wrote to the same ring: give plain values",
        );
      }
      this.#ring.checkFits(bytes.length);
      const size = ringEventSize(bytes.length);
      if (size > this.#room(head) && !this.#hasRoom(size, head)) break;
      this.#ring.put(head, timestamp, type, flags, reserved, bytes);
      head = (head + size) | 0;
    }
    if (count > 0) this.#publish(head);
    return count;
  }

  /**
   * Blocks the thread until there is room for an event with a payload of `length` bytes. Where the
   * memory is shared between threads the consumer wakes it; on other memory, that of another process
   * for instance, it looks every millisecond.
   *
   * @param timeout in milliseconds. Default: no end
   * @returns whether there is room
   * @throws {RangeError} if `length` is more than `maxPayload`, or the timeout negative
   * @throws {CorruptLogError} if the consumer's position is not valid
   */
  waitNotFull(length: number = 0, timeout: number = Infinity): boolean {
    return waitFor(this.#waitFor(length), timeout);
  }

  /**
   * As `waitNotFull()`, without blocking the thread.
   *
   * @returns whether there is room
   * @throws {DOMException} the reason of `signal` when it is aborted
   */
  waitNotFullAsync(
    length: number = 0,
    timeout: number = Infinity,
    signal?: AbortSignal,
  ): Promise<boolean> {
    return waitForAsync(this.#waitFor(length), timeout, signal);
  }

  #waitFor(length: number): Wait {
    this.#ring.checkFits(length);
    const size = ringEventSize(length);
    return {
      words: this.#words,
      position: TAIL_WORD,
      flag: PRODUCER_WAITS_WORD,
      isOver: () => this.#hasRoom(size),
    };
  }

  #room(head: number = this.#head): number {
    return this.#ring.capacity - ((head - this.#knownTail) >>> 0);
  }

  #hasRoom(size: number, head: number = this.#head): boolean {
    this.#look();
    return size <= this.#room(head);
  }

  #look(): void {
    // Acquire: pairs with the consumer's store of the tail: it is done with what lies before, so
    // that we may overwrite it.
    const tail = Atomics.load(this.#words, TAIL_WORD);
    const used = (this.#head - tail) >>> 0;
    if (used > this.#ring.capacity || (used & 15) !== 0) {
      throw new CorruptLogError(
        `tail ${tail >>> 0} of the ring is not within its capacity of ${this.#ring.capacity} ` +
          `before head ${this.#head >>> 0}`,
        4 * TAIL_WORD,
      );
    }
    this.#knownTail = tail;
  }

  #publish(head: number): void {
    this.#head = head;
    // Release: pairs with the consumer's load of the head, so that it sees the events before it.
    Atomics.store(this.#words, HEAD_WORD, head);
    wake(this.#words, HEAD_WORD, CONSUMER_WAITS_WORD);
  }
}

inspectable(SpscProducer, "SpscProducer", ["maxPayload", "available"]);
