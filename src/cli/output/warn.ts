/**
 * What a command says to people, on standard error.
 *
 * @module
 */

import process from "node:process";
import pc from "picocolors";

const colors = pc.createColors(pc.isColorSupported && Boolean(process.stderr.isTTY));

/** Says one line, with the program's name in front. */
export function warn(message: string): void {
  process.stderr.write(`${colors.yellow("ouroboros:")} ${message}\n`);
}

/** How many of something, in words: `"1 entry"`, `"2 entries"`. */
export function entryCount(count: number): string {
  return count === 1 ? "1 entry" : `${count} entries`;
}
