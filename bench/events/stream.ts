/** The events that the benchmark sends and checks: all follows from their number. */

import { EventHeader, type EventInput, type EventView } from "../../src/events/mod.ts";

/** The size of a payload in bytes. */
export const PAYLOAD = 64;
/** The size of an event in a log in bytes. */
export const EVENT = PAYLOAD + EventHeader.SIZE;

/** Events that are made anew for each batch, without an object for each. */
export class Batch {
  /** The events. */
  readonly events: (EventInput & { timestamp: number })[];
  readonly #words: Uint32Array[];

  constructor(size: number) {
    this.#words = Array.from({ length: size }, () => new Uint32Array(new ArrayBuffer(PAYLOAD)));
    this.events = this.#words.map((words) => {
      return {
        timestamp: 0,
        type: 1,
        flags: 0,
        reserved: 0,
        payload: new Uint8Array(words.buffer),
      };
    });
  }

  /** Makes events `number` and following. */
  fill(number: number): void {
    for (let i = 0; i < this.events.length; i++) {
      this.events[i].timestamp = number + i;
      this.#words[i][0] = number + i;
      this.#words[i][15] = ~(number + i);
    }
  }
}

/** Whether it is event `number`. */
export function isEvent(event: EventView, number: number): boolean {
  return event.timestamp === number && event.length === PAYLOAD && event.uint32(0) === number &&
    event.uint32(60) === ~number >>> 0;
}
