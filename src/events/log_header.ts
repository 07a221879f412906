/**
 * The header of an event log, checked, and the walk along its events.
 *
 * @module
 */

import { CorruptLogError, UnsupportedLogError } from "../errors.ts";
import { wideNumber } from "../memory.ts";
import type { EventMemory } from "./event_memory.ts";
import {
  EVENT_HEADER_SIZE,
  KIND_OFFSET,
  LOG_HEADER_SIZE,
  LOG_VERSION,
  LOG_VERSION_WORD,
  MAGIC_EVIL,
  MAGIC_EVTL,
  MAX_LOG_SIZE,
  WRITE_OFFSET_WORD,
} from "./layout.ts";

/** The end of a log, and how many events come before it. */
export interface LogEnd {
  /** The offset in bytes from the start of the log. */
  offset: number;
  /** The number of events. */
  count: number;
}

/** Throws unless the memory begins like a log. */
export function checkLog(memory: EventMemory): void {
  checkLogSize(memory.size);
  const { words } = memory;
  if (words[0] !== MAGIC_EVIL && words[0] !== MAGIC_EVTL) {
    throw new UnsupportedLogError(
      `not an event log: its magic is 0x${
        (words[0] >>> 0).toString(16)
      }, not EVIL or EVTL. It was not changed`,
    );
  }
  const version = words[LOG_VERSION_WORD] >>> 0;
  if (version !== LOG_VERSION) {
    throw new UnsupportedLogError(
      `event log of version ${version}, but only ${LOG_VERSION} is known`,
    );
  }
}

/** Throws unless a log can be of that many bytes. */
export function checkLogSize(size: number): void {
  if (size > MAX_LOG_SIZE) {
    throw new RangeError(`event log of ${size} bytes exceeds the maximum of ${MAX_LOG_SIZE}`);
  }
  if (size < LOG_HEADER_SIZE) {
    throw new CorruptLogError(
      `event log of ${size} bytes is shorter than its header of ${LOG_HEADER_SIZE}`,
      0,
    );
  }
}

/**
 * The write offset as a number, wherever it leads. One word at a time: a writer of ours changes the
 * lower one only, so that what is read was stored like this.
 */
export function writeOffset(memory: EventMemory): number {
  const { words } = memory;
  const high = words[WRITE_OFFSET_WORD + 1] >>> 0;
  const low = words[WRITE_OFFSET_WORD] >>> 0;
  return wideNumber(low, high);
}

/** Throws a CorruptLogError unless a write offset leads into a log of `size` bytes. */
export function checkWriteOffset(offset: number, size: number): void {
  if (offset >= LOG_HEADER_SIZE && offset <= size) return;
  throw new CorruptLogError(
    `write offset ${offset} is not from ${LOG_HEADER_SIZE} to the ${size} bytes of the event log`,
    4 * WRITE_OFFSET_WORD,
  );
}

/** The error of an event that does not end where events do. */
export function brokenEvent(at: number, end: number): CorruptLogError {
  return new CorruptLogError(
    `event at offset ${at} does not end by the write offset ${end} of the event log`,
    at,
  );
}

/**
 * Walks along the events up to `end`.
 *
 * @returns the last boundary of events at or before it, and how many events come before that
 */
export function walk(memory: EventMemory, end: number): LogEnd {
  let offset = LOG_HEADER_SIZE;
  let count = 0;
  while (end - offset >= EVENT_HEADER_SIZE) {
    const next = offset + EVENT_HEADER_SIZE + memory.payloadLength(offset);
    if (next > end) break;
    offset = next;
    count++;
  }
  return { offset, count };
}

/**
 * Walks along the events as far as there are any, whatever the header says: up to the first one
 * that leads out of the log, or has neither type nor flags nor payload, as room that is not used has.
 */
export function scan(memory: EventMemory): LogEnd {
  let offset = LOG_HEADER_SIZE;
  let count = 0;
  while (memory.size - offset >= EVENT_HEADER_SIZE) {
    if (memory.word(offset + KIND_OFFSET) === 0) break;
    const next = offset + EVENT_HEADER_SIZE + memory.payloadLength(offset);
    if (next > memory.size) break;
    offset = next;
    count++;
  }
  return { offset, count };
}
