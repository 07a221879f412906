/**
 * The writer of a log in shared memory, or in a file.
 *
 * @module
 */

import { type CreateOptions, onProcessEnd, STRONG_ORDER, textEncoding } from "../ffi/mod.ts";
import { SegmentExistsError, SegmentNotFoundError, WriterLockedError } from "./errors.ts";
import { compilerFence, fullFence } from "./fence.ts";
import type { Claim } from "./log/claim.ts";
import { segmentSize } from "./log/layout.ts";
import { isUnfinished } from "./log/segment.ts";
import { Writer } from "./log/writer.ts";
import type { WriterOptions } from "./log/writer_options.ts";
import {
  createMemory,
  describeTarget,
  type LogMemory,
  type LogTarget,
  openMemory,
  unlinkMemory,
} from "./shm_log_target.ts";

/** How a {@linkcode ShmLogWriter} is made. */
export interface ShmLogWriterOptions {
  /** The size of a chunk in bytes. Default 1 MiB. A log that is resumed keeps its own. */
  chunkSize?: number;
  /** The number of chunks: the log forgets its oldest entries a chunk at a time. Default 16. */
  chunkCount?: number;
  /**
   * What to do when the segment exists: `"fail"`, `"resume"` it with its entries and the next
   * sequence number, or `"replace"` it by an empty one. Neither touches the log of a writer that
   * is alive. Default `"fail"`.
   */
  ifExists?: "fail" | "resume" | "replace";
  /**
   * Whether `close()` removes the segment. Readers that have it open keep it. Default `true` for
   * shared memory, `false` for a file.
   */
  unlinkOnClose?: boolean;
  /** The permission bits of the segment. Default 0o600: nobody else may read it. */
  mode?: number;
  /**
   * Whether to close on SIGINT, SIGTERM and at the end of the process. The signal ends the process
   * afterwards, as it would have done. Default `false`.
   */
  handleSignals?: boolean;
}

/** How many times a segment that appears and disappears is tried before it is an error. */
const ATTEMPTS = 100;

/**
 * Writes a log that other processes read while it is written, and after this process died.
 *
 * There is one writer at a time for a segment, held by a lock that the kernel drops when the
 * process ends, however it ends.
 *
 * @example Shared memory
 * ```ts
 * import { ShmLogWriter } from "@ouroboros/log";
 *
 * using writer = ShmLogWriter.create("/doc-writer", { chunkSize: 65536, chunkCount: 4 });
 * writer.write("service started");
 * console.log(writer.totalEntriesWritten); // 1
 * ```
 *
 * @example A file, which outlives a reboot
 * ```ts
 * import { tmpdir } from "node:os";
 * import { rmSync } from "node:fs";
 * import { ShmLogWriter } from "@ouroboros/log";
 *
 * const path = `${tmpdir()}/doc-writer-${process.pid}.log`;
 * using writer = ShmLogWriter.create({ path }, { ifExists: "resume", chunkSize: 65536 });
 * writer.write("on disk when the kernel gets to it");
 * writer.flush(); // or now
 * rmSync(path);
 * ```
 */
export class ShmLogWriter implements Disposable {
  readonly #target: LogTarget;
  readonly #memory: LogMemory;
  readonly #writer: Writer;
  readonly #unlinksOnClose: boolean;
  readonly #forgetProcessEnd: (() => void) | undefined;

  private constructor(target: LogTarget, opened: Opened, options: ShmLogWriterOptions) {
    this.#target = target;
    this.#memory = opened.memory;
    this.#writer = opened.writer;
    this.#unlinksOnClose = options.unlinkOnClose ?? typeof target === "string";
    if (options.handleSignals) this.#forgetProcessEnd = onProcessEnd(() => this.close());
  }

