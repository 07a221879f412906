/**
 * The bytes of events, of event logs and of event rings: the only place with offsets and flags.
 *
 * ```text
 *  event        0                 8      9       10       12          16
 *  16 B +       ├─────────────────┼──────┼───────┼────────┼───────────┼──────── … ─┐
 *  payload      │ timestamp (u64) │ type │ flags │ length │ reserved  │ payload    │
 *               │                 │ (u8) │ (u8)  │ (u16)  │ (u32)     │            │
 *               └─────────────────┴──────┴───────┴────────┴───────────┴──────── … ─┘
 *
 *  log          0       4          8             16            24             32       64
 *               ├───────┼──────────┼─────────────┼─────────────┼──────────────┼────────┼─────── … ─┐
 *               │ magic │ version  │ created at  │ event count │ write offset │ zeros  │ events,   │
 *               │ EVIL  │ = 1 (u32)│ (i64, s)    │ (u64)       │ (u64)        │        │ unpadded  │
 *               └───────┴──────────┴─────────────┴─────────────┴──────────────┴────────┴─────── … ─┘
 *
 *  ring         0       4          8          64     68            128    132           192
 *               ├───────┼──────────┼───────…──┼──────┼─────────…───┼──────┼─────────…───┼───── … ─┐
 *               │ magic │ version  │ capacity │ head │ consumer    │ tail │ producer    │ events, │
 *               │ EVRG  │ = 1 (u32)│ (u32)    │ (u32)│ waits (u32) │ (u32)│ waits (u32) │ capacity│
 *               └───────┴──────────┴───────…──┴──────┴─────────…───┴──────┴─────────…───┴───── … ─┘
 * ```
 *
 * Everything is little-endian. The write offset counts from the start of the file: what lies before
 * it is whole, what lies after it is not there yet. The original's documentation calls the magic
 * `EVTL`, its code writes `EVIL`: both are read.
 *
 * In a ring each event begins at a multiple of 16 bytes, so that its header is never split; the
 * payload continues at the front where the end comes too soon. Head and tail count bytes modulo 2^32:
 * the place is their remainder by the capacity, a power of two, and head - tail is what is in use.
 * What the producer stores often (head) and what the consumer does (tail) are 64 bytes apart, so that
 * the two do not fight for a cache line.
 *
 * Source of event and log: the Rust library `ringlog` (https://github.com/kartiktoogoated/ringlog).
 * The ring's layout is our own.
 *
 * @module
 */

import { mustBe } from "../base/arguments.ts";

/** Bytes of an event's header. */
export const EVENT_HEADER_SIZE = 16;
/** Offset of type, flags and length within an event: one word, which is stored last. */
export const KIND_OFFSET = 8;
/** Offset of the length (u16) within an event. */
export const LENGTH_OFFSET = 10;
/** Offset of the reserved word within an event. */
export const RESERVED_OFFSET = 12;
/** The largest payload of an event in bytes. */
export const MAX_PAYLOAD = 0xffff;
/** The largest event with its header in bytes. */
export const MAX_EVENT_SIZE = EVENT_HEADER_SIZE + MAX_PAYLOAD;

/** The magic that the original's code writes, as a word: `EVIL`. */
export const MAGIC_EVIL = 0x4c495645;
/** The magic of the original's documentation, as a word: `EVTL`. */
export const MAGIC_EVTL = 0x4c545645;
/** The only version of the log there is. */
export const LOG_VERSION = 1;
/** Word index (offset / 4) of the log's version. */
export const LOG_VERSION_WORD = 1;
/** Word index of the lower half of the creation time. */
export const CREATED_WORD = 2;
/** Word index of the lower half of the event count. */
export const COUNT_WORD = 4;
/** Word index of the lower half of the write offset. */
export const WRITE_OFFSET_WORD = 6;
/** Bytes before the first event of a log. */
export const LOG_HEADER_SIZE = 64;
/** The smallest log that is created, in bytes. */
export const MIN_LOG_SIZE = 4096;
/** The largest log in bytes: word indices are computed with 32-bit shifts. */
export const MAX_LOG_SIZE = 2 ** 32 - 4;

/** The magic of a ring, as a word: `EVRG`. */
export const RING_MAGIC = 0x47525645;
/** The only version of the ring there is. */
export const RING_VERSION = 1;
/** Word index of the ring's version. */
export const RING_VERSION_WORD = 1;
/** Word index of the ring's capacity. */
export const CAPACITY_WORD = 2;
/** Word index of the head: where the producer is. */
export const HEAD_WORD = 16;
/** Word index of the flag that the consumer waits. Beside the head: the producer looks at it. */
export const CONSUMER_WAITS_WORD = 17;
/** Word index of the tail: where the consumer is. */
export const TAIL_WORD = 32;
/** Word index of the flag that the producer waits. Beside the tail: the consumer looks at it. */
export const PRODUCER_WAITS_WORD = 33;
/** Bytes before the first event of a ring. */
export const RING_HEADER_SIZE = 192;
/** What events of a ring are aligned to, in bytes. */
const RING_ALIGNMENT = 16;
/** The smallest capacity of a ring in bytes. */
const MIN_CAPACITY = 64;
/** The largest capacity of a ring in bytes: a difference of two u32 positions must tell its use. */
const MAX_CAPACITY = 2 ** 30;

/** What an event with a payload of `length` bytes takes in a ring, in bytes. */
export function ringEventSize(length: number): number {
  return (EVENT_HEADER_SIZE + length + RING_ALIGNMENT - 1) & -RING_ALIGNMENT;
}

/** Throws a RangeError unless `capacity` is one of a ring: a power of two, at least 64 bytes. */
export function checkCapacity(capacity: number): void {
  const isPower = Number.isInteger(capacity) && (capacity & (capacity - 1)) === 0;
  if (!isPower || capacity < MIN_CAPACITY || capacity > MAX_CAPACITY) {
    throw new RangeError(
      mustBe(
        "capacity",
        capacity,
        `a power of two from ${MIN_CAPACITY} to ${MAX_CAPACITY} bytes`,
      ),
    );
  }
}
