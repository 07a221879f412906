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

const IS_DENO = "Deno" in globalThis;

/** Marks our listeners, also those of another copy of this library in the same process. */
const OURS = Symbol.for("ouroboros.processEnd");

/** What is to be called, in this order. */
const ends = new Set<() => void>();

// Whether somebody else listens to the signal that came: a listener for one time is gone when our turn comes,
// and it still decides whether the process ends.
let hasOthers = false;

/** Called first, if the runtime allows that. */
const look = ours((signal: NodeJS.Signals) => {
  hasOthers = process.listeners(signal).some((listener) => !(OURS in listener));
});
/** In Deno no listener can be put before the others, but each that is removed is reported; not in Bun. */
const onRemoved = ours((event: string | symbol, listener: object) => {
  if (!SIGNALS.some((signal) => signal === event) || OURS in listener) return;
  hasOthers = true;
  // All that listen to a signal are called at once.
  queueMicrotask(() => hasOthers = false);
});
const onExit = ours(callAll);
const onSignal = ours((signal: NodeJS.Signals) => {
  const isTheirs = hasOthers;
  callAll();
  if (!isTheirs && process.listenerCount(signal) === 0) process.kill(process.pid, signal);
});

/**
 * Calls `callback` once, before the process ends by SIGINT, SIGTERM (on Windows by Ctrl-C, Ctrl-Break
 * or a closed console), `exit()` or for lack of work.
 * A signal is raised again afterwards, so that it does what it would have done; other listeners to
 * it, if there are any, decide that themselves. SIGKILL and crashes give no such chance.
 *
 * @returns a function that removes the callback
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
  const end = () => callback();
  if (ends.size === 0 && IS_DENO) process.on("removeListener", onRemoved);
  ends.add(end);
  process.removeListener("exit", onExit).on("exit", onExit);
  comeLastAtWorkerEnd();
  for (const signal of SIGNALS) comeLast(signal);
  return () => forget(end);
}

/** Puts us behind all that listen already: they may still use what we close. */
function comeLast(signal: NodeJS.Signals): void {
  if (process.listeners(signal).at(-1) === onSignal) return;
  process.removeListener(signal, look).removeListener(signal, onSignal);
  if (!IS_DENO) process.prependListener(signal, look);
  process.on(signal, onSignal);
}

function callAll(): void {
  for (const end of [...ends]) if (ends.delete(end)) end();
  // Not before: a second signal would end the process while the first one is at work.
  removeListeners();
}

function forget(end: () => void): boolean {
  const isThere = ends.delete(end);
  if (isThere && ends.size === 0) removeListeners();
  return isThere;
}

function removeListeners(): void {
  process.removeListener("exit", onExit).removeListener("removeListener", onRemoved);
  for (const signal of SIGNALS) {
    process.removeListener(signal, look).removeListener(signal, onSignal);
  }
}

function ours<T extends object>(listener: T): T {
  return Object.assign(listener, { [OURS]: true });
}
