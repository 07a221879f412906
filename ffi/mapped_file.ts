/**
 * Mapped files.
 *
 * @module
 */

import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  lstatSync,
  openSync,
  statSync,
  unlinkSync,
} from "node:fs";
import {
  ClosedError,
  PermissionDeniedError,
  SegmentNotFoundError,
  SystemCallError,
} from "../src/errors.ts";
import { checkMode, checkSize, type CreateOptions, Mapping, type OpenOptions } from "./mapping.ts";
import { identityNumber } from "./segment_identity.ts";
import { translateFsError } from "./system_error.ts";
import { system } from "./current_system.ts";
import type { Access, SegmentIdentity } from "./system.ts";

/**
 * A file that is mapped into memory: like shared memory, and it outlives a reboot.
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
 * MappedFile.unlink(path);
 * ```
 */
export class MappedFile extends Mapping {
  /** The path that it was opened by. */
  readonly path: string;

  private constructor(path: string, descriptor: number, byteLength: number, access: Access) {
    super({
      descriptor,
      byteLength,
      access,
      name: undefined,
      what: `file "${path}"`,
      closeDescriptor: closeSync,
    });
    this.path = path;
  }

  /**
   * Creates a file of zeros with room on the disk for all of it, and maps it for reading and
   * writing. Some file systems can't reserve room: on a full one of those a store kills the process.
   *
   * @param size in bytes
   * @throws {SegmentExistsError} if there is something of this path, be it a broken link
   * @throws {NoSpaceError} if the disk has no room for it
   * @throws {PermissionDeniedError} if the system refuses
   * @throws {RangeError} if the size or the mode is not usable
   */
  static create(path: string, size: number, options: CreateOptions = {}): MappedFile {
    const { mode = 0o600, reserve = true } = options;
    checkMode(mode);
    checkSize(size, `file "${path}"`);
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | constants.O_NOFOLLOW;
    const descriptor = openFile(path, flags, mode);
    try {
      system().setMode(descriptor, mode, `file "${path}"`);
      system().setSize(descriptor, size, `file "${path}"`);
      if (reserve) system().reserve(descriptor, size, `file "${path}"`, true);
      return new MappedFile(path, descriptor, size, "read-write");
    } catch (error) {
      removeFailed(path, descriptor);
      throw error;
    }
  }

  /**
   * Opens a file and maps all of it.
   *
   * With `"read"` a symbolic link is followed: whoever reads can do no harm. With `"read-write"` it
   * is not: in a folder like /tmp anybody could lead the writer to a file of its own user. (Links
   * among the folders of the path are always followed.)
   *
   * @throws {SegmentNotFoundError} if there is none, or it is empty
   * @throws {PermissionDeniedError} if the system refuses
   * @throws {SystemCallError} if it is not a regular file, or a link that is not followed
   * @throws {RangeError} if it is too large for this runtime
   */
  static open(path: string, options: OpenOptions = {}): MappedFile {
    const { access = "read" } = options;
    // Not to hang on a pipe that nobody writes to: it is refused below.
    const how = access === "read" ? constants.O_RDONLY : constants.O_RDWR | constants.O_NOFOLLOW;
    const flags = how | (constants.O_NONBLOCK ?? 0);
    const descriptor = openFile(path, flags, 0);
    try {
      const found = fstatSync(descriptor);
      if (!found.isFile()) throw new SystemCallError(`open file "${path}" failed: not a file`, 0);
      if (found.size === 0) throw new SegmentNotFoundError(`file "${path}" is empty`);
      checkSize(found.size, `file "${path}"`);
      return new MappedFile(path, descriptor, found.size, access);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /**
   * Removes a file: who has it mapped keeps the memory.
   *
   * @returns whether there was one
   * @throws {PermissionDeniedError} if the system refuses
   */
  static unlink(path: string): boolean {
    try {
      unlinkSync(path);
      return true;
    } catch (error) {
      const reason = translateFsError("unlink", `file "${path}"`, error);
      if (reason instanceof SegmentNotFoundError) return false;
      throw reason;
    }
  }

  /**
   * Makes the file longer, with room on the disk for all of it, and maps it anew: `buffer` is another
   * one then, and all views of the one before have ended. If it fails, all is as it was. The lock is
   * kept; others who have it mapped see no more than before, until they `remap()`.
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
   * MappedFile.unlink(path);
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
    this.setSize(size, true);
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
    // A descriptor of its own: that of the mapping may be closed, and its number given away, before
    // the system is done. What is no longer at its path is flushed by the mapping.
    if (!this.isCurrent()) return this.flush();
    const descriptor = openFile(this.path, constants.O_RDONLY | constants.O_NONBLOCK, 0);
    try {
      if (!isThisFile(fstatSync(descriptor, { bigint: true }), this.identity)) return this.flush();
      await new Promise<void>((resolve, reject) => {
        fsync(descriptor, (error) => {
          if (error) reject(translateFsError("fsync", `file "${this.path}"`, error));
          else resolve();
        });
      });
    } finally {
      closeSync(descriptor);
    }
  }

  /** Whether the path still leads to this very file. */
  override isCurrent(): boolean {
    return leadsTo(this.path, this.identity, this.access === "read" ? statSync : lstatSync);
  }
}

/** Removes what could not be finished, unless somebody put another file in its place. */
function removeFailed(path: string, descriptor: number): void {
  try {
    if (leadsTo(path, system().identify(descriptor), lstatSync)) MappedFile.unlink(path);
  } catch {
    // Why it could not be finished says more than why it could not be removed.
  } finally {
    closeSync(descriptor);
  }
}

/** Whether the path leads to this very file; `stat` follows a link, or does not. */
function leadsTo(path: string, identity: SegmentIdentity, stat: typeof statSync): boolean {
  try {
    return isThisFile(stat(path, { bigint: true }), identity);
  } catch (error) {
    const reason = translateFsError("stat", `file "${path}"`, error);
    if (reason instanceof SegmentNotFoundError) return false;
    throw reason;
  }
}

function isThisFile(found: { dev: bigint; ino: bigint }, identity: SegmentIdentity): boolean {
  const { device, inode } = identity;
  return identityNumber(found.dev) === device && identityNumber(found.ino) === inode;
}

function openFile(path: string, flags: number, mode: number): number {
  try {
    return openSync(path, flags, mode);
  } catch (error) {
    throw translateFsError("open", `file "${path}"`, error);
  }
}
