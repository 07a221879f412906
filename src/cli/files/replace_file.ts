/**
 * Small files that are replaced whole: the one before or the new one is there at every moment.
 *
 * @module
 */

import { closeSync, constants, openSync, rmSync, writeFileSync } from "node:fs";
import { renamePatiently } from "./patient_rename.ts";

/**
 * Puts a file with this text in the place of what is there. Nobody else may read it.
 *
 * The draft is beside it, since only within one file system is a renaming one step. In a folder like
 * /tmp anybody could have put a link in the place of a draft whose name can be guessed, and lead us to
 * a file of our own: so its name is random, and must be free.
 */
export function replaceFile(path: string, text: string): void {
  const draft = `${path}.${crypto.randomUUID()}.tmp`;
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;
  const descriptor = openSync(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    try {
      writeFileSync(descriptor, text);
    } finally {
      closeSync(descriptor);
    }
    renamePatiently(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
