/**
 * Signals that this process receives in place of the program that it runs.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { isatty } from "node:tty";
import os from "node:os";
import process from "node:process";
import { system } from "../../ffi/current_system.ts";

const SIGNALS: readonly NodeJS.Signals[] = [
  "SIGINT",
  "SIGTERM",
  "SIGHUP",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
];
/** What few programs use, where a runtime gives it. Bun's engine needs SIGPWR for itself. */
const RARE_SIGNALS: readonly NodeJS.Signals[] = [
  "SIGALRM",
  "SIGVTALRM",
  "SIGIO",
  ..."Bun" in globalThis ? [] : ["SIGPWR" as const],
];
/** Those of real time, which no runtime gives. */
const FIRST_REAL_TIME = 34;
const LAST_REAL_TIME = 64;
/** On Windows a console tells all processes in it. */
const WINDOWS_SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGBREAK", "SIGHUP"];
/** What a terminal sends to all processes in its foreground: they have it already. */
const OF_TERMINALS: ReadonlySet<string> = new Set(["SIGINT", "SIGQUIT", "SIGWINCH"]);

/**
 * Calls `forward` for each signal that the program should have; `onSignal` for all of them.
 *
 * @param isApart whether the program has a terminal of its own: ours sends it nothing
 * @returns what ends that
 */
export function forwardSignals(
  forward: (signal: NodeJS.Signals) => void,
  onSignal: (signal: NodeJS.Signals) => void,
  isApart: boolean,
): () => void {
  const isWindows = process.platform === "win32";
  const signals = isWindows ? WINDOWS_SIGNALS : SIGNALS;
  const listener = (signal: NodeJS.Signals) => {
    onSignal(signal);
    if (isWindows) return;
    if (isApart || !OF_TERMINALS.has(signal) || !isInForeground()) forward(signal);
  };
  for (const signal of signals) process.on(signal, listener);
  if (process.platform === "linux") listenToRareSignals(listener);
  return () => {
    for (const signal of [...signals, ...RARE_SIGNALS]) process.removeListener(signal, listener);
  };
}

/** No signal for the program may end what records it. */
function listenToRareSignals(listener: (signal: NodeJS.Signals) => void): void {
  for (const signal of RARE_SIGNALS) {
    try {
      process.on(signal, listener);
    } catch {
      // Not of this runtime.
    }
  }
  const processes = system().processes?.();
  processes?.ignoreSignal(os.constants.signals.SIGSTKFLT);
  for (let number = FIRST_REAL_TIME; number <= LAST_REAL_TIME; number++) {
    processes?.ignoreSignal(number);
  }
}

/** Whether this process, and so a program that it started with pipes, is in the foreground of a terminal. */
export function isInForeground(): boolean {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    // After the name, which may hold anything: state, parent, group, session, terminal, its group.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[4] !== "0" && fields[2] === fields[5];
  } catch {
    return [0, 1, 2].some((descriptor) => isatty(descriptor));
  }
}
