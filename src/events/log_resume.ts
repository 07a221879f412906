/**
 * Where an event log ends, and what a writer that was killed left behind its end.
 *
 * @module
 */

import { CorruptLogError } from "../errors.ts";
import type { EventMemory } from "./event_memory.ts";
import {
  COUNT_WORD,
  LOG_HEADER_SIZE,
  LOG_VERSION,
  LOG_VERSION_WORD,
  MAGIC_EVIL,
  MAGIC_EVTL,
  MAX_EVENT_SIZE,
  WRITE_OFFSET_WORD,
} from "./layout.ts";
import { checkLog, checkWriteOffset, type LogEnd, scan, walk, writeOffset } from "./log_header.ts";

/** Finds the end that the header tells, and puts right what it does not. */
export function resume(memory: EventMemory): LogEnd {
  checkLog(memory);
  const end = writeOffset(memory);
  checkWriteOffset(end, memory.size);
  const found = walk(memory, end);
  if (found.offset !== end) {
    throw new CorruptLogError(
      `write offset ${end} of the event log is not the end of an event, as ${found.offset} is`,
      4 * WRITE_OFFSET_WORD,
    );
  }
  putRight(memory, found);
  return found;
}

/** Finds the end whatever the header says, and writes a new header. */
export function recover(memory: EventMemory): LogEnd {
  const { words, bytes } = memory;
  const end = writeOffset(memory);
  const walked = walk(memory, Math.min(end, memory.size));
  const found = walked.offset === end ? walked : scan(memory);
  if (words[0] !== MAGIC_EVTL) words[0] = MAGIC_EVIL;
  words[LOG_VERSION_WORD] = LOG_VERSION;
  bytes.fill(0, 4 * WRITE_OFFSET_WORD + 8, LOG_HEADER_SIZE);
  putRight(memory, found);
  return found;
}

/** Clears what was left after the end, and says in the header where that is. */
function putRight(memory: EventMemory, { offset, count }: LogEnd): void {
  clear(memory, offset);
  const { words } = memory;
  words[WRITE_OFFSET_WORD + 1] = 0;
  Atomics.store(words, WRITE_OFFSET_WORD, offset);
  words[COUNT_WORD] = count;
  words[COUNT_WORD + 1] = 0;
}

/**
 * Clears what a killed writer left after the end, so that a later scan does not take it for events.
 * It stops where more zeros follow than any event has: beyond them no walk would get.
 */
function clear(memory: EventMemory, from: number): void {
  const { bytes } = memory;
  let zeros = 0;
  for (let at = from; at < memory.size && zeros < 2 * MAX_EVENT_SIZE; at++) {
    if (bytes[at] === 0) zeros++;
    else {
      bytes[at] = 0;
      zeros = 0;
    }
  }
}
