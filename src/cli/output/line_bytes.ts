/**
 * Lines that are collected as bytes.
 *
 * @module
 */

import type { Sink } from "./entry_format.ts";

const encoder = new TextEncoder();
/** The size of the memory at first. */
const ROOM = 65536;

/** Collects texts and bytes, or has them written into its memory. */
export class LineBytes implements Sink {
  /** The memory, which is another one after `room()`. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(ROOM);
  /** How many bytes are used, but for text that is not encoded yet. */
  length = 0;
  /** What comes after the bytes: to encode many short texts at once is several times faster. */
  #text = "";

  /** About how many bytes are collected. */
  get size(): number {
    return this.length + this.#text.length;
  }

  /** Adds bytes, or text as UTF-8. */
  write(data: Uint8Array | string): void {
    if (typeof data === "string") {
      this.#text += data;
      return;
    }
    this.room(data.length);
    this.bytes.set(data, this.length);
    this.length += data.length;
  }

  /** Makes room for so many bytes behind `length`, to be written there. */
  room(count: number): void {
    if (this.#text !== "") this.#encode();
    this.#reserve(count);
  }

  /** All that was collected; the memory is used again. */
  take(): Uint8Array<ArrayBuffer> {
    this.#encode();
    const all = this.bytes.subarray(0, this.length);
    this.length = 0;
    return all;
  }

  #encode(): void {
    if (this.#text === "") return;
    const text = this.#text;
    this.#text = "";
    // A unit of UTF-16 takes three bytes at most.
    this.#reserve(3 * text.length);
    this.length += encoder.encodeInto(text, this.bytes.subarray(this.length)).written;
  }

  #reserve(count: number): void {
    const length = this.length + count;
    if (length <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(length, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}
