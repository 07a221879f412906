/**
 * A log that is open to read: its memory, where a reader gets the bytes from, and the writer's bell.
 *
 * @module
 */

import { MappedFile } from "../../../ffi/mod.ts";
import { delay } from "../../async.ts";
import { SegmentNotFoundError } from "../../errors.ts";
import { inspect, type LogInfo } from "../inspect.ts";
import { Reader } from "../reader.ts";
import { continuationOf, continuedBy } from "./copy_log.ts";
import { inOneLife, lacksMagic, Segment } from "../segment.ts";
import { totalOf } from "../total.ts";
import { type Verification, verify } from "../verify.ts";
import { type Cursor, identityOf, isCursorOf } from "./cursor.ts";
import { ReaderBell } from "./reader_bell.ts";
import type { ShmLogReaderOptions, WaitOptions } from "./reader_options.ts";
import { type CopyMode, copyModeOf, fence, type LogSource, sourceOf } from "./source.ts";
import { type LogMemory, type LogTarget, openMemory, withName } from "./target.ts";

/** How often to look at a log that changes meanwhile. */
const LOOKS = 8;

/** One segment, or file, that a reader has open. */
export class OpenedLog {
  /** Its memory, mapped read-only. */
  readonly memory: LogMemory;
  /** The bytes. */
  readonly source: LogSource;
  /** What wakes its reader. */
  readonly bell: ReaderBell;
  /** Where it was found. */
  readonly target: LogTarget;
  readonly #copyMode: CopyMode;
  /** All that read this memory: the last one closes it. */
  readonly #sharing: Set<OpenedLog>;

  private constructor(
    memory: LogMemory,
    target: LogTarget,
    copyMode: CopyMode,
    sharing = new Set<OpenedLog>(),
  ) {
    this.memory = memory;
    this.target = target;
    this.#copyMode = copyMode;
    this.#sharing = sharing;
    this.source = sourceOf(memory, target, copyMode);
    this.bell = new ReaderBell(memory, copyModeOf(memory, copyMode));
    sharing.add(this);
  }

  /** Opens the log, which must exist. */
  static open(target: LogTarget, copyMode: CopyMode = "map"): OpenedLog {
    const memory = openMemory(target, "read");
    try {
      return new OpenedLog(memory, target, copyMode);
    } catch (error) {
      memory.close();
      throw withName(error, target);
    }
  }

  /** The name of the segment, with its `/`, or the absolute path of the file. */
  get name(): string {
    return "name" in this.memory ? this.memory.name : this.memory.path;
  }

