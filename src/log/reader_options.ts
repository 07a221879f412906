/**
 * How a reader of a log reads.
 *
 * @module
 */

import type { Fence } from "../fence.ts";
import { callback, checkOptions, type Checks, integer, oneOf } from "../base/options.ts";

/**
 * Where a reader starts: `"auto"` at entry 1 if it is still there, else like `"latest"`; `"latest"`
 * at the start of the newest chunk; `"oldest"` at the oldest entry that is still there. `"lowest"` is
 * what the reference calls `"oldest"`, and means the same.
 */
export type ReadStrategy = "auto" | "latest" | "oldest" | "lowest";

/**
 * Where a reader continues after the writer overtook it: at the `"oldest"` entry that is intact, at
 * the start of the `"latest"` chunk, or at the oldest after it has thrown an OverrunError.
 *
 * If the writer overtakes it again and again, the oldest chunk is gone before it can be read. Then some
 * of the oldest chunks are skipped: twice as many after each overrun that comes soon, and fewer again
 * once the reader reached the end of the log, or has read many laps.
 */
export type OverrunPolicy = "oldest" | "latest" | "throw";

/** How a `Reader` reads. */
export interface ReaderOptions {
  /** Where to start. Default `"auto"`. */
  strategy?: ReadStrategy;
  /**
   * Start right after the entry of this sequence number instead. Older entries are not read. Later ones
   * that are gone count as lost. An overrun at the start is counted, not thrown.
   */
  after?: number;
  /** Where to continue after an overrun. Default `"oldest"`. */
  onOverrun?: OverrunPolicy;
  /**
   * What to do at bytes that contradict the format: `"throw"` a CorruptLogError, or `"skip"` to the
   * next chunk and count the entries in between as lost. Default `"throw"`.
   */
  onDamage?: "throw" | "skip";
  /** How to keep loads in order. Default: a fence that is enough on every CPU. */
  fence?: Fence;
  /**
   * Given where `memory` is not the shared memory but a private copy of its size: called before each
   * look with what is looked at, from where to where in bytes, to bring that up to date.
   */
  load?: (from: number, to: number) => void;
  /** Called before each look at the memory: the place to check that it is still all there. */
  guard?: () => void;
}

/** What {@linkcode ReaderOptions} may be. */
export const readerChecks: Checks<ReaderOptions> = {
  strategy: oneOf("auto", "latest", "oldest", "lowest"),
  after: integer(0),
  onOverrun: oneOf("oldest", "latest", "throw"),
  onDamage: oneOf("throw", "skip"),
  fence: callback,
  load: callback,
  guard: callback,
};

/** What a reader needs to know to find its way. */
export interface ReadPolicy {
  /** Where to start. */
  readonly strategy: Exclude<ReadStrategy, "lowest">;
  /** The number of the entry to start after; -1: where `strategy` says. */
  readonly after: number;
  /** Where to continue after an overrun. */
  readonly onOverrun: OverrunPolicy;
  /** Whether damage is skipped. */
  readonly skipsDamage: boolean;
}

/** The options with their defaults; a TypeError or RangeError for what is not one of its values. */
export function readPolicy(options: ReaderOptions): ReadPolicy {
  checkOptions("Reader", options, readerChecks);
  const { strategy = "auto", after, onOverrun = "oldest", onDamage = "throw" } = options;
  return {
    after: after ?? -1,
    strategy: strategy === "lowest" ? "oldest" : strategy,
    onOverrun,
    skipsDamage: onDamage === "skip",
  };
}
