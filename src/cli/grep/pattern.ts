/**
 * The patterns of `--grep` and `--exclude`.
 *
 * @module
 */

import type { Needles } from "../../records/look/needles.ts";
import { parsePattern } from "../../records/pattern/syntax.ts";
import { Expression, TIME_LIMIT, Undecided } from "./expression.ts";
import { needleOf } from "./needles.ts";

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** How to match, as `grep` has it. */
export interface PatternOptions {
  /** Whether upper and lower case are the same. */
  ignoreCase?: boolean;
  /** Whether the texts that do not match are selected. */
  invertMatch?: boolean;
  /** How long an entry may take, in milliseconds of processor time. Default 150. */
  timeLimit?: number;
  /** The option that a warning names. Default `--grep`. */
  flag?: string;
}

/**
 * One or more regular expressions of JavaScript with the flag `u`, of which any may match. Where one
 * could take long, by its form and the length of a text, it is tried in another thread, and given up
 * after some time: a text that is not decided by then is not selected, and that is printed as a warning.
 *
 * A line end at the end of a text is no part of it if the text matches without it only.
 */
export class Pattern {
  /** What a text must contain to be selected, if that is known. */
  readonly needles: Needles | undefined;
  readonly #expressions: readonly Expression[];
  readonly #isInverted: boolean;
  readonly #undecided: Undecided;

  /**
   * Takes one or more patterns.
   *
   * @throws {SyntaxError} if one is not a regular expression
   */
  constructor(patterns: string | readonly string[], options: PatternOptions = {}) {
    const texts = typeof patterns === "string" ? [patterns] : patterns;
    const { ignoreCase, invertMatch = false, timeLimit = TIME_LIMIT, flag = "--grep" } = options;
    const regExps = texts.map((text) => parsePattern(text, ignoreCase));
    this.#expressions = regExps.map((regExp) => new Expression(regExp, timeLimit));
    this.#isInverted = invertMatch;
    const needles = regExps.map(needleOf).filter((needle) => needle !== undefined);
    // Each must have one, for any may match.
    this.needles = invertMatch || needles.length < regExps.length ? undefined : {
      texts: needles,
      ignoresCase: regExps.some((regExp) => regExp.ignoreCase),
      mayBeEscaped: false,
    };
    this.#undecided = new Undecided(flag, timeLimit);
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
      const isMatch = expression.test(text);
      if (isMatch) return true;
      if (isMatch === undefined) result = undefined;
    }
    return result;
  }

  #giveUp(): false {
    this.#undecided.add();
    return false;
  }
}
