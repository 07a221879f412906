/**
 * Ctrl-C as a wish to end, rather than as an end.
 *
 * @module
 */

import process from "node:process";

/** On Windows Ctrl-C, Ctrl-Break, and the console that is closed; nothing else tells a process. */
const SIGNALS: readonly NodeJS.Signals[] = process.platform === "win32"
  ? ["SIGINT", "SIGBREAK", "SIGHUP"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * A signal that is aborted at the first SIGINT, SIGTERM or SIGHUP (on Windows Ctrl-C, Ctrl-Break, a
 * closed console), so that a command can put its things in order. The next one ends the process as
 * ever.
 */
export class Interrupt implements Disposable {
  readonly #controller = new AbortController();
  readonly #onSignal = () => {
    this[Symbol.dispose]();
    this.#controller.abort();
  };

  /** Begins to listen. */
  constructor() {
    for (const name of SIGNALS) process.on(name, this.#onSignal);
  }

  /** The signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ceases to listen. */
  [Symbol.dispose](): void {
    for (const name of SIGNALS) process.removeListener(name, this.#onSignal);
  }
}
