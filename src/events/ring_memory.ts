/**
 * The bytes of a ring of events: events at free-running positions, split where the end comes.
 *
 * @module
 */

import { CorruptLogError, ReentrantUseError } from "../errors.ts";
import { EventMemory } from "./event_memory.ts";
import { checkRoom, copyInto } from "../read_into.ts";
import type { EventView } from "./event_view.ts";
import {
  EVENT_HEADER_SIZE,
  LENGTH_OFFSET,
  MAX_EVENT_SIZE,
  MAX_PAYLOAD,
  ringEventSize,
} from "./layout.ts";

const NONE = new Uint8Array(0);

/** Events in a part of a memory, seen as a ring. */
export class RingMemory {
  /** The memory. */
  readonly memory: EventMemory;
  /** How many bytes of it are the ring. */
  readonly capacity: number;
  /** The largest payload in bytes. */
  readonly maxPayload: number;
  readonly #first: number;
  readonly #end: number;
  readonly #mask: number;
  // What is split is put together here.
  #whole: EventMemory | undefined;

  /** A ring of `capacity` bytes, a power of two, from offset `first` on. */
  constructor(memory: EventMemory, first: number, capacity: number) {
    this.memory = memory;
    this.capacity = capacity;
    this.maxPayload = Math.min(MAX_PAYLOAD, capacity - EVENT_HEADER_SIZE);
    this.#first = first;
    this.#end = first + capacity;
    this.#mask = capacity - 1;
  }

  /** Where a position is, in bytes from the start of the memory. */
  place(position: number): number {
    return this.#first + (position & this.#mask);
  }

  /** How many bytes there are from a place to the end of the ring. */
  untilEnd(place: number): number {
    return this.#end - place;
  }

  /** Throws a RangeError if a payload is larger than the ring takes. */
  checkFits(length: number): void {
    if (length <= this.maxPayload) return;
    throw new RangeError(
      `payload of ${length} bytes exceeds the maximum of ${this.maxPayload} of this ring: make the ring ` +
        `larger, or write it as several events`,
    );
  }

  /** Stores an event, for which there is room. */
  put(
    position: number,
    timestamp: number | bigint,
    type: number,
    flags: number,
    reserved: number,
    payload: Uint8Array,
  ): void {
    const { memory } = this;
    const at = this.place(position);
    const room = this.#end - at - EVENT_HEADER_SIZE;
    if (payload.length <= room) {
      memory.put(at, timestamp, type, flags, reserved, payload);
      return;
    }
    // The header is never split. Its length is that of the whole payload.
    memory.put(at, timestamp, type, flags, reserved, NONE);
    memory.bytes[at + LENGTH_OFFSET] = payload.length;
    memory.bytes[at + LENGTH_OFFSET + 1] = payload.length >>> 8;
    memory.putBytes(at + EVENT_HEADER_SIZE, payload.subarray(0, room));
    memory.putBytes(this.#first, payload.subarray(room));
  }

  /**
   * The size of the payload at a position, when `used` bytes from there on are in use.
   *
   * @throws {CorruptLogError} if the event does not end by then
   */
  lengthAt(position: number, used: number): number {
    const at = this.place(position);
    const length = this.memory.payloadLength(at);
    if (ringEventSize(length) > used) {
      throw new CorruptLogError(
        `event of ${length} bytes at offset ${at} of the ring does not end within ${used}`,
        at,
      );
    }
    return length;
  }

  /** Shows the event at a position, whose payload of `length` bytes was found to be there. */
  show(view: EventView, position: number, length: number): void {
    const at = this.place(position);
    if (EVENT_HEADER_SIZE + length <= this.#end - at) {
      view.show(this.memory, at, length);
      return;
    }
    const whole = this.#whole ??= new EventMemory(
      new ArrayBuffer(Math.min(this.capacity, MAX_EVENT_SIZE + 1)),
    );
    this.copySplit(whole, at, length, 0);
    view.show(whole, 0, length);
  }

  /**
   * Copies the event at a position, with its header; returns the size of its payload in bytes.
   *
   * @throws {RangeError} if it does not fit
   * @throws {CorruptLogError} if it does not end by `used`
   */
  copyOut(position: number, used: number, into: Uint8Array): number {
    const length = this.lengthAt(position, used);
    const size = EVENT_HEADER_SIZE + length;
    checkRoom(into, size);
    const { bytes } = this.memory;
    const at = this.place(position);
    const head = Math.min(size, this.#end - at);
    copyInto(into, 0, bytes, at, at + head);
    if (head < size) copyInto(into, head, bytes, this.#first, this.#first + size - head);
    // A producer that changes lengths meanwhile must not get another one to a reader.
    into[LENGTH_OFFSET] = length;
    into[LENGTH_OFFSET + 1] = length >>> 8;
    return length;
  }

  /** Copies an event that continues at the front, to `to` in another memory. */
  copySplit(target: EventMemory, at: number, length: number, to: number): void {
    const { bytes } = this.memory;
    const size = EVENT_HEADER_SIZE + length;
    const head = this.#end - at;
    target.bytes.set(bytes.subarray(at, this.#end), to);
    target.bytes.set(bytes.subarray(this.#first, this.#first + size - head), to + head);
  }
}

/** The error for a handler that takes events out of the ring that it is called for. */
export function reentrant(): ReentrantUseError {
  return new ReentrantUseError(
    "a handler can't take events out of its own ring: do it after drain() returns",
  );
}
