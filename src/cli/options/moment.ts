/**
 * Moments and durations, as people name them: `10m`, `5 minutes ago`, `yesterday`, `14:30`, `@1795269570`.
 *
 * @module
 */

import { toTime } from "../../records/time.ts";

const SECOND = 1e3;
const DAY = 86_400e3;

/** Names of units, in milliseconds. Months and years are as long as systemd takes them. */
const UNITS: readonly [names: string, milliseconds: number][] = [
  ["ms msec msecs millisecond milliseconds", 1],
  ["s sec secs second seconds", SECOND],
  ["m min mins minute minutes", 60e3],
  ["h hr hrs hour hours", 3600e3],
  ["d day days", DAY],
  ["w week weeks", 7 * DAY],
  ["month months", 30.44 * DAY],
  ["y yr year years", 365.25 * DAY],
];
const MILLISECONDS: ReadonlyMap<string, number> = new Map(
  UNITS.flatMap(([names, value]) => names.split(" ").map((name) => [name, value] as const)),
);

const DAYS: Record<string, number> = { yesterday: -1, today: 0, tomorrow: 1 };

/**
 * A moment in milliseconds since 1970; `undefined` if the text names none.
 *
 * `"10m"`, `"-10m"`, `"1h30m"` and `"10 min ago"` are so long ago, `"+10m"` is to come; `"14:30"` is
 * when the clock showed that last, with `UTC` or `Z` the clock of that zone; `"today"`, `"yesterday"` and `"tomorrow"` begin at midnight, or at a
 * time that follows; `"@1795269570"` are seconds since 1970; else it is a date and time in ISO 8601,
 * local unless it has a zone.
 */
export function parseMoment(text: string, now: number = Date.now()): number | undefined {
  const words = text.trim();
  if (words === "now") return now;
  return relative(words, now) ?? day(words, now) ?? lastTimeOfDay(words, now) ?? epoch(words) ??
    toTime(words.replace(/ UTC$/, "Z"));
}

/** A time like `"10m"`, `"1h 30m"` or `"5 minutes"` in milliseconds; `undefined` if it is not one. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?\s*[a-z]+\s*)+$/i.test(text)) return undefined;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)) {
    sum += Number(count) * (MILLISECONDS.get(unit.toLowerCase()) ?? NaN);
  }
  return Number.isNaN(sum) ? undefined : sum;
}

function relative(text: string, now: number): number | undefined {
  const [, sign, length, ago] = /^([+-]?)(.*?)( ago)?$/is.exec(text) ?? [];
  const duration = parseDuration(length ?? "");
  if (duration === undefined || (sign !== "" && ago !== undefined)) return undefined;
  return sign === "+" ? now + duration : now - duration;
}

/** `"yesterday"`, or `"yesterday 14:30"`. */
function day(text: string, now: number): number | undefined {
  const [, name, time] = /^(\w+)(?: +([\d:.]+))?$/.exec(text) ?? [];
  if (!Object.hasOwn(DAYS, name ?? "")) return undefined;
  const date = new Date(now);
  date.setDate(date.getDate() + DAYS[name]);
  date.setHours(0, 0, 0, 0);
  return time === undefined ? date.getTime() : timeOfDay(time, date);
}

/** The last time that the clock showed this. */
function lastTimeOfDay(text: string, now: number): number | undefined {
  const date = new Date(now);
  const moment = timeOfDay(text, date);
  if (moment === undefined || moment <= now) return moment;
  if (/(?:UTC|Z)$/.test(text)) date.setUTCDate(date.getUTCDate() - 1);
  else date.setDate(date.getDate() - 1);
  return date.getTime();
}

/** Sets a date to a time of its day. */
function timeOfDay(text: string, date: Date): number | undefined {
  const match = /^(\d\d?):(\d\d)(?::(\d\d)(\.\d+)?)?( ?(?:UTC|Z))?$/.exec(text);
  if (match === null) return undefined;
  const [hour, minute, second] = [match[1], match[2], match[3] ?? 0].map(Number);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const milliseconds = match[4] === undefined ? 0 : +match[4] * SECOND;
  return match[5] === undefined
    ? date.setHours(hour, minute, second, milliseconds)
    : date.setUTCHours(hour, minute, second, milliseconds);
}

function epoch(text: string): number | undefined {
  const [, seconds] = /^@(\d{1,12}(?:\.\d+)?)$/.exec(text) ?? [];
  return seconds === undefined ? undefined : Number(seconds) * SECOND;
}
