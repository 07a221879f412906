/**
 * The writer of a log in shared memory, or in a file.
 *
 * @module
 */

import { type Doorbell, onProcessEnd } from "../../../ffi/mod.ts";
import { ClosedError, SegmentExistsError } from "../../errors.ts";
import type { Claim } from "../claim.ts";
import type { Writer } from "../writer.ts";
import { lifeOf } from "../writer_options.ts";
import { createNew, createOrTakeOver, type WrittenLog } from "./takeover.ts";
import { describeTarget, type LogTarget, placeOf, type WritableMemory } from "./target.ts";
import { type ShmLogWriterOptions, shmWriterChecks } from "./writer_options.ts";
import { openSlot } from "../../slots.ts";
import { checkOptions, flag } from "../../base/options.ts";
import { inspectable } from "../../base/inspectable.ts";

/** How many times a segment that appears and disappears is tried before it is an error. */
const ATTEMPTS = 100;

/**
 * Writes a log that other processes can read while it is written, and after this process ended.
 *
 * A segment has one writer at a time. The writer holds a lock that the kernel releases when the process
 * ends, however it ends.
 *
 * @example Shared memory
 * ```ts
 * import { ShmLogWriter } from "@ouroboros/log";
 *
 * using writer = ShmLogWriter.create("/doc-writer", { size: "256KiB", unlinkOnClose: true });
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
 * using writer = ShmLogWriter.create({ path }, { size: "256KiB" });
 * writer.write("on disk when the kernel writes it");
 * writer.flush(); // or now
 * writer.close();
 * rmSync(path);
 * ```
 */
export class ShmLogWriter implements Disposable {
  readonly #memory: WritableMemory;
  readonly #writer: Writer;
  readonly #bell: Doorbell | undefined;
  readonly #unlinksOnClose: boolean;
  readonly #forgetProcessEnd: (() => void) | undefined;

  private constructor(opened: WrittenLog, options: ShmLogWriterOptions) {
    this.#memory = opened.memory;
    this.#writer = opened.writer;
    this.#bell = opened.bell;
    this.#unlinksOnClose = options.unlinkOnClose ?? false;
    // The one that takes it continues the log.
    this.#memory.onLetGo(() => this.close({ unlink: false }));
    if (options.handleSignals) this.#forgetProcessEnd = onProcessEnd(() => this.close());
  }

  /**
   * Creates the log, or takes over one that exists, and becomes its writer.
   *
   * The log stays when the writer is closed or its process ends, in whatever way, and the next one that
   * is created with this target continues it.
   *
   * Of a target with `{slot}` it is the log with the lowest number from 0 on that no living writer holds,
   * and the one that is there is resumed: `"/app.{slot}"` is `/app.0`, in a second process `/app.1`, and
   * a process that starts again continues the log that one before has left. So several may have the same
   * target, and there are never more logs than processes that lived at the same time. What belongs to
   * another user, or is not a log, is passed over.
   *
   * @param target a name like `"/app"`, or `{ path }` for a file
   * @throws {SegmentExistsError} if it exists and `ifExists` is `"fail"`, or it was saved and `ifExists` is
   * not given
   * @throws {WriterLockedError} if it has a writer that is alive, or no slot is free
   * @throws {NoSpaceError} if there is no room for it, in /dev/shm for instance
   * @throws {PermissionDeniedError} if the system refuses access to it, or it belongs to another user
   * @throws {UnsupportedLogError} if what is to be resumed, replaced or restarted is not a log, or what
   * is to be restarted has version 1
   * @throws {LogFinishedError} if it is to be resumed, and its writer has finished it
   * @throws {SystemCallError} if something else is in its place: a symbolic link, which is not
   * followed, a folder, a pipe
   * @throws {CorruptLogError} if it is to be resumed and its next sequence number is unknown
   * @throws {NativeUnavailableError} if this runtime gives no native memory
   * @throws {RangeError} if a size or the name is not usable
   * @throws {TypeError} if an option is not one of its values, or one of version 2 is given without
   * `version: 2`
   *
   * @example One log a process
   * ```ts
   * import { ShmLogWriter } from "@ouroboros/log";
   *
   * const options = { size: "1MiB", unlinkOnClose: true };
   * using one = ShmLogWriter.create(`/doc-slot-${process.pid}.{slot}`, options);
   * using other = ShmLogWriter.create(`/doc-slot-${process.pid}.{slot}`, options);
   * console.log(one.name.slice(-2), other.name.slice(-2)); // .0 .1
   * ```
   */
  static create(target: LogTarget, options: ShmLogWriterOptions = {}): ShmLogWriter {
    checkOptions("ShmLogWriter", options, shmWriterChecks);
    const name = placeOf(target);
    // Whatever is there.
    lifeOf(options);
    if (options.ifExists === "restart" && options.version !== 2) {
      throw new TypeError('ifExists is "restart", which is for logs of version 2: add version: 2');
    }
    return openSlot(name, options.slots, (slot) => {
      return ShmLogWriter.#open(typeof target === "string" ? slot : { path: slot }, options);
    });
  }

