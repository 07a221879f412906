/**
 * Entries as rows for a page: long ones only in part.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { EntryRow } from "./messages.ts";

/** How many characters of an entry a row shows. */
export const MOST_CHARACTERS = 8192;

/** An entry, read and decoded once for all pages. */
export interface DecodedEntry {
  number: number;
  text: string;
  /** The length of its payload in bytes. */
  bytes: number;
}

/** The entry as a row. */
export function rowOf({ number, text, bytes }: DecodedEntry): EntryRow {
  if (text.length <= MOST_CHARACTERS) return [number, text];
  // A copy: a part of a text would keep all of it, and rows wait, some for pages that take nothing.
  const start = Buffer.from(text.slice(0, MOST_CHARACTERS), "utf16le").toString("utf16le");
  return [number, start, bytes];
}
