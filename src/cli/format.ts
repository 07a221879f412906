/**
 * Entries as lines.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Entry } from "../log/entry.ts";
import type { Output } from "./output.ts";

/** How an entry is printed. */
export type EntryFormat = "text" | "json" | "hex" | "raw";

/** All formats, for the command line. */
export const ENTRY_FORMATS: readonly EntryFormat[] = ["text", "json", "hex", "raw"];

/** What {@linkcode EntryFormat} says, for the help. */
export const FORMAT_HELP =
  "text; json: an object a line; hex; raw: the bytes and nothing in between";

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const NEWLINE = Buffer.from("\n");

// Everything that could move the cursor or change the terminal, except for colours.
// deno-lint-ignore no-control-regex
const CONTROLS = /\x1b\[[\d;:]*m|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** What prints an entry in that format. */
export function entryPrinter(
  format: EntryFormat,
  output: Output,
  isTerminal = false,
): (entry: Entry) => void {
  switch (format) {
    case "text":
      return isTerminal ? (entry) => output.write(`${harmless(entry.text)}\n`) : (entry) => {
        output.write(entry.bytes);
        output.write(NEWLINE);
      };
    case "json":
      return (entry) => output.write(`${JSON.stringify(entryObject(entry))}\n`);
    case "hex":
      return (entry) => output.write(`${toHex(entry.bytes)}\n`);
    case "raw":
      return (entry) => output.write(entry.bytes);
  }
}

/** The bytes as hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return asBuffer(bytes).toString("hex");
}

function entryObject(
  entry: Entry,
): { seq: number; text: string } | { seq: number; base64: string } {
  const seq = entry.sequenceNumber;
  try {
    return { seq, text: strictDecoder.decode(entry.bytes) };
  } catch {
    return { seq, base64: asBuffer(entry.bytes).toString("base64") };
  }
}

/** Text that can't play tricks on a terminal: a log may hold what a stranger sent. */
function harmless(text: string): string {
  return text.replace(
    CONTROLS,
    (control) =>
      control.length > 1 ? control : `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
