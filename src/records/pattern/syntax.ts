/**
 * Regular expressions as people type them, as JavaScript wants them.
 *
 * @module
 */

/** What may stand after a backslash with the flag `u`. */
const ESCAPE =
  /^\\(?:[\^$\\.*+?()[\]{}|/dDwWsSbBfnrtv]|[1-9]\d*|0(?!\d)|c[A-Za-z]|x[\da-fA-F]{2}|u(?:[\da-fA-F]{4}|\{[\da-fA-F]+\})|[pP]\{[^}]*\}|k<[^>]*>)/;
const REPEAT = /^\{\d+(?:,\d*)?\}/;
/** Flags at the beginning, as other engines take them. */
const FLAGS = /^\(\?([ims]+)\)/;

/** What other engines know, and what to type here. */
const HINTS: readonly [pattern: RegExp, hint: string][] = [
  [/\(\?P</, "a named group is (?<name>…)"],
  [/\(\?[a-zA-Z]+\)/, "(?i:…) ignores case in a part, -i in all of it"],
  [/\\[<>]/, "\\b is the edge of a word"],
  [/\[\[:\^?\w+:\]/, "use \\d, \\s, \\w or a range like [a-z]"],
  [/\\[AzZ]/, "^ is the beginning, $ the end"],
  [/[*+?]\+/, "there are no possessive quantifiers"],
  [/[()]/, "\\( and \\) are the characters"],
  [/\[/, "\\[ is the character"],
  [/^[*+?]|[|(][*+?]/, ".* is any text, \\* the character"],
];

/**
 * A regular expression with the flag `u`. What other programs take works, too, as long as its meaning
 * is plain: escapes that are not needed (`\-`, `\"`), braces by themselves (`{"a"`), `(?i)` in front.
 *
 * @throws {SyntaxError} if it is not valid, with a hint where there is one
 */
export function parsePattern(text: string, ignoreCase: boolean = false): RegExp {
  const [head = "", inline = ""] = FLAGS.exec(text) ?? [];
  const flags = [...new Set(`u${inline}${ignoreCase ? "i" : ""}`)].join("");
  const source = text.slice(head.length);
  // Valid everywhere, but never meant as it is read here: a class of the letters of a name.
  if (/\[\[:\^?\w+:\]/.test(source)) throw mistake(text, "unknown class");
  try {
    return new RegExp(source, flags);
  } catch (error) {
    try {
      return new RegExp(plain(source), flags);
    } catch {
      throw mistake(text, (error as Error).message.split(": ").at(-1) ?? "");
    }
  }
}

function mistake(text: string, reason: string): SyntaxError {
  const hint = HINTS.find(([pattern]) => pattern.test(text))?.[1];
  return new SyntaxError(
    `${JSON.stringify(text)} is not a regular expression: ` +
      `${reason.charAt(0).toLowerCase()}${reason.slice(1)}${hint === undefined ? "" : `; ${hint}`}`,
  );
}

/** Without escapes that are not needed, and with those that are for brackets by themselves. */
function plain(source: string): string {
  let result = "";
  let isInClass = false;
  for (let at = 0; at < source.length;) {
    const rest = source.slice(at);
    const character = rest[0];
    let piece = character;
    if (character === "\\") {
      const escape = ESCAPE.exec(rest)?.[0] ?? (isInClass && rest[1] === "-" ? "\\-" : undefined);
      // Of a letter, `<` and `>` other engines make something else.
      const isNeedless = escape === undefined && /^\\[^\w<>]/.test(rest);
      result += isNeedless ? rest[1] : escape ?? rest.slice(0, 2);
      at += escape?.length ?? 2;
      continue;
    }
    if (isInClass) isInClass = character !== "]";
    else if (character === "[") isInClass = true;
    else if (character === "]" || character === "}") piece = `\\${character}`;
    else if (character === "{") {
      const repeat = result === "" ? undefined : REPEAT.exec(rest)?.[0];
      result += repeat ?? "\\{";
      at += repeat?.length ?? 1;
      continue;
    }
    result += piece;
    at++;
  }
  return result;
}
