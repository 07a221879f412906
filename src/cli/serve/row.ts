/**
 * Entries as rows for a page: long ones only in part.
 *
 * @module
 */

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
  return [number, text.slice(0, MOST_CHARACTERS), bytes];
}
