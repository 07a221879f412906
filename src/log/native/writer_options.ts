/**
 * How the writer of a log in shared memory, or in a file, is made.
 *
 * @module
 */

import { type Checks, flag, mode, number, oneOf } from "../../base/options.ts";
import { lifeChecks, type LifeOptions } from "../writer_options.ts";
import { slotsCheck } from "../../slots.ts";
import { sizeCheck } from "./shape.ts";

/** How a `ShmLogWriter` is made. */
export interface ShmLogWriterOptions extends LifeOptions {
  /**
   * The size of the log: bytes, or text like `"64MiB"`. Default 16 MiB, but in shared memory no more than a
   * quarter of what is free in /dev/shm, and than an eighth of the memory that this process may use (the
   * limit of a container or of a systemd service, see {@linkcode SharedMemory.memoryLimit}), and at least
   * 256 KiB. On Windows shared memory has whole pages, so chunks may be a little larger.
   *
   * A log that is resumed with another size than it has is made again in this size, with its numbers and
   * as many of its entries as fit. Readers that follow with `onAbandoned: "reopen"` continue in it. If that
   * is not possible, because there is no room for both or the system is not Linux, it keeps its size, and
   * a warning of the process says why. Without a size a log that is resumed keeps its own.
   */
  size?: number | string;
  /** The number of chunks. The log forgets its oldest entries one chunk at a time. Default 16. */
  chunkCount?: number;
  /** The size of a chunk in bytes, in place of `size`. Default: what makes a log of that size. */
  chunkSize?: number;
  /** How many slots there may be for `{slot}` in the name, from 1 on. Default 64. */
  slots?: number;
  /**
   * What to do if the segment exists: `"resume"` it with its entries and the next sequence number,
   * `"replace"` it by an empty one, `"restart"` it, for `version: 2` only: it is then empty, in the same
   * segment, with another id; or `"fail"`. Default `"resume"`.
   *
   * A file that `saveLog()` made is resumed only if `"resume"` is given: else its oldest entries would be
   * overwritten unasked. One of several logs, of `ouroboros save` and `watch`, is never resumed.
   *
   * A log that is resumed or restarted keeps its version, one that is resumed also its id.
   *
   * All of them leave alone the log of a writer that is alive, a file that is not a log, and what belongs to
   * another user, whatever its mode, even for root: a stranger may have taken the name first.
   *
   * On Windows a segment lives only as long as a process has it open. So there is one to resume only if
   * a reader kept it, and to replace it meanwhile is a `SegmentExistsError`.
   */
  ifExists?: "fail" | "resume" | "replace" | "restart";
  /**
   * Whether `close()` removes the segment, if it is this user's. Readers that have it open keep it.
   * Default `false`: a log stays until you remove it, whether its writer is closed, fails or is killed.
   * On Windows shared memory is always removed
   * when all have closed it, and a file cannot be removed while others have it mapped.
   */
  unlinkOnClose?: boolean;
  /**
   * The permission bits of the segment. Default 0o600: no other user may read it. No effect on Windows,
   * where shared memory is for its user, and a file has the rights of its folder.
   */
  mode?: number;
  /**
   * Whether to close on SIGINT, SIGTERM and at the end of the process. The signal then ends the process
   * as without this option. If your program listens to the signal, too, it may log until it ends the
   * process. Default `false`.
   */
  handleSignals?: boolean;
  /**
   * Whether to wake readers that sleep in `follow()`. They then read an entry some tens of microseconds
   * after it was written, instead of up to 60 ms. A write reads one more word, and makes a system call
   * only if a reader sleeps. Each reader that follows has a thread that sleeps for it, which takes 5 MB
   * (Bun) to 14 MB (Deno). If a process has many, let one read for all.
   *
   * Linux and shared memory only. Elsewhere, and where a reader may not write to the segment or start the
   * thread (Node with `--permission` needs `--allow-worker`), followers look by themselves, as without
   * this option. Default `false`.
   */
  notify?: boolean;
}

/** What {@linkcode ShmLogWriterOptions} may be. */
export const shmWriterChecks: Checks<ShmLogWriterOptions> = {
  ...lifeChecks,
  size: sizeCheck,
  chunkCount: number,
  chunkSize: number,
  slots: slotsCheck,
  ifExists: oneOf("fail", "resume", "replace", "restart"),
  unlinkOnClose: flag,
  mode,
  handleSignals: flag,
  notify: flag,
};
