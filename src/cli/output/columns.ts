/**
 * Text in the columns of a terminal, of which some letters take two and others none.
 *
 * @module
 */

import stringWidth from "string-width";

/** How many columns a text takes. */
export function columnsOf(text: string): number {
  return stringWidth(text);
}

/** A text in so many columns, at least: a number to the right, words to the left. */
export function padded(text: string, columns: number, isNumber: boolean = false): string {
  const gap = " ".repeat(Math.max(columns - columnsOf(text), 0));
  return isNumber ? gap + text : text + gap;
}

/** The beginning of a text, with a mark at its end, if it takes more than so many columns. */
export function shortened(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let kept = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (columnsOf(kept + segment) > columns - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}
