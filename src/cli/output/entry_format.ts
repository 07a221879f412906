/**
 * The formats of entries, and what prints one.
 *
 * @module
 */

import type { Entry } from "../../log/entry.ts";
import type { LogRecord } from "../../records/record.ts";

/** How an entry is printed. */
export type EntryFormat = "text" | "json" | "hex" | "raw" | "pretty" | "logfmt" | "csv" | "otlp";

/** All formats, for the command line. */
export const ENTRY_FORMATS: readonly EntryFormat[] = [
  "text",
  "json",
  "hex",
  "raw",
  "pretty",
  "logfmt",
  "csv",
  "otlp",
];

/** Where an entry comes from. */
export interface Origin {
  /** The name of the log that is read, if there are several. */
  name?: string;
  /** The name of the log that the entry is from: its field `log`. */
  log: string;
  /** What is put before lines. */
  prefix: string;
  /** Where the entry was written first, if its log was received; `null` if that is not known. */
  source?: object | null;
}

/** Where lines go. */
export interface Sink {
  write(data: string | Uint8Array): void;
}

/**
 * Prints an entry; `record` and `text`, if the caller knows what it says already, and `time`, the moment at
 * which it stands among others.
 */
export type EntryPrinter = (
  entry: Entry,
  record?: LogRecord,
  origin?: Origin,
  text?: string,
  time?: number,
) => void;
