/**
 * The patterns of `--grep`: regular expressions that never keep a command from hearing Ctrl-C.
 *
 * @module
 */

import process from "node:process";
import { entryCount, warn } from "../output/warn.ts";
import { costOf, longestWithin } from "./cost.ts";
import { parsePattern } from "./syntax.ts";
import { PatternThread } from "./thread.ts";

/** So many steps take a tenth of a second, or two. */
const MOST_STEPS = 1e8;
/** So many are noticed where there are many entries. */
const MANY_STEPS = 1e5;
const TIME_LIMIT = 150;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** How to match, as `grep` has it. */
export interface PatternOptions {
  /** Whether upper and lower case are the same. */
  ignoreCase?: boolean;
  /** Whether the texts that do not match are selected. */
  invertMatch?: boolean;
  /** How long an entry may take, in milliseconds. Default 150. */
  timeLimit?: number;
}

/**
 * One or more regular expressions of JavaScript with the flag `u`, of which any may match. Where one
 * could take long, by its form and the length of a text, it is tried in another thread, and given up
 * after some time: a text that is not decided by then is not selected, and that is printed as a warning.
 *
 * A line end at the end of a text is no part of it if the text matches without it only.
 */
export class Pattern {
  readonly #expressions: readonly Expression[];
  readonly #isInverted: boolean;
  readonly #timeLimit: number;
  #undecided = 0;

  /**
   * Takes one or more patterns.
   *
   * @throws {SyntaxError} if one is not a regular expression
   */
  constructor(patterns: string | readonly string[], options: PatternOptions = {}) {
    const texts = typeof patterns === "string" ? [patterns] : patterns;
    this.#expressions = texts.map((text) => new Expression(parsePattern(text, options.ignoreCase)));
    this.#isInverted = options.invertMatch ?? false;
    this.#timeLimit = options.timeLimit ?? TIME_LIMIT;
  }

  /** Whether the last text may have taken long. */
  get isSlow(): boolean {
    return this.#expressions.some(({ isSlow }) => isSlow);
  }

  /** Whether a text is selected. */
  test(text: string): boolean {
    const last = text.charCodeAt(text.length - 1);
    const hasLineEnd = last === LINE_FEED || last === CARRIAGE_RETURN;
    let isMatch = this.#matches(text);
    if (isMatch === false && hasLineEnd) isMatch = this.#matches(text.replace(/\r?\n?$/, ""));
    return isMatch === undefined ? this.#giveUp() : isMatch !== this.#isInverted;
  }

  /** Whether one of the expressions matches; undefined if none does and one took too long. */
  #matches(text: string): boolean | undefined {
    let result: boolean | undefined = false;
    for (const expression of this.#expressions) {
      const isMatch = expression.test(text, this.#timeLimit);
      if (isMatch) return true;
      if (isMatch === undefined) result = undefined;
    }
    return result;
  }

  #giveUp(): false {
    if (this.#undecided++ === 0) {
      warn(
        `--grep took more than ${this.#timeLimit} ms for an entry: such entries are left out. ` +
          "A repetition of a repetition, like (a+)+, may take very long",
      );
      process.once(
        "exit",
        () => warn(`--grep took too long: ${entryCount(this.#undecided)} left out`),
      );
    }
    return false;
  }
}

class Expression {
  /** Whether the last text may have taken long. */
  isSlow = false;
  readonly #regExp: RegExp;
  /** The longest texts of which a try takes no time to speak of, and little. */
  readonly #longestCalm: number;
  readonly #longestHere: number;
  #thread: PatternThread | undefined;

  constructor(regExp: RegExp) {
    this.#regExp = regExp;
    const cost = costOf(regExp.source);
    this.#longestCalm = longestWithin(MANY_STEPS, cost);
    this.#longestHere = longestWithin(MOST_STEPS, cost);
  }

  /** Whether a text matches; undefined if that takes too long. */
  test(text: string, timeLimit: number): boolean | undefined {
    this.isSlow = text.length > this.#longestCalm;
    if (text.length <= this.#longestHere) return this.#regExp.test(text);
    this.#thread ??= new PatternThread(this.#regExp);
    return this.#thread.test(text, timeLimit);
  }
}
