/** Text of a stranger as one line that hides nothing. */

import { shownWithout } from "../../output/harmless.ts";

/** The text without colours, its line ends and all that can't be seen as visible signs. */
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
