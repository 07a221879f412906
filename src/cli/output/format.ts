/**
 * Entries as lines.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import pc from "picocolors";
import type { Entry } from "../../log/entry.ts";
import { recognizeRecord } from "../../records/recognize.ts";
import type { Field } from "../../records/question/field.ts";
import type { EntryFormat, EntryPrinter, Origin, Sink } from "./entry_format.ts";
import { fieldPrinter, logfmtPrinter } from "./field_printer.ts";
import { harmless, harmlessColors, harmlessJson } from "./harmless.ts";
import { otlpPrinter } from "./otlp_printer.ts";
import { type Colors, PrettyPrinter } from "./pretty.ts";

export {
  ENTRY_FORMATS,
  type EntryFormat,
  type EntryPrinter,
  type Origin,
  type Sink,
} from "./entry_format.ts";

/** How to print. */
export interface PrintOptions {
  /** Whether control characters must not come through. Default false. */
  isTerminal?: boolean;
  /** What colors the format `pretty`. Default: nothing. */
  colors?: Colors;
  /** Only these fields. */
  fields?: readonly Field[] | undefined;
  /** The name of the log, if there is one alone. */
  log?: string | undefined;
}

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** What stands in a text for bytes that are no UTF-8. */
const REPLACED = "\ufffd";
const NEWLINE = 10;
/** How many characters of an entry a terminal is shown. */
const MOST_SHOWN = 1 << 18;
const LINE_END = Buffer.from("\n");

/**
 * What prints an entry in that format.
 *
 * @throws {RangeError} if it would hand a terminal whatever bytes there are
 */
export function entryPrinter(
  format: EntryFormat,
  output: Sink,
  { isTerminal = false, colors = pc.createColors(false), fields, log }: PrintOptions = {},
): EntryPrinter {
  if (fields !== undefined) return fieldPrinter(format, output, colors, fields, log);
  const pretty = new PrettyPrinter(colors);
  // Colors of an entry are let through where ours are.
  const safe = colors.isColorSupported ? harmlessColors : harmless;
  const plain = (text: string) => safe(isTerminal ? beginning(text) : text);
  switch (format) {
    case "text":
      return isTerminal
        ? (entry, _record, origin, text = entry.text) => writeText(output, plain(text), origin)
        : (entry, _record, origin) => writeBytes(output, entry.bytes, origin);
    case "pretty":
      return (entry, known, origin, text = entry.text) => {
        const record = known ?? recognizeRecord(text, true);
        const isShown = record !== undefined && !(isTerminal && isLong(entry));
        writeText(output, isShown ? pretty.print(record) : plain(text), origin);
      };
    case "json":
      return (entry, _record, origin, text) => {
        if (origin === undefined && text !== undefined && !text.includes(REPLACED)) {
          // The same as below, for the many.
          const json = `{"seq":${entry.sequenceNumber},"text":${JSON.stringify(text)}}`;
          output.write(`${harmlessJson(json)}\n`);
          return;
        }
        const { name: log, source } = origin ?? {};
        const object = {
          ...log && { log },
          ...entryObject(entry),
          ...source !== undefined && { source },
        };
        output.write(`${harmlessJson(JSON.stringify(object))}\n`);
      };
    case "hex":
      return (entry, _record, origin) => writeText(output, toHex(entry.bytes), origin);
    case "logfmt":
      return logfmtPrinter(output);
    case "otlp":
      return otlpPrinter(output, log);
    case "csv":
      throw new RangeError("-o csv needs the columns: --fields time,level,msg");
    case "raw":
      if (isTerminal) {
        throw new RangeError(
          "-o raw would let the entries control this terminal: use -o text, or a pipe " +
            '("| cat -v")',
        );
      }
      return (entry) => output.write(entry.bytes);
  }
}

/** Whether nobody would read all of an entry on a terminal. */
function isLong({ bytes }: Entry): boolean {
  return bytes.length > MOST_SHOWN;
}

/** As much of a text as a terminal is shown; making megabytes of controls visible takes seconds. */
function beginning(text: string): string {
  const more = text.length - MOST_SHOWN;
  if (more <= 0) return text;
  return `${
    text.slice(0, MOST_SHOWN)
  }\n… ${more} characters more: -o json, or a pipe, has all of them`;
}

/** The bytes as hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return asBuffer(bytes).toString("hex");
}

/** A text with its line end; before each of its lines where it comes from. */
function writeText(output: Sink, text: string, origin?: Origin): void {
  const prefix = origin?.prefix ?? "";
  output.write(`${prefix}${prefix ? text.replaceAll("\n", `\n${prefix}`) : text}\n`);
}

function writeBytes(output: Sink, bytes: Uint8Array, origin?: Origin): void {
  if (!origin?.prefix) output.write(bytes);
  else {
    for (let start = 0, end = 0; end >= 0; start = end + 1) {
      end = bytes.indexOf(NEWLINE, start);
      output.write(origin.prefix);
      output.write(end < 0 ? bytes.subarray(start) : bytes.subarray(start, end + 1));
    }
  }
  output.write(LINE_END);
}

/** An entry as JSON has it: its text, or what is no UTF-8 as Base64. */
export function entryObject(
  entry: Entry,
): { seq: number; text: string } | { seq: number; base64: string } {
  const seq = entry.sequenceNumber;
  try {
    return { seq, text: strictDecoder.decode(entry.bytes) };
  } catch {
    return { seq, base64: asBuffer(entry.bytes).toString("base64") };
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
