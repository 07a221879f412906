/**
 * Moments, as people name them.
 *
 * @module
 */

import { toTime } from "../../records/time.ts";

const MILLISECONDS: Record<string, number> = {
  ms: 1,
  s: 1e3,
  m: 60e3,
  min: 60e3,
  h: 3600e3,
  d: 86400e3,
  w: 7 * 86400e3,
};

/**
 * A moment in milliseconds since 1970: `"10m"` or `"1h30m"` ago, `"14:30"` or `"14:30:05"` when that
 * was last, or a date and time in ISO 8601, local unless it has a zone. `undefined` if it is none.
 */
export function parseMoment(text: string, now: number = Date.now()): number | undefined {
  return ago(text, now) ?? timeOfDay(text, now) ?? toTime(text);
}

/** A time like `"10m"` or `"1h30m"` in milliseconds; `undefined` if it is none. */
export function parseDuration(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?) *(ms|min|[smhdw])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) return undefined;
  return parts.reduce((sum, [, count, unit]) => sum + +count * MILLISECONDS[unit], 0);
}

function ago(text: string, now: number): number | undefined {
  const duration = parseDuration(text);
  return duration === undefined ? undefined : now - duration;
}

/** The last time that the clock showed this. */
function timeOfDay(text: string, now: number): number | undefined {
  const match = /^(\d\d?):(\d\d)(?::(\d\d)(\.\d+)?)?$/.exec(text);
  if (match === null) return undefined;
  const [hour, minute, second] = [match[1], match[2], match[3] ?? 0].map(Number);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(now);
  date.setHours(hour, minute, second, match[4] === undefined ? 0 : +match[4] * 1e3);
  if (date.getTime() > now) date.setDate(date.getDate() - 1);
  return date.getTime();
}
