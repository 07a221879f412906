/**
 * The writer of an event log: an event costs its bytes and one atomic store.
 *
 * @module
 */

import { checkArray } from "../base/arguments.ts";
import { ClosedError, ReentrantUseError } from "../errors.ts";
import type { MemoryLike } from "../memory.ts";
import type { EventFields, EventInput } from "./event_header.ts";
import { checkEvent, EventMemory, payloadBytes } from "./event_memory.ts";
import {
  COUNT_WORD,
  CREATED_WORD,
  EVENT_HEADER_SIZE,
  LOG_HEADER_SIZE,
  LOG_VERSION,
  LOG_VERSION_WORD,
  MAGIC_EVIL,
  MAGIC_EVTL,
  MAX_EVENT_SIZE,
  MIN_LOG_SIZE,
  WRITE_OFFSET_WORD,
} from "./layout.ts";
import { checkLogSize, type LogEnd } from "./log_header.ts";
import { recover, resume } from "./log_resume.ts";
import type { SpscConsumer } from "./spsc_consumer.ts";
import { callback, checkOptions, flag, integer, oneOf } from "../base/options.ts";
import { inspectable } from "../base/inspectable.ts";

/** How an {@linkcode EventWriter} continues when the log is full. */
export interface EventWriterOptions {
  /**
   * Returns a memory of at least `size` bytes that begins with what the log holds, or `undefined` if
   * no more memory is available. Without it a full log stays full.
   */
  grow?: (size: number) => MemoryLike | undefined;
}

/** How an event log is made. */
export interface CreateEventWriterOptions extends EventWriterOptions {
  /** When the log was created, in seconds since 1970. Default: now. */
  createdAt?: number;
  /** The magic: `"EVIL"` as the original's code, or `"EVTL"` as its documentation. Default `"EVIL"`. */
  magic?: "EVIL" | "EVTL";
  /**
   * Whether the memory is known to be zeros, as that of a new file is: then it is not cleared, which
   * would touch all of it. Default `false`.
   */
  isZeros?: boolean;
}

/**
 * Writes an event log in any memory. There must be one writer at a time. On a file:
 * {@linkcode EventLogWriter}.
 *
 * What an event consists of is stored first, the write offset then, the count last: whenever the
 * writer is killed, the log ends after a whole event, and what was reported as written is in it.
 *
 * @example
 * ```ts
 * import { EventReader, EventWriter } from "@ouroboros/log/events";
 *
 * const memory = new ArrayBuffer(4096);
 * const writer = EventWriter.create(memory);
 * console.log(writer.writeEvent({ timestamp: 1, type: 2 }, new Uint8Array(8))); // true
 * console.log(new EventReader(memory).eventCount, writer.available); // 1 4008
 * ```
 */
export class EventWriter {
  readonly #memory: EventMemory;
  // How far events may reach; -1 when closed.
  #limit: number;
  #offset: number;
  #count: number;
  readonly #grow: EventWriterOptions["grow"];

  private constructor(memory: EventMemory, end: LogEnd, options: EventWriterOptions) {
    this.#memory = memory;
    this.#limit = memory.size;
    this.#offset = end.offset;
    this.#count = end.count;
    this.#grow = options.grow;
  }

  /**
   * Makes an empty log of `memory`, whatever was in it, and returns its writer.
   *
   * @throws {RangeError} if the memory has less than 4,096 bytes, or 4 GiB or more, or `createdAt`
   * is not an integer
   * @throws {TypeError} if `magic` is not one of its values
   */
  static create(memory: MemoryLike, options: CreateEventWriterOptions = {}): EventWriter {
    checkOptions("EventWriter.create()", options, {
      grow: callback,
      createdAt: integer(Number.MIN_SAFE_INTEGER, undefined, "seconds since 1970"),
      magic: oneOf("EVIL", "EVTL"),
      isZeros: flag,
    });
    const { createdAt = Math.floor(Date.now() / 1000), magic = "EVIL" } = options;
    const events = new EventMemory(memory);
    if (events.size < MIN_LOG_SIZE) {
      throw new RangeError(
        `memory of ${events.size} bytes is less than the minimum of an event log, ${MIN_LOG_SIZE}`,
      );
    }
    checkLogSize(events.size);
    const { words, bytes, view } = events;
    words[0] = 0;
    if (!options.isZeros) bytes.fill(0);
    words[LOG_VERSION_WORD] = LOG_VERSION;
    view.setBigInt64(4 * CREATED_WORD, BigInt(createdAt), true);
    words[WRITE_OFFSET_WORD] = LOG_HEADER_SIZE;
    // Release: a reader that sees the magic sees a log. Pairs with the reader's fence after it has checked.
    Atomics.store(words, 0, magic === "EVIL" ? MAGIC_EVIL : MAGIC_EVTL);
    return new EventWriter(events, { offset: LOG_HEADER_SIZE, count: 0 }, options);
  }

