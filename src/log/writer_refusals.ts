/**
 * Why a writer refuses to write, in words.
 *
 * @module
 */

import { ClaimPendingError, ClosedError, ReentrantUseError } from "../errors.ts";

/** It was closed, or has finished the log. */
export function closed(isFinished: boolean): ClosedError {
  return new ClosedError(
    isFinished
      ? "the log is finished, no entry can come after that: restart it, or make another one"
      : "the writer is closed: open a new one",
  );
}

/** It is writing a batch. */
export function inBatch(): ReentrantUseError {
  return new ReentrantUseError("a getter of the entries wrote to the same log: give plain values");
}

/** A claim is open. */
export function claimed(): ClaimPendingError {
  return new ClaimPendingError("a claim is open: commit or abort it before the next write");
}

/** An entry does not fit into the log. */
export function tooLarge(length: number, most: number): RangeError {
  return new RangeError(
    `entry of ${length} bytes exceeds the maximum of ${most}: ` +
      `make the log larger, or write it in several parts`,
  );
}

/** An element of a batch is another one than when `batchSize` looked at it. */
export function changed(index: number): TypeError {
  return new TypeError(`entries[${index}] changed while the batch was written: give plain values`);
}
