/**
 * Ctrl-C as a request to end, rather than as an end, and how work in progress sees it.
 *
 * @module
 */

import process from "node:process";
import { delay } from "../../async.ts";
import { ClosedPipeError } from "../output/output.ts";
import { hasLostTerminal, onOutputEnd } from "./output_end.ts";

/** On Windows Ctrl-C, Ctrl-Break, and the console that is closed; nothing else tells a process. */
const SIGNALS: readonly NodeJS.Signals[] = process.platform === "win32"
  ? ["SIGINT", "SIGBREAK", "SIGHUP"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** What ends a command. */
export interface InterruptOptions {
  /** Whether also the end of the reader of standard output does: then the reason is a `ClosedPipeError`. */
  output?: boolean;
  /**
   * What to do at SIGHUP, if that asks to reopen files, as `logrotate` does, and is not the end of
   * a terminal that the command runs in. Not on Windows.
   */
  onHangUp?: () => void;
}

/**
 * A signal that is aborted at the first SIGINT, SIGTERM or SIGHUP (on Windows Ctrl-C, Ctrl-Break, a
 * closed console), so that a command can put its things in order. The next one ends the process as
 * usual.
 */
export class Interrupt implements Disposable {
  readonly #controller = new AbortController();
  readonly #onHangUp: (() => void) | undefined;
  readonly #onSignal = (signal: NodeJS.Signals) => {
    if (signal === "SIGHUP" && this.#onHangUp !== undefined && !hasLostTerminal()) {
      return this.#onHangUp();
    }
    this[Symbol.dispose]();
    this.#controller.abort();
  };

  readonly #forget: () => void;

  /** Begins to listen. */
  constructor({ output = false, onHangUp }: InterruptOptions = {}) {
    this.#onHangUp = process.platform === "win32" ? undefined : onHangUp;
    for (const name of SIGNALS) process.on(name, this.#onSignal);
    this.#forget = output
      ? onOutputEnd(() => this.#controller.abort(new ClosedPipeError("nobody reads the output")))
      : () => {};
  }

  /** The signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ceases to listen. */
  [Symbol.dispose](): void {
    this.#forget();
    for (const name of SIGNALS) process.removeListener(name, this.#onSignal);
  }
}

/** How long signals may wait, in milliseconds. */
const LATENCY = 50;

/**
 * Lets a loop see Ctrl-C. Only a turn of the event loop brings a signal; writes to a file or a pipe, and
 * what is read from memory, take none.
 */
export class SignalPoll {
  #last = performance.now();

  /** Whether the last turn was too long ago. To be asked every few entries. */
  get isDue(): boolean {
    return performance.now() - this.#last >= LATENCY;
  }

  /** Gives signals a turn. */
  async poll(): Promise<void> {
    // Not setImmediate(): Deno brings signals only after some thirty of these.
    await delay(0);
    this.#last = performance.now();
  }
}
