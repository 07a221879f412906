/**
 * A ring of events between two threads, or two processes.
 *
 * @module
 */

import { CorruptLogError, UnsupportedLogError } from "../errors.ts";
import { checkBuffer } from "../memory.ts";
import { EventMemory } from "./event_memory.ts";
import {
  CAPACITY_WORD,
  checkCapacity,
  RING_HEADER_SIZE,
  RING_MAGIC,
  RING_VERSION,
  RING_VERSION_WORD,
} from "./layout.ts";
import { RingMemory } from "./ring_memory.ts";
import { SpscConsumer } from "./spsc_consumer.ts";
import { SpscProducer } from "./spsc_producer.ts";
import { inspectable } from "../base/inspectable.ts";

/** The two sides of a ring. */
export interface SpscSides {
  /** Puts events in. */
  producer: SpscProducer;
  /** Takes events out. */
  consumer: SpscConsumer;
}

/**
 * A queue of events with one producer and one consumer, which may be in different threads, or, on
 * shared memory, in different processes. Nobody takes a lock.
 *
 * @example Between workers: post `ring.memory` to the other one
 * ```ts
 * import { SpscRingBuffer } from "@ouroboros/log/events";
 *
 * const ring = SpscRingBuffer.create(65536);
 * const { producer } = ring.split();
 * const { consumer } = SpscRingBuffer.attach(ring.memory).split(); // in the other worker
 * producer.writeEvent({ timestamp: 1, type: 3 }, new Uint8Array(10));
 * consumer.waitNotEmpty();
 * console.log(consumer.drain((event) => void event.type), consumer.isEmpty); // 1 true
 * ```
 *
 * @example Between processes
 * ```ts
 * import { SpscRingBuffer } from "@ouroboros/log/events";
 * import { SharedMemory } from "@ouroboros/log/ffi";
 *
 * const name = `/doc-ring-${process.pid}`;
 * using memory = SharedMemory.create(name, SpscRingBuffer.size(65536));
 * const { producer } = SpscRingBuffer.create(memory.buffer).split();
 * producer.writeEvent({ timestamp: 1, type: 3 }, new Uint8Array(10));
 *
 * using theirs = SharedMemory.open(name, { access: "read-write" }); // in the other process
 * const { consumer } = SpscRingBuffer.attach(theirs.buffer).split();
 * console.log(consumer.readEvent()?.payloadLength); // 10
 * SharedMemory.unlink(name);
 * ```
 */
export class SpscRingBuffer {
  /** The memory: what the other side must get. */
  readonly memory: ArrayBufferLike;
  /** The capacity in bytes. */
  readonly capacity: number;
  readonly #events: EventMemory;

  private constructor(events: EventMemory, capacity: number) {
    this.memory = events.bytes.buffer;
    this.capacity = capacity;
    this.#events = events;
  }

  /**
   * The size in bytes of the memory of a ring: 192 more than its capacity.
   *
   * @throws {RangeError} if the capacity is not a power of two from 64 to 2^30
   */
  static size(capacity: number): number {
    checkCapacity(capacity);
    return RING_HEADER_SIZE + capacity;
  }

  /**
   * Makes an empty ring.
   *
   * @param place a capacity in bytes, for a new SharedArrayBuffer; or a memory, whatever was in it,
   * of which the ring takes as much as a power of two allows
   * @throws {RangeError} if the capacity is not a power of two from 64 to 2^30, or the memory has no
   * room for 64
   */
  static create(place: number | ArrayBufferLike): SpscRingBuffer {
    if (typeof place !== "number") checkBuffer("place", place, ", or a capacity in bytes");
    const memory = typeof place === "number"
      ? new SharedArrayBuffer(SpscRingBuffer.size(place))
      : place;
    const capacity = typeof place === "number"
      ? place
      : 2 ** Math.min(Math.floor(Math.log2(Math.max(memory.byteLength - RING_HEADER_SIZE, 1))), 30);
    checkCapacity(capacity);
    const events = new EventMemory(memory);
    const { words } = events;
    words.fill(0, 0, RING_HEADER_SIZE >>> 2);
    words[RING_VERSION_WORD] = RING_VERSION;
    words[CAPACITY_WORD] = capacity;
    // Release: a side that sees the magic sees a ring. Pairs with the load in attach().
    Atomics.store(words, 0, RING_MAGIC);
    return new SpscRingBuffer(events, capacity);
  }

  /**
   * The ring that somebody else made in `memory`.
   *
   * @throws {UnsupportedLogError} if it is not a ring, or one of an unknown version
   * @throws {CorruptLogError} if its capacity does not fit into the memory
   */
  static attach(memory: ArrayBufferLike): SpscRingBuffer {
    checkBuffer("memory", memory);
    if (memory.byteLength < RING_HEADER_SIZE) {
      throw new UnsupportedLogError(
        `not a ring of events: ${memory.byteLength} bytes. SpscRingBuffer.create() makes one`,
      );
    }
    const events = new EventMemory(memory);
    const { words } = events;
    // Acquire: pairs with the store in create().
    const magic = Atomics.load(words, 0) >>> 0;
    const version = words[RING_VERSION_WORD] >>> 0;
    if (magic !== RING_MAGIC || version !== RING_VERSION) {
      throw new UnsupportedLogError(
        `not a ring of events: magic 0x${magic.toString(16)}, version ${version}`,
      );
    }
    const capacity = words[CAPACITY_WORD];
    try {
      checkCapacity(capacity);
      if (RING_HEADER_SIZE + capacity > events.size) throw new RangeError("it has not so many");
    } catch {
      throw new CorruptLogError(
        `capacity of ${capacity} bytes is not that of a ring in ${events.size} bytes`,
        4 * CAPACITY_WORD,
      );
    }
    return new SpscRingBuffer(events, capacity);
  }

  /**
   * The two sides, each to be used by one thread: a thread that needs only one does not touch the other. They
   * continue where those before them ended.
   *
   * @throws {CorruptLogError} if the positions contradict each other
   */
  split(): SpscSides {
    const ring = new RingMemory(this.#events, RING_HEADER_SIZE, this.capacity);
    const other = new RingMemory(this.#events, RING_HEADER_SIZE, this.capacity);
    return { producer: new SpscProducer(ring), consumer: new SpscConsumer(other) };
  }
}

inspectable(SpscRingBuffer, "SpscRingBuffer", ["capacity"]);
