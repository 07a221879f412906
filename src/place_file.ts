/**
 * What all files have in common that keep a place between two runs: the state file of a command, which
 * is replaced whole, and the state file of a forwarder or a receiver, which is written in two slots.
 *
 * Only their owner may read them. One that holds something else is left as it is.
 *
 * @module
 */

import {
  closeSync,
  constants,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from "node:fs";
import process from "node:process";
import { sleepSync } from "./base/sleep_sync.ts";
import { CorruptStateError } from "./errors.ts";

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;

/** What Windows says of a file that somebody has open. */
const BUSY: readonly unknown[] = ["EPERM", "EACCES", "EBUSY"];
/** The longest pause between two attempts, in milliseconds; each is twice as long as the one before. */
const LONGEST = 512;

/**
 * Opens a file, or makes it. In a folder like /tmp anybody could have put a link in its place, and lead us
 * to another file of our own: so none is followed.
 */
export function openPrivate(path: string, flags: number): number {
  return openSync(path, flags | O_NOFOLLOW, 0o600);
}

/**
 * Puts a file with this text in the place of what is there: the one before or the new one is there at
 * every moment, also if this process is killed.
 *
 * The draft is beside it, since only within one file system is a renaming one step. Its name can't be
 * guessed, and must be free.
 */
export function replaceFile(path: string, text: string): void {
  const draft = `${path}.${crypto.randomUUID()}.tmp`;
  const descriptor = openPrivate(draft, O_WRONLY | O_CREAT | O_EXCL);
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
      sleepSync(pause);
    }
  }
}

/**
 * Makes sure that `what` is a file: a device may have no end, and a folder or a pipe keeps nothing.
 *
 * @throws {CorruptStateError} if it is something else
 */
export function checkIsFile(what: string, stats: Stats): void {
  if (!stats.isFile()) throw new CorruptStateError(`${what} is not a file: choose another path`);
}

/** The error for a file that holds something else than a place. */
export function damaged(what: string, cause?: unknown): CorruptStateError {
  const reason = cause instanceof Error ? ` (${cause.message})` : "";
  return new CorruptStateError(`${what} is damaged${reason}: remove it to start again`, { cause });
}
