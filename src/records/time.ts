/**
 * The moment of a record, in the notations that logging libraries have for it.
 *
 * @module
 */

/** Numbers below are no time after 1973, whatever their unit. */
const SMALLEST = 1e8;
const DATE_TIME =
  /^(\d{4})[-/](\d\d)[-/](\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)? ?(Z|[+-]\d\d(?::?\d\d)?)?$/i;

/**
 * The moment that a value means, in milliseconds since 1970, with a fraction if it is that exact;
 * `undefined` if it means none.
 *
 * Takes numbers, and digits, of seconds, milliseconds, microseconds or nanoseconds (their size tells
 * which; before 1973 none is a time), and dates with or without a time in ISO 8601 and the like. A
 * time of the day without a zone is local time; a date alone is its midnight there.
 */
export function toTime(value: unknown): number | undefined {
  if (typeof value === "number") return timeOfNumber(value);
  if (typeof value !== "string" || value.length < 9 || value.length > 40) return undefined;
  return timeOfUtc(value) ?? timeOfDate(value) ??
    (/^\d+(?:\.\d+)?$/.test(value) ? timeOfNumber(+value) : undefined);
}

function timeOfNumber(value: number): number | undefined {
  if (!(value >= SMALLEST && value < 1e20)) return undefined;
  if (value < 1e11) return value * 1e3;
  if (value < 1e14) return value;
  if (value < 1e17) return value / 1e3;
  // A number is 256 ns at most too coarse: without the rounding a whole millisecond would not be one.
  return Math.round(value / 1e3) / 1e3;
}

/** What `toISOString()` writes, as most libraries do: engines read it several times faster than we do. */
function timeOfUtc(text: string): number | undefined {
  // Not the last days of a month: engines take February 30 for a day of March.
  const isEarly = text[8] < "2" || (text[8] === "2" && text[9] < "9");
  const isLikely = text.length === 24 && isEarly && text[4] === "-" && text[7] === "-" &&
    text[10] === "T" &&
    text[19] === "." && text[23] === "Z";
  return (isLikely ? Date.parse(text) : 0) || undefined;
}

function timeOfDate(text: string): number | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((i) => +(match[i] ?? 0));
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  const fraction = match[7] === undefined ? 0 : +`0.${match[7]}` * 1e3;
  // Midnight may be 24:00, and a leap second :60.
  const lastHour = minute + second + fraction > 0 ? 23 : 24;
  if (hour > lastHour || minute > 59 || second > 60) return undefined;
  if (day > 28 && day > daysOf(year, month)) return undefined;
  const zone = match[8];
  const offset = zone === undefined ? 0 : offsetOf(zone);
  if (offset === undefined) return undefined;
  const date = new Date(0);
  if (zone === undefined) {
    date.setFullYear(year, month - 1, day);
    date.setHours(hour, minute, second);
  } else {
    // Not Date.UTC(), which takes year 1 for 1901: many write nothing as a time in year 1.
    date.setUTCFullYear(year, month - 1, day);
    date.setUTCHours(hour, minute, second);
  }
  return date.getTime() - offset + fraction;
}

/** How many days a month has. */
function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** How many milliseconds a zone like `Z`, `+02:00`, `+0200` or `+02` is ahead of UTC, if it is one. */
function offsetOf(zone: string): number | undefined {
  if (zone === "Z" || zone === "z") return 0;
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  const [hours, minutes] = [+digits.slice(0, 2), +digits.slice(2)];
  if (hours > 23 || minutes > 59) return undefined;
  return (zone[0] === "-" ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** Nanoseconds, microseconds: digits of a number without a fraction. */
const DIGITS = /^\d{16}(?:\d{3})?$/;
const FRACTION = /:\d\d[.,]\d{3}(\d{1,6})(?!\d)/;

/**
 * The nanoseconds within the millisecond of a value that means a time; `undefined` if it is not that
 * exact.
 */
export function nanosecondsOf(value: unknown): number | undefined {
  if (typeof value === "number") {
    // Microseconds are exact, nanoseconds are not: toTime() rounds them.
    const microseconds = value < 1e11 ? value * 1e6 : value < 1e14 ? value * 1e3 : value;
    const rest = Math.round(microseconds < 1e17 ? microseconds : microseconds / 1e3) % 1e3;
    return rest > 0 ? rest * 1e3 : undefined;
  }
  if (typeof value === "object" && value !== null) {
    // A number of many digits that `JSON.parse()` has left as it is.
    return "rawJSON" in value ? nanosecondsOf(value.rawJSON) : undefined;
  }
  if (typeof value !== "string" || value.length < 16) return undefined;
  const digits = DIGITS.test(value) ? value.slice(13) : FRACTION.exec(value)?.[1];
  return digits === undefined ? undefined : Number(digits.padEnd(6, "0"));
}

/** How many digits there are to show after the second: 3, or 6, or 9. */
export function fractionOf(time: number, nanoseconds: number = microsecondsOf(time)): string {
  const milliseconds = String(wholeMilliseconds(time, nanoseconds) % 1000).padStart(3, "0");
  if (nanoseconds === 0) return milliseconds;
  const digits = String(nanoseconds).padStart(6, "0");
  return milliseconds + (digits.endsWith("000") ? digits.slice(0, 3) : digits);
}

/** The milliseconds since 1970 without what is less, which rounding may have made one more. */
export function wholeMilliseconds(
  time: number,
  nanoseconds: number = microsecondsOf(time),
): number {
  return Math.round(time - nanoseconds / 1e6);
}

/** The time in ISO 8601, in UTC, with as many digits as are known; as a number outside of its years. */
export function toIsoTime(time: number, nanoseconds?: number): string {
  const date = new Date(wholeMilliseconds(time, nanoseconds));
  if (Number.isNaN(date.getTime())) return String(time);
  return `${date.toISOString().slice(0, -4)}${fractionOf(time, nanoseconds)}Z`;
}

/** The microseconds within the millisecond, in nanoseconds. */
function microsecondsOf(time: number): number {
  return (Math.round((time % 1) * 1e3) % 1e3) * 1e3;
}
