/**
 * What a runtime has of its own, found so that no bundler looks into it and no parser trips on it: its
 * modules have names that other runtimes refuse even where they are never reached.
 *
 * @module
 */

import { readlinkSync } from "node:fs";
import process from "node:process";

/** Where bundlers put this into a CommonJS file, that file; else only Bun has it. */
declare const __filename: string | undefined;

/** A `require` that starts from this file, or, where it is on a server, from nowhere: for builtins. */
export function builtinRequire(): (specifier: string) => unknown {
  return process.getBuiltinModule("node:module").createRequire(requireBase());
}

/** From where it starts. */
export function requireBase(): string {
  // CommonJS has no URL here.
  const url: string | undefined = import.meta.url;
  if (url?.startsWith("file:")) return url;
  // A path on every system: Deno takes modules from servers, and there is no file then.
  return typeof __filename === "string" ? __filename : "file:///C:/";
}

/**
 * Whether this is a worker's thread and not the one that the process began with. `node:worker_threads`
 * says so everywhere, but it takes milliseconds to load, at the start of each program: so the others are
 * asked first.
 */
export function isWorkerThread(): boolean {
  const { Bun: bun } = globalThis as { Bun?: { isMainThread: boolean } };
  if (bun !== undefined) return !bun.isMainThread;
  if ("Deno" in globalThis) return "DedicatedWorkerGlobalScope" in globalThis;
  if (isFirstThread()) return false;
  const threads = builtinRequire()("node:worker_threads") as { isMainThread: boolean };
  return !threads.isMainThread;
}

/** Whether Linux says that this is the first thread of the process, which no worker has. */
function isFirstThread(): boolean {
  if (process.platform !== "linux") return false;
  try {
    const [pid, , thread] = readlinkSync("/proc/thread-self").split("/");
    return pid === thread;
  } catch {
    return false;
  }
}

/**
 * The environment for a thread of ours: in Node and Bun a module that is loaded before each thread may record
 * it, and is asked not to. In Deno there is no such thing, and the environment may be forbidden.
 */
export function threadEnvironment(): { env?: NodeJS.ProcessEnv } {
  return "Deno" in globalThis ? {} : { env: { ...process.env, OUROBOROS_LOG: "" } };
}
