/**
 * Some fields of entries as lines: `--fields`.
 *
 * @module
 */

import type { Field } from "../../records/question/field.ts";
import type { LogRecord } from "../../records/record.ts";
import { recognizeRecord } from "../../records/recognize.ts";
import { cellOf, csvLine, pair, pairsOf, plainCell } from "./cells.ts";
import type { EntryFormat, EntryPrinter, Sink } from "./entry_format.ts";
import { harmlessJson } from "./harmless.ts";
import { type Colors, PrettyPrinter } from "./pretty.ts";

/** Formats that can print fields. */
const FIELD_FORMATS: readonly EntryFormat[] = ["text", "json", "pretty", "logfmt", "csv"];

/** What does not go together; `undefined` if it does. */
export function wrongFields(
  format: EntryFormat | undefined,
  fields: readonly Field[] | undefined,
): string | undefined {
  if (format === "csv" && fields === undefined) {
    return "-o csv needs the columns: --fields time,level,msg";
  }
  if (format === undefined || fields === undefined || FIELD_FORMATS.includes(format)) {
    return undefined;
  }
  return `--fields does not go with -o ${format}: choose ${FIELD_FORMATS.join(", ")}`;
}

/** What prints the fields of entries, of `log` if there is one alone; of CSV it prints the first line at once. */
export function fieldPrinter(
  format: EntryFormat,
  output: Sink,
  colors: Colors,
  fields: readonly Field[],
  log: string | undefined,
): EntryPrinter {
  const line = lineMaker(format, colors, fields);
  if (format === "csv") output.write(`${csvLine(fields.map(({ name }) => name))}\n`);
  const hasPrefix = format === "text" || format === "pretty";
  return (entry, known, origin, own = entry.text) => {
    const record = known ?? recognizeRecord(own, true);
    const values = fields.map((field) => cellOf(field, entry, own, record, origin?.log ?? log));
    const text = line(values, record);
    const prefix = hasPrefix ? origin?.prefix ?? "" : "";
    output.write(`${prefix}${prefix ? text.replaceAll("\n", `\n${prefix}`) : text}\n`);
  };
}

/** What prints entries as pairs. */
export function logfmtPrinter(output: Sink): EntryPrinter {
  return (entry, known, origin, text = entry.text) => {
    const record = known ?? recognizeRecord(text, true);
    const log = origin === undefined ? "" : ` ${pair("log", origin.log)}`;
    output.write(`${pairsOf(record, text)}${log}\n`);
  };
}

type LineMaker = (values: readonly unknown[], record: LogRecord | undefined) => string;

function lineMaker(format: EntryFormat, colors: Colors, fields: readonly Field[]): LineMaker {
  const names = fields.map(({ name }) => name);
  switch (format) {
    case "csv":
      return csvLine;
    case "json":
      return (values) => {
        const object: Record<string, unknown> = Object.create(null);
        names.forEach((name, i) => object[name] = values[i] ?? null);
        return harmlessJson(JSON.stringify(object));
      };
    case "logfmt":
      return (values) =>
        values.flatMap((value, i) => value === undefined ? [] : [pair(names[i], value)]).join(" ");
    case "pretty": {
      const pretty = new PrettyPrinter(colors);
      const hasLevel = fields.some(({ role }) => role === "level");
      return (values, record) => pretty.print(onlyFields(fields, values, record), hasLevel);
    }
    default:
      return (values) => values.map(plainCell).join("\t");
  }
}

/** A record with some of its parts only. */
function onlyFields(
  fields: readonly Field[],
  values: readonly unknown[],
  record: LogRecord | undefined,
): LogRecord {
  const only: LogRecord = {
    time: undefined,
    level: undefined,
    message: undefined,
    logger: undefined,
    fields: Object.create(null),
  };
  fields.forEach(({ name, role }, i) => {
    const value = values[i];
    if (value === undefined) return;
    if (role === "time" && record?.time !== undefined) {
      only.time = record.time;
      if (record.nanoseconds !== undefined) only.nanoseconds = record.nanoseconds;
    } else if (role === "level" && record?.level !== undefined) only.level = record.level;
    else if (role === "message" && typeof value === "string") only.message = value;
    else if (role === "logger" && typeof value === "string") only.logger = value;
    else only.fields[name] = value;
  });
  return only;
}
