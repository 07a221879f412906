/**
 * The header of an event, as an object and as 16 bytes.
 *
 * @module
 */

import { mustBe } from "../base/arguments.ts";
import { EVENT_HEADER_SIZE, MAX_PAYLOAD } from "./layout.ts";

const BYTE = "an integer from 0 to 255";

/** What an event says beside its payload. */
export interface EventFields {
  /**
   * The time, in whatever unit you like: an integer from 0 to 2^53 - 1, or a bigint up to 2^64 - 1.
   * A bigint is slower.
   */
  readonly timestamp: number | bigint;
  /** What kind of event it is, from 0 to 255. */
  readonly type: number;
  /** Bits of your own, from 0 to 255. Default 0. */
  readonly flags?: number;
  /** Anything from 0 to 2^32 - 1. Default 0. */
  readonly reserved?: number;
}

/** An event to be written: its fields and its payload. */
export interface EventInput extends EventFields {
  /** The payload, at most 65,535 bytes; text is stored as UTF-8. */
  readonly payload: Uint8Array | string;
}

/**
 * The header of an event: 16 bytes in a log or a ring.
 *
 * @example
 * ```ts
 * import { EventHeader } from "@ouroboros/log/events";
 *
 * const header = new EventHeader({ timestamp: 1000, type: 2, payloadLength: 5 });
 * const bytes = header.encode();
 * console.log(bytes.length, EventHeader.decode(bytes).type); // 16 2
 * ```
 */
export class EventHeader implements EventFields {
  /** The size of a header in bytes. */
  static readonly SIZE: number = EVENT_HEADER_SIZE;

  /** The time: a number up to 2^53 - 1, a bigint above. */
  timestamp: number | bigint;
  /** What kind of event it is, from 0 to 255. */
  type: number;
  /** Bits of the writer's own, from 0 to 255. */
  flags: number;
  /** Anything from 0 to 2^32 - 1. */
  reserved: number;
  /** The size of the payload in bytes, from 0 to 65,535. Writers take that of the payload. */
  payloadLength: number;

  /** Makes a header. What is not given is 0. Nothing is checked before it is encoded or written. */
  constructor(fields: Partial<EventFields> & { payloadLength?: number } = {}) {
    this.timestamp = fields.timestamp ?? 0;
    this.type = fields.type ?? 0;
    this.flags = fields.flags ?? 0;
    this.reserved = fields.reserved ?? 0;
    this.payloadLength = fields.payloadLength ?? 0;
  }

  /**
   * The header of the 16 bytes at `at`.
   *
   * @throws {RangeError} if there are fewer
   */
  static decode(bytes: Uint8Array, at: number = 0): EventHeader {
    const view = viewOf(bytes, at);
    return new EventHeader({
      timestamp: exactTimestamp(view.getUint32(0, true), view.getUint32(4, true)),
      type: view.getUint8(8),
      flags: view.getUint8(9),
      payloadLength: view.getUint16(10, true),
      reserved: view.getUint32(12, true),
    });
  }

  /**
   * The header as 16 bytes of its own.
   *
   * @throws {RangeError} if a field is out of its range
   */
  encode(): Uint8Array {
    const bytes = new Uint8Array(EVENT_HEADER_SIZE);
    this.encodeInto(bytes);
    return bytes;
  }

  /**
   * Stores the header in the 16 bytes at `at`.
   *
   * @throws {RangeError} if there are fewer, or a field is out of its range
   */
  encodeInto(target: Uint8Array, at: number = 0): void {
    const { payloadLength } = this;
    if (!(payloadLength >= 0 && payloadLength <= MAX_PAYLOAD) || payloadLength % 1 !== 0) {
      throw new RangeError(
        mustBe("payloadLength", payloadLength, `an integer from 0 to ${MAX_PAYLOAD}`),
      );
    }
    const view = viewOf(target, at);
    const kind = kindOf(this.type, this.flags, payloadLength);
    const reserved = reservedOf(this.reserved);
    view.setUint32(0, timestampLow(this.timestamp), true);
    view.setUint32(4, timestampHigh(this.timestamp), true);
    view.setUint32(8, kind, true);
    view.setUint32(12, reserved, true);
  }
}

function viewOf(bytes: Uint8Array, at: number): DataView {
  if (!Number.isInteger(at) || at < 0 || at + EVENT_HEADER_SIZE > bytes.length) {
    throw new RangeError(`${bytes.length} bytes have no header of ${EVENT_HEADER_SIZE} at ${at}`);
  }
  return new DataView(bytes.buffer, bytes.byteOffset + at, EVENT_HEADER_SIZE);
}

/** Type, flags and length as the word at offset 8. Throws a RangeError if one is out of range. */
export function kindOf(type: number, flags: number, length: number): number {
  if ((type & 0xff) !== type) throw new RangeError(mustBe("type", type, BYTE));
  if ((flags & 0xff) !== flags) throw new RangeError(mustBe("flags", flags, BYTE));
  return type | (flags << 8) | (length << 16);
}

/** The reserved word, checked. */
export function reservedOf(reserved: number): number {
  if (reserved >>> 0 !== reserved) {
    throw new RangeError(mustBe("reserved", reserved, "an integer from 0 to 4294967295"));
  }
  return reserved | 0;
}

/** The lower half of a timestamp, which it checks. */
export function timestampLow(timestamp: number | bigint): number {
  if (typeof timestamp === "bigint") {
    if (timestamp < 0n || timestamp >= 1n << 64n) {
      throw new RangeError(mustBe("timestamp", timestamp, "from 0 to 2^64 - 1"));
    }
    return Number(timestamp & 0xffffffffn) | 0;
  }
  if (!Number.isSafeInteger(timestamp) || timestamp < 0) {
    throw new RangeError(
      mustBe("timestamp", timestamp, "an integer from 0 to 2^53 - 1, or a bigint"),
    );
  }
  // Modulo 2^32, exact below 2^53.
  return timestamp | 0;
}

/** The upper half of a timestamp that was checked. */
export function timestampHigh(timestamp: number | bigint): number {
  if (typeof timestamp === "bigint") return Number(timestamp >> 32n) | 0;
  return (timestamp / 2 ** 32) | 0;
}

/** The timestamp of two u32 halves: a number as long as that is exact. */
function exactTimestamp(low: number, high: number): number | bigint {
  return high < 2 ** 21 ? high * 2 ** 32 + low : wideTimestamp(low, high);
}

/** The timestamp of two u32 halves as a bigint. */
export function wideTimestamp(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}
