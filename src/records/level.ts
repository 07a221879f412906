/**
 * How important a record is: six levels, under the many names that logging libraries have for them.
 *
 * @module
 */

/** The levels, from the least to the most important one. */
export const LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal"];

/** How important a record is. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/** Other names that mean just the same. */
const SYNONYMS: Record<string, LogLevel> = {
  trc: "trace",
  t: "trace",
  dbg: "debug",
  d: "debug",
  information: "info",
  inf: "info",
  i: "info",
  warning: "warn",
  wrn: "warn",
  w: "warn",
  err: "error",
  e: "error",
  critical: "fatal",
  ftl: "fatal",
  f: "fatal",
};

/** Names that say more than the level that is nearest to them: of winston's and syslog's levels. */
const NEAREST: Record<string, LogLevel> = {
  silly: "trace",
  verbose: "debug",
  http: "debug",
  notice: "info",
  crit: "fatal",
  alert: "fatal",
  emerg: "fatal",
  emergency: "fatal",
  panic: "fatal",
  dpanic: "fatal",
};

const BY_NAME: ReadonlyMap<string, LogLevel> = new Map([
  ...LEVELS.map((level) => [level, level] as const),
  ...Object.entries(SYNONYMS),
  ...Object.entries(NEAREST),
]);

/** Syslog's numbers, 0 to 7: the smaller, the more important. */
const BY_SYSLOG: readonly LogLevel[] = [
  "fatal",
  "fatal",
  "fatal",
  "error",
  "warn",
  "info",
  "info",
  "debug",
];

/** What Go's slog makes of a level between its own, like `INFO+2`, and the numbers of these. */
const OFFSET = /^(debug|info|warn|error)([+-]\d{1,3})$/;
const SLOG: Record<string, number> = { debug: -4, info: 0, warn: 4, error: 8 };

/** What winston's `colorize()` puts around a level. */
// deno-lint-ignore no-control-regex
const COLORS = /\x1b\[[\d;]*m/g;

/**
 * The level that a value of a record means: a name in any case, a number of pino and bunyan (10,
 * 20 … 60; one in between is the level below it) or of syslog (0 to 7), or one of Go's slog (`INFO+2`).
 * `undefined` if it means none.
 */
export function toLevel(value: unknown): LogLevel | undefined {
  if (typeof value === "number") return levelOfNumber(value);
  if (typeof value !== "string" || value.length > 40) return undefined;
  const name = plainName(value);
  return BY_NAME.get(name) ?? levelBetween(name) ??
    (/^\d{1,3}$/.test(name) ? levelOfNumber(Number(name)) : undefined);
}

/** Whether a value says more than the level that {@linkcode toLevel} makes of it: `"http"`, 35. */
export function saysMoreThanLevel(value: unknown): boolean {
  if (typeof value === "number") return value > 10 && value % 10 !== 0;
  if (typeof value !== "string") return false;
  const name = plainName(value);
  return Object.hasOwn(NEAREST, name) || OFFSET.test(name);
}

/** The level of OpenTelemetry's `severityNumber`, 1 to 24: four numbers a level. */
export function levelOfSeverityNumber(number: unknown): LogLevel | undefined {
  const isOne = Number.isInteger(number) && (number as number) >= 1 && (number as number) <= 24;
  return isOne ? LEVELS[((number as number) - 1) >> 2] : undefined;
}

/** Whether a level is that important at least. */
export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}

/** The level of slog that `name` is so much above or below. */
function levelBetween(name: string): LogLevel | undefined {
  const [, base, offset] = OFFSET.exec(name) ?? [];
  // As OpenTelemetry numbers them: four a level, INFO is 9.
  return base === undefined
    ? undefined
    : levelOfSeverityNumber(Math.min(Math.max(SLOG[base] + Number(offset) + 9, 1), 24));
}

function levelOfNumber(number: number): LogLevel | undefined {
  if (number >= 10) return LEVELS[Math.min(Math.floor(number / 10), LEVELS.length) - 1];
  return BY_SYSLOG[number];
}

function plainName(text: string): string {
  return text.replace(COLORS, "").trim().toLowerCase();
}
