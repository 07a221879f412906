/**
 * The arguments and the environment of this process as the kernel has them.
 *
 * Names of files and variables may be any bytes. Runtimes put U+FFFD in place of what is not UTF-8, and
 * Deno leaves such variables out, so a program that is started would get something else.
 *
 * @module
 */

import { Buffer, isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";

/** Those words that are not UTF-8, by what runtimes make of them. */
function ownWords(file: "cmdline" | "environ"): Map<string, Uint8Array> {
  const words = new Map<string, Uint8Array>();
  try {
    const bytes = readFileSync(`/proc/self/${file}`);
    if (isUtf8(bytes)) return words;
    for (let start = 0, end; (end = bytes.indexOf(0, start)) >= 0; start = end + 1) {
      const word = bytes.subarray(start, end);
      if (!isUtf8(word)) words.set(word.toString(), word);
    }
  } catch {
    // There is no such folder, or it may not be read: they are what the runtime says.
  }
  return words;
}

/** The bytes of words, with a zero after each. */
export function bytesOfWords(command: readonly string[], environment: readonly string[]): Buffer[] {
  const terminated = (words: readonly string[], file: "cmdline" | "environ") => {
    const own = words.some((word) => word.includes("\ufffd")) ? ownWords(file) : undefined;
    return words.map((word) => Buffer.concat([own?.get(word) ?? Buffer.from(word), Buffer.of(0)]));
  };
  return [...terminated(command, "cmdline"), ...terminated(environment, "environ")];
}

/** The environment of this process, with items like `NAME=value`. */
export function ownEnvironment(env: Readonly<Record<string, string | undefined>>): string[] {
  const items = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return [...new Set([...items, ...ownWords("environ").keys()])];
}
