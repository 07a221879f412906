/**
 * How far work is that takes long.
 *
 * @module
 */

import process from "node:process";

/** How long a command may take without a line, in milliseconds, and then the line without a change. */
const PATIENCE = 1000;
const PACE = 100;

/** Clears the line of a terminal. */
const CLEAR = "\r\x1b[K";

/** Where the line goes: standard error. */
export interface ProgressStream {
  isTTY?: boolean;
  write(text: string): unknown;
}

/** A line on standard error, for people, and only once the work has taken a second. */
export class Progress implements Disposable {
  readonly #start = performance.now();
  readonly #total: number;
  readonly #what: string;
  readonly #stream: ProgressStream;
  #shownAt = 0;

  /** Counts up to `total` of `what`, from 0. */
  constructor(total: number, what: string, stream: ProgressStream = process.stderr) {
    this.#total = total;
    this.#what = what;
    this.#stream = stream;
  }

  /** Says how far the work is. */
  update(done: number): void {
    if (!this.#stream.isTTY || done === 0) return;
    const now = performance.now();
    if (now - this.#start < PATIENCE || now - this.#shownAt < PACE) return;
    this.#shownAt = now;
    const part = Math.min(1, done / this.#total);
    const left = Math.ceil((now - this.#start) / 1000 * (1 / part - 1));
    const percent = `${Math.floor(100 * part)} %`.padStart(5);
    this.#stream.write(
      `${CLEAR}${percent}  ${done} of ${this.#total} ${this.#what}  ${left} s left`,
    );
  }

  /** Takes the line away. */
  [Symbol.dispose](): void {
    if (this.#shownAt > 0) this.#stream.write(CLEAR);
  }
}
