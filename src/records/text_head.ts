/**
 * Lines of text that begin with a time and a level, or a level alone, as programs in many languages write them.
 *
 * @module
 */

import { type LogLevel, toLevel } from "./level.ts";
import { nanosecondsOf, toTime } from "./time.ts";

/** What the beginning of a line says. */
export interface TextHead {
  time: number | undefined;
  nanoseconds?: number;
  level: LogLevel;
  logger: string | undefined;
  /** Where the message begins. */
  start: number;
  /** Whether the time has a zone; else it is local time. */
  isZoned: boolean;
}

const ESCAPE = 0x1b;
const BRACKET = 0x5b;
const COLON = 0x3a;

const TIME = String
  .raw`(?<stamp>\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?)`;
/** Levels that need no brackets, in capital letters: others are words of sentences, too. */
const NAMES =
  "TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERR|ERROR|CRIT|CRITICAL|ALERT|EMERG|FATAL|PANIC";
const NAME = `(?<name>${NAMES})`;
/** LogTape's text, nginx: `TIME [level] `; a number there is a process. */
const BRACKETED = new RegExp(String.raw`^${TIME} \[ *(?<name>[A-Za-z]\w{0,8}) *\] `);
/**
 * Python, Java and many others: `TIME LEVEL `, `[TIME] LEVEL: `; between them may be one `[thread]`, or
 * a ` - name -`.
 */
const NAMED = new RegExp(
  String
    .raw`^\[?${TIME}\]?(?: \[[^\]]{1,64}\]| - (?<logger>[\w.:-]{1,64}) -)? {1,8}(?:- )?\[?${NAME}\]?(?::| -)?(?: +|$)`,
);
/** The same with colors, in which a level needs no brackets. */
const COLORED = new RegExp(
  String.raw`^~*${TIME}~* \[?~+\[? *(?<name>\w{1,9}) *\]?~+\]?:? `.replaceAll(
    "~",
    String.raw`(?:\x1b\[[\d;]*m)`,
  ),
);
/** loguru: `TIME | LEVEL    | module:function:12 - `. */
const PIPED = new RegExp(
  String.raw`^${TIME} \| ${NAME} *\| (?:(?<logger>[\w.<>]{1,64}):[\w.<>]{1,64}:\d{1,7} - )?`,
);
/** Celery: `[TIME: LEVEL/process] `. */
const WORKER = new RegExp(String.raw`^\[${TIME}: ${NAME}/[\w.:-]{1,64}\] `);
/** Python's `logging` without a format: `LEVEL:name:`. */
const BASIC = /^(DEBUG|INFO|WARNING|ERROR|CRITICAL):([A-Za-z_][\w.-]{0,127}):/;
/** uvicorn, scripts: `LEVEL: `. */
const LABELED = new RegExp(String.raw`^(${NAMES}):[ \t]+`);
/** Others: `[LEVEL] `. */
const BOXED = new RegExp(String.raw`^\[(${NAMES})\]:?[ \t]+`);
/** Where the first colon of a level may be. */
const COLONS = [3, 4, 5, 6, 7, 8];
/** glog and klog: `E1130 11:53:53.671234   12345 file.go:12] `. */
const KLOG = /^([IWEF])(\d\d)(\d\d) (\d\d:\d\d:\d\d\.\d{6}) +\d{1,10} [^\s\]]{1,128}:\d{1,7}\] ?/;
/**
 * Django's development server: `[29/Nov/2026 10:00:00] "GET / HTTP/1.1" 500 145`. It logs by the status, and its
 * format leaves the level out.
 */
const DJANGO = new RegExp(
  String
    .raw`^\[(\d\d)/([A-Z][a-z]{2})/(\d{4}) (\d\d:\d\d:\d\d)\] (?=~?".*" ([1-5])\d\d (?:\d+|-)~?$)`
    .replaceAll("~", String.raw`(?:\x1b\[[\d;]*m)`),
);
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const ZONE = /(?:Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)$/;
/** A date that is so far in the future, in milliseconds, is one of the last year. */
const FUTURE = 7 * 86_400_000;

/** What a line begins with; `undefined` if it is something else. */
export function textHead(text: string): TextHead | undefined {
  // Other text should cost no more than this.
  const first = text.charCodeAt(0);
  if (first === ESCAPE) return timed(COLORED.exec(text));
  if (first >= 0x30 && first <= 0x39) {
    if (text[4] !== "-" && text[4] !== "/") return undefined;
    return timed(BRACKETED.exec(text)) ?? timed(NAMED.exec(text)) ?? timed(PIPED.exec(text)) ??
      (text.includes("\x1b") ? timed(COLORED.exec(text)) : undefined);
  }
  if (first === BRACKET) {
    if (text[3] === "/") return django(DJANGO.exec(text));
    return text[5] === "-" || text[5] === "/"
      ? timed(NAMED.exec(text)) ?? timed(WORKER.exec(text))
      : labeled(BOXED.exec(text));
  }
  if (first < 0x41 || first > 0x57) return undefined;
  const label = COLONS.some((at) => text.charCodeAt(at) === COLON)
    ? labeled(BASIC.exec(text) ?? LABELED.exec(text))
    : undefined;
  return label ?? (text[5] === " " ? klog(KLOG.exec(text)) : undefined);
}

function timed(match: RegExpExecArray | null): TextHead | undefined {
  if (match === null) return undefined;
  const { stamp: said, name, logger } = match.groups!;
  const stamp = said.replace(/ ?(?:UTC|GMT)$/, "Z");
  const time = toTime(stamp);
  const level = toLevel(name);
  if (time === undefined || level === undefined) return undefined;
  const nanoseconds = nanosecondsOf(stamp);
  return {
    time,
    ...nanoseconds !== undefined && { nanoseconds },
    level,
    logger,
    start: match[0].length,
    isZoned: ZONE.test(stamp.slice(19)),
  };
}

function labeled(match: RegExpExecArray | null): TextHead | undefined {
  const level = toLevel(match?.[1]);
  if (match === null || level === undefined) return undefined;
  const [{ length: start }, , logger] = match;
  return { time: undefined, level, logger, start, isZoned: false };
}

function klog(match: RegExpExecArray | null): TextHead | undefined {
  const level = toLevel(match?.[1]);
  if (match === null || level === undefined) return undefined;
  const [{ length: start }, , month, day, clock] = match;
  const now = Date.now();
  const year = new Date(now).getFullYear();
  const timeIn = (year: number) => toTime(`${year}-${month}-${day} ${clock}`);
  let time = timeIn(year);
  // The line has no year.
  if (time === undefined || time > now + FUTURE) time = timeIn(year - 1);
  if (time === undefined) return undefined;
  const nanoseconds = nanosecondsOf(`${month}-${day} ${clock}`);
  return {
    time,
    ...nanoseconds !== undefined && { nanoseconds },
    level,
    logger: undefined,
    start,
    isZoned: false,
  };
}

function django(match: RegExpExecArray | null): TextHead | undefined {
  if (match === null) return undefined;
  const [{ length: start }, day, month, year, clock, status] = match;
  const number = String(MONTHS.indexOf(month) + 1).padStart(2, "0");
  const time = toTime(`${year}-${number}-${day} ${clock}`);
  if (time === undefined) return undefined;
  const level = status === "5" ? "error" : status === "4" ? "warn" : "info";
  return { time, level, logger: undefined, start, isZoned: false };
}
