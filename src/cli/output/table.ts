/**
 * Rows of words as columns.
 *
 * @module
 */

/** Aligns columns: numbers to the right, words to the left. The first row is the head. */
export function table(rows: (string | number)[][]): string {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((row) => String(row[column]).length))
  );
  return rows.map((row) =>
    row.map((cell, column) => {
      const isNumber = typeof (rows[1] ?? row)[column] === "number";
      const text = String(cell);
      return isNumber ? text.padStart(widths[column]) : text.padEnd(widths[column]);
    }).join("  ").trimEnd() + "\n"
  ).join("");
}
