/**
 * Waiting for microseconds, in a process that must see its signals, too.
 *
 * @module
 */

import { setImmediate as turn } from "node:timers/promises";
import { delay } from "../../async.ts";

/** How long signals may wait, in milliseconds. */
const LATENCY = 10;

/** A series of moments, `interval` microseconds apart. */
export class Pace {
  readonly #interval: number;
  readonly #signal: AbortSignal;
  readonly #never = new Int32Array(new SharedArrayBuffer(4));
  #due: number = performance.now();
  #turnAt: number = performance.now();

  /** Begins now. An abort of `signal` ends each wait. */
  constructor(interval: number, signal: AbortSignal) {
    this.#interval = interval / 1000;
    this.#signal = signal;
  }

  /** Waits for the next moment. A wait that took too long is made good by the next ones. */
  async next(): Promise<void> {
    this.#due += this.#interval;
    let now = performance.now();
    if (this.#due - now > LATENCY) {
      await delay(this.#due - now - 1, { signal: this.#signal }).catch(() => {});
      this.#turnAt = now = performance.now();
    } else if (now - this.#turnAt > LATENCY) {
      await turn();
      this.#turnAt = now = performance.now();
    }
    // Timers are too coarse for this.
    if (this.#due > now && !this.#signal.aborted) Atomics.wait(this.#never, 0, 0, this.#due - now);
  }
}
