/**
 * Events of a log that were copied ahead of a reader.
 *
 * @module
 */

import { checkRoom, copyInto } from "../read_into.ts";
import type { EventMemory } from "./event_memory.ts";
import { EVENT_HEADER_SIZE, LENGTH_OFFSET, MAX_EVENT_SIZE } from "./layout.ts";

/** How much is copied at once in bytes: more than any event has. */
const BLOCK = 1 << 17;

/** A part of a log in private memory, which is filled again. */
export class EventsAhead {
  #block: Uint8Array | undefined;
  // Where it is from, and to, in bytes from the start of the log.
  #from = 0;
  #to = 0;

  /** The size of the event at `offset` of the log with its header; 0 if not all of it is here. */
  sizeAt(offset: number): number {
    const at = offset - this.#from;
    const room = this.#to - offset;
    const block = this.#block;
    if (block === undefined || at >>> 0 !== at || !(room >= EVENT_HEADER_SIZE)) return 0;
    const low = block[at + LENGTH_OFFSET];
    const size = EVENT_HEADER_SIZE + (low | (block[at + LENGTH_OFFSET + 1] << 8));
    return size <= room ? size : 0;
  }

  /** Copies what there is from `offset` to `end` of the log, as much as there is room for. */
  fill(memory: EventMemory, offset: number, end: number): void {
    this.#block ??= new Uint8Array(new ArrayBuffer(Math.max(BLOCK, MAX_EVENT_SIZE)));
    this.#from = offset;
    this.#to = Math.min(end, offset + this.#block.length);
    this.#block.set(memory.bytes.subarray(offset, this.#to));
  }

  /**
   * Copies the event at `offset`, of `size` bytes, which is here.
   *
   * @throws {RangeError} if it does not fit
   */
  copyTo(into: Uint8Array, offset: number, size: number): void {
    checkRoom(into, size);
    const at = offset - this.#from;
    copyInto(into, 0, this.#block!, at, at + size);
  }
}
