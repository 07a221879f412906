/**
 * How the writer of a log in shared memory, or in a file, is made.
 *
 * @module
 */

import { type Checks, flag, mode, number, oneOf } from "../../base/options.ts";

/** How a `ShmLogWriter` is made. */
export interface ShmLogWriterOptions {
  /**
   * The size of a chunk in bytes. Default 1 MiB; in shared memory less where the log would take more
   * than an eighth of the memory that this process may have (the limit of a container or of a systemd
   * service, see {@linkcode SharedMemory.memoryLimit}). A log that is resumed keeps its own. On Windows shared
   * memory has whole pages: the chunks share what that is more.
   */
  chunkSize?: number;
  /** The number of chunks: the log forgets its oldest entries a chunk at a time. Default 16. */
  chunkCount?: number;
  /**
   * What to do when the segment exists: `"fail"`, `"resume"` it with its entries and the next
   * sequence number, or `"replace"` it by an empty one. Default `"fail"`.
   *
   * Neither touches the log of a writer that is alive, what is no log, or what belongs to another
   * user, whatever its mode, not even for root: a stranger may have taken the name first.
   *
   * On Windows a segment lives only as long as somebody has it open. So there is one to resume if a
   * reader has kept it; and it can't be replaced meanwhile, that is a `SegmentExistsError`.
   */
  ifExists?: "fail" | "resume" | "replace";
  /**
   * Whether `close()` removes the segment, if it is this user's. Readers that have it open keep it.
   * Default `true` for shared memory, `false` for a file. On Windows shared memory goes in any case when
   * all have closed it, and a file can't be removed while others have it mapped.
   */
  unlinkOnClose?: boolean;
  /**
   * The permission bits of the segment. Default 0o600: nobody else may read it. Without a meaning on
   * Windows, where shared memory is for its user, and a file has the rights of its folder.
   */
  mode?: number;
  /**
   * Whether to close on SIGINT, SIGTERM and at the end of the process. The signal ends the process
   * afterwards, as it would have done. Default `false`.
   */
  handleSignals?: boolean;
  /**
   * Whether to wake readers that sleep in `follow()`, which then read an entry some tens of
   * microseconds after it was written instead of up to 20 ms. A write looks at one more word; it makes
   * a system call only if somebody sleeps. Each reader that follows has a thread that sleeps for it,
   * which takes 5 MB (Bun) to 14 MB (Deno): where there are many in a process, let one read for all.
   *
   * Linux and shared memory only: elsewhere, where a reader may not write to the segment, and where it
   * may not start the thread (Node with `--permission` wants `--allow-worker`), followers look by
   * themselves, as they do without. Default `false`.
   */
  notify?: boolean;
}

/** What {@linkcode ShmLogWriterOptions} may be. */
export const shmWriterChecks: Checks<ShmLogWriterOptions> = {
  chunkSize: number,
  chunkCount: number,
  ifExists: oneOf("fail", "resume", "replace"),
  unlinkOnClose: flag,
  mode,
  handleSignals: flag,
  notify: flag,
};
