/**
 * Files that get their name when they are complete.
 *
 * @module
 */

import {
  linkSync,
  lstatSync,
  renameSync,
  type Stats,
  statSync,
  truncateSync,
  unlinkSync,
} from "node:fs";
import type { FileHandle } from "node:fs/promises";
import process from "node:process";
import { basename, dirname, join, resolve } from "node:path";
import { SegmentExistsError, SystemCallError } from "../src/errors.ts";
import { MappedFile } from "./mapped_file.ts";
import type { CreateOptions } from "./memory_options.ts";
import { translateFsError } from "./system_error.ts";
import { checkName } from "../src/base/arguments.ts";
import { checkOptions, flag, mode as isMode } from "../src/base/options.ts";
import { inspectable } from "../src/base/inspectable.ts";

/** How a {@linkcode PartialFile} is made. */
export interface PartialFileOptions extends Omit<CreateOptions, "lock" | "replaces" | "prepare"> {
  /** Whether a file that is at `path` is replaced, at the end and at once. Default `false`. */
  force?: boolean;
}

/**
 * A new file that has another name in the same folder until it is complete, so that no process sees a
 * part of it under its own name. A file that is closed before it is finished is removed. A process that
 * is killed leaves a file whose name begins with a dot and ends in `.partial`.
 *
 * @example
 * ```ts
 * import { existsSync, rmSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { PartialFile } from "@ouroboros/log/ffi";
 *
 * const path = `${tmpdir()}/doc-partial-${process.pid}`;
 * using file = PartialFile.create(path, 4096);
 * new Uint8Array(file.buffer).fill(1);
 * console.log(existsSync(path)); // false
 * file.finish();
 * console.log(existsSync(path)); // true
 * rmSync(path);
 * ```
 */
export class PartialFile implements Disposable {
  /** The path that it will have, absolute. */
  readonly path: string;
  readonly #partial: string;
  readonly #file: MappedFile;
  readonly #force: boolean;

  private constructor(path: string, partial: string, file: MappedFile, force: boolean) {
    this.path = path;
    this.#partial = partial;
    this.#file = file;
    this.#force = force;
  }

  /**
   * Makes the file, of zeros, and maps it for reading and writing.
   *
   * @param path what it will be called, in a folder that exists
   * @param size in bytes
   * @throws {SegmentExistsError} if there is one already, without `force`
   * @throws {SystemCallError} if there is something else than a file
   * @throws {SegmentNotFoundError} if there is no such folder
   * @throws {NoSpaceError} if the disk has no room for it
   * @throws {PermissionDeniedError} if the system refuses
   * @throws {RangeError} if the size or the mode is not usable
   * @throws {TypeError} if an option has the wrong type
   */
  static create(path: string, size: number, options: PartialFileOptions = {}): PartialFile {
    checkName("path", path);
    path = resolve(path);
    checkOptions("PartialFile.create()", options, { force: flag, mode: isMode, reserve: flag });
    const { force = false, ...createOptions } = options;
    // Before anything is done for nothing; what appears later is seen at the end.
    const found = lookAt(path);
    if (found !== undefined && !found.isFile()) {
      throw new SystemCallError(`"${path}" is not a file: choose another path`, 0);
    }
    if (found !== undefined && !force) throw exists(path);
    // Not to be guessed: in a folder like /tmp anybody could put something in its place.
    const partial = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.partial`);
    return new PartialFile(path, partial, MappedFile.create(partial, size, createOptions), force);
  }

  /**
   * The bytes of the file, until it is finished or closed.
   *
   * @throws {ClosedError} after `finish()` or `close()`
   */
  get buffer(): ArrayBuffer {
    return this.#file.buffer;
  }

  /** Writes the bytes to the disk, so that `finish()` need not wait for it. It may wait long: other work is done. */
  async flush(): Promise<void> {
    let handle: FileHandle | undefined;
    try {
      // Loaded here: it takes milliseconds, and few programs save.
      const { open } = process.getBuiltinModule("node:fs/promises");
      handle = await open(this.#partial, "r+");
      await handle.sync();
    } catch {
      // Then `finish()` does it, and says what is wrong.
    } finally {
      await handle?.close();
    }
  }

  /**
   * Writes the bytes to the disk, unmaps them, and gives the file its name.
   *
   * @param size how many of its bytes are kept; all by default
   * @throws {SegmentExistsError} if there is one of this name by now, without `force`
   * @throws {PermissionDeniedError} if the system refuses
   * @throws {SystemCallError} if the disk does
   * @throws {ClosedError} after `close()`
   */
  finish(size?: number): void {
    this.#file.flush();
    const all = this.#file.byteLength;
    this.#file.close();
    try {
      if (size !== undefined && size < all) truncateSync(this.#partial, size);
      if (this.#force) renameSync(this.#partial, this.path);
      else renameToFree(this.#partial, this.path);
    } catch (error) {
      MappedFile.unlink(this.#partial);
      if (error instanceof SegmentExistsError) throw error;
      throw translateFsError("rename to", `file "${this.path}"`, error);
    }
  }

  /** Removes what is not finished. May be called twice, and after `finish()`. */
  close(): void {
    if (this.#file.closed) return;
    this.#file.close();
    MappedFile.unlink(this.#partial);
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Whether two paths lead to one file; `false` if there is nothing at one of them. Links are followed.
 *
 * @throws {PermissionDeniedError} if the system does not let us look
 *
 * @example
 * ```ts
 * import { isSameFile } from "@ouroboros/log/ffi";
 *
 * console.log(isSameFile(".", process.cwd()), isSameFile(".", "no such file")); // true false
 * ```
 */
export function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => {
    try {
      return statSync(path, { bigint: true, throwIfNoEntry: false });
    } catch (error) {
      throw translateFsError("stat", `file "${path}"`, error);
    }
  });
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

/** Gives the file its name unless another one has it by now. */
function renameToFree(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    if (lookAt(to) !== undefined) throw exists(to);
    // Some file systems have no hard links.
    renameSync(from, to);
    return;
  }
  unlinkSync(from);
}

function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw translateFsError("stat", `file "${path}"`, error);
  }
}

function exists(path: string): SegmentExistsError {
  return new SegmentExistsError(`file "${path}" exists already`);
}

inspectable(PartialFile, "PartialFile", ["path"]);
