/**
 * The walk from one message to the next, along their headers.
 *
 * @module
 */

import { HEADER_SIZE, MAX_MESSAGE_SIZE, messageEnd, messageStart } from "./layout.ts";
import type { BufferMemory } from "./memory.ts";

/** A place between two messages. */
export interface Place {
  /** The index: 0 to capacity. */
  index: number;
  /** The sequence number. */
  sequence: number;
}

/**
 * Goes from `place` along the headers up to sequence number `end`. The bytes may be changing: what it
 * gives is only good if they turn out not to have.
 *
 * @returns whether it came out there
 */
export function walkTo(memory: BufferMemory, place: Place, end: number): boolean {
  const { view, capacity } = memory;
  while (place.sequence < end) {
    const start = messageStart(place.index, capacity);
    // Plain: the caller has acquired S. Whether it was overwritten, the caller looks afterwards.
    const length = view.getInt32(start, true);
    const size = length + HEADER_SIZE;
    if (length < 1 || length > MAX_MESSAGE_SIZE || size > capacity) return false;
    place.index = messageEnd(start, size, capacity);
    place.sequence += size;
  }
  return place.sequence === end;
}
