/**
 * How the reader of a log in shared memory, or in a file, reads.
 *
 * @module
 */

import type { OverrunPolicy, ReadStrategy } from "../reader_options.ts";
import type { Cursor } from "./cursor.ts";
import type { CopyMode } from "./source.ts";
import { readerChecks } from "../reader_options.ts";
import { anything, type Checks, milliseconds, oneOf, signal } from "../../base/options.ts";

/** How a `ShmLogReader` reads. */
export interface ShmLogReaderOptions {
  /** Where to start. Default `"auto"`. */
  strategy?: ReadStrategy;
  /**
   * Continue right after this place instead, see `ShmLogReader.position`. What came of it is in
   * `ShmLogReader.continuation`.
   */
  after?: Cursor;
  /** Where to continue after an overrun. Default `"oldest"`. */
  onOverrun?: OverrunPolicy;
  /** What to do at bytes that contradict the format. Default `"throw"`. */
  onDamage?: "throw" | "skip";
  /**
   * How to get at the bytes. `"map"`: straight from the mapped memory; if somebody truncates the
   * segment while entries are copied, the process is killed (SIGBUS; before each batch the reader
   * looks whether all is there). `"pread"`: by system calls, which can't fault, into a copy that takes
   * up to as much memory as the log; a batch costs some microseconds more, and an entry of the
   * chunk that is being written half a microsecond. `"auto"`: by system calls if the log belongs to
   * another user, who could truncate it, or has holes because its program reserved no memory (on a
   * full /dev/shm a load from a hole kills the process, too); else from the map. Default `"map"`.
   */
  copyMode?: CopyMode;
}

/** How to wait for a log. */
export interface WaitOptions {
  /** Ends the waiting. */
  signal?: AbortSignal;
  /** How long to sleep between two looks, in milliseconds. Default 10. */
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
