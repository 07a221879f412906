/**
 * Values of records as text in a line: of text, of CSV, of `key=value` pairs.
 *
 * @module
 */

import type { Entry } from "../../log/entry.ts";
import { type Field, numberOf, textOf } from "../../records/question/field.ts";
import type { LogRecord } from "../../records/record.ts";
import { toIsoTime } from "../../records/time.ts";
import { harmless, harmlessJson, oneLine } from "./harmless.ts";

/** What stands in the place of a value that is missing. */
const MISSING = "-";
/** What a spreadsheet takes for a formula. */
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;
/** What needs no quotes in a pair. */
const BARE = /^[^\s"=\\\p{C}]+$/u;
/** How deep objects are taken apart into pairs. */
const DEEPEST = 8;

/**
 * The value of a field of an entry, times in ISO 8601; `undefined` if it has none. Entries have a `seq`
 * and a `log`, too, and a `line`: all of its text.
 */
export function cellOf(
  field: Field,
  entry: Entry,
  text: string,
  record: LogRecord | undefined,
  log: string | undefined,
): unknown {
  const value = field.first(record, text, log);
  if (value !== undefined) {
    const isTime = field.role === "time" && value === record?.time;
    return isTime ? toIsoTime(record!.time!, record!.nanoseconds) : value;
  }
  switch (field.name) {
    case "seq":
      return entry.sequenceNumber;
    case "line":
      return text;
    default:
      return undefined;
  }
}

/** A value as a word, or words, in a line. */
export function plainCell(value: unknown): string {
  return value === undefined ? MISSING : oneLine(textOf(value));
}

/**
 * A value of CSV (RFC 4180). What a spreadsheet would take for a formula begins with a `'`, unless it is
 * a number.
 */
function csvCell(value: unknown): string {
  if (value === undefined || value === null) return "";
  let text = harmless(textOf(value));
  if (FORMULA.test(text) && numberOf(text) === undefined) text = `'${text}`;
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A line of CSV. */
export function csvLine(values: readonly unknown[]): string {
  // A line that is empty is no line.
  const line = values.map(csvCell).join(",");
  return line === "" ? '""' : line;
}

/** A pair of logfmt. */
export function pair(key: string, value: unknown): string {
  const name = harmless(key).replace(/[\s="]/g, "_") || "_";
  const text = textOf(value);
  return `${name}=${BARE.test(text) || text === "" ? text : harmlessJson(JSON.stringify(text))}`;
}

/** All of a record, or of other text, as pairs of logfmt. */
export function pairsOf(record: LogRecord | undefined, text: string): string {
  if (record === undefined) return pair("msg", text);
  const { time, level, logger, message, stream, fields } = record;
  const pairs: string[] = [];
  if (time !== undefined) pairs.push(pair("time", toIsoTime(time, record.nanoseconds)));
  if (level !== undefined) pairs.push(pair("level", level));
  if (logger !== undefined) pairs.push(pair("logger", logger));
  if (message !== undefined) pairs.push(pair("msg", message));
  if (stream !== undefined) pairs.push(pair("stream", stream));
  addPairs(pairs, "", fields, 0);
  return pairs.join(" ");
}

/** Nested fields with dots in their names. */
function addPairs(pairs: string[], prefix: string, fields: object, depth: number): void {
  for (const [key, value] of Object.entries(fields)) {
    const isNested = typeof value === "object" && value !== null && !Array.isArray(value) &&
      !("rawJSON" in value) && depth < DEEPEST;
    if (isNested) addPairs(pairs, `${prefix}${key}.`, value, depth + 1);
    else pairs.push(pair(prefix + key, value));
  }
}