  /** The same memory, opened once more: it stays when this one is closed, and when its name is gone. */
  share(): OpenedLog {
    return new OpenedLog(this.memory, this.target, this.#copyMode, this.#sharing);
  }

  /** Opens the log unless it is not there, or its creator has not come to the magic yet. */
  static openIfReady(target: LogTarget, copyMode: CopyMode = "map"): OpenedLog | undefined {
    let memory: LogMemory | undefined;
    try {
      memory = openMemory(target, "read");
      // By a system call: it may be truncated at this moment.
      const start = new Uint8Array(new ArrayBuffer(8));
      memory.read(start, 0);
      // Once more if it has grown since it was mapped: what has no size yet has no magic, either.
      const isReady = !lacksMagic(start.buffer) && memory.currentSize() <= memory.byteLength;
      const log = isReady ? new OpenedLog(memory, target, copyMode) : undefined;
      if (log !== undefined) memory = undefined;
      return log;
    } catch (error) {
      if (error instanceof SegmentNotFoundError) return undefined;
      throw withName(error, target);
    } finally {
      memory?.close();
    }
  }

  /** Opens the log as soon as its creator has come to the magic. */
  static async waitFor(
    target: LogTarget,
    { copyMode, signal, interval = 10 }: ShmLogReaderOptions & WaitOptions,
  ): Promise<OpenedLog> {
    signal?.throwIfAborted();
    for (;; await delay(interval, { signal })) {
      const log = OpenedLog.openIfReady(target, copyMode);
      if (log !== undefined) return log;
    }
  }

  /** A reader of the bytes, from the entry after number `after` on, or as `options` say. */
  reader(options: ShmLogReaderOptions, after?: number): Reader {
    const { strategy, onOverrun, onDamage } = options;
    const { buffer, load, guard } = this.source;
    return new Reader(buffer, { strategy, onOverrun, onDamage, load, guard, fence, after });
  }

  /** A reader that continues after `cursor`, if that is of this log; else at its oldest entry. */
  readerAfter(
    cursor: Cursor,
    options: ShmLogReaderOptions,
  ): { reader: Reader; isSameSegment: boolean } {
    for (let attempt = 1;; attempt++) {
      const { bufferId } = new Segment(this.source.buffer, this.source.load);
      // A file that was not written to its disk before a crash of the machine has lost its last entries:
      // what has their numbers now is something else.
      const isSameSegment = isCursorOf(cursor, identityOf(this.memory.identity, bufferId)) &&
        this.hasComeTo(cursor.sequenceNumber);
      const reader = this.reader(options, isSameSegment ? cursor.sequenceNumber : 0);
      if (reader.bufferId === bufferId || attempt === LOOKS) return { reader, isSameSegment };
    }
  }

  /**
   * The log of that name by now, if it is another one, in another segment or restarted in this one; with
   * a reader in the place of `reader`.
   */
  next(
    target: LogTarget,
    options: ShmLogReaderOptions,
    reader: Reader,
  ): { log: OpenedLog; reader: Reader } | undefined {
    if (this.memory.isCurrent()) {
      return reader.isRestarted ? { log: this, reader: this.reader(options, 0) } : undefined;
    }
    const log = OpenedLog.openIfReady(target, options.copyMode);
    if (log === undefined) return undefined;
    try {
      // All of it is new to us, wherever `reader` was to start; of a copy, what comes after its place.
      const last = reader.lastSequenceNumber;
      const behind = log.reader(options, last);
      const isSame = behind.bufferId === reader.bufferId && this.#isContinuedIn(log, last);
      return { log, reader: isSame ? behind : log.reader(options, 0) };
    } catch (error) {
      log.close();
      throw withName(error, target);
    }
  }

  /** The number of the newest entry. */
  newestSequenceNumber(): number {
    const { buffer, load, guard } = this.source;
    guard?.();
    return inOneLife(buffer, load, fence, (segment) => totalOf(segment, fence));
  }

  /** What is in the log. */
  inspect(): LogInfo {
    const { buffer, load, guard } = this.source;
    guard?.();
    return inspect(buffer, { fence, load });
  }

  /** Whether the log is sound. */
  verify(): Verification {
    const { buffer, load, guard } = this.source;
    guard?.();
    return verify(buffer, { fence, load });
  }

  /** Whether an entry of that number was written. */
  hasComeTo(sequenceNumber: number): boolean {
    // A look beside a writer that laps it may see too few; the number itself only grows.
    for (let look = 0; look < LOOKS; look++) {
      if (this.newestSequenceNumber() >= sequenceNumber) return true;
    }
    return false;
  }

  /** Whether `log` has the entries of this one, too: is a copy of it, or was made of it in another size. */
  isContinuedBy(log: OpenedLog): boolean {
    const [own, other] = [this, log].map(({ source }) => new Segment(source.buffer, source.load));
    return own.bufferId === other.bufferId &&
      this.#isContinuedIn(log, this.newestSequenceNumber());
  }

  /** Whether a copy of the file is written in its place. */
  isCopied(): boolean {
    return this.memory instanceof MappedFile && this.memory.isCopied();
  }

  /**
   * Whether `log`, which has the name now, continues this one after entry `last`: is a copy of it, or was
   * made of it in another size. The mark at our end says of which it was. What was made of this one may have
   * been replaced since, and have other entries under these numbers, or been made in a third size: that
   * entry tells, and where it is gone the id, which the caller has compared. Version 1 has none.
   */
  #isContinuedIn(log: OpenedLog, last: number): boolean {
    this.source.guard?.();
    const mark = continuationOf(new Segment(this.source.buffer, this.source.load));
    if (!this.isCopied() && mark === undefined || !log.hasComeTo(last)) return false;
    if (mark === continuedBy(log.memory.identity)) return true;
    const [before, now] = [this.#entry(last), log.#entry(last)];
    if (before === undefined || now === undefined) {
      return new Segment(this.source.buffer, this.source.load).version === 2;
    }
    return before.length === now.length && before.every((byte, at) => byte === now[at]);
  }

  /** The bytes of entry `number`, if it is there. */
  #entry(number: number): Uint8Array | undefined {
    if (number === 0) return undefined;
    const entry = this.reader({ onDamage: "skip" }, number - 1).read();
    return entry?.sequenceNumber === number ? entry.bytes : undefined;
  }

  /** Unmaps the memory, unless others share it. May be called twice. */
  close(): void {
    this.bell.close();
    this.#sharing.delete(this);
    if (this.#sharing.size === 0) this.memory.close();
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }
}
