/**
 * How the reader of a log in shared memory, or in a file, reads.
 *
 * @module
 */

import { type OverrunPolicy, readerChecks, type ReadStrategy } from "../reader_options.ts";
import { checkCursor, type Cursor } from "./cursor.ts";
import type { CopyMode } from "./source.ts";
import {
  anything,
  checkOptions,
  type Checks,
  milliseconds,
  oneOf,
  signal,
} from "../../base/options.ts";

/** How a `ShmLogReader` reads. */
export interface ShmLogReaderOptions {
  /** Where to start. Default `"auto"`. */
  strategy?: ReadStrategy;
  /**
   * Start right after this place instead, see `ShmLogReader.position`. `ShmLogReader.continuation` says
   * whether that was possible.
   */
  after?: Cursor;
  /** Where to continue after an overrun. Default `"oldest"`. */
  onOverrun?: OverrunPolicy;
  /** What to do at bytes that contradict the format. Default `"throw"`. */
  onDamage?: "throw" | "skip";
  /**
   * How to read the bytes. Default `"map"`.
   *
   * - `"map"`: from the mapped memory. If the segment is truncated while entries are copied, the process
   *   is killed (SIGBUS). The reader checks the size before each batch.
   * - `"pread"`: by system calls, which cannot fault, into a copy that takes up to as much memory as the
   *   log. A batch costs some microseconds more, and an entry of the chunk that is being written half a
   *   microsecond.
   * - `"auto"`: by system calls if the log belongs to another user, who could truncate it, or has holes
   *   because its program reserved no memory (on a full /dev/shm a load from a hole kills the process,
   *   too); else from the map.
   */
  copyMode?: CopyMode;
}

/** How to wait for a log. */
export interface WaitOptions {
  /** Stops waiting. */
  signal?: AbortSignal;
  /** How long to sleep between two attempts, in milliseconds. Default 10. */
  interval?: number;
}

/** What {@linkcode ShmLogReaderOptions} may be. */
export const shmReaderChecks: Checks<ShmLogReaderOptions> = {
  strategy: readerChecks.strategy,
  after: anything,
  onOverrun: readerChecks.onOverrun,
  onDamage: readerChecks.onDamage,
  copyMode: oneOf("map", "pread", "auto"),
};

/** What {@linkcode WaitOptions} may be, beside those of the reader. */
export const waitChecks: Checks<WaitOptions> = { signal, interval: milliseconds(0) };

/** Throws a TypeError unless all of them may be. */
export function checkReaderOptions(options: ShmLogReaderOptions): void {
  checkOptions("ShmLogReader", options, shmReaderChecks);
  if (options.after !== undefined) checkCursor(options.after);
}
