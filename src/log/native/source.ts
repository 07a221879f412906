/**
 * Where a reader gets the bytes of a log from: the mapped memory itself, or copies by system calls.
 *
 * @module
 */

import { STRONG_ORDER } from "../../../ffi/mod.ts";
import { SegmentTruncatedError } from "../../errors.ts";
import { compilerFence, type Fence, fullFence } from "../../fence.ts";
import type { ReaderOptions } from "../reader_options.ts";
import { describeTarget, type LogMemory, type LogTarget } from "./target.ts";

/** How a reader gets at the bytes of a log. */
export type CopyMode = "map" | "pread" | "auto";

/** What a reader of the core works on. */
export interface LogSource extends Pick<ReaderOptions, "load" | "guard"> {
  /** The memory, or a private copy of it. */
  buffer: ArrayBuffer;
}

/** What keeps loads, and stores, in order on this machine. */
export const fence: Fence = STRONG_ORDER ? compilerFence : fullFence;

/** How to get at the bytes of `memory`, where that depends on whose it is. */
export function copyModeOf(memory: LogMemory, mode: CopyMode): "map" | "pread" {
  if (mode !== "auto") return mode;
  // Its owner can cut it off at any moment; and where /dev/shm is full, there is nothing in a hole.
  return memory.isOwn() && !memory.hasHoles() ? "map" : "pread";
}

/** The source of the log in `memory`. */
export function sourceOf(memory: LogMemory, target: LogTarget, mode: CopyMode): LogSource {
  if (copyModeOf(memory, mode) === "map") {
    // Touching memory past a truncated end kills the process: look before each batch.
    const guard = () => {
      const size = memory.currentSize();
      if (size < memory.byteLength) throw truncated(memory, target, size);
    };
    return { buffer: memory.buffer, guard };
  }
  // As large as the log, so that offsets are the same; only what is read takes real memory.
  const copy = new Uint8Array(new ArrayBuffer(memory.byteLength));
  return {
    buffer: copy.buffer,
    load(from, to) {
      // One after the other, however a system call is made.
      fence();
      const count = memory.read(copy.subarray(from, to), from);
      // By now it may have grown again.
      if (count < to - from) throw truncated(memory, target, memory.currentSize());
    },
  };
}

function truncated(memory: LogMemory, target: LogTarget, size: number): SegmentTruncatedError {
  return new SegmentTruncatedError(
    `log ${
      describeTarget(target)
    } was truncated from ${memory.byteLength} to ${size} bytes while it was read: reopen() continues with the log that has its name now`,
  );
}
