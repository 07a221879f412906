/**
 * Text into memory as UTF-8, without a buffer in between.
 *
 * @module
 */

import { wordsOf } from "../memory.ts";

/**
 * Writes `text` as UTF-8 at byte `at` (a multiple of 4) of a memory, into at most `capacity` bytes,
 * which is room enough for all of it. Lone surrogates become U+FFFD. Returns the bytes written.
 */
export type TextWriter = (text: string, at: number, capacity: number) => number;

/** How text becomes UTF-8: runtimes differ in what is fastest. */
export interface TextEncoding {
  /** Up to this many ASCII characters a loop over them beats a call of the runtime. */
  readonly shortText: number;
  /** The size of `text` as UTF-8, in bytes; a lone surrogate counts as U+FFFD, 3 bytes. */
  byteLength(text: string): number;
  /** Returns what writes text into `memory`. */
  writerInto(memory: Uint8Array): TextWriter;
}

/** The encoding that every runtime has: `TextEncoder.encodeInto`. */
export const standardEncoding: TextEncoding = {
  shortText: 24,
  byteLength: utf8Length,
  writerInto(memory) {
    const encoder = new TextEncoder();
    return (text, at, capacity) => {
      return encoder.encodeInto(text, memory.subarray(at, at + capacity)).written;
    };
  },
};

/** Returns what writes text of any length into `memory`: a short one by our loop. */
export function textWriter(encoding: TextEncoding, memory: Uint8Array): TextWriter {
  const { shortText } = encoding;
  const writeLong = encoding.writerInto(memory);
  const words = wordsOf(memory);
  return (text, at, capacity) => {
    if (text.length <= shortText) {
      const written = writeAscii(words, memory, text, at);
      if (written >= 0) return written;
    }
    return writeLong(text, at, capacity);
  };
}

/** The size of `text` as UTF-8, in bytes; a lone surrogate counts as U+FFFD, 3 bytes. */
function utf8Length(text: string): number {
  let size = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) size += 1;
    else {
      size += 2;
      // A pair is 4 bytes for 2 units: the second unit adds nothing more.
      if ((unit & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++;
    }
  }
  return size;
}

/**
 * Writes `text` character by character, four to a store: the cheapest way for a short one.
 *
 * @returns the bytes written, or -1 if `text` is not ASCII
 */
function writeAscii(
  words: Int32Array,
  bytes: Uint8Array,
  text: string,
  at: number,
): number {
  const { length } = text;
  const whole = length & ~3;
  let word = at >>> 2;
  let i = 0;
  while (i < whole) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    const c = text.charCodeAt(i + 2);
    const d = text.charCodeAt(i + 3);
    if ((a | b | c | d) > 0x7f) return -1;
    words[word++] = a | (b << 8) | (c << 16) | (d << 24);
    i += 4;
  }
  while (i < length) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return -1;
    bytes[at + i++] = unit;
  }
  return length;
}
