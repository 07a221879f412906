/**
 * How a sink says what went wrong, without harm to the application.
 *
 * @module
 */

import process from "node:process";
import { setImmediate } from "node:timers";

/** How often `onError` is called in one turn of the event loop. */
const MOST_TOLD = 100;

/** Calls `onError`, or warns once without it. Never throws. */
export class ErrorReports {
  readonly #onError: ((error: unknown) => unknown) | undefined;
  #hasWarned = false;
  #isReporting = false;
  // In this turn of the event loop.
  #told = 0;

  /** Of a sink with this callback, if it has one. */
  constructor(onError: ((error: unknown) => unknown) | undefined) {
    this.#onError = onError;
  }

  /** Calls `onError`; or warns once, saying what happened. */
  tell(error: unknown, what: string): void {
    // A callback that logs an error of the log where it failed would do so without end: in the call, after it, or,
    // where a library queues what is logged while it logs, in the next one.
    if (this.#isReporting || this.#told === MOST_TOLD) return;
    if (this.#told++ === 0) setImmediate(() => this.#told = 0);
    this.#isReporting = true;
    const done = () => {
      this.#isReporting = false;
    };
    try {
      if (this.#onError === undefined) {
        const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        this.warnOnce(`${what}: ${text}`);
      } else {
        const result = this.#onError(error);
        // Of whatever kind the promise is: another library's, another realm's.
        const { then } = (result ?? {}) as Partial<PromiseLike<unknown>>;
        if (typeof then === "function") return void Promise.resolve(result).then(done, done);
      }
    } catch {
      // Nobody is left to tell.
    }
    done();
  }

  /** Warns, if that was not done before. */
  warnOnce(message: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    emitWarning(message);
  }
}

/** Emits a warning of the process. */
export function emitWarning(message: string): void {
  process.emitWarning(message, "OuroborosWarning");
}
