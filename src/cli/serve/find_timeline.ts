/**
 * How the entries of a log spread over time.
 *
 * @module
 */

import type { LogTarget } from "../../log/native/target.ts";
import { ReceivedLog } from "../output/received_log.ts";
import type { EntryFilter } from "./entry_filter.ts";
import { scan } from "./scan.ts";
import { type Timeline, TimelineFinder } from "./timeline.ts";

/**
 * How the entries of a log that match spread over time.
 *
 * @returns `undefined` if the log of that name was replaced meanwhile
 * @throws {OuroborosError} if there is no such log, or it can't be read
 */
export async function findTimeline(
  target: LogTarget,
  filter: EntryFilter,
  signal: AbortSignal,
): Promise<Timeline | undefined> {
  const whole = await scan(target, { upTo: 0, signal }, () => {});
  if (whole === undefined) return undefined;
  const { segment, oldest, newest } = whole;
  using received = ReceivedLog.open(target);
  const sourceOf = received && ((number: number) => received.of(number).label);
  const finder = new TimelineFinder(filter, newest - oldest + 1, sourceOf);
  const scanned = await scan(
    target,
    { segment, upTo: newest, signal },
    (batch, from, to) => finder.take(batch, from, to),
  );
  return scanned && finder.timeline();
}
