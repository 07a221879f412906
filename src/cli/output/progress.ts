/**
 * A bar for work that takes long.
 *
 * @module
 */

import process from "node:process";
// @ts-types="@types/cli-progress"
import cliProgress from "cli-progress";

/** How long a command may take without a bar, in milliseconds. */
const PATIENCE = 1000;

/** A bar on standard error, for people, and only once the work has taken a second. */
export class Progress implements Disposable {
  readonly #start = performance.now();
  readonly #total: number;
  readonly #bar: cliProgress.SingleBar | undefined;
  #isShown = false;

  /** Counts up to `total` of `what`, from 0. */
  constructor(total: number, what: string) {
    this.#total = total;
    if (process.stderr.isTTY) {
      const format = `{bar} {percentage} %  {value} of {total} ${what}  {eta_formatted} left`;
      this.#bar = new cliProgress.SingleBar({
        format,
        stream: process.stderr,
        clearOnComplete: true,
      });
    }
  }

  /** Says how far the work is. */
  update(done: number): void {
    if (this.#bar === undefined) return;
    if (this.#isShown) this.#bar.update(done);
    else if (performance.now() - this.#start > PATIENCE) {
      this.#isShown = true;
      this.#bar.start(this.#total, done);
    }
  }

  /** Takes the bar away. */
  [Symbol.dispose](): void {
    if (this.#isShown) this.#bar?.stop();
  }
}
