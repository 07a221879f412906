/**
 * Bytes that many lines have in common, made once.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** A part of a line, as it is written: JSON, or a piece of it. */
export class Piece {
  /** The text itself. */
  readonly text: string;
  /** Its size as UTF-8, in bytes. */
  readonly length: number;
  /** Its bytes, four to a word, little-endian. The last word has zeros after them. */
  readonly words: Int32Array;

  /** Makes the bytes of `text`. */
  constructor(text: string) {
    const bytes = Buffer.from(text);
    this.text = text;
    this.length = bytes.length;
    const words = new Int32Array((bytes.length + 3) >>> 2);
    for (let i = 0; i < bytes.length; i++) words[i >>> 2] |= bytes[i] << ((i & 3) << 3);
    this.words = words;
  }
}
