/**
 * Rows of words as columns.
 *
 * @module
 */

import { columnsOf, padded } from "./columns.ts";

/** Aligns columns: numbers to the right, words to the left. The first row is the head. */
export function table(rows: (string | number)[][]): string {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((row) => columnsOf(String(row[column]))))
  );
  return rows.map((row) =>
    row.map((cell, column) => {
      const isNumber = typeof (rows[1] ?? row)[column] === "number";
      return padded(String(cell), widths[column], isNumber);
    }).join("  ").trimEnd() + "\n"
  ).join("");
}
