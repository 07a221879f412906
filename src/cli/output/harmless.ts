/**
 * Text from strangers, for a terminal.
 *
 * @module
 */

// Everything that could move the cursor or change the terminal, except for colours.
// deno-lint-ignore no-control-regex
const CONTROLS = /\x1b\[[\d;:]*m|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
// deno-lint-ignore no-control-regex
const COLORS = /\x1b\[[\d;:]*m/g;
// The controls that JSON does not escape.
const UNESCAPED = /[\x7f-\x9f]/g;

/** Text that can't play tricks on a terminal: a log may hold what a stranger sent. */
export function harmless(text: string): string {
  return text.replace(
    CONTROLS,
    (control) =>
      control.length > 1 ? control : `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/** The same, without colours. */
export function colorless(text: string): string {
  return harmless(text.replace(COLORS, ""));
}

/** A name that stays in its line: names of segments may be anything. */
export function oneLine(name: string): string {
  return colorless(name).replace(/[\n\t\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g, "?");
}

/** JSON that can't play tricks, either, and says the same. */
export function harmlessJson(json: string): string {
  return json.replace(UNESCAPED, (control) => `\\u00${control.charCodeAt(0).toString(16)}`);
}
