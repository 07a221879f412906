/**
 * Waiting for microseconds, in a process that must see its signals, too.
 *
 * @module
 */

import { delay } from "../../async.ts";
import { Turns } from "../../following.ts";

/** For so many milliseconds a timer is good enough. */
const LEAST_DELAY = 10;

/** A series of moments, `interval` microseconds apart. */
export class Pace {
  readonly #interval: number;
  readonly #signal: AbortSignal;
  readonly #never = new Int32Array(new SharedArrayBuffer(4));
  #due: number = performance.now();
  readonly #turns = new Turns();

  /** Begins now. An abort of `signal` ends each wait. */
  constructor(interval: number, signal: AbortSignal) {
    this.#interval = interval / 1000;
    this.#signal = signal;
  }

  /** Waits for the next moment. A wait that took too long is made good by the next ones. */
  async next(): Promise<void> {
    this.#due += this.#interval;
    let now = performance.now();
    if (this.#due - now > LEAST_DELAY) {
      await delay(this.#due - now - 1, { signal: this.#signal }).catch(() => {});
      now = performance.now();
      this.#turns.sleeps(now);
    } else {
      const turn = this.#turns.due(now);
      if (turn !== undefined) {
        await turn;
        now = performance.now();
      }
    }
    // Timers are too coarse for this.
    if (this.#due > now && !this.#signal.aborted) Atomics.wait(this.#never, 0, 0, this.#due - now);
  }
}
