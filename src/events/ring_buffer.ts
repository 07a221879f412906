/**
 * A ring of events for one thread.
 *
 * @module
 */

import { checkCount } from "../base/arguments.ts";
import type { EventFields } from "./event_header.ts";
import { EventMemory, payloadBytes } from "./event_memory.ts";
import { checkInto } from "../read_into.ts";
import { EventView } from "./event_view.ts";
import { checkCapacity, EVENT_HEADER_SIZE, ringEventSize } from "./layout.ts";
import { reentrant, RingMemory } from "./ring_memory.ts";
import type { StoredEvent } from "./stored_event.ts";
import { inspectable } from "../base/inspectable.ts";

/**
 * A queue of events in private memory: for one thread, without atomics. Between threads or processes:
 * {@linkcode SpscRingBuffer}.
 *
 * @example
 * ```ts
 * import { RingBuffer } from "@ouroboros/log/events";
 *
 * const ring = new RingBuffer(64);
 * console.log(ring.writeEvent({ timestamp: 1, type: 0 }, new Uint8Array(40))); // true
 * console.log(ring.writeEvent({ timestamp: 2, type: 0 }, new Uint8Array(40))); // false
 * console.log(ring.readEvent()?.timestamp, ring.isEmpty); // 1 true
 * ```
 */
export class RingBuffer {
  readonly #ring: RingMemory;
  readonly #view: EventView;
  // Free-running: the place is the remainder by the capacity.
  #head = 0;
  #tail = 0;
  #isDraining = false;

  /**
   * Makes an empty ring.
   *
   * @param capacity in bytes: a power of two from 64 to 2^30. An event takes its payload and 16
   * bytes, rounded up to a multiple of 16.
   * @throws {RangeError} if it is not
   */
  constructor(capacity: number) {
    checkCapacity(capacity);
    const memory = new EventMemory(new ArrayBuffer(capacity));
    this.#ring = new RingMemory(memory, 0, capacity);
    this.#view = new EventView(memory);
  }

  /** The capacity in bytes. */
  get capacity(): number {
    return this.#ring.capacity;
  }

  /** How many bytes are in use. */
  get used(): number {
    return (this.#head - this.#tail) >>> 0;
  }

  /** Whether there is no event in it. */
  get isEmpty(): boolean {
    return this.#head === this.#tail;
  }

  /**
   * Puts an event in.
   *
   * @returns whether there was room for it
   * @throws {RangeError} if the payload is larger than the ring ever takes, or a field is out of range
   * @throws {TypeError} if the payload is neither text nor a Uint8Array
   */
  writeEvent(header: EventFields, payload: Uint8Array | string): boolean {
    const bytes = payloadBytes(payload);
    const { timestamp, type, flags = 0, reserved = 0 } = header;
    this.#ring.checkFits(bytes.length);
    const size = ringEventSize(bytes.length);
    if (size > this.capacity - this.used) return false;
    this.#ring.put(this.#head, timestamp, type, flags, reserved, bytes);
    this.#head = (this.#head + size) | 0;
    return true;
  }

  /** Takes the oldest event out; `undefined` if there is no event. */
  readEvent(): StoredEvent | undefined {
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
   * @throws {ReentrantUseError} within a handler of `drain()`
   *
   * @example
   * ```ts
   * import { EventHeader, RingBuffer } from "@ouroboros/log/events";
   *
   * const ring = new RingBuffer(1024);
   * ring.writeEvent({ timestamp: 1, type: 3 }, new Uint8Array(10));
   * const into = new Uint8Array(EventHeader.SIZE + 1024);
   * const size = ring.readInto(into) ?? 0;
   * console.log(EventHeader.decode(into).type, into.subarray(EventHeader.SIZE, size).length); // 3 10
   * ```
   */
  readInto(into: Uint8Array): number | undefined {
    if (this.#isDraining) throw reentrant();
    checkInto(into);
    if (this.isEmpty) return undefined;
    const length = this.#ring.copyOut(this.#tail, this.used, into);
    this.#tail = (this.#tail + ringEventSize(length)) | 0;
    return EVENT_HEADER_SIZE + length;
  }

  /**
   * Takes events out, oldest first, and shows each to `handler` in place. If that throws, the event
   * that it was called with stays in the ring.
   *
   * @returns how many were taken out
   * @throws {RangeError} if `limit` is not an integer of at least 0, or Infinity
   * @throws {ReentrantUseError} if the handler takes events out of the same ring
   */
  drain(handler: (event: EventView) => void, limit: number = Infinity): number {
    if (this.#isDraining) throw reentrant();
    checkCount("limit", limit, 0);
    this.#isDraining = true;
    const head = this.#head;
    let count = 0;
    try {
      while (this.#tail !== head && count < limit) {
        const length = this.#ring.lengthAt(this.#tail, (head - this.#tail) >>> 0);
        this.#ring.show(this.#view, this.#tail, length);
        handler(this.#view);
        this.#tail = (this.#tail + ringEventSize(length)) | 0;
        count++;
      }
    } finally {
      this.#isDraining = false;
    }
    return count;
  }

  /** Throws all events away. */
  clear(): void {
    this.drain(() => {});
  }
}

inspectable(RingBuffer, "RingBuffer", ["capacity", "used"]);
