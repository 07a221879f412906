/**
 * The end of the process: what to do before a signal or `exit` ends it.
 *
 * @module
 */

import process from "node:process";
import { system } from "./current_system.ts";
import { comeLastAtWorkerEnd } from "./holding.ts";

/** On Windows there are Ctrl-C, Ctrl-Break, and the console that is closed. */
const SIGNALS: readonly NodeJS.Signals[] = process.platform === "win32"
  ? ["SIGINT", "SIGBREAK", "SIGHUP"]
  : ["SIGINT", "SIGTERM"];

const IS_DENO = "Deno" in globalThis;
const IS_NODE = !IS_DENO && !("Bun" in globalThis);

/** After this long a watcher has started the program again: Deno's waits half a second. In milliseconds. */
const WATCHER_GRACE = 1000;

/** Marks our listeners, also those of another copy of this library in the same process. */
const OURS = Symbol.for("ouroboros.processEnd");

/** What is to be called, in this order. */
const ends = new Set<(signal?: NodeJS.Signals) => void>();

// Whether somebody else listens to the signal that came: a listener for one time is gone when our turn comes,
// and it still decides whether the process ends.
let hasOthers = false;

/** Called first, if the runtime allows that. */
const look = letsSignalsEnd((signal: NodeJS.Signals) => {
  hasOthers = othersListenTo(signal);
});
/** In Deno no listener can be put before the others, but each that is removed is reported; not in Bun. */
const onRemoved = letsSignalsEnd((event: string | symbol, listener: object) => {
  if (!SIGNALS.some((signal) => signal === event) || OURS in listener) return;
  hasOthers = true;
  // All that listen to a signal are called at once.
  queueMicrotask(() => hasOthers = false);
});
const onExit = letsSignalsEnd(() => callAll());
const onSignal = letsSignalsEnd((signal: NodeJS.Signals) => {
  // They may still log, and end the process when they are done.
  if (hasOthers || othersListenTo(signal)) return;
  // A watcher calls the listeners before it starts the program again, in this process: a signal would end
  // the watcher. If it does not start it, it was a signal.
  if (isWatched()) setTimeout(() => end(signal), WATCHER_GRACE);
  else end(signal);
});

/**
 * Calls `callback` once, with the signal if there is one, before the process ends by SIGINT, SIGTERM (on Windows by Ctrl-C, Ctrl-Break
 * or a closed console), `exit()` or for lack of work.
 * A signal is raised again afterwards, so that it does what it would have done. If there are other listeners
 * to it, they decide when the process ends, and the callback is called at its `exit`. SIGKILL and crashes give no such chance.
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
export function onProcessEnd(callback: (signal?: string) => unknown): () => void {
  const ending = (signal?: NodeJS.Signals) => void callback(signal);
  if (ends.size === 0 && IS_DENO) process.on("removeListener", onRemoved);
  ends.add(ending);
  process.removeListener("exit", onExit).on("exit", onExit);
  comeLastAtWorkerEnd();
  for (const signal of SIGNALS) comeLast(signal);
  return () => forget(ending);
}

/** Puts us behind all that listen already: they may still use what we close. */
function comeLast(signal: NodeJS.Signals): void {
  if (process.listeners(signal).at(-1) === onSignal) return;
  process.removeListener(signal, look).removeListener(signal, onSignal);
  if (!IS_DENO) process.prependListener(signal, look);
  process.on(signal, onSignal);
}

function callAll(signal?: NodeJS.Signals): void {
  for (const end of [...ends]) if (ends.delete(end)) end(signal);
  // Not before: a second signal would end the process while the first one is at work.
  removeListeners();
}

function othersListenTo(signal: NodeJS.Signals): boolean {
  return process.listeners(signal).some((listener) => !(OURS in listener));
}

/** Ends the process as the signal would have done, unless somebody listens to it by now. */
function end(signal: NodeJS.Signals): void {
  callAll(signal);
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

/** Whether this program runs under `bun --watch` or `deno --watch`. */
function isWatched(): boolean {
  const options = IS_DENO ? system().commandLine?.() ?? [] : process.execArgv;
  return !IS_NODE && options.some((option) => /^--watch(-hmr)?(=|$)/.test(option));
}

function forget(end: (signal?: NodeJS.Signals) => void): boolean {
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

/**
 * Marks a listener to a signal: it does not keep the signal from ending the process where that is handled here.
 * What `onProcessEnd()` calls must remove it.
 *
 * @internal
 */
export function letsSignalsEnd<T extends object>(listener: T): T {
  return Object.assign(listener, { [OURS]: true });
}
