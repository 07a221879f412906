/**
 * Files that one process at a time may write to.
 *
 * @module
 */

import { realpathSync } from "node:fs";
import { system } from "./current_system.ts";
import { translateFsError } from "./system_error.ts";

/**
 * The lock of a file, whatever is in it: the one that {@linkcode MappedFile} has, without a mapping.
 * It stays with the file when that gets another name, and goes with the process.
 *
 * @example
 * ```ts
 * import { rmSync, writeFileSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { FileLock } from "@ouroboros/log/ffi";
 *
 * const path = `${tmpdir()}/doc-lock-${process.pid}`;
 * writeFileSync(path, "");
 * using lock = FileLock.take(path);
 * console.log(lock !== undefined, FileLock.take(path)); // true undefined
 * lock?.close();
 * rmSync(path);
 * ```
 */
export class FileLock implements Disposable {
  #descriptor: number;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /**
   * Takes the lock of a file that is there; links are followed.
   *
   * @returns the lock, or `undefined` if another handle has it
   * @throws {SegmentNotFoundError} if there is no file
   * @throws {PermissionDeniedError} if it may not be read and written
   * @throws {SystemCallError} if it is not a regular file, or in a file system without locks
   */
  static take(path: string): FileLock | undefined {
    const { files, lock } = system();
    let descriptor: number;
    try {
      descriptor = files.open(realpathSync(path), "read-write");
    } catch (error) {
      throw translateFsError("open", `file "${path}"`, error);
    }
    let isTaken = false;
    try {
      isTaken = lock(descriptor);
    } finally {
      if (!isTaken) files.close(descriptor);
    }
    return isTaken ? new FileLock(descriptor) : undefined;
  }

  /** Releases it. May be called twice. */
  close(): void {
    if (this.#descriptor < 0) return;
    system().files.close(this.#descriptor);
    this.#descriptor = -1;
  }

  /** Releases it. */
  [Symbol.dispose](): void {
    this.close();
  }
}