  /**
   * Creates the log, or takes over one that exists, and becomes its writer.
   *
   * @param target a name like `"/app"`, or `{ path }` for a file
   * @throws {SegmentExistsError} if it exists and `ifExists` is `"fail"`
   * @throws {WriterLockedError} if it has a writer that is alive
   * @throws {NoSpaceError} if there is no room for it, in /dev/shm for instance
   * @throws {PermissionDeniedError} if the system refuses access to it
   * @throws {UnsupportedLogError} if it is to be resumed and is not a log
   * @throws {CorruptLogError} if it is to be resumed and its next sequence number is not known
   * @throws {NativeUnavailableError} if this runtime gives no native memory
   * @throws {RangeError} if a size or the name is not usable
   */
  static create(target: LogTarget, options: ShmLogWriterOptions = {}): ShmLogWriter {
    const { ifExists = "fail" } = options;
    if (!["fail", "resume", "replace"].includes(ifExists)) {
      throw new TypeError(`ifExists is "${ifExists}", but must be one of fail, resume, replace`);
    }
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const opened = ifExists === "fail"
        ? createNew(target, options)
        : takeOver(target, options) ?? createUnlessThere(target, options);
      if (opened !== undefined) return new ShmLogWriter(target, opened, options);
    }
    throw new SegmentExistsError(
      `log ${describeTarget(target)} is empty or changes hands: remove it if its creator died`,
    );
  }

  /**
   * Writes one entry: text as UTF-8, or bytes. No system call, no lock, no waiting.
   *
   * @returns the sequence number of the entry
   * @throws {RangeError} if it is larger than {@linkcode ShmLogWriter.maxEntrySize}
   * @throws {ClosedError} after `close()`
   */
  write(data: Uint8Array | string): number {
    return this.#writer.write(data);
  }

  /**
   * Writes several entries that become visible all at once.
   *
   * @returns the sequence number of the last one
   * @throws {RangeError} if they do not fit into the log together: then none is written
   * @throws {ClosedError} after `close()`
   */
  writeMany(entries: readonly (Uint8Array | string)[]): number {
    return this.#writer.writeMany(entries);
  }

  /**
   * Claims room for an entry that is made in place, see {@linkcode Claim}.
   *
   * @throws {RangeError} if `length` is not an integer from 0 to {@linkcode ShmLogWriter.maxEntrySize}
   * @throws {ClosedError} after `close()`
   */
  claim(length: number): Claim {
    return this.#writer.claim(length);
  }

  /** The name of the segment, with its `/`, or the path of the file. */
  get name(): string {
    return "name" in this.#memory ? this.#memory.name : this.#memory.path;
  }

  /** The size of the segment in bytes. */
  get segmentSize(): number {
    return this.#memory.byteLength;
  }

  /** The size of the largest payload in bytes. */
  get maxEntrySize(): number {
    return this.#writer.maxEntrySize;
  }

  /** How many entries were ever written to this log: the sequence number of the last one. */
  get totalEntriesWritten(): number {
    return this.#writer.totalEntriesWritten;
  }

  /** The number of chunks. */
  get chunkCount(): number {
    return this.#writer.chunkCount;
  }

  /** The size of a chunk in bytes. */
  get chunkSize(): number {
    return this.#writer.chunkSize;
  }

  /**
   * Writes a file's bytes to its disk (msync). For shared memory there is nothing to do.
   *
   * @throws {ClosedError} after `close()`
   */
  flush(): void {
    this.#memory.flush();
  }

  /** Ends writing, and removes the segment if `unlinkOnClose` says so. May be called twice. */
  close(): void {
    if (this.#memory.closed) return;
    this.#forgetProcessEnd?.();
    this.#writer.close();
    // Only our own: somebody may have replaced the segment by a new one of the same name.
    if (this.#unlinksOnClose && this.#memory.isCurrent()) unlinkMemory(this.#target);
    this.#memory.close();
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }
}

interface Opened {
  memory: LogMemory;
  writer: Writer;
}

const writerOptions: WriterOptions = {
  fence: STRONG_ORDER ? compilerFence : fullFence,
  encoding: textEncoding,
};

/** Creates the log, which must not exist. Undefined: somebody took it from us; try again. */
function createNew(target: LogTarget, options: ShmLogWriterOptions): Opened | undefined {
  const { chunkSize = 1 << 20, chunkCount = 16, mode } = options;
  const createOptions: CreateOptions = mode === undefined ? {} : { mode };
  const memory = createMemory(target, segmentSize(chunkCount, chunkSize), createOptions);
  // Between these two lines somebody else may become its writer: then it is theirs.
  if (!memory.tryLock()) throw locked(memory, target);
  const writer = Writer.create(memory.buffer, { ...writerOptions, chunkSize, chunkCount });
  return { memory, writer };
}

function createUnlessThere(target: LogTarget, options: ShmLogWriterOptions): Opened | undefined {
  try {
    return createNew(target, options);
  } catch (error) {
    if (error instanceof SegmentExistsError) return undefined;
    throw error;
  }
}

/** Takes over the log that exists. Undefined: there is none, or it was replaced meanwhile. */
function takeOver(target: LogTarget, options: ShmLogWriterOptions): Opened | undefined {
  let memory: LogMemory;
  try {
    memory = openMemory(target, "read-write");
  } catch (error) {
    if (error instanceof SegmentNotFoundError) return undefined;
    throw error;
  }
  try {
    if (!memory.tryLock()) throw locked(memory, target);
    if (!memory.isCurrent()) {
      memory.close();
      return undefined;
    }
    if (options.ifExists === "replace" || isUnfinished(memory.buffer)) {
      // With the lock in our hand it has no writer; nor has one that was never finished.
      unlinkMemory(target);
      memory.close();
      return createUnlessThere(target, options);
    }
    // The log keeps its own shape: what it was made with, not what we would make.
    return { memory, writer: Writer.resume(memory.buffer, writerOptions) };
  } catch (error) {
    memory.close();
    throw error;
  }
}

function locked(memory: LogMemory, target: LogTarget): WriterLockedError {
  memory.close();
  return new WriterLockedError(`log ${describeTarget(target)} has a writer that is alive`);
}
