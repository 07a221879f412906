/**
 * A look at a log that the user did not choose: at all that there are, of any maker.
 *
 * @module
 */

import { HEADER_SIZE, MAGIC } from "../layout.ts";
import { type LogOutline, outline } from "../outline.ts";
import type { Load } from "../segment.ts";
import { fence, sourceOf } from "./source.ts";
import { type LogMemory, type LogTarget, openMemory } from "./target.ts";

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

/** Whether there is a log that is complete, as far as its first bytes say; `false` if it can't be opened. */
export function hasMagic(target: LogTarget): boolean {
  try {
    using memory = openMemory(target, "read");
    // By a system call: it may be truncated at this moment.
    const start = new Uint8Array(new ArrayBuffer(8));
    memory.read(start, 0);
    return new DataView(start.buffer).getBigUint64(0, true) === MAGIC;
  } catch {
    // Gone by now, or not for us.
    return false;
  }
}

/** Loads the headers of a chunk a block at a time: one by one, each would take a system call. */
export function byBlocks(load: Load, size: number): Load {
  let [start, end] = [0, 0];
  return (from, to) => {
    if (to - from > HEADER_SIZE) {
      // The table, for a new look: what it says is of what is there now.
      end = 0;
      return load(from, to);
    }
    if (from >= start && to <= end) return;
    [start, end] = [from, Math.min(from + BLOCK, size)];
    load(start, end);
  };
}
