/**
 * A log that is open to read: its memory, where a reader gets the bytes from, and the writer's bell.
 *
 * @module
 */

import { MappedFile } from "../../../ffi/mod.ts";
import { SegmentNotFoundError } from "../../errors.ts";
import { Reader } from "../reader.ts";
import { lacksMagic, Segment } from "../segment.ts";
import { totalOf } from "../total.ts";
import { isContinued } from "./copy_log.ts";
import { ReaderBell } from "./reader_bell.ts";
import type { ShmLogReaderOptions } from "./reader_options.ts";
import { type CopyMode, copyModeOf, fence, type LogSource, sourceOf } from "./source.ts";
import { type LogMemory, type LogTarget, openMemory, withName } from "./target.ts";

/** How often to look whether the log has come to an entry. */
const LOOKS = 8;

/** One segment, or file, that a reader has open. */
export class OpenedLog {
  /** Its memory, mapped read-only. */
  readonly memory: LogMemory;
  /** The bytes. */
  readonly source: LogSource;
  /** What wakes its reader. */
  readonly bell: ReaderBell;

  private constructor(memory: LogMemory, target: LogTarget, copyMode: CopyMode) {
    this.memory = memory;
    this.source = sourceOf(memory, target, copyMode);
    this.bell = new ReaderBell(memory, copyModeOf(memory, copyMode));
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

  /** A reader of the bytes, from the entry after number `after` on, or as `options` say. */
  reader(options: ShmLogReaderOptions, after?: number): Reader {
    const { strategy, onOverrun, onDamage } = options;
    const { buffer, load, guard } = this.source;
    return new Reader(buffer, { strategy, onOverrun, onDamage, load, guard, fence, after });
  }

  /** The number of the newest entry. */
  newestSequenceNumber(): number {
    this.source.guard?.();
    return totalOf(new Segment(this.source.buffer, this.source.load), fence);
  }

  /** Whether an entry of that number was written. */
  hasComeTo(sequenceNumber: number): boolean {
    // A look beside a writer that laps it may see too few; the number itself only grows.
    for (let look = 0; look < LOOKS; look++) {
      if (this.newestSequenceNumber() >= sequenceNumber) return true;
    }
    return false;
  }

  /** Whether a copy of the file is written in its place. */
  isCopied(): boolean {
    return this.memory instanceof MappedFile && this.memory.isCopied();
  }

  /** Whether a log of another size was made of this one, with its entries and numbers. */
  isContinued(): boolean {
    this.source.guard?.();
    return isContinued(new Segment(this.source.buffer, this.source.load));
  }

  /** Unmaps the memory. May be called twice. */
  close(): void {
    this.bell.close();
    this.memory.close();
  }
}
