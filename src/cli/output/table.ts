/**
 * Rows of words as columns.
 *
 * @module
 */

import { columnsOf, padded } from "./columns.ts";

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
