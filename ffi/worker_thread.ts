/**
 * Whether this is a worker's thread.
 *
 * @module
 */

import { builtinRequire } from "./drivers/builtin_require.ts";

/**
 * Whether this is a worker's thread and not the one that the process began with. `node:worker_threads`
 * says so everywhere, and is loaded for it only in Node: the others take milliseconds to do that.
 */
export function isWorkerThread(): boolean {
  const { Bun: bun } = globalThis as { Bun?: { isMainThread: boolean } };
  if (bun !== undefined) return !bun.isMainThread;
  if ("Deno" in globalThis) return "DedicatedWorkerGlobalScope" in globalThis;
  const threads = builtinRequire()("node:worker_threads") as { isMainThread: boolean };
  return !threads.isMainThread;
}
