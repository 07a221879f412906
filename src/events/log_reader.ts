/**
 * The reader of an event log: what is before the write offset is whole and stays as it is.
 *
 * @module
 */

import { ClosedError, CorruptLogError, ReentrantUseError } from "../errors.ts";
import { type Fence, fullFence } from "../fence.ts";
import { bytesOf, type MemoryLike } from "../memory.ts";
import { checkInto } from "../read_into.ts";
import { EventMemory } from "./event_memory.ts";
import { EventView } from "./event_view.ts";
import { EventsAhead } from "./events_ahead.ts";
import {
  COUNT_WORD,
  CREATED_WORD,
  EVENT_HEADER_SIZE,
  LENGTH_OFFSET,
  LOG_HEADER_SIZE,
} from "./layout.ts";
import {
  brokenEvent,
  checkLog,
  checkLogSize,
  checkWriteOffset,
  writeOffset,
} from "./log_header.ts";
import { StoredEvent } from "./stored_event.ts";
import { callback, checkOptions } from "../base/options.ts";
import { keepFromTransfer } from "../untransferable.ts";
import { inspectable } from "../base/inspectable.ts";

/** Between two looks whether the memory is still there, in bytes. */
const STRETCH = 1 << 20;
/** How much is copied at once for events that are handed out, in bytes: more than any event has. */
const BLOCK = 1 << 17;

/** How an {@linkcode EventReader} gets at the memory. */
export interface EventReaderOptions {
  /** What keeps the looks in order. Default `fullFence`, which is right on every machine. */
  fence?: Fence;
  /** Called before each stretch of 1 MiB is looked at: throws if the memory is no longer there. */
  guard?: () => void;
  /** Returns the memory as it is now, when the log has grown beyond the one that is known. */
  remap?: () => MemoryLike;
}

/** A place in a log, for reading on from there. */
export interface EventCursor {
  /** The offset of the next event in bytes. */
  offset: number;
}

/**
 * Reads an event log in any memory, which it never writes to. On a file: {@linkcode EventLogReader}.
 *
 * Nothing in the log is believed: a write offset or a length that leads out of it is a
 * CorruptLogError, after the events before it were read.
 *
 * @example
 * ```ts
 * import { EventReader, EventWriter } from "@ouroboros/log/events";
 *
 * const memory = new ArrayBuffer(4096);
 * const writer = EventWriter.create(memory);
 * const reader = new EventReader(memory);
 * writer.writeEvent({ timestamp: 7, type: 1 }, new TextEncoder().encode("hello"));
 * reader.replay((event) => {
 *   console.log(event.timestamp, event.text); // 7 hello
 * });
 * ```
 */
export class EventReader implements Iterable<StoredEvent> {
  readonly #memory: EventMemory;
  readonly #fence: Fence;
  readonly #guard: (() => void) | undefined;
  readonly #remap: (() => MemoryLike) | undefined;
  // Those that readOn() is moving on, the inner one last.
  readonly #moving: EventCursor[] = [];
  readonly #ahead = new EventsAhead();
  #isClosed = false;

