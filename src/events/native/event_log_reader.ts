/**
 * The reader of an event log in a file.
 *
 * @module
 */

import { type Advice, MappedFile, STRONG_ORDER } from "../../../ffi/mod.ts";
import { ClosedError, SegmentTruncatedError } from "../../errors.ts";
import type { EventView } from "../event_view.ts";
import { type EventCursor, EventReader } from "../log_reader.ts";
import type { StoredEvent } from "../stored_event.ts";
import { compilerFence, fullFence } from "../../fence.ts";
import { polled } from "../../following.ts";
import {
  checkOptions,
  LONGEST_SLEEP,
  milliseconds,
  oneOf,
  signal as isSignal,
} from "../../base/options.ts";
import { inspectable } from "../../base/inspectable.ts";

export type { Advice };

/** How to wait for events to come. */
export interface EventFollowOptions {
  /** Ends the waiting, and with it the iteration, without an error. */
  signal?: AbortSignal;
  /** How long to sleep between two looks, in milliseconds. Default 10. */
  interval?: number;
  /** Where to begin: with the `"oldest"` event, or with those that are `"new"` from now on. Default `"oldest"`. */
  from?: "oldest" | "new";
}

/**
 * Reads a file of events that another process writes, wrote, or was killed while writing.
 *
 * The file is mapped read-only, and mapped again when it has grown. Nothing in it is believed: what
 * leads out of it is a CorruptLogError.
 *
 * @example
 * ```ts
 * import { tmpdir } from "node:os";
 * import { rmSync } from "node:fs";
 * import { EventLogReader, EventLogWriter } from "@ouroboros/log/events";
 *
 * const path = `${tmpdir()}/doc-replay-${process.pid}.log`;
 * using log = EventLogWriter.create(path);
 * using reader = EventLogReader.open(path);
 * log.writeEvent({ timestamp: 7, type: 1 }, new Uint8Array(100));
 * let bytes = 0;
 * console.log(reader.replay((event) => bytes += event.length), bytes); // 1 100
 * reader.close();
 * log.close();
 * rmSync(path);
 * ```
 */
export class EventLogReader implements Disposable, Iterable<StoredEvent> {
  readonly #file: MappedFile;
  readonly #reader: EventReader;

