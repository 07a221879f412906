/**
 * How a process ends by itself, and the entry that says so.
 *
 * @module
 */

import process from "node:process";
import { onProcessEnd } from "../../ffi/mod.ts";
import { hasLeftRejection, onUncaughtError } from "./uncaught.ts";

/** The `logger` of the entry. */
const LOGGER = "ouroboros.exit";

/** The end of a process, or of a sink. */
export interface Ending {
  /** The exit code of the process. */
  exitCode?: number;
  /** The signal that ends it. */
  signal?: string;
  /** Whether only the sink was closed. */
  closed?: true;
}

const callbacks = new Set<(exitCode: number) => void>();

/** One for all: of more than ten, runtimes warn. */
function onExit(code?: number): void {
  // Bun tells its listeners another code after a rejection that was left to it.
  const exitCode = hasLeftRejection() ? 1 : Number(code ?? process.exitCode ?? 0);
  for (const callback of callbacks) if (callbacks.delete(callback)) callback(exitCode);
}

/** `Deno.exit()` is no `exit` of `node:process`. */
function onUnload(): void {
  const { Deno: deno } = globalThis as { Deno?: { exitCode: number } };
  onExit(deno?.exitCode);
}

/**
 * Calls `callback` once, when the process ends by itself: by `exit()` or for lack of work; and, but on Deno, by an
 * uncaught error.
 *
 * @returns what forgets the callback
 */
export function onProcessExit(callback: (exitCode: number) => void): () => void {
  if (callbacks.size === 0) {
    process.on("exit", onExit);
    if ("Deno" in globalThis) globalThis.addEventListener("unload", onUnload);
  }
  // A callback of its own for each call.
  const own = (exitCode: number) => callback(exitCode);
  callbacks.add(own);
  return () => {
    if (!callbacks.delete(own) || callbacks.size > 0) return;
    process.removeListener("exit", onExit);
    if ("Deno" in globalThis) globalThis.removeEventListener("unload", onUnload);
  };
}

/**
 * Calls `callback` when the process ends; with `handlesSignals` also by a signal that nobody else listens to, and
 * before the logs are closed that were opened since.
 *
 * @returns what forgets the callback
 */
export function onEnding(callback: (ending: Ending) => void, handlesSignals: boolean): () => void {
  const forget = [onProcessExit((exitCode) => callback({ exitCode }))];
  // By that it is known whether a rejection ends the process.
  if ("Bun" in globalThis) forget.push(onUncaughtError(() => {}));
  if (handlesSignals) {
    // An exit is seen before, as its listener was there first.
    forget.push(onProcessEnd((signal) => signal !== undefined && callback({ signal })));
  }
  return () => forget.forEach((one) => one());
}

/** The entry, in JSON. */
export function exitLine(ending: Ending): string {
  const { exitCode = Number(process.exitCode ?? 0), signal } = ending;
  const isGood = signal !== undefined || exitCode === 0;
  return JSON.stringify({
    time: new Date().toISOString(),
    level: isGood ? "info" : "error",
    logger: LOGGER,
    msg: signal !== undefined
      ? `ended by ${signal}`
      : ending.closed
      ? "the log was closed"
      : `exit code ${exitCode}`,
    pid: process.pid,
    // That of a process that only closes its log is not known yet, unless it says that it will fail.
    ...signal === undefined && !(ending.closed && isGood) && { exitCode },
    ...ending,
    uptimeMs: Math.round(process.uptime() * 1000),
  });
}
