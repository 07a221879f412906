/** Where a log can be, in shared memory and in a file, for tests of what they have in common. */

import { existsSync } from "node:fs";
import { SharedMemory } from "../../ffi/mod.ts";
import { type LogTarget, ShmLogWriter, type ShmLogWriterOptions } from "../../mod.ts";
import { isWindows, needsPaths } from "./platform.ts";
import { uniqueName } from "./runtime.ts";

/** A kind of place. */
export interface LogPlace {
  title: string;
  /** A new one. */
  target(): LogTarget;
  /** Its path, if there is one. */
  path(target: LogTarget): string;
  /** Why it has no path; `false` if it has one. */
  noPath: string | false;
  /** Makes a small log that its writer removes at its end. */
  create(target: LogTarget, options?: ShmLogWriterOptions): ShmLogWriter;
  /** Whether there is something. */
  isThere(target: LogTarget): boolean;
}

/** The two kinds; files are in `folder`. */
export function logPlaces(folder: string): LogPlace[] {
  return ["shared memory", "a file"].map((title) => {
    const isShared = title === "shared memory";
    // Windows can't remove a file while a reader has it mapped.
    const unlinkOnClose = !isWindows || isShared;
    const small = { chunkSize: 4096, chunkCount: 4, unlinkOnClose };
    return {
      title,
      target: () => isShared ? uniqueName() : { path: folder + uniqueName() },
      path: (target) => typeof target === "string" ? `/dev/shm${target}` : target.path,
      noPath: isShared && needsPaths,
      create: (target, options = {}) => ShmLogWriter.create(target, { ...small, ...options }),
      isThere: (target) =>
        typeof target === "string" ? SharedMemory.exists(target) : existsSync(target.path),
    };
  });
}
