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

/** Aligns columns: numbers to the right, words to the left. The first row is the head. */
export function table(rows: (string | number)[][]): string {
  const widths = rows[0].map(() => 0);
  // Not Math.max(...all): a stack has no room for that many.
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column], columnsOf(String(cell)));
    });
  }
  return rows.map((row) =>
    row.map((cell, column) => {
      const isNumber = typeof (rows[1] ?? row)[column] === "number";
      return padded(String(cell), widths[column], isNumber);
    }).join("  ").trimEnd() + "\n"
  ).join("");
}
