/**
 * Entries of plain ASCII as lines of JSON, from bytes to bytes.
 *
 * @module
 */

import type { LineBytes } from "./line_bytes.ts";

const BACKSLASH = 0x5c;
const encoder = new TextEncoder();
const HEAD = encoder.encode('{"seq":');
const MIDDLE = encoder.encode(',"text":"');
const END = encoder.encode('"}\n');
/** The most digits of a number. */
const DIGITS = 16;
const FIXED = HEAD.length + DIGITS + MIDDLE.length + END.length;

/** Which bytes stay as they are (0), need a backslash (1), or are left to `JSON.stringify()` (2). */
const KINDS = new Uint8Array(256).fill(2).fill(0, 0x20, 0x7f);
KINDS[0x22] = KINDS[BACKSLASH] = 1;

/**
 * Writes the line of the entry that is at a place in `bytes`, which is that of `entryPrinter("json")`;
 * `false`, and nothing, if its text is not plain.
 */
export function plainJson(
  lines: LineBytes,
  bytes: Uint8Array,
  start: number,
  end: number,
  sequenceNumber: number,
): boolean {
  lines.room(2 * (end - start) + FIXED);
  const out = lines.bytes;
  let at = copy(HEAD, out, lines.length);
  at = writeNumber(sequenceNumber, out, at);
  at = copy(MIDDLE, out, at);
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    const kind = KINDS[byte];
    if (kind !== 0) {
      if (kind === 2) return false;
      out[at++] = BACKSLASH;
    }
    out[at++] = byte;
  }
  lines.length = copy(END, out, at);
  return true;
}

/** Copies a few bytes, and returns the place after them: `set()` takes longer. */
export function copy(from: Uint8Array, to: Uint8Array, at: number): number {
  for (let i = 0; i < from.length; i++) to[at++] = from[i];
  return at;
}

function writeNumber(number: number, out: Uint8Array, at: number): number {
  let length = 1;
  for (let power = 10; power <= number; power *= 10) length++;
  for (let place = at + length - 1; place >= at; place--) {
    const rest = Math.floor(number / 10);
    out[place] = 0x30 + number - 10 * rest;
    number = rest;
  }
  return at + length;
}
