/**
 * An event that was read: private bytes that stay as they are.
 *
 * @module
 */

import { decodeText } from "../decode_text.ts";
import { EventHeader, type EventInput } from "./event_header.ts";
import { EVENT_HEADER_SIZE } from "./layout.ts";

/**
 * A copy of an event: its header, and its payload. It can be written again as it is.
 *
 * @example
 * ```ts
 * import { RingBuffer } from "@ouroboros/log/events";
 *
 * const ring = new RingBuffer(1024);
 * ring.writeEvent({ timestamp: 5n, type: 1 }, new Uint8Array([7]));
 * const event = ring.readEvent();
 * console.log(event?.timestamp, event?.payload[0]); // 5 7
 * ```
 */
export class StoredEvent extends EventHeader implements EventInput {
  /** The payload: private memory, which events that were read together share (up to 128 KiB). */
  readonly payload: Uint8Array;

  /** Makes an event of the bytes from `start` to `end` of a private block. Readers do this. */
  constructor(block: Uint8Array, start: number, end: number) {
    super(EventHeader.decode(block, start));
    this.payload = block.subarray(start + EVENT_HEADER_SIZE, end);
  }

  /** The payload decoded as UTF-8, anew at each call; what is not UTF-8 becomes U+FFFD. */
  get text(): string {
    return decodeText(this.payload);
  }
}
