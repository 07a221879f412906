/** What the page shows, as a command for a shell. */

import type { Shown, Span } from "./source.ts";

/** How many of the last entries a page is shown, too. */
const LAST = "1000";
/** What no shell takes for anything but text. */
const HARMLESS = /^[\w@%+:,./-]+$/;
/** What a terminal may obey, or show as nothing. */
const ODD = /[\p{C}\p{Zl}\p{Zp}]/u;

/** The command that prints the same. */
export function commandFor(
  { log, where, level, span }: Shown & { span?: Span | undefined },
): string {
  const words = ["ouroboros", "tail"];
  if (span === undefined) words.push("-f", "-n", LAST);
  else {
    words.push("--all");
    words.push("--since", new Date(span.from).toISOString());
    words.push("--until", new Date(span.to).toISOString());
  }
  if (level !== "") words.push("-p", level);
  if (where !== "") words.push(`--where=${where}`);
  // A group is all that begins so.
  const name = log.replace(/\{slot\}$/, "*");
  words.push(name.startsWith("-") ? `./${name}` : name);
  return words.map(quoted).join(" ");
}

/** A word as a shell takes it, whatever is in it: for sh, and with odd characters for bash and zsh. */
export function quoted(word: string): string {
  if (HARMLESS.test(word)) return word;
  if (!ODD.test(word)) return `'${word.replaceAll("'", "'\\''")}'`;
  const escaped = word.replace(/[\\']/g, "\\$&").replace(new RegExp(ODD, "gu"), (character) => {
    const bytes = new TextEncoder().encode(character);
    return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
  });
  return `$'${escaped}'`;
}
