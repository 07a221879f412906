/** The text of an entry on the page: on one line, on several, or as JSON with line ends and indents. */

import { shownWithout } from "../../output/harmless.ts";

/** A string, or a character between two. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{[](?:\s*[}\]])?|[}\],:]|\s+|[^\s"{}[\],:]+/g;
/** Deeper nesting is indented no more: what a stranger nests must not fill the memory. */
const DEEPEST = 32;

/** The text without colors, its line ends and all that can't be seen as visible signs. */
export function oneLine(text: string): string {
  return severalLines(text).replace(/[\t\n]/g, (character) => character === "\n" ? "⏎ " : "  ");
}

/** The same in as many lines as it has. */
export function severalLines(text: string): string {
  return shownWithout(text, sign);
}

function sign(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "␡" : `‹${code.toString(16)}›`;
}

/**
 * The text for people, if it is a JSON object. Not by its values: numbers would be rounded, and names
 * that are there twice be there once.
 */
export function pretty(text: string): string {
  if (!text.startsWith("{")) return text;
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  let depth = 0;
  const line = () => `\n${"  ".repeat(Math.min(depth, DEEPEST))}`;
  return text.replace(TOKEN, (token) => {
    if (token === "{" || token === "[") return token + (depth++, line());
    if (token === "}" || token === "]") return (depth--, line()) + token;
    if (token === ",") return token + line();
    return token === ":" ? ": " : token.startsWith('"') ? token : token.replace(/\s+/g, "");
  });
}
