/**
 * A memory with events in it: how the bytes of one are stored, and how they are found.
 *
 * @module
 */

import { byteLength, mustBe } from "../base/arguments.ts";
import { bytesOf, type MemoryLike, viewOf, wordsOf } from "../memory.ts";
import {
  type EventInput,
  kindOf,
  reservedOf,
  timestampHigh,
  timestampLow,
} from "./event_header.ts";
import { EVENT_HEADER_SIZE, KIND_OFFSET, MAX_PAYLOAD, RESERVED_OFFSET } from "./layout.ts";

/** Up to this many bytes a loop of stores beats a call of `Uint8Array.set`. */
const SHORT_PAYLOAD = 24;

const encoder = new TextEncoder();

/** Up to this many bytes a loop of word copies beats making a view of the source. */
const SHORT_EVENT = 256;

/** The views of a memory, which may move: its holder then continues at the same offsets. */
export class EventMemory {
  /** All of it. */
  bytes: Uint8Array;
  /** Its whole words. */
  words: Int32Array;
  /** For words that lie at any offset. */
  view: DataView;
  /** Its size in bytes. */
  size: number;

  /** Makes the views. */
  constructor(memory: MemoryLike) {
    this.bytes = bytesOf("memory", memory);
    this.words = wordsOf(this.bytes);
    this.view = viewOf(this.bytes);
    this.size = this.bytes.length;
  }

  /** Switches to a memory that begins with the same bytes, or that is the same, mapped again. */
  moveTo(memory: MemoryLike): void {
    this.bytes = bytesOf("memory", memory);
    this.words = wordsOf(this.bytes);
    this.view = viewOf(this.bytes);
    this.size = this.bytes.length;
  }

  /** The word at any offset. */
  word(at: number): number {
    return (at & 3) === 0 ? this.words[at >>> 2] : this.view.getInt32(at, true);
  }

  /** The size of the payload of the event at `at`, in bytes. */
  payloadLength(at: number): number {
    // LENGTH_OFFSET: V8 loads a constant of another module each time, a tenth of a replay's time.
    return this.bytes[at + 10] | (this.bytes[at + 11] << 8);
  }

  /**
   * Stores an event, of which there must be room for all.
   *
   * The word with its length goes last: until then the memory, zeros before, shows no event here, so
   * that a search for the end of a log after a crash finds only whole ones. Nobody looks here
   * before that is published, in a log by the write offset, in a ring by the head.
   *
   * It takes the fields one by one: a caller reads them from the application's object, whose getters
   * may do anything, before it looks where the event goes.
   */
  put(
    at: number,
    timestamp: number | bigint,
    type: number,
    flags: number,
    reservedWord: number,
    payload: Uint8Array,
  ): void {
    const kind = kindOf(type, flags, payload.length);
    const reserved = reservedOf(reservedWord);
    const low = timestampLow(timestamp);
    const high = timestampHigh(timestamp);
    if ((at & 3) === 0) {
      const { words } = this;
      const word = at >>> 2;
      words[word] = low;
      words[word + 1] = high;
      words[word + 3] = reserved;
      this.putBytes(at + EVENT_HEADER_SIZE, payload);
      words[word + 2] = kind;
    } else {
      const { view } = this;
      view.setInt32(at, low, true);
      view.setInt32(at + 4, high, true);
      view.setInt32(at + RESERVED_OFFSET, reserved, true);
      this.putBytes(at + EVENT_HEADER_SIZE, payload);
      view.setInt32(at + KIND_OFFSET, kind, true);
    }
  }

  /** Stores bytes. */
  putBytes(at: number, data: Uint8Array): void {
    const { length } = data;
    const { bytes } = this;
    if (length > SHORT_PAYLOAD) {
      bytes.set(data, at);
      return;
    }
    for (let i = 0; i < length; i++) bytes[at + i] = data[i];
  }

  /** Copies `length` bytes of another memory, from a multiple of 4 on, to any offset. */
  copyFrom(source: EventMemory, from: number, length: number, at: number): void {
    if (length > SHORT_EVENT) {
      this.bytes.set(source.bytes.subarray(from, from + length), at);
      return;
    }
    const whole = length & ~3;
    const first = from >>> 2;
    const count = whole >>> 2;
    if ((at & 3) === 0) {
      const to = at >>> 2;
      for (let i = 0; i < count; i++) this.words[to + i] = source.words[first + i];
    } else {
      for (let i = 0; i < count; i++) {
        this.view.setInt32(at + 4 * i, source.words[first + i], true);
      }
    }
    for (let i = whole; i < length; i++) this.bytes[at + i] = source.bytes[from + i];
  }
}

/** The bytes of a payload, of which an event takes all; text as UTF-8. Throws if it is neither. */
export function payloadBytes(payload: Uint8Array | string): Uint8Array {
  // What is usual, in few words: engines put this into the hot paths.
  if (payload instanceof Uint8Array && payload.length - 1 >>> 0 < MAX_PAYLOAD) return payload;
  const bytes = typeof payload === "string" ? encoder.encode(payload) : payload;
  const length = byteLength("payload", bytes);
  if (length <= MAX_PAYLOAD) return bytes;
  throw new RangeError(
    `payload of ${length} bytes exceeds the maximum of ${MAX_PAYLOAD}: write it as several events`,
  );
}

/** Throws a TypeError unless element `index` of a batch is an object, as an event must be. */
export function checkEvent(event: EventInput, index: number): void {
  if (typeof event === "object" && event !== null) return;
  throw new TypeError(mustBe(`events[${index}]`, event, "an event: { timestamp, type, payload }"));
}
