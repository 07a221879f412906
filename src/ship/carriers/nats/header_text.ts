/**
 * The headers of a message as text, without the client's parser: that takes three times as long as all
 * the rest of receiving.
 *
 * The client gives the payload as a view of the memory in which a message came, and there the headers
 * stand right before it. That is no promise of the client. So a receiver looks whether it is so, and
 * asks the client if it is not.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** How many bytes before the payload are looked at. */
const MOST_BYTES = 16_384;
const FIRST_LINE = Buffer.from("NATS/1.0\r\n");
/** What headers begin with, by their names. */
const keys = new Map<string, string>();

/** Headers in the bytes before payloads. */
export class HeaderText {
  #bytes = Buffer.alloc(0);
  #size = 0;
  #text = "";

  /** Looks for the headers before a payload; gives whether they are there. */
  find({ buffer, byteOffset: end }: Uint8Array): boolean {
    // Many messages come in one piece of memory.
    if (this.#bytes.buffer !== buffer) this.#bytes = Buffer.from(buffer as ArrayBuffer);
    const bytes = this.#bytes;
    if (bytes[end - 1] !== 10 || bytes[end - 2] !== 13 || bytes[end - 3] !== 10) return false;
    // Mostly they are as long as those before.
    let start = end - this.#size;
    if (this.#size === 0 || !this.#isFirstLine(start)) {
      const least = Math.max(0, end - MOST_BYTES);
      for (start = end - FIRST_LINE.length - 2; !this.#isFirstLine(start); start--) {
        if (start <= least) return false;
      }
      this.#size = end - start;
    }
    this.#text = bytes.toString("utf8", start, end);
    return true;
  }

  /** The value of a header; `""` if it is missing. */
  get(name: string): string {
    let key = keys.get(name);
    if (key === undefined) keys.set(name, key = `\r\n${name}:`);
    const begin = this.#text.indexOf(key);
    if (begin < 0) return "";
    const start = begin + key.length;
    return this.#text.slice(start, this.#text.indexOf("\r\n", start)).trim();
  }

  #isFirstLine(start: number): boolean {
    const bytes = this.#bytes;
    // Behind another line: these words may be a value, too.
    if (start > 0 && bytes[start - 1] !== 10) return false;
    for (let i = 0; i < FIRST_LINE.length; i++) {
      if (bytes[start + i] !== FIRST_LINE[i]) return false;
    }
    return true;
  }
}
