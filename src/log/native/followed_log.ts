/**
 * A log as a follower sees it: whether it has ended, and the next one of its name.
 *
 * @module
 */

import { constants } from "node:os";
import { SystemCallError } from "../../errors.ts";
import type { Cursor } from "./cursor.ts";
import type { Followed, FollowOptions } from "./follow.ts";
import type { OpenedLog } from "./opened_log.ts";

/** That this process, or the machine, has as many open as it may. */
const SHORT_OF_DESCRIPTORS: readonly number[] = [constants.errno.EMFILE, constants.errno.ENFILE];

/** What following needs of a reader, see `ShmLogReader`. */
interface LogReader extends Counted {
  readonly position: Cursor;
  readonly isFinished: boolean;
  readonly isRestarted: boolean;
  readonly overruns: number;
  isAbandoned(): boolean;
  reopen(): boolean;
}

/** What `reader` reads, which has `log` open at each moment. */
export function followedLog<T>(
  reader: LogReader,
  log: () => OpenedLog,
  next: () => T | undefined,
  options: FollowOptions,
): Followed<T> {
  return {
    next,
    bell: () => log().bell.attended(),
    isFinished: () => reader.isFinished,
    isRestarted: () => reader.isRestarted,
    isAbandoned: () => unlessShort(() => reader.isAbandoned()),
    moveOn: () => {
      const { position, isFinished, isRestarted, lostEntries, overruns } = reader;
      if (!unlessShort(() => reader.reopen())) return false;
      // How much of its life came after our last entry, nobody knows.
      const lost = isRestarted && !isFinished ? "unknown" : lostEntries;
      options.onReopen?.({ from: position, lostEntries: lost, overruns, after: startOf(reader) });
      return true;
    },
  };
}

/** How far a reader has come. */
interface Counted {
  readonly lastSequenceNumber: number;
  readonly lostEntries: number;
}

/** The number of the entry after which a reader was to begin that has read nothing yet. */
export function startOf({ lastSequenceNumber, lostEntries }: Counted): number {
  return lastSequenceNumber - lostEntries;
}

/** What `look` gives; `false` if there is no free descriptor now: a follower asks again soon. */
export function unlessShort(look: () => boolean): boolean {
  try {
    return look();
  } catch (error) {
    if (isShortOfDescriptors(error)) return false;
    throw error;
  }
}

/** Whether this process, or the machine, has as many files open as it may. */
export function isShortOfDescriptors(error: unknown): error is SystemCallError {
  return error instanceof SystemCallError && SHORT_OF_DESCRIPTORS.includes(error.errno);
}