  /**
   * Continues with the log in `memory`, after its last event. It walks along all events (some
   * nanoseconds each): a count that a crash left behind is put right, and what a killed writer left
   * unfinished after the end is cleared.
   *
   * @throws {UnsupportedLogError} if it is not an event log of version 1
   * @throws {CorruptLogError} if the write offset leads out of the log, or into an event: then
   * {@linkcode EventWriter.recover} finds what is there
   * @throws {RangeError} if it has 4 GiB or more
   * @throws {TypeError} if an option has the wrong type
   */
  static open(memory: MemoryLike, options: EventWriterOptions = {}): EventWriter {
    checkOptions("EventWriter.open()", options, { grow: callback });
    const events = new EventMemory(memory);
    checkLogSize(events.size);
    return new EventWriter(events, resume(events), options);
  }

  /**
   * Continues with a log whose header is damaged. If the write offset is the end of an event it is
   * believed; if not, the end is where a scan from the front finds no more events: at one that leads
   * out of the log, or that has type 0, no flags, and no payload, as unused room looks. The header is
   * written again.
   *
   * @throws {CorruptLogError} if it is shorter than a header
   * @throws {RangeError} if it has 4 GiB or more
   * @throws {TypeError} if an option has the wrong type
   *
   * @example
   * ```ts
   * import { EventWriter } from "@ouroboros/log/events";
   *
   * const memory = new ArrayBuffer(4096);
   * EventWriter.create(memory).writeEvent({ timestamp: 1, type: 2 }, new Uint8Array(8));
   * new Uint8Array(memory, 24, 8).fill(255); // the write offset
   * console.log(EventWriter.recover(memory).eventCount); // 1
   * ```
   */
  static recover(memory: MemoryLike, options: EventWriterOptions = {}): EventWriter {
    checkOptions("EventWriter.recover()", options, { grow: callback });
    const events = new EventMemory(memory);
    checkLogSize(events.size);
    return new EventWriter(events, recover(events), options);
  }

  /** How many events are in the log. */
  get eventCount(): number {
    return this.#count;
  }

  /** Where the next event goes, in bytes from the start of the log. */
  get writeOffset(): number {
    return this.#offset;
  }

