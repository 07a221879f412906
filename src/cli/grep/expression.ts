/**
 * Regular expressions that never keep a command from seeing Ctrl-C.
 *
 * @module
 */

import process from "node:process";
import { costOf, longestWithin } from "../../records/pattern/cost.ts";
import { entryCount, warn } from "../output/warn.ts";
import { PatternThread } from "./thread.ts";

/** So many steps take a tenth of a second, or two. */
const MOST_STEPS = 1e8;
/** So many are noticed where there are many entries. */
const MANY_STEPS = 1e5;
/** How long an entry may take, in milliseconds of processor time. */
export const TIME_LIMIT: number = 150;

/**
 * A regular expression. Where it could take long, by its form and the length of a text, it is tried in
 * another thread, and given up after some time.
 */
export class Expression {
  /** Whether the last text may have taken long. */
  isSlow = false;
  readonly #regExp: RegExp;
  readonly #timeLimit: number;
  /** The longest texts of which a try takes no time to speak of, and little. */
  readonly #longestCalm: number;
  readonly #longestHere: number;
  #thread: PatternThread | undefined;

  /** Takes an expression with the flag `u`. */
  constructor(regExp: RegExp, timeLimit: number = TIME_LIMIT) {
    this.#regExp = regExp;
    this.#timeLimit = timeLimit;
    const cost = costOf(regExp.source);
    this.#longestCalm = longestWithin(MANY_STEPS, cost);
    this.#longestHere = longestWithin(MOST_STEPS, cost);
  }

  /** Whether a text matches; undefined if that takes too long. */
  test(text: string): boolean | undefined {
    this.isSlow = text.length > this.#longestCalm;
    if (text.length <= this.#longestHere) return this.#regExp.test(text);
    this.#thread ??= new PatternThread(this.#regExp);
    return this.#thread.test(text, this.#timeLimit);
  }
}

/** Counts the entries of which an option could not say whether they are selected, and says so. */
export class Undecided {
  readonly #flag: string;
  readonly #timeLimit: number;
  #count = 0;

  /** Takes the option. */
  constructor(flag: string, timeLimit: number = TIME_LIMIT) {
    this.#flag = flag;
    this.#timeLimit = timeLimit;
  }

  /** One more. */
  add(): void {
    if (this.#count++ > 0) return;
    warn(
      `${this.#flag} took more than ${this.#timeLimit} ms of processor time for an entry: ` +
        "such entries are left out. A repetition of a repetition, like (a+)+, may take very long",
    );
    process.once(
      "exit",
      () => warn(`${this.#flag} took too long: ${entryCount(this.#count)} left out`),
    );
  }
}
