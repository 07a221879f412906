/**
 * The writer of an event log in a file.
 *
 * @module
 */

import type { MappedFile } from "../../../ffi/mod.ts";
import {
  ClosedError,
  SegmentExistsError,
  SegmentNotFoundError,
  UnsupportedLogError,
} from "../../errors.ts";
import type { EventFields, EventInput } from "../event_header.ts";
import {
  LOG_HEADER_SIZE,
  LOG_VERSION,
  LOG_VERSION_WORD,
  MAGIC_EVIL,
  MAGIC_EVTL,
  MAX_LOG_SIZE,
  MIN_LOG_SIZE,
} from "../layout.ts";
import { EventWriter } from "../log_writer.ts";
import type { SpscConsumer } from "../spsc_consumer.ts";
import { makeFile, takeOver } from "./takeover.ts";
import {
  createChecks,
  type CreateEventLogOptions,
  openChecks,
  type OpenEventLogOptions,
  type RecoverEventLogOptions,
} from "./writer_options.ts";
import { checkOptions, flag } from "../../base/options.ts";
import { hasSlot, openSlot } from "../../slots.ts";
import { inspectable } from "../../base/inspectable.ts";

/** How often a file that comes and goes is tried before it is an error. */
const ATTEMPTS = 100;

/**
 * Writes events to a file that is mapped into memory: no system call per event. Each that was
 * reported as written is in the file, however this process ends; {@linkcode EventLogWriter.sync}
 * is for the machine.
 *
 * There is one writer at a time for a file, held by a lock that the kernel drops when the process
 * ends. (The original's writers know no such lock.)
 *
 * @example
 * ```ts
 * import { tmpdir } from "node:os";
 * import { rmSync } from "node:fs";
 * import { EventLogReader, EventLogWriter } from "@ouroboros/log/events";
 *
 * const path = `${tmpdir()}/doc-events-${process.pid}.log`;
 * using log = EventLogWriter.create(path, { capacity: 1 << 20, grow: 1 << 20 });
 * log.writeEvent({ timestamp: Date.now(), type: 1 }, new TextEncoder().encode("hello"));
 * log.flush();
 *
 * using reader = EventLogReader.open(path);
 * for (const event of reader) console.log(event.type, event.text); // 1 hello
 * reader.close();
 * log.close();
 * rmSync(path);
 * ```
 */
export class EventLogWriter implements Disposable {
  readonly #file: MappedFile;
  readonly #writer: EventWriter;

  private constructor(
    file: MappedFile,
    grow: number,
    open: (options: { grow: (size: number) => ArrayBuffer | undefined }) => EventWriter,
  ) {
    this.#file = file;
    this.#writer = open({ grow: (size) => growFile(file, size, grow) });
  }

  /**
   * Creates an empty log. With `{slot}` in the path it is the first of `0`, `1`, … in its place that no
   * living writer holds, and what a writer has left there is resumed.
   *
   * @throws {SegmentExistsError} if something is at this path, even a broken link
   * @throws {WriterLockedError} if another process took it at the same moment
   * @throws {NoSpaceError} if the disk has no room for it
   * @throws {PermissionDeniedError} if the system refuses
   * @throws {RangeError} if an option is out of its range
   * @throws {NativeUnavailableError} if this runtime gives no native memory
   * @throws {TypeError} if an option has the wrong type
   */
  static create(path: string, options: CreateEventLogOptions = {}): EventLogWriter {
    checkOptions("EventLogWriter.create()", options, createChecks);
    if (!hasSlot(path)) return EventLogWriter.#create(path, options);
    return openSlot(path, options.slots, (slot) => {
      for (let attempt = 1;; attempt++) {
        try {
          return EventLogWriter.#create(slot, options);
        } catch (error) {
          if (!(error instanceof SegmentExistsError)) throw error;
        }
        try {
          return EventLogWriter.#open(slot, options);
        } catch (error) {
          // Somebody has removed it in between.
          if (!(error instanceof SegmentNotFoundError) || attempt === ATTEMPTS) throw error;
        }
      }
    });
  }

