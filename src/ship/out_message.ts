/**
 * A message on its way to a stream, and the memory of its bytes.
 *
 * @module
 */

import type { GapReason } from "./message.ts";
import type { MessageEncoder } from "./carriers/nats/message_encoder.ts";

/** A segment, for which there is an encoder. */
export interface Lane {
  /** Makes its messages. */
  readonly encoder: MessageEncoder;
  /** Which segment it is. */
  readonly identity: { device: number; inode: number; created: number };
  /** How many there were before it. */
  readonly order: number;
  /** How often it had lost entries that were forwarded: a file does with its machine. */
  readonly rewinds: number;
}

const NOTHING: Uint8Array = new Uint8Array(0);
/** The size of the pieces of memory that payloads are copied to. */
const BLOCK = 1 << 18;
/** A payload from this size on gets memory of its own. */
const LARGE = BLOCK / 8;

/** A message on its way. The outbox uses the same ones again and again. */
export class OutMessage {
  /** Its place in the order of all. */
  ticket = -1;
  /** Its segment. */
  lane: Lane | undefined;
  /** The number of the entry, or of the first one of a gap. */
  from = 0;
  /** The same, or the number of the last one of a gap. */
  to = 0;
  /** Why it is a gap; `undefined`: it is an entry. */
  reason: GapReason | undefined;
  /** Where its bytes are, with those of others. No view of its own: to keep thousands is dear. */
  memory: Uint8Array = NOTHING;
  /** From where on. */
  offset = 0;
  /** How many they are. */
  size = 0;
  /** How many bytes it had, if it was cut. */
  cutFrom: number | undefined;
  /** When it was read, in milliseconds since 1970. */
  time = 0;
  /** Whether the server has it. */
  isStored = false;
  /** In which attempt it was sent last; 0: not yet. */
  attempt = 0;
  /** Whether that was answered. */
  isAnswered = true;

  /** Its bytes. */
  get bytes(): Uint8Array {
    return this.memory.subarray(this.offset, this.offset + this.size);
  }

  /** Begins as another one. */
  begin(ticket: number, lane: Lane, from: number, to: number, time: number): void {
    this.ticket = ticket;
    this.lane = lane;
    this.from = from;
    this.to = to;
    this.reason = undefined;
    this.memory = NOTHING;
    this.size = 0;
    this.cutFrom = undefined;
    this.time = time;
    this.isStored = false;
    this.attempt = 0;
    this.isAnswered = true;
  }

  /** Lets go of its bytes, of which nothing but their number is of interest any more. */
  forget(): void {
    this.memory = NOTHING;
  }

  /** Cuts it to so many bytes, at most; text between characters. */
  cut(length: number): void {
    const { bytes, size } = this;
    this.cutFrom ??= size;
    this.size = wholeText(bytes, length);
  }

  /** Makes it a gap of the one entry that it was. */
  drop(reason: GapReason): void {
    this.reason = reason;
    this.size = 0;
    this.cutFrom = undefined;
    this.memory = NOTHING;
  }
}

/** Keeps copies of payloads, many in a piece of memory, and gives each piece up with the last of them. */
export class PayloadMemory {
  #block = NOTHING;
  #used = 0;

  /** Copies the bytes of a message. Memory is never used again: the client may still have views of it. */
  keep(message: OutMessage, payload: Uint8Array): void {
    const { length } = payload;
    message.size = length;
    if (length >= LARGE) {
      message.memory = payload.slice();
      message.offset = 0;
      return;
    }
    if (this.#used + length > this.#block.length) {
      this.#block = new Uint8Array(BLOCK);
      this.#used = 0;
    }
    message.memory = this.#block;
    message.offset = this.#used;
    this.#block.set(payload, this.#used);
    this.#used += length;
  }
}

/** Where to end text, or bytes, of at most `length` bytes, so that no character is torn. */
function wholeText(bytes: Uint8Array, length: number): number {
  let end = Math.max(0, Math.min(length, bytes.length));
  if (end === bytes.length) return end;
  for (let back = 0; back < 3 && end > 0 && (bytes[end] & 0xc0) === 0x80; back++) end--;
  return end;
}