  /**
   * Opens the log in `memory`.
   *
   * @throws {UnsupportedLogError} if it is not an event log of version 1
   * @throws {CorruptLogError} if it is shorter than a header
   * @throws {RangeError} if it has 4 GiB or more
   * @throws {TypeError} if an option has the wrong type
   */
  constructor(memory: MemoryLike, options: EventReaderOptions = {}) {
    checkOptions("EventReader", options, { fence: callback, guard: callback, remap: callback });
    this.#fence = options.fence ?? fullFence;
    this.#guard = options.guard;
    this.#remap = options.remap;
    const bytes = bytesOf("memory", memory);
    checkLogSize(bytes.length);
    this.#guard?.();
    this.#memory = new EventMemory(bytes);
    checkLog(this.#memory);
    // Acquire: the magic before all else. Pairs with the store of the magic in EventWriter.create.
    this.#fence();
  }

  /**
   * How many events the header says there are at this moment. A writer counts after it has
   * published, so for a moment, or after a crash, there may be more.
   *
   * @throws {ClosedError} after `close()`
   */
  get eventCount(): number {
    this.#look();
    return Number(this.#memory.view.getBigUint64(4 * COUNT_WORD, true));
  }

  /**
   * When the log was created, in seconds since 1970.
   *
   * @throws {ClosedError} after `close()`
   */
  get createdAt(): number {
    this.#look();
    return Number(this.#memory.view.getBigInt64(4 * CREATED_WORD, true));
  }

  /**
   * Shows `handler` every event that is there when it is called, from the first one on, in place:
   * one view for all of them, nothing copied, nothing allocated per event.
   *
   * @returns how many there were
   * @throws {CorruptLogError} if the bytes contradict the format, after the events before that
   * @throws {ClosedError} after `close()`, also when the handler closes the reader
   */
  replay(handler: (event: EventView) => void): number {
    return this.readOn({ offset: LOG_HEADER_SIZE }, handler);
  }

  /**
   * As `replay()`, but from `cursor` on, which it moves on: only what is new since the last time. If
   * the handler throws, the cursor stands before the event that it was called with.
   *
   * @returns how many there were
   * @throws {CorruptLogError} if the bytes contradict the format, or the cursor is not a place in it
   * @throws {ClosedError} after `close()`, also when the handler closes the reader
   * @throws {ReentrantUseError} if the handler reads on from the same cursor
   *
   * @example
   * ```ts
   * import { EventReader, EventWriter } from "@ouroboros/log/events";
   *
   * const memory = new ArrayBuffer(4096);
   * const writer = EventWriter.create(memory);
   * const reader = new EventReader(memory);
   * const cursor = reader.start();
   * writer.writeEvent({ timestamp: 1, type: 0 }, new Uint8Array(1));
   * console.log(reader.readOn(cursor, () => {}), reader.readOn(cursor, () => {})); // 1 0
   * ```
   */
  readOn(cursor: EventCursor, handler: (event: EventView) => void): number {
    this.#checkFree(cursor);
    this.#moving.push(cursor);
    try {
      return this.#moveOn(cursor, handler);
    } catch (error) {
      // The handler has closed the reader: engines throw a TypeError where memory is looked at that is
      // gone.
      if (this.#isClosed && error instanceof TypeError) throw closed(error);
      throw error;
    } finally {
      this.#moving.pop();
    }
  }

  #moveOn(cursor: EventCursor, handler: (event: EventView) => void): number {
    const end = this.#acquire(cursor.offset);
    const memory = this.#memory;
    const view = new EventView(memory);
    let at = cursor.offset;
    let count = 0;
    while (at < end) {
      this.#look();
      const stop = Math.min(end, at + STRETCH);
      while (at < stop) {
        const length = memory.payloadLength(at);
        const next = at + EVENT_HEADER_SIZE + length;
        if (next > end) throw brokenEvent(at, end);
        view.show(memory, at, length);
        handler(view);
        if (this.#isClosed) throw closed();
        at = next;
        cursor.offset = next;
        count++;
      }
    }
    return count;
  }

  /**
   * Copies the next events from `cursor` on, which it moves on.
   *
   * @returns none if there is nothing new
   * @throws {CorruptLogError} if the bytes contradict the format, or the cursor is not a place in it
   * @throws {ClosedError} after `close()`
   * @throws {ReentrantUseError} within a handler that reads on from the same cursor
   */
  readCopies(cursor: EventCursor): StoredEvent[] {
    this.#checkFree(cursor);
    const end = this.#acquire(cursor.offset);
    const { offset } = cursor;
    const size = Math.min(end - offset, BLOCK);
    if (size === 0) return [];
    const block = new Uint8Array(this.#memory.bytes.subarray(offset, offset + size));
    // All events of the block share it.
    keepFromTransfer(block.buffer);
    const events: StoredEvent[] = [];
    let at = 0;
    while (size - at >= EVENT_HEADER_SIZE) {
      const length = block[at + LENGTH_OFFSET] | (block[at + LENGTH_OFFSET + 1] << 8);
      const next = at + EVENT_HEADER_SIZE + length;
      if (next > size) break;
      events.push(new StoredEvent(block, at, next));
      at = next;
    }
    // A block has room for any event: one at its front that does not end in it is broken.
    if (at === 0) throw brokenEvent(offset, end);
    cursor.offset += at;
    return events;
  }

  /**
   * Copies the next event from `cursor` on, which it moves on, into `into`: its header of 16 bytes, and
   * its payload. Nothing is allocated for it, but a view to copy from if it has more than 96 bytes.
   *
   * @returns the size of both in bytes; `undefined` if there is nothing new
   * @throws {RangeError} if it does not fit: it says how many bytes are needed, and the cursor stays
   * @throws {TypeError} if `into` is not a Uint8Array
   * @throws {CorruptLogError} if the bytes contradict the format, or the cursor is not a place in it
   * @throws {ClosedError} after `close()`
   * @throws {ReentrantUseError} within a handler that reads on from the same cursor
   *
   * @example
   * ```ts
   * import { EventHeader, EventReader, EventWriter } from "@ouroboros/log/events";
   *
   * const memory = new ArrayBuffer(4096);
   * const writer = EventWriter.create(memory);
   * const reader = new EventReader(memory);
   * const cursor = reader.start();
   * writer.writeEvent({ timestamp: 1, type: 3 }, new Uint8Array(10));
   * const into = new Uint8Array(EventHeader.SIZE + 1024);
   * const size = reader.readInto(cursor, into) ?? 0;
   * console.log(EventHeader.decode(into).type, into.subarray(EventHeader.SIZE, size).length); // 3 10
   * ```
   */
  readInto(cursor: EventCursor, into: Uint8Array): number | undefined {
    checkInto(into);
    this.#checkFree(cursor);
    if (this.#isClosed) throw closed();
    const { offset } = cursor;
    // What was published stays as it is: it is copied many events at a time, and handed out one by one.
    let size = this.#ahead.sizeAt(offset);
    if (size === 0) {
      const end = this.#acquire(offset);
      if (offset === end) return undefined;
      this.#ahead.fill(this.#memory, offset, end);
      size = this.#ahead.sizeAt(offset);
      // The block has room for any event: one at its front that does not end in it is broken.
      if (size === 0) throw brokenEvent(offset, end);
    }
    this.#ahead.copyTo(into, offset, size);
    cursor.offset = offset + size;
    return size;
  }

  /** A cursor at the first event. */
  start(): EventCursor {
    return { offset: LOG_HEADER_SIZE };
  }

  /**
   * A cursor after the last event that is there now.
   *
   * @throws {CorruptLogError} if the write offset leads out of the log
   * @throws {ClosedError} after `close()`
   */
  end(): EventCursor {
    return { offset: this.#acquire(LOG_HEADER_SIZE) };
  }

  /**
   * Iterates over copies of the events from the first one on, and ends where the writer is.
   *
   * @throws {CorruptLogError} if the bytes contradict the format
   * @throws {ClosedError} after `close()`
   */
  *[Symbol.iterator](): IterableIterator<StoredEvent> {
    const cursor = this.start();
    for (let events = this.readCopies(cursor); events.length > 0;) {
      yield* events;
      events = this.readCopies(cursor);
    }
  }

  /** Ends reading: from here on every look is an error. Copies stay good. */
  close(): void {
    this.#isClosed = true;
  }

  #checkFree(cursor: EventCursor): void {
    if (!this.#moving.includes(cursor)) return;
    throw new ReentrantUseError(
      "a handler can't read on from the cursor that it is called for: take one of its own",
    );
  }

  /** The write offset, checked, with the memory to it. */
  #acquire(from: number): number {
    this.#look();
    const end = writeOffset(this.#memory);
    if (end > this.#memory.size && this.#remap !== undefined) {
      // It must have been as large when the offset was stored; by now the writer may be further on.
      const memory = this.#remap();
      checkLogSize(memory.byteLength);
      this.#memory.moveTo(memory);
    }
    // Acquire: the offset before the events. Pairs with the store of the offset in EventWriter.
    this.#fence();
    checkWriteOffset(end, this.#memory.size);
    if (!(Number.isInteger(from) && from >= LOG_HEADER_SIZE && from <= end)) {
      throw new CorruptLogError(`offset ${from} is beyond the write offset ${end}`, end);
    }
    return end;
  }

  /** Throws if the memory must not be touched; no later look uses what an earlier one saw. */
  #look(): void {
    if (this.#isClosed) throw closed();
    this.#guard?.();
    this.#fence();
  }
}

function closed(cause?: unknown): ClosedError {
  return new ClosedError("the event log is closed: open it again", { cause });
}

inspectable(EventReader, "EventReader", ["eventCount", "createdAt"]);