  private constructor(file: MappedFile) {
    this.#file = file;
    this.#reader = new EventReader(file.buffer, {
      fence: STRONG_ORDER ? compilerFence : fullFence,
      // Touching memory past a truncated end kills the process: look before each stretch.
      guard() {
        const size = file.currentSize();
        if (size < file.byteLength) throw truncated(file, size);
      },
      remap() {
        const before = file.byteLength;
        file.remap();
        if (file.byteLength < before) throw truncated(file, file.byteLength);
        return file.buffer;
      },
    });
  }

  /**
   * Opens the log, which must exist.
   *
   * @throws {SegmentNotFoundError} if it does not exist, or it is empty
   * @throws {PermissionDeniedError} if the system refuses access to it
   * @throws {UnsupportedLogError} if it is not an event log of version 1
   * @throws {CorruptLogError} if it is shorter than a header
   * @throws {RangeError} if it has 4 GiB or more
   * @throws {NativeUnavailableError} if this runtime gives no native memory
   */
  static open(path: string): EventLogReader {
    const file = MappedFile.open(path);
    try {
      return new EventLogReader(file);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Its path, absolute. */
  get path(): string {
    return this.#file.path;
  }

  /**
   * How many events the header says there are at this moment, see {@linkcode EventReader}.
   *
   * @throws {ClosedError} after `close()`
   */
  get eventCount(): number {
    return this.#reader.eventCount;
  }

  /**
   * When the log was created, in seconds since 1970.
   *
   * @throws {ClosedError} after `close()`
   */
  get createdAt(): number {
    return this.#reader.createdAt;
  }

  /**
   * Shows `handler` every event that is there now, from the first one on, in place: nothing is
   * copied, and nothing allocated per event.
   *
   * @returns how many there were
   * @throws {CorruptLogError} if the bytes contradict the format, after the events before that
   * @throws {SegmentTruncatedError} if the file became shorter
   * @throws {ClosedError} after `close()`, also when the handler closes the reader
   */
  replay(handler: (event: EventView) => void): number {
    return this.#reader.replay(handler);
  }

  /**
   * As `replay()`, from a place on, see {@linkcode EventReader.readOn}.
   *
   * @throws {CorruptLogError} if the bytes contradict the format, or the cursor is not a place in it
   * @throws {ReentrantUseError} if the handler reads on from the same cursor
   * @throws {SegmentTruncatedError} if the file became shorter
   * @throws {ClosedError} after `close()`, also when the handler closes the reader
   */
  readOn(cursor: EventCursor, handler: (event: EventView) => void): number {
    return this.#reader.readOn(cursor, handler);
  }

  /**
   * Copies the next event from `cursor` on, which it moves on, into `into`: its header of 16 bytes, and
   * its payload, see {@linkcode EventReader.readInto}.
   *
   * @returns the size of both in bytes; `undefined` if there is nothing new
   * @throws {RangeError} if it does not fit: it says how many bytes are needed, and the cursor stays
   * @throws {TypeError} if `into` is not a Uint8Array
   * @throws {CorruptLogError} if the bytes contradict the format, or the cursor is not a place in it
   * @throws {SegmentTruncatedError} if the file became shorter
   * @throws {ClosedError} after `close()`
   *
   * @example
   * ```ts
   * import { tmpdir } from "node:os";
   * import { rmSync } from "node:fs";
   * import { EventHeader, EventLogReader, EventLogWriter } from "@ouroboros/log/events";
   *
   * const path = `${tmpdir()}/doc-events-into-${process.pid}.log`;
   * using log = EventLogWriter.create(path);
   * log.writeEvent({ timestamp: 7, type: 1 }, new Uint8Array(100));
   * using reader = EventLogReader.open(path);
   * const cursor = reader.start();
   * const into = new Uint8Array(EventHeader.SIZE + 1024);
   * console.log(reader.readInto(cursor, into), EventHeader.decode(into).timestamp); // 116 7
   * console.log(reader.readInto(cursor, into)); // undefined
   * reader.close();
   * log.close();
   * rmSync(path);
   * ```
   */
  readInto(cursor: EventCursor, into: Uint8Array): number | undefined {
    return this.#reader.readInto(cursor, into);
  }

  /** A cursor at the first event. */
  start(): EventCursor {
    return this.#reader.start();
  }

  /**
   * A cursor after the last event that is there now.
   *
   * @throws {CorruptLogError} if the write offset leads out of the log
   * @throws {ClosedError} after `close()`
   */
  end(): EventCursor {
    return this.#reader.end();
  }

  /**
   * Iterates over copies of the events from the first one on, and ends where the writer is.
   *
   * @throws {CorruptLogError} if the bytes contradict the format
   * @throws {SegmentTruncatedError} if the file became shorter
   * @throws {ClosedError} after `close()`
   */
  [Symbol.iterator](): IterableIterator<StoredEvent> {
    return this.#reader[Symbol.iterator]();
  }

  /**
   * Iterates over copies of the events that are there and those to come, until `signal` is aborted:
   * then it ends without an error.
   *
   * @throws {CorruptLogError} if the bytes contradict the format
   * @throws {SegmentTruncatedError} if the file became shorter
   * @throws {ClosedError} after `close()`
   * @throws {TypeError} if an option has the wrong type
   * @throws {RangeError} if `interval` is not a time from 0 to 2^31 - 1 ms
   *
   * @example
   * ```ts
   * import { tmpdir } from "node:os";
   * import { rmSync } from "node:fs";
   * import { EventLogReader, EventLogWriter } from "@ouroboros/log/events";
   *
   * const path = `${tmpdir()}/doc-events-follow-${process.pid}.log`;
   * using log = EventLogWriter.create(path);
   * using reader = EventLogReader.open(path);
   * setTimeout(() => log.writeEvent({ timestamp: 7, type: 1 }, new Uint8Array(2)), 20);
   * for await (const event of reader.follow({ from: "new" })) {
   *   console.log(event.timestamp, event.payloadLength); // 7 2
   *   break;
   * }
   * reader.close();
   * log.close();
   * rmSync(path);
   * ```
   */
  follow(options: EventFollowOptions = {}): AsyncIterableIterator<StoredEvent> {
    checkOptions("follow()", options, {
      signal: isSignal,
      interval: milliseconds(0, LONGEST_SLEEP),
      from: oneOf("oldest", "new"),
    });
    if (this.#file.closed) {
      throw new ClosedError(`event log "${this.path}" is closed: open it again`);
    }
    const { signal, interval = 10, from = "oldest" } = options;
    let cursor: ReturnType<typeof this.start> | undefined;
    let events: StoredEvent[] = [];
    let given = 0;
    const next = () => {
      cursor ??= from === "new" ? this.end() : this.start();
      if (given >= events.length) {
        events = this.#reader.readCopies(cursor);
        given = 0;
      }
      return events[given++] as StoredEvent | undefined;
    };
    return polled(next, interval, signal);
  }

  /**
   * Tells the system how the file will be read: `"sequential"` reads ahead, `"random"` does not,
   * `"willneed"` begins to read all of it now. Only a hint.
   *
   * @throws {TypeError} if `advice` is not one of its values
   * @throws {ClosedError} after `close()`
   */
  advise(advice: Advice): void {
    this.#file.advise(advice);
  }

  /**
   * Whether a writer of this library has the log open now.
   *
   * @throws {ClosedError} after `close()`
   */
  isWriterAlive(): boolean {
    return this.#file.isLocked();
  }

  /** Unmaps the file. Copies of events stay good. May be called twice. */
  close(): void {
    this.#reader.close();
    this.#file.close();
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function truncated(file: MappedFile, size: number): SegmentTruncatedError {
  return new SegmentTruncatedError(
    `event log "${file.path}" was truncated from ${file.byteLength} to ${size} bytes`,
  );
}

inspectable(EventLogReader, "EventLogReader", ["path", "eventCount", "createdAt"]);
