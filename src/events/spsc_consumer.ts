/**
 * The consumer's side of a ring between two threads or processes.
 *
 * @module
 */

import { checkCount } from "../base/arguments.ts";
import { CorruptLogError } from "../errors.ts";
import { checkInto } from "../read_into.ts";
import type { EventMemory } from "./event_memory.ts";
import { EventView } from "./event_view.ts";
import {
  CONSUMER_WAITS_WORD,
  EVENT_HEADER_SIZE,
  HEAD_WORD,
  PRODUCER_WAITS_WORD,
  ringEventSize,
  TAIL_WORD,
} from "./layout.ts";
import { reentrant, type RingMemory } from "./ring_memory.ts";
import { type Wait, waitFor, waitForAsync, wake } from "./ring_wait.ts";
import type { StoredEvent } from "./stored_event.ts";
import { inspectable } from "../base/inspectable.ts";

/**
 * Takes events out of a {@linkcode SpscRingBuffer}. One thread of one process has it.
 *
 * A batch costs one atomic load and one atomic store, however many events there are.
 *
 * @example
 * ```ts
 * import { SpscRingBuffer } from "@ouroboros/log/events";
 *
 * const { producer, consumer } = SpscRingBuffer.create(1024).split();
 * producer.writeEvent({ timestamp: 1, type: 3 }, "hello");
 * if (consumer.waitNotEmpty(1000)) consumer.drain((event) => console.log(event.text)); // hello
 * console.log(consumer.isEmpty); // true
 * ```
 */
export class SpscConsumer {
  readonly #ring: RingMemory;
  readonly #words: Int32Array;
  readonly #view: EventView;
  #tail: number;
  // Where the producer was when we looked last: there is at least so much to read.
  #knownHead: number;
  #isDraining = false;
  // What copyTo() has copied and release() will free.
  #copied = 0;
  #copiedTail: number;

  /** Continues where the tail is. {@linkcode SpscRingBuffer.split} does this. */
  constructor(ring: RingMemory) {
    this.#ring = ring;
    this.#words = ring.memory.words;
    this.#view = new EventView(ring.memory);
    this.#tail = Atomics.load(this.#words, TAIL_WORD);
    this.#knownHead = this.#tail;
    this.#copiedTail = this.#tail;
    this.#look();
  }

