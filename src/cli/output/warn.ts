/**
 * What a command says to people, on standard error.
 *
 * @module
 */

import process from "node:process";
import pc from "picocolors";
import { harmless } from "./harmless.ts";
import { mayHaveColors } from "./output_colors.ts";

const colors = pc.createColors(mayHaveColors && Boolean(process.stderr.isTTY));

// The reader of it may be gone, and that must not end a recorder.
process.stderr.on("error", () => {});

/**
 * Says something, with the program's name in front. Names in it may be a stranger's: what is not the
 * first line is indented, so that none can pass for another message.
 */
export function warn(message: string): void {
  const text = harmless(withoutPasswords(message)).replaceAll("\n", "\n    ");
  process.stderr.write(`${colors.yellow("ouroboros:")} ${text}\n`);
}

/** How many of something, in words: `"1 entry"`, `"2 entries"`. */
export function entryCount(count: number): string {
  return count === 1 ? "1 entry" : `${count} entries`;
}

/** The same of what has a plain plural: `"1 log"`, `"2 logs"`. */
export function counted(count: number, one: string): string {
  return count === 1 ? `1 ${one}` : `${count} ${one}s`;
}

/**
 * Up to the last `@` of the line: a password may hold anything. More is hidden than there must be where
 * several addresses stand in a line. An address that was taken for a path of Windows has backslashes.
 */
const USER = /\b(nats|tls|wss?):[\\/]+[^\n]*@/gi;

/** What the parser says of an option that takes servers, which may stand there without a scheme. */
const OPTION = /(option '--(?:from|to) [^']*' argument ')[^\n]*@/g;

/** A text without the users, passwords and tokens that stand in addresses of servers. */
export function withoutPasswords(text: string): string {
  return text.replace(USER, "$1://***@").replace(OPTION, "$1***@");
}
