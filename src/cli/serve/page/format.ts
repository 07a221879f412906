/// <reference lib="dom" />
/** Numbers, sizes and times, for people. */

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en-US", {
  notation: "compact",
  maximumSignificantDigits: 3,
});

/** `12,345`. */
export function formatCount(count: number): string {
  return whole.format(count);
}

/** `1 entry`, `12,345 entries`. */
export function entryCount(count: number): string {
  return `${formatCount(count)} ${count === 1 ? "entry" : "entries"}`;
}

/** `12.3K`. */
export function formatShort(count: number): string {
  return count < 10_000 ? whole.format(count) : short.format(count);
}

/** Bytes in decimal units, as rates have them: `1.24 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  if (bytes < 1e6) return `${digits(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${digits(bytes / 1e6)} MB` : `${digits(bytes / 1e9)} GB`;
}

/** `4.2 s`, `3 min`, `5 h`. */
export function formatSpan(seconds: number): string {
  if (!Number.isFinite(seconds)) return "∞";
  if (seconds < 1) return `${Math.max(Math.round(seconds * 1000), 1)} ms`;
  if (seconds < 100) return `${digits(seconds)} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  if (seconds < 180_000) return `${Math.round(seconds / 3600)} h`;
  return `${formatCount(seconds / 86400)} d`;
}

/** The time of the day with milliseconds, where the browser is. */
export function formatTime(time: number): string {
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.` +
    String(date.getMilliseconds()).padStart(3, "0");
}

/** The same with the date, unless it is of today, and with the year, unless it is this one. */
export function formatMoment(time: number, now: number = Date.now()): string {
  const date = new Date(time);
  if (date.toDateString() === new Date(now).toDateString()) return formatTime(time);
  const two = (value: number) => String(value).padStart(2, "0");
  const year = date.getFullYear();
  const day = `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const shown = `${String(year).padStart(4, "0")}-`;
  return `${year === new Date(now).getFullYear() ? "" : shown}${day} ${formatTime(time)}`;
}

/** From when to when, always with the date: `2026-05-04 10:00:12 – 10:07:58`. */
export function formatPeriod(from: number, to: number): string {
  const [start, end] = [from, to].map(dateAndTime);
  const isOneDay = start.date === end.date;
  return isOneDay && start.time === end.time
    ? `${start.date} ${start.time}`
    : `${start.date} ${start.time} – ${isOneDay ? "" : `${end.date} `}${end.time}`;
}

function dateAndTime(time: number): { date: string; time: string } {
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, "0");
  const year = String(date.getFullYear()).padStart(4, "0");
  return {
    date: `${year}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
    time: formatTime(time).slice(0, -".000".length),
  };
}

function digits(value: number): string {
  return value < 9.995
    ? String(+value.toFixed(2))
    : value < 99.95
    ? String(+value.toFixed(1))
    : whole.format(value);
}