  static #create(path: string, options: CreateEventLogOptions): EventLogWriter {
    const { capacity = 1 << 20, createdAt, magic, mode, grow = 0, prefault = false } = options;
    const size = Math.max(capacity, MIN_LOG_SIZE);
    const format = (file: MappedFile) =>
      void EventWriter.create(file.buffer, { isZeros: true, createdAt, magic });
    return makeFile(path, size, mode, format, (file) => {
      if (prefault) file.touch();
      return new EventLogWriter(file, grow, (how) => EventWriter.open(file.buffer, how));
    });
  }

  /**
   * Continues with a log after its last event. It walks along all events once. With `{slot}` in the path it is
   * the first of `0`, `1`, … in its place that no living writer holds.
   *
   * @throws {SegmentNotFoundError} if it does not exist, or it is empty
   * @throws {WriterLockedError} if it has a writer that is alive
   * @throws {UnsupportedLogError} if it is not an event log of version 1
   * @throws {CorruptLogError} if its header contradicts its events: {@linkcode EventLogWriter.recover}
   * finds what is there
   * @throws {PermissionDeniedError} if the system refuses, or it belongs to another user
   * @throws {SystemCallError} if it is a symbolic link, or no regular file
   * @throws {TypeError} if an option has the wrong type
   */
  static open(path: string, options: OpenEventLogOptions = {}): EventLogWriter {
    checkOptions("EventLogWriter.open()", options, openChecks);
    return openSlot(path, options.slots, (slot) => EventLogWriter.#open(slot, options));
  }

  static #open(path: string, { grow = 0 }: OpenEventLogOptions): EventLogWriter {
    return takeOver(path, (file) => {
      return new EventLogWriter(file, grow, (how) => EventWriter.open(file.buffer, how));
    });
  }

  /**
   * Continues with a log whose header is damaged: see {@linkcode EventWriter.recover}.
   *
   * @throws {UnsupportedLogError} if the file does not say that it is an event log, unless `force`
   * is set
   * @throws {OuroborosError} what {@linkcode EventLogWriter.open} throws, but for a header that
   * contradicts the events
   * @throws {TypeError} if an option has the wrong type
   *
   * @example
   * ```ts
   * import { tmpdir } from "node:os";
   * import { rmSync, writeFileSync } from "node:fs";
   * import { EventLogWriter } from "@ouroboros/log/events";
   *
   * const path = `${tmpdir()}/doc-recover-${process.pid}.log`;
   * EventLogWriter.create(path).close();
   * writeFileSync(path, new Uint8Array(4096).fill(0, 0, 64)); // all gone
   * using log = EventLogWriter.recover(path, { force: true });
   * console.log(log.eventCount); // 0
   * log.close();
   * rmSync(path);
   * ```
   */
  static recover(path: string, options: RecoverEventLogOptions = {}): EventLogWriter {
    checkOptions("EventLogWriter.recover()", options, { ...openChecks, force: flag });
    const { grow = 0, force = false } = options;
    return takeOver(path, (file) => {
      if (!force && !saysItIsALog(file)) {
        throw new UnsupportedLogError(
          `file "${path}" is not marked as an event log; use { force: true } if it is one`,
        );
      }
      return new EventLogWriter(file, grow, (how) => EventWriter.recover(file.buffer, how));
    });
  }

  /** Its path, absolute. */
  get path(): string {
    return this.#file.path;
  }

  /** How many events are in the log. */
  get eventCount(): number {
    return this.#writer.eventCount;
  }

  /** Where the next event goes, in bytes from the start of the file. */
  get writeOffset(): number {
    return this.#writer.writeOffset;
  }

  /** The size of the file in bytes. */
  get capacity(): number {
    return this.#file.byteLength;
  }

  /** How many bytes are left for events, with their headers of 16 bytes, before the file must grow. */
  get available(): number {
    return this.#writer.available;
  }

  /**
   * Writes an event.
   *
   * @returns whether it is in the log: `false` if there is no room, and the log does not grow (a file
   * of 4 GiB never does)
   * @throws {NoSpaceError} if the disk has no room to grow: then it is not written
   * @throws {RangeError} if the payload has more than 65,535 bytes, or a field is out of its range
   * @throws {TypeError} if the payload is neither text nor a Uint8Array
   * @throws {ClosedError} after `close()`
   */
  writeEvent(header: EventFields, payload: Uint8Array | string): boolean {
    return this.#writer.writeEvent(header, payload);
  }

  /**
   * Writes events in their order, and publishes them together.
   *
   * @returns how many of them are in the log: fewer than were given if there is no room for more,
   * and the log does not grow
   * @throws {NoSpaceError} if the disk has no room to grow: then none is written
   * @throws {RangeError} if a payload or a field is out of its range: then none is written
   * @throws {ReentrantUseError} if a getter of an event writes to the same place: then none of these is
   * @throws {TypeError} if they are not an array, or a payload is neither text nor a Uint8Array: then none is written
   * @throws {ClosedError} after `close()`
   */
  writeMany(events: readonly EventInput[]): number {
    return this.#writer.writeMany(events);
  }

  /**
   * Moves events from a ring into the log, see {@linkcode EventWriter.writeFrom}.
   *
   * @returns how many were moved: 0 if the ring is empty, or the log full
   * @throws {NoSpaceError} if the disk has no room to grow: then they stay in the ring
   * @throws {CorruptLogError} if the ring contradicts its format
   * @throws {ClosedError} after `close()`
   */
  writeFrom(consumer: SpscConsumer, limit?: number): number {
    return this.#writer.writeFrom(consumer, limit);
  }

  /**
   * Waits until all that was written is on the disk (msync).
   *
   * @throws {SystemCallError} if the disk refuses
   * @throws {ClosedError} after `close()`
   */
  flush(): void {
    this.#file.flush();
  }

  /**
   * As `flush()`, without blocking the thread.
   *
   * @returns what is resolved when it is on the disk
   * @throws {SystemCallError} if the disk refuses
   * @throws {ClosedError} after `close()`
   */
  async flushAsync(): Promise<void> {
    if (this.#file.closed) {
      throw new ClosedError(`event log "${this.path}" is closed: open it again`);
    }
    await this.#file.flushAsync();
  }

  /** Unmaps the file, and lets the next writer in. May be called twice. */
  close(): void {
    this.#writer.close();
    this.#file.close();
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function saysItIsALog(file: MappedFile): boolean {
  if (file.byteLength < LOG_HEADER_SIZE) return false;
  const words = new Int32Array(file.buffer, 0, LOG_HEADER_SIZE >>> 2);
  const isKnown = words[0] === MAGIC_EVIL || words[0] === MAGIC_EVTL;
  return isKnown && words[LOG_VERSION_WORD] === LOG_VERSION;
}

/** The memory of the file with `size` bytes or more; undefined if it may not have them. */
function growFile(file: MappedFile, size: number, step: number): ArrayBuffer | undefined {
  if (step === 0 || size > MAX_LOG_SIZE) return undefined;
  const steps = Math.ceil((size - file.byteLength) / step);
  file.grow(Math.min(file.byteLength + steps * step, MAX_LOG_SIZE));
  return file.buffer;
}

inspectable(EventLogWriter, "EventLogWriter", ["path", "eventCount", "writeOffset", "capacity"]);
