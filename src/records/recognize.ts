/**
 * Log records, most of them in JSON, as logging libraries write them: what a line means, whichever library wrote
 * it.
 *
 * Knows pino and bunyan, LogTape's `jsonLinesFormatter`, winston's `format.json()`, log records of
 * OpenTelemetry (OTLP in JSON), lines of `key=value` pairs (logfmt), lines of container runtimes (CRI) with any of these in them, and whatever has the usual names: `level`, `time`, `message` and the
 * like. Runs in a browser, too.
 *
 * @module
 */

import { parseCri } from "./cri.ts";
import { levelOfSeverityNumber, saysMoreThanLevel, toLevel } from "./level.ts";
import { parseLogfmt } from "./logfmt.ts";
import { isOtlpRecord, onlyRecordOf, otlpRecord } from "./otlp.ts";
import { type LogRecord, noFields } from "./record.ts";
import { textHead } from "./text_head.ts";
import { nanosecondsOf, toTime } from "./time.ts";

type Role = "time" | "level" | "message" | "logger";
type Names = readonly string[];

// Of several names of one role the first one that is there, and makes sense, has it.
/** The names of the time, */
export const TIME: Names = ["time", "timestamp", "@timestamp", "ts", "datetime"];
/** the level, */
export const LEVEL: Names = ["level", "lvl", "severity", "log.level", "loglevel", "levelname"];
/** the message, */
export const MESSAGE: Names = ["msg", "message", "@message", "text"];
/** and the logger. */
export const LOGGER: Names = ["logger", "category", "log.logger"];
// Only with pino and bunyan, whose levels are numbers, is a name the name of a logger.
const LOGGER_OF_PINO: Names = [...LOGGER, "name"];

const BYTE_ORDER_MARK = 0xfeff;
const OPENING = 0x7b;
const CLOSING = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/**
 * How deep JSON may be nested. What is deeper is text: engines overflow their stack with it, and Bun's
 * `JSON.stringify()` takes seconds to find that out.
 */
const DEEPEST = 200;
/** So many digits may be more than a number holds. */
const MANY_DIGITS = 16;
/**
 * Recognizes a log record. JSON that has neither a level nor a time is not one; text that is not JSON is
 * one if it begins with a level as `text_head.ts` has them, or is made of `key=value` pairs.
 *
 * Other text costs a look at some of its characters. Never throws.
 *
 * @param isShown whether the fields are for somebody's eyes: then numbers of many digits are there as
 * `JSON.stringify()` writes them with all of these; otherwise they are rounded
 */
export function recognizeRecord(text: string, isShown: boolean = false): LogRecord | undefined {
  return recordIn(text, isShown, false);
}

/** The same; of a line that `isStamped` the time of the stamp is known, and in which zone that is. */
function recordIn(text: string, isShown: boolean, isStamped: boolean): LogRecord | undefined {
  // The mark that some put before the first line of a file.
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) text = text.slice(1);
  const object = parseObject(text);
  if (object === undefined) {
    return criRecord(text, isShown) ?? textRecord(text, isStamped) ?? logfmtRecord(text, isShown);
  }
  const otlp = onlyRecordOf(object);
  if (otlp !== undefined) return otlpRecord(otlp.record, isShown, otlp.scope);
  if (isOtlpRecord(object)) return otlpRecord(object, isShown);
  const shown = isShown && hasManyDigits(text) ? exactly(text) ?? object : object;
  return namedRecord(object, shown, isShown);
}

/** What a program has said in a line of a container runtime (CRI); plain text is the message. */
function criRecord(text: string, isShown: boolean): LogRecord | undefined {
  const line = parseCri(text);
  if (line === undefined) return undefined;
  const { time, stream, start } = line;
  const said = text.slice(start);
  // A line in a line: of a recorder that was recorded, and no deeper.
  const record = parseCri(said) === undefined ? recordIn(said, isShown, true) : undefined;
  if (record?.time !== undefined) return { ...record, stream };
  const nanoseconds = isShown ? nanosecondsOf(text.slice(0, text.indexOf(" "))) : undefined;
  const exact = { time, ...nanoseconds !== undefined && { nanoseconds } };
  if (record !== undefined) return { ...record, ...exact, stream };
  return {
    ...exact,
    level: undefined,
    message: said,
    logger: undefined,
    fields: noFields(),
    stream,
  };
}

/**
 * The record in a line that begins with a time and a level, or only with a level; the rest of it is the
 * message. A time without a zone is that of the machine, which may be another one than this: of a line with
 * a stamp that is the time.
 */
function textRecord(text: string, isStamped: boolean): LogRecord | undefined {
  const head = textHead(text);
  if (head === undefined) return undefined;
  const { time, nanoseconds, level, logger, start, isZoned } = head;
  const isTimed = isZoned || !isStamped;
  return {
    time: isTimed ? time : undefined,
    ...isTimed && nanoseconds !== undefined && { nanoseconds },
    level,
    message: text.slice(start),
    logger,
    fields: noFields(),
  };
}

