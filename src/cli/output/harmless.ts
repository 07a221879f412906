/**
 * Text from strangers, made harmless: for a terminal, and for the page. The one place for that: what
 * entries say, names of logs, paths, subjects and headers, texts of errors.
 *
 * What can be seen stays as it is. What a terminal would obey (escape sequences, C0 and C1 controls)
 * and what no font shows or what turns text around (controls of direction, zero width, tags) becomes
 * visible: `\x1b`, `\u202e`. Runs in the page of `serve`, too.
 *
 * @module
 */

import type { LogSource } from "../../ship/message.ts";

/** Text in which there is nothing to look for; most is such. */
const PLAIN = /^[\t\n\x20-\x7e]*$/;
/** A sequence that sets colors and the like. */
// deno-lint-ignore no-control-regex
const STYLE = /\x1b\[([\d;:]*)m/g;
/**
 * Controls, ends of lines and paragraphs of Unicode, and what has no shape of its own. Joiners and the
 * choice of a form are parts of letters of many scripts, and of emoji: after such a letter they stay.
 */
const ODD =
  // deno-lint-ignore no-control-regex
  /(?<=[^\x00-\xff\p{DI}]\ufe0f?)[\u200c\u200d\ufe0f]|([\x00-\x08\x0b-\x1f\x7f-\x9f\p{Zl}\p{Zp}\p{DI}\ufff9-\ufffb]+)/gu;
const LINE_ENDS = /[\t\n]/g;

/** What of a style may come through: bold, italic, underlined, the six colors that show on any ground. */
const SAFE_STYLES = /^(?:0?|[134]|2[234]|39|3[1-6]|9[1-6])$/;
/** These take the numbers after them. */
const LONG_STYLES = /^(?:[345]8|.*:.*)$/;
/** What ends every style. */
const RESET = "\x1b[0m";

/** Text that can't play tricks, in as many lines as it has; without its colors. */
export function harmless(text: string): string {
  return shownWithout(text, escaped);
}

/** The same, with `show` for each character that can't be seen. */
export function shownWithout(text: string, show: (character: string) => string): string {
  return PLAIN.test(text) ? text : visible(text.replace(STYLE, ""), show);
}

/**
 * The same, with those of its colors that can hide nothing; they end with each line. A text that could
 * hide itself could hide all that comes after it.
 */
export function harmlessColors(text: string): string {
  if (PLAIN.test(text)) return text;
  let isStyled = false;
  const pieces = text.split(STYLE).map((piece, i) => {
    // Every second one is what stood in such a sequence.
    if (i % 2 === 0) return visible(piece, escaped);
    const style = safeStyle(piece);
    isStyled ||= style !== "";
    return style;
  });
  const shown = pieces.join("");
  return isStyled ? `${shown.replaceAll("\n", `${RESET}\n`)}${RESET}` : shown;
}

/** Text that stays in its line: a name, for one, which may be anything. */
export function oneLine(text: string): string {
  return harmless(text).replace(LINE_ENDS, (character) => character === "\n" ? "\\n" : "\\t");
}

/** A log of some machine in a word. */
export function sourceLabel({ host, name }: Pick<LogSource, "host" | "name">): string {
  return oneLine(name.startsWith("/") ? `${host}${name}` : `${host}/${name}`);
}

/** JSON that can't play tricks, either, and says the same. */
export function harmlessJson(json: string): string {
  return PLAIN.test(json) ? json : visible(json, escapedInJson);
}

/** A value as JSON in lines, as `--json` prints what is not an entry. */
export function jsonLines(value: unknown): string {
  return `${harmlessJson(JSON.stringify(value, null, 2))}\n`;
}

/** Text in which each character that can't be seen is what `show` makes of it; styles are such. */
function visible(text: string, show: (character: string) => string): string {
  return text.replace(ODD, (whole, odd: string | undefined) => {
    if (odd === undefined) return whole;
    let shown = "";
    for (const character of odd) shown += show(character);
    return shown;
  });
}

/** Of the controls, which may be millions in one entry. */
const ESCAPES = Array.from(
  { length: 256 },
  (_, code) => `\\x${code.toString(16).padStart(2, "0")}`,
);

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return ESCAPES[code];
  const digits = code.toString(16);
  return code < 0x10000 ? `\\u${digits.padStart(4, "0")}` : `\\u{${digits}}`;
}

function escapedInJson(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x100) return `\\u00${ESCAPES[code].slice(2)}`;
  // Each half of a pair by itself.
  return character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}

/** What remains of the numbers of a style; nothing if none may. */
function safeStyle(numbers: string): string {
  const all = numbers.split(";");
  const end = all.findIndex((number) => LONG_STYLES.test(number));
  const safe = all.slice(0, end < 0 ? undefined : end).filter((number) => SAFE_STYLES.test(number));
  return safe.length === 0 ? "" : `\x1b[${safe.join(";")}m`;
}
