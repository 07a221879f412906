/**
 * The end of the process: what to do before a signal or `exit` ends it.
 *
 * @module
 */

import process from "node:process";
import { comeLastAtWorkerEnd } from "./holding.ts";

/** On Windows there are Ctrl-C, Ctrl-Break, and the console that is closed. */
const SIGNALS: readonly NodeJS.Signals[] = process.platform === "win32"
  ? ["SIGINT", "SIGBREAK", "SIGHUP"]
  : ["SIGINT", "SIGTERM"];

/**
 * Calls `callback` once, before the process ends by SIGINT, SIGTERM (on Windows by Ctrl-C, Ctrl-Break
 * or a closed console), `exit()` or for lack of work.
 * A signal is raised again afterwards, so that it does what it would have done; other listeners to
 * it, if there are any, decide that themselves. SIGKILL and crashes give no such chance.
 *
 * @returns what takes the callback back
 *
 * @example
 * ```ts
 * import { onProcessEnd } from "@ouroboros/log/ffi";
 *
 * const undo = onProcessEnd(() => console.log("bye"));
 * undo();
 * ```
 */
export function onProcessEnd(callback: () => void): () => void {
  const undo = () => {
    process.removeListener("exit", onExit);
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  };
  const onExit = () => {
    undo();
    callback();
  };
  const onSignal = (signal: NodeJS.Signals) => {
    undo();
    callback();
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  process.on("exit", onExit);
  comeLastAtWorkerEnd();
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return undo;
}
