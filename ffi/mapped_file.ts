/**
 * Mapped files.
 *
 * @module
 */

import { resolve } from "node:path";
import { ClosedError, PermissionDeniedError, SegmentNotFoundError } from "../src/errors.ts";
import { make, type Maker } from "./creation.ts";
import { system } from "./current_system.ts";
import { Mapping } from "./mapping.ts";
import {
  checkSize,
  createChecks,
  type CreateOptions,
  openChecks,
  type OpenOptions,
} from "./memory_options.ts";
import type { Access, ObjectIdentity } from "./system.ts";
import { withoutFolder } from "./system_error.ts";
import { checkName } from "../src/base/arguments.ts";
import { checkOptions } from "../src/base/options.ts";
import { inspectable } from "../src/base/inspectable.ts";

/**
 * A file that is mapped into memory. It is like shared memory, and outlives a reboot.
 *
 * @example
 * ```ts
 * import { tmpdir } from "node:os";
 * import { MappedFile } from "@ouroboros/log/ffi";
 *
 * const path = `${tmpdir()}/doc-mapped-${process.pid}`;
 * using file = MappedFile.create(path, 4096);
 * new Uint8Array(file.buffer).fill(1);
 * file.flush();
 * file.remove(); // closes it first
 * ```
 */
export class MappedFile extends Mapping {
  /** Its absolute path, even after the working directory changed. */
  readonly path: string;

  private constructor(
    path: string,
    descriptor: number,
    byteLength: number,
    access: Access,
    isMade: boolean = false,
  ) {
    super({
      descriptor,
      byteLength,
      access,
      isMade,
      name: undefined,
      what: `file "${path}"`,
      closeDescriptor: (open) => system().files.close(open),
    });
    this.path = path;
  }

  /**
   * Creates a file of zeros with room on the disk for all of it, and maps it for reading and
   * writing. Some file systems can't reserve room: on a full one of those a store kills the process.
   * On Linux no process sees it before it is complete, if the file system can do that.
   *
   * @param size in bytes
   * @throws {SegmentExistsError} if something is at this path, even a broken link
   * @throws {WriterLockedError} with `lock`, if another process was faster
   * @throws {NoSpaceError} if the disk has no room for it
   * @throws {PermissionDeniedError} if the system refuses
   * @throws {RangeError} if the size or the mode is not usable
   * @throws {TypeError} if an option has the wrong type
   */
  static create(
    path: string,
    size: number,
    options: CreateOptions<MappedFile> = {},
  ): MappedFile {
    checkName("path", path);
    path = resolve(path);
    checkOptions("MappedFile.create()", options, createChecks);
    const { mode = 0o600, reserve = true } = options;
    const what = `file "${path}"`;
    checkSize(size, what);
    const { files, nameless } = system();
    const maker: Maker<MappedFile> = {
      what,
      isTaken: () => files.identify(path, "read-write") !== undefined,
      createNameless: () => nameless?.createFile(path, mode),
      giveName: (descriptor, replaces) => nameless?.nameFile(descriptor, path, replaces) ?? false,
      create: () => files.create(path, mode),
      build(descriptor) {
        system().setMode(descriptor, mode, what);
        // Room first: macOS counts it from what the file has, and would not fill the hole of a new size.
        if (reserve) system().reserve(descriptor, size, what, true);
        system().setSize(descriptor, size, what);
        return new MappedFile(path, descriptor, size, "read-write", true);
      },
      leadsTo: (descriptor) => leadsTo(path, system().identify(descriptor), "read-write"),
      unlink: () => files.unlink(path),
      close: (descriptor) => files.close(descriptor),
    };
    try {
      return make(maker, options);
    } catch (error) {
      throw withoutFolder(path, error);
    }
  }