/** The record in a line of `key=value` pairs (logfmt). */
function logfmtRecord(text: string, isShown: boolean): LogRecord | undefined {
  const pairs = parseLogfmt(text);
  return pairs && namedRecord(pairs, pairs, isShown);
}

/** A record whose parts are to be known by their names; with the fields of `shown`. */
function namedRecord(
  object: Record<string, unknown>,
  shown: Record<string, unknown>,
  isShown: boolean,
): LogRecord | undefined {
  const keys: Partial<Record<Role, string>> = {};
  // Elastic's names, nested: {"log":{"level":"info","logger":"db"}}.
  const ecs = Object.hasOwn(object, "log") && isObject(object.log) ? object.log : undefined;
  const record: LogRecord = {
    time: pick(object, TIME, toTime, keys, "time"),
    level: pick(object, LEVEL, toLevel, keys, "level") ??
      levelOfSeverityNumber(object.severityNumber) ?? toLevel(ecs?.level),
    message: undefined,
    logger: undefined,
    fields: noFields(),
  };
  if (record.time === undefined && record.level === undefined) return undefined;
  if (isShown && keys.time !== undefined) {
    const nanoseconds = nanosecondsOf(shown[keys.time]);
    if (nanoseconds !== undefined) record.nanoseconds = nanoseconds;
  }
  record.message = pick(object, MESSAGE, toText, keys, "message");
  const isPino = typeof object.level === "number";
  record.logger = pick(object, isPino ? LOGGER_OF_PINO : LOGGER, toLogger, keys, "logger") ||
    toLogger(ecs?.logger) || undefined;
  // Its fields are one level down, unless it was configured otherwise.
  const isLogTape = keys.time === "@timestamp" && keys.logger === "logger";
  for (const key in shown) {
    const value = shown[key];
    if (key === keys.time || key === keys.message || key === keys.logger) continue;
    if (key === keys.level && !saysMoreThanLevel(object[key])) continue;
    if (key === "properties" && isLogTape && isObject(value)) assign(record.fields, value);
    else record.fields[key] = value;
  }
  return record;
}

/** The first value under one of the names that means something; remembers under which one. */
function pick<T>(
  object: Record<string, unknown>,
  names: Names,
  convert: (value: unknown) => T | undefined,
  keys: Partial<Record<Role, string>>,
  role: Role,
): T | undefined {
  for (const name of names) {
    if (object[name] === undefined || !Object.hasOwn(object, name)) continue;
    const value = convert(object[name]);
    if (value === undefined) continue;
    keys[role] = name;
    return value;
  }
  return undefined;
}

function toText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function toLogger(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const isList = Array.isArray(value) && value.every((part) => typeof part === "string");
  return isList ? value.join(".") : undefined;
}

/** A JSON object, if the text is one; line ends around it don't matter. */
function parseObject(text: string): Record<string, unknown> | undefined {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 0x20) start++;
  if (text.charCodeAt(start) !== OPENING) return undefined;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end--;
  if (text.charCodeAt(end - 1) !== CLOSING || isDeep(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether JSON is nested deeper than {@linkcode DEEPEST}; of other text it may say anything. */
function isDeep(text: string): boolean {
  // Each level has an opening and a closing bracket.
  if (text.length <= 2 * DEEPEST) return false;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(text, i + 1);
      if (i < 0) return false;
      // "[" and "{", "]" and "}" differ by one bit.
    } else if ((code | 0x20) === OPENING) {
      if (++depth > DEEPEST) return true;
    } else if ((code | 0x20) === CLOSING) depth--;
  }
  return false;
}

/** The place of the quote that ends a string which begins at `from`; -1 if it does not end. */
function endOfString(text: string, from: number): number {
  for (;;) {
    const end = text.indexOf('"', from);
    if (end < 0) return -1;
    let start = end;
    while (start > from && text.charCodeAt(start - 1) === BACKSLASH) start--;
    if ((end - start) % 2 === 0) return end;
    from = end + 1;
  }
}

/** Whether a text has {@linkcode MANY_DIGITS} in a row. */
function hasManyDigits(text: string): boolean {
  // Such a row has a digit at one of these places: a regular expression would look at all of them.
  for (let at = MANY_DIGITS - 1; at < text.length; at += MANY_DIGITS) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let start = at;
    while (isDigit(text.charCodeAt(start - 1))) start--;
    while (at < text.length && isDigit(text.charCodeAt(at))) at++;
    if (at - start >= MANY_DIGITS) return true;
  }
  return false;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Parses with numbers of many digits as they are written, where the engine can do that. */
function exactly(text: string): Record<string, unknown> | undefined {
  const { rawJSON } = JSON as { rawJSON?: (source: string) => unknown };
  try {
    return JSON.parse(text, (_key, value, context?: { source?: string }) => {
      const source = context?.source;
      const isLong = typeof value === "number" && source !== undefined && hasManyDigits(source);
      return isLong ? rawJSON?.(source) ?? value : value;
    });
  } catch {
    // A caller with little stack left: this takes more of it than without a function.
    return undefined;
  }
}

function assign(to: Record<string, unknown>, from: Record<string, unknown>): void {
  for (const key in from) to[key] = from[key];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
