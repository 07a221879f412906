/**
 * Files that a command must not write to, for it reads from them.
 *
 * @module
 */

import { statSync } from "node:fs";
import { isSameFile } from "../../../ffi/mod.ts";
import type { ShmLogReader } from "../../log/native/shm_log_reader.ts";
import { describeTarget, type LogTarget } from "../../log/native/target.ts";

/**
 * Makes sure that a file is not the log that is read: that would be cut off under its writer, too.
 *
 * @throws {RangeError} if it is
 */
export function refuseItself(target: LogTarget, reader: ShmLogReader, path: string): void {
  const { device, inode } = reader.position;
  const there = statSync(path, { throwIfNoEntry: false });
  const isItself = typeof target === "string"
    // Where shared memory can be seen among the files.
    ? there?.dev === device && there.ino === inode
    : isSameFile(target.path, path);
  if (isItself) throw new RangeError(`${path} is log ${describeTarget(target)} itself`);
}
