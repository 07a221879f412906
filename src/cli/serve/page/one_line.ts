/** Text of a stranger as one line that hides nothing. */

// deno-lint-ignore no-control-regex
const COLORS = /\x1b\[[\d;:]*m/g;
// Control characters, and those that turn the direction of text around.
// deno-lint-ignore no-control-regex
const ODD = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The text without colours, its line ends and other control characters as visible signs. */
export function oneLine(text: string): string {
  return text.replace(COLORS, "").replace(ODD, visible);
}

function visible(character: string): string {
  if (character === "\t") return "  ";
  if (character === "\n") return "⏎ ";
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "␡" : `‹${code.toString(16)}›`;
}
