/**
 * What a writer makes sure of before it touches memory that is there already.
 *
 * @module
 */

import process from "node:process";
import { MappedFile, type Mapping } from "../ffi/mod.ts";
import { PermissionDeniedError, WriterLockedError } from "./errors.ts";
import { isSearching } from "./slots.ts";

/**
 * Makes sure that memory is our own: a user who took the name first, with a mode that lets us write, would
 * get all that we write, and could cut it off under us.
 *
 * @throws {PermissionDeniedError} if it belongs to another user
 */
export function checkOwner(what: string, memory: Pick<Mapping, "isOwn" | "owner">): void {
  if (memory.isOwn()) return;
  throw new PermissionDeniedError(
    `${what} belongs to another user, ${memory.owner()}. It was not changed: choose another name`,
  );
}

/** That a writer of `what` is alive: which one, where that is known, and what to do. */
export function livingWriter(
  what: string,
  memory: { lockHolder(): number | undefined },
  nextStep: string,
): WriterLockedError {
  // To ask the system takes up to a millisecond where it has many locks.
  const holder = isSearching ? undefined : memory.lockHolder();
  if (holder === process.pid) {
    return new WriterLockedError(`${what} has a living writer in this process: close that first`);
  }
  const pid = holder === undefined ? "" : ` (pid ${holder})`;
  return new WriterLockedError(`${what} has a living writer${pid}: ${nextStep}`);
}

/**
 * Opens a file that must be there, ours, and locked by nobody, and takes its lock. If `work` fails it is
 * closed.
 *
 * @param nextStep what to do if another handle has the lock
 * @throws {PermissionDeniedError} if it belongs to another user
 * @throws {WriterLockedError} if another handle has the lock
 */
export function takeOverFile<T>(
  path: string,
  what: string,
  nextStep: string,
  work: (file: MappedFile) => T,
): T {
  const file = MappedFile.open(path, { access: "read-write" });
  try {
    // Before a byte of it is touched.
    checkOwner(what, file);
    if (!file.tryLock()) throw livingWriter(what, file, nextStep);
    // The writer that had the lock before may have let it grow after we had looked.
    file.remap();
    return work(file);
  } catch (error) {
    file.close();
    throw error;
  }
}
