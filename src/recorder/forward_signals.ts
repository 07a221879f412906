/**
 * Signals that this process receives in place of the program that it runs.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { isatty } from "node:tty";
import process from "node:process";

const SIGNALS: readonly NodeJS.Signals[] = [
  "SIGINT",
  "SIGTERM",
  "SIGHUP",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
];
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
  return () => {
    for (const signal of signals) process.removeListener(signal, listener);
  };
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
