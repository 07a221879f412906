/**
 * Entries as rows for a page: long ones only in part. Runs in the page, too.
 *
 * @module
 */

import { parseCri } from "../../records/cri.ts";
import { joinText, mayBePartText, WholeLines } from "../../records/whole_lines.ts";
import type { EntryRow } from "./messages.ts";

/** How many characters of an entry a row shows. */
export const MOST_CHARACTERS = 8192;

/** An entry, read and decoded once for all pages. */
export interface DecodedEntry {
  number: number;
  text: string;
  /** The length of its payload in bytes. */
  bytes: number;
  /** The log that it is from, if it was received from another machine. */
  source?: string | undefined;
  /** Its row, once one was needed: pages share it. */
  row?: EntryRow;
}

/** Puts entries together that are parts of a line of one log, or of that of its source. */
export function wholeLines<
  Decoded extends Pick<DecodedEntry, "text" | "bytes" | "source">,
>(): WholeLines<Decoded> {
  return new WholeLines<Decoded>({
    mayBePart: ({ text }) => mayBePartText(text),
    sourceOf: ({ source }) => source,
    headOf: ({ text }) => parseCri(text),
    sizeOf: ({ text }) => text.length,
    join: (parts, isWhole) => ({
      ...parts[parts.length - 1].item,
      text: joinText(parts, isWhole),
      bytes: parts.reduce((sum, { item, start }, i) => sum + item.bytes - (i && start), 0),
    }),
    most: 1 << 20,
  });
}

/** How many bytes rows have as JSON. */
const sizes = new WeakMap<EntryRow, number>();

/** Numbers, brackets and commas of a row. */
const AROUND = 32;

/** How many bytes a row has as JSON at most; a control character has six. */
export function sizeOf(row: EntryRow): number {
  let size = sizes.get(row);
  if (size === undefined) {
    sizes.set(row, size = AROUND + sizeOfText(row[1]) + sizeOfText(row[3] ?? ""));
  }
  return size;
}

/** By counting: the JSON itself would be garbage, six times as long as the text. */
function sizeOfText(text: string): number {
  let size = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // A half of a pair that is alone becomes an escape.
    if (code < 0x20 || (code >= 0xd800 && code < 0xe000)) size += 6;
    else if (code === 0x22 || code === 0x5c) size += 2;
    else size += code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
  }
  return size;
}

/** The entry as a row. */
export function rowOf(entry: DecodedEntry): EntryRow {
  return entry.row ??= makeRow(entry);
}

function makeRow({ number, text, bytes, source }: DecodedEntry): EntryRow {
  if (text.length <= MOST_CHARACTERS) {
    return source === undefined ? [number, text] : [number, text, null, source];
  }
  // A copy: a part of a text would keep all of it, and rows wait, some for pages that take nothing.
  const start: string = JSON.parse(JSON.stringify(text.slice(0, MOST_CHARACTERS)));
  return source === undefined ? [number, start, bytes] : [number, start, bytes, source];
}