  /**
   * Whether there is no event at this moment.
   *
   * @throws {CorruptLogError} if the producer's position is not valid
   */
  get isEmpty(): boolean {
    if (this.#tail === this.#knownHead) this.#look();
    return this.#tail === this.#knownHead;
  }

  /**
   * Takes the oldest event out.
   *
   * @returns a copy of it; `undefined` if there is no event
   * @throws {CorruptLogError} if the bytes contradict the format
   * @throws {ReentrantUseError} within a handler of `drain()`
   */
  readEvent(): StoredEvent | undefined {
    if (this.#isDraining) throw reentrant();
    if (this.isEmpty) return undefined;
    let event: StoredEvent | undefined;
    this.drain((view) => event = view.copy(), 1);
    return event;
  }

  /**
   * Takes the oldest event out into `into`: its header of 16 bytes, and its payload. Nothing is
   * allocated for it, but a view to copy from if it has more than 96 bytes.
   *
   * @returns the size of both in bytes; `undefined` if there is no event
   * @throws {RangeError} if it does not fit: it says how many bytes are needed, and nothing is taken
   * @throws {TypeError} if `into` is not a Uint8Array
   * @throws {CorruptLogError} if the bytes contradict the format
   * @throws {ReentrantUseError} within a handler of `drain()`
   *
   * @example
   * ```ts
   * import { EventHeader, SpscRingBuffer } from "@ouroboros/log/events";
   *
   * const { producer, consumer } = SpscRingBuffer.create(1024).split();
   * producer.writeEvent({ timestamp: 1, type: 3 }, new Uint8Array(10));
   * const into = new Uint8Array(EventHeader.SIZE + 1024);
   * const size = consumer.readInto(into) ?? 0;
   * console.log(EventHeader.decode(into).type, into.subarray(EventHeader.SIZE, size).length); // 3 10
   * ```
   */
  readInto(into: Uint8Array): number | undefined {
    if (this.#isDraining) throw reentrant();
    checkInto(into);
    if (this.isEmpty) return undefined;
    const tail = this.#tail;
    const length = this.#ring.copyOut(tail, (this.#knownHead - tail) >>> 0, into);
    this.#release((tail + ringEventSize(length)) | 0);
    return EVENT_HEADER_SIZE + length;
  }

  /**
   * Takes events out, oldest first, and shows each to `handler` in place; the room is released once,
   * at the end. If the handler throws, the event that it was called with stays in the ring.
   *
   * @returns how many were taken out
   * @throws {CorruptLogError} if the bytes contradict the format
   * @throws {RangeError} if `limit` is not an integer of at least 0, or Infinity
   * @throws {ReentrantUseError} if the handler takes events out of the same ring
   */
  drain(handler: (event: EventView) => void, limit: number = Infinity): number {
    if (this.#isDraining) throw reentrant();
    checkCount("limit", limit, 0);
    this.#look();
    const head = this.#knownHead;
    if (this.#tail === head) return 0;
    const ring = this.#ring;
    const view = this.#view;
    let tail = this.#tail;
    let count = 0;
    this.#isDraining = true;
    try {
      while (tail !== head && count < limit) {
        const length = ring.lengthAt(tail, (head - tail) >>> 0);
        ring.show(view, tail, length);
        handler(view);
        tail = (tail + ringEventSize(length)) | 0;
        count++;
      }
    } finally {
      this.#isDraining = false;
      if (count > 0) this.#release(tail);
    }
    return count;
  }

  /**
   * Blocks the thread until there is an event. Where the memory is shared between threads the
   * producer wakes it; on other memory, that of another process for instance, it looks every
   * millisecond.
   *
   * @param timeout in milliseconds. Default: no end
   * @returns whether there is one
   * @throws {RangeError} if the timeout is negative
   * @throws {CorruptLogError} if the producer's position is not valid
   */
  waitNotEmpty(timeout: number = Infinity): boolean {
    return waitFor(this.#wait(), timeout);
  }

  /**
   * As `waitNotEmpty()`, without blocking the thread.
   *
   * @returns whether there is one
   * @throws {DOMException} the reason of `signal` when it is aborted
   */
  waitNotEmptyAsync(timeout: number = Infinity, signal?: AbortSignal): Promise<boolean> {
    return waitForAsync(this.#wait(), timeout, signal);
  }

  /**
   * Copies events, without what lies between them, to `at` in another memory, as many as fit there.
   * They stay in the ring until `release()`.
   *
   * @internal
   */
  copyTo(target: EventMemory, at: number, limit: number): number {
    if (this.#isDraining) throw reentrant();
    checkCount("limit", limit, 0);
    this.#look();
    const ring = this.#ring;
    const head = this.#knownHead;
    let tail = this.#tail;
    let to = at;
    let count = 0;
    this.#copied = 0;
    this.#copiedTail = tail;
    while (tail !== head && count < limit) {
      // A run of events without padding between them is copied at once.
      const start = ring.place(tail);
      const room = Math.min(ring.untilEnd(start), target.size - to);
      let run = 0;
      let isPadded = false;
      while (tail !== head && count < limit && !isPadded) {
        const length = ring.lengthAt(tail, (head - tail) >>> 0);
        const size = EVENT_HEADER_SIZE + length;
        if (run + size > room) break;
        const inRing = ringEventSize(length);
        isPadded = inRing !== size;
        run += size;
        tail = (tail + inRing) | 0;
        count++;
        if (run === room) break;
      }
      if (run > 0) {
        target.copyFrom(ring.memory, start, run, to);
        this.#checkCopies(target, to, run);
      } else {
        // Either it continues at the front of the ring, or there is no more room.
        const length = ring.lengthAt(tail, (head - tail) >>> 0);
        run = EVENT_HEADER_SIZE + length;
        if (run > target.size - to) break;
        ring.copySplit(target, start, length, to);
        this.#checkCopies(target, to, run);
        tail = (tail + ringEventSize(length)) | 0;
        count++;
      }
      to += run;
    }
    this.#copied = to - at;
    this.#copiedTail = tail;
    return count;
  }

  /**
   * How many bytes the last `copyTo()` has copied.
   *
   * @internal
   */
  get copiedBytes(): number {
    return this.#copied;
  }

  /**
   * Takes out what the last `copyTo()` has copied.
   *
   * @internal
   */
  release(): void {
    this.#release(this.#copiedTail);
  }

  /**
   * The size of the oldest event, which must be there, with its header in bytes.
   *
   * @internal
   */
  nextSize(): number {
    const used = (this.#knownHead - this.#tail) >>> 0;
    return EVENT_HEADER_SIZE + this.#ring.lengthAt(this.#tail, used);
  }

  #wait(): Wait {
    return {
      words: this.#words,
      position: HEAD_WORD,
      flag: CONSUMER_WAITS_WORD,
      isOver: () => {
        this.#look();
        return this.#tail !== this.#knownHead;
      },
    };
  }

  #look(): void {
    // Acquire: pairs with the producer's store of the head: the events before it are whole.
    const head = Atomics.load(this.#words, HEAD_WORD);
    const used = (head - this.#tail) >>> 0;
    if (used > this.#ring.capacity || (used & 15) !== 0) {
      throw new CorruptLogError(
        `head ${head >>> 0} of the ring is not within its capacity of ${this.#ring.capacity} ` +
          `after tail ${this.#tail >>> 0}`,
        4 * HEAD_WORD,
      );
    }
    this.#knownHead = head;
  }

  #release(tail: number): void {
    this.#tail = tail;
    // Release: pairs with the producer's load of the tail: we have read all before it.
    Atomics.store(this.#words, TAIL_WORD, tail);
    wake(this.#words, TAIL_WORD, PRODUCER_WAITS_WORD);
  }

  /** A producer that changes lengths while we copy must not get a broken log out of us. */
  #checkCopies(target: EventMemory, from: number, size: number): void {
    const end = from + size;
    let at = from;
    while (end - at >= EVENT_HEADER_SIZE) at += EVENT_HEADER_SIZE + target.payloadLength(at);
    if (at === end) return;
    target.bytes.fill(0, from, end);
    throw new CorruptLogError("events of the ring changed while they were copied", 0);
  }
}

inspectable(SpscConsumer, "SpscConsumer", ["isEmpty"]);