  /** How many bytes are left for events, with their headers of 16 bytes, before the log must grow. */
  get available(): number {
    return Math.max(this.#limit - this.#offset, 0);
  }

  /**
   * Writes an event.
   *
   * @returns whether it is in the log: `false` if there is no room, and the log does not grow
   * @throws {RangeError} if the payload has more than 65,535 bytes, or a field is out of its range
   * @throws {TypeError} if the payload is neither text nor a Uint8Array
   * @throws {ClosedError} after `close()`
   */
  writeEvent(header: EventFields, payload: Uint8Array | string): boolean {
    const bytes = payloadBytes(payload);
    const { timestamp, type, flags = 0, reserved = 0 } = header;
    const offset = this.#offset;
    const next = offset + EVENT_HEADER_SIZE + bytes.length;
    if (next > this.#limit && !this.#makeRoom(next)) return false;
    this.#memory.put(offset, timestamp, type, flags, reserved, bytes);
    this.#publish(next, 1);
    return true;
  }

  /**
   * Writes events in their order, and publishes them together.
   *
   * @returns how many of them are in the log: fewer than were given if there is no room for more,
   * and the log does not grow
   * @throws {RangeError} if a payload or a field is out of its range: then none is written
   * @throws {ReentrantUseError} if a getter of an event writes to the same place: then none of these is
   * @throws {TypeError} if they are not an array, or a payload is neither text nor a Uint8Array: then none is written
   * @throws {ClosedError} after `close()`
   */
  writeMany(events: readonly EventInput[]): number {
    checkArray("events", events);
    if (this.#limit < 0) this.#makeRoom(0);
    const first = this.#offset;
    let next = first;
    let count = 0;
    try {
      for (; count < events.length; count++) {
        const event = events[count];
        checkEvent(event, count);
        const { payload, timestamp, type, flags = 0, reserved = 0 } = event;
        const bytes = payloadBytes(payload);
        // A getter of the event may do anything.
        if (this.#offset !== first) {
          throw new ReentrantUseError(
            "a getter of an event wrote to the same log: give plain values",
          );
        }
        const end = next + EVENT_HEADER_SIZE + bytes.length;
        if (end > this.#limit && !this.#makeRoom(end)) break;
        this.#memory.put(next, timestamp, type, flags, reserved, bytes);
        next = end;
      }
    } catch (error) {
      // They were not reported as written; a scan after a crash must not find them, either.
      if (this.#limit >= 0) this.#memory.bytes.fill(0, this.#offset, Math.max(next, this.#offset));
      throw error;
    }
    if (count > 0) this.#publish(next, count);
    return count;
  }

  /**
   * Moves events from a ring into the log: copies all there are at this moment, up to `limit`,
   * publishes them together, and releases them in the ring only then. Nothing is allocated per event.
   *
   * @returns how many were moved: 0 if the ring is empty, or the log full
   * @throws {CorruptLogError} if the ring contradicts its format: then none of this call is moved
   * @throws {ClosedError} after `close()`
   *
   * @example
   * ```ts
   * import { EventWriter, SpscRingBuffer } from "@ouroboros/log/events";
   *
   * const { producer, consumer } = SpscRingBuffer.create(1024).split();
   * producer.writeEvent({ timestamp: 1, type: 2 }, new Uint8Array(8));
   * const log = EventWriter.create(new ArrayBuffer(4096));
   * console.log(log.writeFrom(consumer), log.eventCount, consumer.isEmpty); // 1 1 true
   * ```
   */
  writeFrom(consumer: SpscConsumer, limit: number = Infinity): number {
    if (this.#limit < 0) this.#makeRoom(0);
    const offset = this.#offset;
    let count = consumer.copyTo(this.#memory, offset, limit);
    if (count === 0 && !consumer.isEmpty && this.available < MAX_EVENT_SIZE) {
      // What comes next does not fit, whatever it is.
      const next = offset + consumer.nextSize();
      if (next > this.#limit && !this.#makeRoom(next)) return 0;
      count = consumer.copyTo(this.#memory, offset, limit);
    }
    if (count === 0) return 0;
    this.#publish(offset + consumer.copiedBytes, count);
    consumer.release();
    return count;
  }

  /** Ends writing: from here on every write is an error. */
  close(): void {
    this.#limit = -1;
  }

  #publish(next: number, count: number): void {
    const { words } = this.#memory;
    this.#offset = next;
    this.#count += count;
    // Release: the events before the offset. Pairs with the fence of EventReader after it has loaded
    // the offset. The count may be seen, or a crash come, before or after its store: readers of ours
    // do not rely on it, a writer counts again.
    Atomics.store(words, WRITE_OFFSET_WORD, next);
    words[COUNT_WORD] = this.#count;
  }

  /** Gets room up to `end`; returns whether there is some. */
  #makeRoom(end: number): boolean {
    if (this.#limit < 0) throw new ClosedError("the event log is closed: open it again");
    const memory = this.#grow?.(end);
    if (memory === undefined) return false;
    checkLogSize(memory.byteLength);
    if (memory.byteLength < end) {
      throw new RangeError(`event log has ${memory.byteLength} bytes, but needs ${end}`);
    }
    this.#memory.moveTo(memory);
    this.#limit = memory.byteLength;
    return true;
  }
}

inspectable(EventWriter, "EventWriter", ["eventCount", "writeOffset", "available"]);