  static #open(target: LogTarget, options: ShmLogWriterOptions): ShmLogWriter {
    const { ifExists = "resume" } = options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const opened = ifExists === "fail"
        ? createNew(target, options)
        : createOrTakeOver(target, options);
      if (opened !== undefined) return new ShmLogWriter(opened, options);
    }
    throw new SegmentExistsError(
      `log ${
        describeTarget(target)
      } is empty or keeps changing: remove it if the process that made it is dead`,
    );
  }

  /**
   * Writes one entry: text as UTF-8, or bytes. No system call, no lock, no waiting.
   *
   * @returns the sequence number of the entry
   * @throws {TypeError} if it is neither
   * @throws {RangeError} if it is larger than {@linkcode ShmLogWriter.maxEntrySize}
   * @throws {ClaimPendingError} if a claim is open
   * @throws {ClosedError} after `close()`
   */
  write(data: Uint8Array | string): number {
    return this.#writer.write(data);
  }

  /**
   * Writes several entries that become visible all at once, see {@linkcode Writer.writeMany}.
   *
   * @returns the sequence number of the last one
   * @throws {TypeError} if it is not an array of text and bytes: then none is written
   * @throws {RangeError} if they do not fit into the log together: then none is written
   * @throws {ClaimPendingError} if a claim is open
   * @throws {ClosedError} after `close()`
   */
  writeMany(entries: readonly (Uint8Array | string)[]): number {
    return this.#writer.writeMany(entries);
  }

  /**
   * Claims room for an entry that is made in place, see {@linkcode Claim}.
   *
   * @throws {RangeError} if `length` is not an integer from 0 to {@linkcode ShmLogWriter.maxEntrySize}
   * @throws {ClaimPendingError} if a claim is open
   * @throws {ClosedError} after `close()`
   */
  claim(length: number): Claim {
    return this.#writer.claim(length);
  }

  /**
   * The writer of the segment's bytes, for entries that are made in place.
   *
   * @internal
   */
  get inner(): Writer {
    return this.#writer;
  }

  /** The name of the segment, with its `/`, or the absolute path of the file. */
  get name(): string {
    return "name" in this.#memory ? this.#memory.name : this.#memory.path;
  }

  /** The version of the log's format: one that is resumed keeps its own. */
  get version(): 1 | 2 {
    return this.#writer.version;
  }

  /** What tells the log from others, a number of 64 bits; `undefined` in version 1. */
  get bufferId(): bigint | undefined {
    return this.#writer.bufferId;
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
   * @throws {SystemCallError} if the disk refuses
   * @throws {ClosedError} after `close()`
   */
  flush(): void {
    this.#memory.flush();
  }

  /**
   * Whether the name, or path, now belongs to another segment, or to none: it was removed, or the file
   * was moved. Entries are still written to the old one.
   *
   * @throws {ClosedError} after `close()`
   */
  isReplaced(): boolean {
    if (this.#memory.closed) {
      throw new ClosedError(`the writer of "${this.name}" is closed: open a new one`);
    }
    return !this.#memory.isCurrent();
  }

  /**
   * Says that no entry will come any more, in a log of version 2, and ends writing: followers end after
   * the last entry. The log stays locked, and under its name, until `close()`.
   *
   * @throws {UnsupportedLogError} in a log of version 1, which has no mark for that
   * @throws {ClaimPendingError} if a claim is open
   * @throws {ClosedError} after `close()` or `finish()`
   *
   * @example
   * ```ts
   * import { ShmLogReader, ShmLogWriter } from "@ouroboros/log";
   *
   * const writer = ShmLogWriter.create("/doc-finish", { version: 2, size: "256KiB" });
   * using reader = ShmLogReader.open("/doc-finish");
   * writer.write("last words");
   * writer.finish();
   * for await (const entry of reader.follow()) console.log(entry.text); // last words
   * console.log(reader.isFinished); // true
   * writer.close({ unlink: true });
   * ```
   */
  finish(): void {
    this.#writer.finish();
  }

  /**
   * Ends writing. May be called twice. The log stays, unless `unlinkOnClose` or `unlink` says that it is
   * removed.
   *
   * @param options whether to remove the segment, whatever `unlinkOnClose` says
   * @throws {PermissionDeniedError} if the system does not allow to remove it, as on Windows a file that
   * others have mapped. It is closed then, and stays
   */
  close(options: { unlink?: boolean } = {}): void {
    if (this.#memory.closed) return;
    checkOptions("close()", options, { unlink: flag });
    const { unlink = this.#unlinksOnClose } = options;
    this.#forgetProcessEnd?.();
    this.#writer.close();
    this.#bell?.attend(false);
    this.#bell?.close();
    try {
      // Only our own: somebody may have replaced the segment by a new one of the same name.
      if (unlink && this.#memory.isOwn() && this.#memory.isCurrent()) {
        this.#memory.remove();
      }
    } finally {
      this.#memory.close();
    }
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }
}

inspectable(ShmLogWriter, "ShmLogWriter", [
  "name",
  "totalEntriesWritten",
  "chunkCount",
  "chunkSize",
  "maxEntrySize",
]);
