/**
 * How a reader of a circular buffer reads, and what it says.
 *
 * @module
 */

import { callback, type Checks, number, oneOf } from "../base/options.ts";
import type { Fence } from "../fence.ts";

/** How a `CircularReader` is made. */
export interface CircularReaderOptions {
  /** How many bytes hold messages: 9 to 2^31 − 257. */
  capacity: number;
  /**
   * What `read()` does when the writer lapped the reader: continue (`"skip"`; `laps` and `lostBytes`
   * count) or throw a LappedError first (`"throw"`). Default `"skip"`.
   */
  onLap?: "skip" | "throw";
  /** How to keep loads in order. Default: a fence that suffices on every CPU. */
  fence?: Fence;
  /** Called before each look for new messages: the place to check that the memory is still there. */
  guard?: () => void;
}

/**
 * What `read(into)` gives: the size of the message in bytes, 0 if there is no message, `"lapped"` if
 * messages were overwritten before they could be read, `"too small"` if `into` is.
 */
export type ReadResult = number | "lapped" | "too small";

/** What {@linkcode CircularReaderOptions} may be. */
export const readerChecks: Checks<CircularReaderOptions> = {
  capacity: number,
  onLap: oneOf("skip", "throw"),
  fence: callback,
  guard: callback,
};
