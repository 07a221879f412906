/** Logs of lines with their numbers, and what commands print of them. */

import type { ShmLogWriter } from "../../mod.ts";
import type { CliResult } from "./cli.ts";

/** Writes `line 1`, `line 2`, … up to a number. */
export function fill(log: ShmLogWriter, to: number): void {
  while (log.totalEntriesWritten < to) log.write(`line ${log.totalEntriesWritten + 1}`);
}

/** Those lines as text. */
export const lines = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}\n`).join("");

/** How a command ends that prints only this. */
export const done = (stdout: string): CliResult => ({ code: 0, stdout, stderr: "" });
