/**
 * How many entries were ever written to a log, at the cost of a look at its table and its newest chunk.
 *
 * @module
 */

import type { Fence } from "../fence.ts";
import { markedTotal } from "./resume.ts";
import type { Segment } from "./segment.ts";
import { survey } from "./survey.ts";

/** How often a table in motion is looked at. */
const ATTEMPTS = 16;

/** How many entries were written to the log by now: the sequence number of the newest one. */
export function totalOf(segment: Segment, fence: Fence): number {
  let lastMark: number | undefined;
  for (let attempt = 1;; attempt++) {
    // What a survey says of a table in motion may never have been true: look again.
    const { newest, end } = survey(segment, fence);
    // A row 0 that is restarted counts more than all others, though those may have entries.
    const mark = markedTotal(segment);
    fence(); // the entries before the row
    if (mark !== undefined) {
      if (mark === lastMark || attempt === ATTEMPTS) return mark;
    } else if (newest !== undefined) {
      const isIntact = segment.isUnchanged(newest, fence);
      if (isIntact || attempt === ATTEMPTS) return newest.token + end.entries;
    } else if (attempt === ATTEMPTS) return 0;
    lastMark = mark;
  }
}
