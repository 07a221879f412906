/**
 * How many entries were ever written to a log, at the cost of a look at its table and its newest chunk.
 *
 * @module
 */

import type { Fence } from "../fence.ts";
import type { Segment } from "./segment.ts";
import { soundSurvey, writtenTotal } from "./survey.ts";

/**
 * How many entries were written to the log: the sequence number of the newest one, at a moment while this
 * looks. It need not know more than that of a table in motion.
 */
export function totalOf(segment: Segment, fence: Fence): number {
  return writtenTotal(soundSurvey(segment, fence, 1));
}
