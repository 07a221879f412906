/**
 * What a writer makes sure of before it touches memory that is there already.
 *
 * @module
 */

import { MappedFile, type Mapping } from "../ffi/mod.ts";
import { PermissionDeniedError, WriterLockedError } from "./errors.ts";

/**
 * Makes sure that memory is our own: one who took the name first, with a mode that lets us write, would
 * get all that we write, and could cut it off under us.
 *
 * @throws {PermissionDeniedError} if it belongs to another user
 */
export function checkOwner(what: string, memory: Pick<Mapping, "isOwn" | "owner">): void {
  if (memory.isOwn()) return;
  throw new PermissionDeniedError(
    `${what} belongs to another user, ${memory.owner()}: it is left as it is`,
  );
}

/**
 * Opens a file that must be there, ours, and locked by nobody, and takes its lock. If `work` fails it is
 * closed.
 *
 * @param inUse what to say if another handle has the lock
 * @throws {PermissionDeniedError} if it belongs to another user
 * @throws {WriterLockedError} if another handle has the lock
 */
export function takeOverFile<T>(
  path: string,
  what: string,
  inUse: string,
  work: (file: MappedFile) => T,
): T {
  const file = MappedFile.open(path, { access: "read-write" });
  try {
    // Before a byte of it is touched.
    checkOwner(what, file);
    if (!file.tryLock()) throw new WriterLockedError(inUse);
    // The one who had the lock before may have let it grow after we had looked.
    file.remap();
    return work(file);
  } catch (error) {
    file.close();
    throw error;
  }
}
