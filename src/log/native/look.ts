/**
 * A look at a log that the user did not choose: at all that there are, of any maker.
 *
 * @module
 */

import { HEADER_SIZE } from "../layout.ts";
import { type LogOutline, outline } from "../outline.ts";
import type { Load } from "../segment.ts";
import { fence, sourceOf } from "./source.ts";
import type { LogMemory, LogTarget } from "./target.ts";

/** How much is copied where a header is looked at, in bytes. */
const BLOCK = 65536;

/**
 * What is in a log, at the cost of a look at its table and its newest chunk. The log of another user,
 * which may truncate it at this moment, is looked at by copies of what is needed: then the numbers may
 * be wrong for once where its writer is at work.
 *
 * @throws {UnsupportedLogError} if it is not a log of version 1 or 2
 * @throws {CorruptLogError} if its header contradicts its size
 * @throws {SegmentTruncatedError} if somebody made it shorter
 */
export function lookAt(memory: LogMemory, target: LogTarget): LogOutline {
  const { buffer, load, guard } = sourceOf(memory, target, "auto");
  guard?.();
  return outline(buffer, fence, load && byBlocks(load, buffer.byteLength));
}

/** Loads the headers of a chunk a block at a time: one by one, each would take a system call. */
function byBlocks(load: Load, size: number): Load {
  let [start, end] = [0, 0];
  return (from, to) => {
    if (to - from > HEADER_SIZE) return load(from, to);
    if (from >= start && to <= end) return;
    [start, end] = [from, Math.min(from + BLOCK, size)];
    load(start, end);
  };
}
