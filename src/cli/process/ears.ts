/**
 * Hearing signals in the middle of work.
 *
 * @module
 */

import { delay } from "../../async.ts";

/** How long the process may be deaf, in milliseconds. */
const DEAF = 50;

/**
 * Lets a loop hear of Ctrl-C. Only a turn of the event loop tells; writes to a file or a pipe, and what
 * is read from memory, wait for none.
 */
export class Ears {
  #heard = performance.now();

  /** Whether it did not listen of late. To be asked every few entries. */
  get isDue(): boolean {
    return performance.now() - this.#heard >= DEAF;
  }

  /** Listens. */
  async listen(): Promise<void> {
    // Not setImmediate(): Deno hears of signals after some thirty of these only.
    await delay(0);
    this.#heard = performance.now();
  }
}
