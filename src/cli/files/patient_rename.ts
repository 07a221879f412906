/**
 * A file that takes the place of another one.
 *
 * @module
 */

import { renameSync } from "node:fs";
import process from "node:process";

/** What Windows says of a file that somebody has open. */
const BUSY: readonly unknown[] = ["EPERM", "EACCES", "EBUSY"];
/** The longest pause between two attempts, in milliseconds; each is twice as long as the one before. */
const LONGEST = 512;

/**
 * Renames a file. On Windows it is tried for a second: what looks for viruses, or an editor, may have
 * one of the two open for a moment, and does not let it go meanwhile.
 */
export function renamePatiently(from: string, to: string): void {
  for (let pause = 1;; pause *= 2) {
    try {
      return renameSync(from, to);
    } catch (error) {
      const isBusy = BUSY.includes((error as NodeJS.ErrnoException).code);
      if (process.platform !== "win32" || !isBusy || pause > LONGEST) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
    }
  }
}