  /**
   * Opens a file and maps all of it.
   *
   * With `"read"` a symbolic link is followed: a reader can do no harm. With `"read-write"` it
   * is not: in a folder like /tmp anybody could lead the writer to a file of its own user. (Links
   * among the folders of the path are always followed.)
   *
   * @throws {SegmentNotFoundError} if it does not exist, or it is empty
   * @throws {PermissionDeniedError} if the system refuses
   * @throws {SystemCallError} if it is not a regular file, or a link that is not followed
   * @throws {RangeError} if it is too large for this runtime
   * @throws {TypeError} if an option has the wrong type
   */
  static open(path: string, options: OpenOptions = {}): MappedFile {
    checkName("path", path);
    path = resolve(path);
    checkOptions("MappedFile.open()", options, openChecks);
    const { access = "read" } = options;
    const descriptor = system().files.open(path, access);
    try {
      const size = system().size(descriptor);
      if (size === 0) {
        throw new SegmentNotFoundError(
          `file "${path}" is empty: the process that creates it is not done, or dead`,
        );
      }
      checkSize(size, `file "${path}"`);
      return new MappedFile(path, descriptor, size, access);
    } catch (error) {
      system().files.close(descriptor);
      throw error;
    }
  }

  /**
   * Removes a file. A process that has it mapped keeps the memory. On Windows a file that is mapped can't be
   * removed.
   *
   * @returns whether there was one
   * @throws {PermissionDeniedError} if the system refuses
   */
  static unlink(path: string): boolean {
    return system().files.unlink(path);
  }

  /**
   * Makes the file longer, with room on the disk for all of it, and maps it again: `buffer` is another
   * one then, and all views of the one before have ended. If it fails, nothing changes. The lock is
   * kept. Processes that have it mapped see no more than before, until they `remap()`.
   *
   * @param size in bytes
   * @throws {RangeError} if it is not more than the file has, or too large for this runtime
   * @throws {NoSpaceError} if the disk has no room for it
   * @throws {PermissionDeniedError} if it is mapped read-only
   * @throws {ClosedError} after `close()`
   *
   * @example
   * ```ts
   * import { tmpdir } from "node:os";
   * import { MappedFile } from "@ouroboros/log/ffi";
   *
   * const path = `${tmpdir()}/doc-grow-${process.pid}`;
   * using file = MappedFile.create(path, 4096);
   * file.grow(8192);
   * console.log(file.buffer.byteLength); // 8192
   * file.remove();
   * ```
   */
  grow(size: number): void {
    if (this.access === "read") {
      throw new PermissionDeniedError(`file "${this.path}" is mapped read-only and can't grow`);
    }
    checkSize(size, `file "${this.path}"`);
    const before = this.currentSize();
    if (size <= before) {
      throw new RangeError(`file "${this.path}" of ${before} bytes can't grow to ${size}`);
    }
    this.setSize(size);
    this.remap();
  }

  /**
   * Writes the file's bytes to its disk without blocking the thread (fsync).
   *
   * @returns what is resolved when they are there
   * @throws {SystemCallError} if the disk refuses
   * @throws {ClosedError} after `close()`
   */
  async flushAsync(): Promise<void> {
    if (this.closed) throw new ClosedError(`file "${this.path}" is closed`);
    if (this.isCurrent()) {
      // Some systems do not count a store into mapped memory as one to the file before this.
      this.flush({ wait: false });
      // By a descriptor of its own: that of the mapping may be closed, and its number given away, before
      // the system is done. What is no longer at its path is flushed by the mapping.
      if (await system().files.sync(this.path, this.identity)) return;
      // Somebody put another file in its place; and we may be closed by now.
      if (this.closed) return;
    }
    this.flush();
  }

  /** Whether the path still leads to this very file, and not to a copy of it. */
  override isCurrent(): boolean {
    return leadsTo(this.path, this.identity, this.access) && !this.isCopied();
  }

  /**
   * Whether the path leads to a copy of this file by now, which has its numbers and its lock. overlayfs
   * makes one when a file of a lower layer, as of a container's image, is opened to be written to: a process
   * that mapped it before sees nothing of what comes.
   */
  isCopied(): boolean {
    const { created } = this.identity;
    const now = system().pathCreatedAt?.(this.path, this.access === "read") ?? 0;
    return created !== 0 && now !== 0 && now !== created &&
      leadsTo(this.path, this.identity, this.access);
  }

  /** Closes, and removes the file while the lock is still held, see {@linkcode Mapping.remove}. */
  override remove(): void {
    this.closeAround(() => system().files.unlink(this.path));
  }
}

/** Whether the path leads to this very file, if it is opened like that. */
function leadsTo(path: string, { device, inode }: ObjectIdentity, access: Access): boolean {
  const found = system().files.identify(path, access);
  return found !== undefined && found.device === device && found.inode === inode;
}

inspectable(MappedFile, "MappedFile", ["path", "byteLength", "closed"]);
