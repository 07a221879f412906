/**
 * A message on its way to a carrier, and the memory of its bytes.
 *
 * @module
 */

import type { ShmLogReader } from "../log/native/shm_log_reader.ts";
import type { Outgoing } from "./carrier.ts";
import { type GapReason, type LogSource, segmentWord } from "./message.ts";

/** A segment that is forwarded. */
export interface Lane {
  readonly source: LogSource;
  readonly identity: { device: number; inode: number; created: number };
  readonly order: number;
  /** How often it had lost entries that were forwarded: a file does with its machine. */
  readonly rewinds: number;
}

export function laneOf(reader: ShmLogReader, host: string, order = 0, rewinds = 0): Lane {
  const { device, inode, created } = reader.position;
  // What has other entries under the same numbers is another source.
  const segment = segmentWord({ device, inode, created: created + rewinds });
  const source = { host, name: reader.name, segment };
  return { source, identity: { device, inode, created }, order, rewinds };
}

const NOTHING: Uint8Array = new Uint8Array(0);
/** The size of the pieces of memory that payloads are copied to. */
const BLOCK = 1 << 18;
/** A payload from this size on gets memory of its own. */
const LARGE = BLOCK / 8;

/** A message on its way. The outbox uses the same objects again and again. */
export class OutMessage implements Outgoing {
  ticket = -1;
  lane!: Lane;
  from = 0;
  to = 0;
  reason: GapReason | undefined;
  filtered = 0;
  size = 0;
  cutFrom: number | undefined;
  time = 0;
  attempt = 0;
  sends = 0;
  isStored = false;
  isAnswered = true;
  // Its bytes are with those of others. No view of its own: to keep thousands is expensive.
  #memory: Uint8Array = NOTHING;
  #offset = 0;

  get source(): LogSource {
    return this.lane.source;
  }

  get bytes(): Uint8Array {
    return this.#memory.subarray(this.#offset, this.#offset + this.size);
  }

  begin(
    ticket: number,
    lane: Lane,
    from: number,
    to: number,
    filtered: number,
    time: number,
  ): void {
    this.ticket = ticket;
    this.lane = lane;
    this.from = from;
    this.to = to;
    this.reason = undefined;
    this.filtered = filtered;
    this.#memory = NOTHING;
    this.size = 0;
    this.cutFrom = undefined;
    this.time = time;
    this.attempt = 0;
    this.sends = 0;
    this.isStored = false;
    this.isAnswered = true;
  }

  keepAt(memory: Uint8Array, offset: number, size: number): void {
    this.#memory = memory;
    this.#offset = offset;
    this.size = size;
  }

  /** Forgets its bytes, of which nothing but their number is of interest any more. */
  forget(): void {
    this.#memory = NOTHING;
  }

  /** Cuts it to so many bytes, at most; text between characters. */
  cut(length: number): void {
    const { bytes, size } = this;
    this.cutFrom ??= size;
    let end = Math.max(0, Math.min(length, size));
    if (end < size) {
      for (let back = 0; back < 3 && end > 0 && (bytes[end] & 0xc0) === 0x80; back++) end--;
    }
    this.size = end;
  }

  drop(reason: GapReason): void {
    this.reason = reason;
    this.size = 0;
    this.cutFrom = undefined;
    this.#memory = NOTHING;
  }
}

/** Keeps copies of payloads, many in a piece of memory, and gives each piece up with the last of them. */
export class PayloadMemory {
  #block = NOTHING;
  #used = 0;

  /** Copies the bytes of a message. Memory is never used again: a carrier may still have views of it. */
  keep(message: OutMessage, payload: Uint8Array): void {
    const { length } = payload;
    if (length >= LARGE) return message.keepAt(payload.slice(), 0, length);
    if (this.#used + length > this.#block.length) {
      this.#block = new Uint8Array(BLOCK);
      this.#used = 0;
    }
    this.#block.set(payload, this.#used);
    message.keepAt(this.#block, this.#used, length);
    this.#used += length;
  }
}
