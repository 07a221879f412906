/**
 * How many entries were ever written to a log, at the cost of a look at its table and its newest chunk.
 *
 * @module
 */

import type { Fence } from "../fence.ts";
import { markedTotal } from "./resume.ts";
import type { Segment } from "./segment.ts";
import { isSameLap, survey } from "./survey.ts";

/** How often a table in motion is looked at. */
const ATTEMPTS = 16;

/**
 * How many entries were written to the log: the sequence number of the newest one, at a moment while this
 * looks.
 *
 * Within a lap rows are only added: where row 0 is as it was, all rows of this lap that were there before
 * were seen. Else the newest row that was seen may be of the lap before, with a count of long ago.
 */
export function totalOf(segment: Segment, fence: Fence): number {
  for (let attempt = 1;; attempt++) {
    // What a survey says of a table in motion may never have been true: look again.
    const found = survey(segment, fence);
    const { newest, end } = found;
    const isLast = attempt === ATTEMPTS;
    if (!isSameLap(segment, found) && !isLast) continue;
    // A row 0 that is restarted counts more than all others, though those may have entries.
    const mark = markedTotal(found);
    if (mark !== undefined) return mark;
    if (newest !== undefined && (isLast || segment.isUnchanged(newest, fence))) {
      return newest.token + end.entries;
    }
    if (isLast) return 0;
  }
}
