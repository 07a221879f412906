/**
 * Logs that shall stay, and can't.
 *
 * @module
 */

import { SharedMemory } from "../../../ffi/mod.ts";
import type { LogTarget } from "../../log/native/target.ts";
import { warn } from "../output/warn.ts";

/** Says that `what` keeps no shared memory where that goes with its last handle: on Windows. */
export function warnIfShortLived(target: LogTarget, what: string): void {
  if (typeof target !== "string" || SharedMemory.persists) return;
  warn(`${what} keeps only files here: shared memory goes when all have closed it`);
}
