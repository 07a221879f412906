/**
 * An event in place: what handlers are shown, without a copy.
 *
 * @module
 */

import { decodeText } from "../decode_text.ts";
import { wideTimestamp } from "./event_header.ts";
import type { EventMemory } from "./event_memory.ts";
import { EVENT_HEADER_SIZE, RESERVED_OFFSET } from "./layout.ts";
import { StoredEvent } from "./stored_event.ts";
import { inspectable } from "../base/inspectable.ts";

/**
 * An event in the memory itself, seen through reads that cannot leave it and cannot write.
 *
 * One view serves all events that a handler is called with: use it within the handler only, and take
 * {@linkcode EventView.copy} of what you keep.
 *
 * @example
 * ```ts
 * import { RingBuffer } from "@ouroboros/log/events";
 *
 * const ring = new RingBuffer(1024);
 * ring.writeEvent({ timestamp: 5, type: 1 }, new TextEncoder().encode("hello"));
 * ring.drain((event) => {
 *   console.log(event.timestamp, event.length, event.text); // 5 5 hello
 * });
 * ```
 */
export class EventView {
  #memory: EventMemory;
  #start = 0;
  #length = 0;

  /** Makes a view that shows the bytes at the front. Readers do this. */
  constructor(memory: EventMemory) {
    this.#memory = memory;
  }

  /** The time as a number: exact up to 2^53, the nearest one above. */
  get timestamp(): number {
    const { view } = this.#memory;
    const high = view.getUint32(this.#start + 4, true);
    const low = view.getUint32(this.#start, true);
    return high === 0 ? low : high * 2 ** 32 + low;
  }

  /** The time, exact. It costs more. */
  get timestampBigInt(): bigint {
    const { view } = this.#memory;
    return wideTimestamp(
      view.getUint32(this.#start, true),
      view.getUint32(this.#start + 4, true),
    );
  }

  /** What kind of event it is, from 0 to 255. */
  get type(): number {
    return this.#memory.bytes[this.#start + 8];
  }

  /** Bits of the writer's own, from 0 to 255. */
  get flags(): number {
    return this.#memory.bytes[this.#start + 9];
  }

  /** The reserved word, from 0 to 2^32 - 1. */
  get reserved(): number {
    return this.#memory.view.getUint32(this.#start + RESERVED_OFFSET, true);
  }

  /** The size of the payload in bytes. */
  get length(): number {
    return this.#length;
  }

  /** The byte at `index` of the payload, or `undefined` past its end. */
  at(index: number): number | undefined {
    if (!(index >= 0 && index < this.#length)) return undefined;
    return this.#memory.bytes[this.#start + EVENT_HEADER_SIZE + index];
  }

  /**
   * The unsigned word of 4 bytes, little-endian, at byte `index` of the payload.
   *
   * @throws {RangeError} if the payload has not all of them
   */
  uint32(index: number): number {
    if (!(index >= 0 && index + 4 <= this.#length)) {
      throw new RangeError(`payload of ${this.#length} bytes has no word at ${index}`);
    }
    return this.#memory.view.getUint32(this.#start + EVENT_HEADER_SIZE + index, true);
  }

  /**
   * Copies the payload into `target` at byte `at`.
   *
   * @returns the number of bytes copied
   * @throws {RangeError} if it does not fit
   */
  copyTo(target: Uint8Array, at: number = 0): number {
    const start = this.#start + EVENT_HEADER_SIZE;
    target.set(this.#memory.bytes.subarray(start, start + this.#length), at);
    return this.#length;
  }

  /** A copy of the payload. */
  bytes(): Uint8Array {
    const start = this.#start + EVENT_HEADER_SIZE;
    // Explicit: a slice of shared memory would be shared with nobody, but look as if it were.
    return new Uint8Array(this.#memory.bytes.subarray(start, start + this.#length));
  }

  /** The payload decoded as UTF-8 at each call; what is not UTF-8 becomes U+FFFD. */
  get text(): string {
    return decodeText(this.bytes());
  }

  /** A copy of the event that stays as it is. */
  copy(): StoredEvent {
    const size = EVENT_HEADER_SIZE + this.#length;
    const bytes = new Uint8Array(this.#memory.bytes.subarray(this.#start, this.#start + size));
    return new StoredEvent(bytes, 0, size);
  }

  /**
   * Shows the event at `start`, whose payload of `length` bytes was found to lie in the memory.
   *
   * @internal
   */
  show(memory: EventMemory, start: number, length: number): void {
    this.#memory = memory;
    this.#start = start;
    this.#length = length;
  }
}

inspectable(EventView, "EventView", ["timestamp", "type", "flags", "reserved", "length"]);
