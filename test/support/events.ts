/** Events that any process can make and check: all follows from their number. */

import type { EventInput } from "../../src/events/mod.ts";
import { payloadOf, type Random, sameBytes } from "./random.ts";

/** An event whose payload is bytes. */
export type BytesInput = EventInput & { readonly payload: Uint8Array };

/** Event `number` of a stream, with a payload of up to `most` bytes. */
export function eventOf(number: number, most: number): BytesInput {
  const hash = Math.imul(number ^ 0x5bd1e995, 0x9e3779b1) >>> 0;
  const length = hash % (hash % 16 === 0 ? most + 1 : Math.min(most + 1, 150));
  return {
    timestamp: number,
    type: 1 + (hash >>> 8) % 255,
    flags: (hash >>> 16) & 0xff,
    reserved: hash,
    payload: payloadOf(number, length),
  };
}

/** What is common to events that were read, in place or copied. */
export interface ReadEvent {
  timestamp: number | bigint;
  type: number;
  flags: number;
  reserved: number;
}

/** Whether it is event `number`. */
export function isEvent(
  event: ReadEvent,
  payload: Uint8Array,
  number: number,
  most: number,
): boolean {
  const expected = eventOf(number, most);
  return BigInt(event.timestamp) === BigInt(expected.timestamp) && event.type === expected.type &&
    event.flags === expected.flags && event.reserved === expected.reserved &&
    sameBytes(payload, expected.payload);
}

/** Any event: also such of zeros only, and of times beyond 2^53. */
export function randomEvent(random: Random, most: number): BytesInput {
  const kind = random.below(8);
  if (kind === 0) {
    return { timestamp: 0, type: 0, payload: new Uint8Array(random.below(Math.min(3, most + 1))) };
  }
  const high = random.below(2 ** 32);
  const low = random.below(2 ** 32);
  return {
    timestamp: kind === 1 ? (BigInt(high) << 32n) | BigInt(low) : (high % 2 ** 21) * 2 ** 32 + low,
    type: random.below(256),
    flags: random.below(256),
    reserved: random.below(2 ** 32),
    payload: payloadOf(low, random.below(most + 1)),
  };
}

/** An event as plain values, for comparisons. */
export function plain(event: Partial<ReadEvent> & { payload: Uint8Array }): unknown {
  const { timestamp = 0, type = 0, flags = 0, reserved = 0, payload } = event;
  return { timestamp: BigInt(timestamp), type, flags, reserved, payload: [...payload].join() };
}
