/**
 * An event that was read: private bytes that stay as they are.
 *
 * @module
 */

import { decodeText, payloadJson } from "../decode_text.ts";
import { inspectable } from "../base/inspectable.ts";
import { EventHeader, type EventInput } from "./event_header.ts";
import { EVENT_HEADER_SIZE } from "./layout.ts";

/** An event in JSON. */
export interface StoredEventJson {
  /** The time: a number, or text if it is beyond 2^53. */
  timestamp: number | string;
  /** What kind of event it is. */
  type: number;
  /** Bits of the writer's own. */
  flags: number;
  /** The reserved word. */
  reserved: number;
  /** The payload, if it is UTF-8. */
  text?: string;
  /** The payload, if it is not. */
  base64?: string;
}

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

  /** The payload decoded as UTF-8 at each call; what is not UTF-8 becomes U+FFFD. */
  get text(): string {
    return decodeText(this.payload);
  }

  /** What JSON shows of it: a time beyond 2^53 as text, the payload as `text`, or in `base64`. */
  toJSON(): StoredEventJson {
    const { timestamp, type, flags, reserved } = this;
    const time = typeof timestamp === "bigint" ? `${timestamp}` : timestamp;
    return { timestamp: time, type, flags, reserved, ...payloadJson(this.payload) };
  }
}

inspectable(StoredEvent, "StoredEvent", ["timestamp", "type", "flags", "reserved", "text"]);
