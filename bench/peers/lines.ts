/** The lines that every peer logs: 100 characters of ASCII. */

/** The size of a line in bytes, without its end. */
export const LINE_SIZE = 100;
/** How many different ones there are. */
export const LINE_POOL = 256;

/** How many lines are logged in one go. */
export const BURST = 500;
/** What a counter and a space take, in lines that begin with one. */
export const COUNTER_SIZE = 5;

/** The lines, each a flat string of its own. */
export function makeLines(): string[] {
  const filler = "GET /api/v1/items?page=3 200 1532 bytes 0.25 ms from 10.0.0.17 ".repeat(2);
  return Array.from({ length: LINE_POOL }, (_, i) => {
    const line = `2026-01-01T00:00:00.${1000 + i} INFO ${filler}`.slice(0, LINE_SIZE);
    // Through JSON and back: a concatenation would be put together by the first who reads it.
    return JSON.parse(JSON.stringify(line));
  });
}
