/**
 * The pattern of `--grep`: a regular expression that never keeps a command from hearing Ctrl-C.
 *
 * @module
 */

import process from "node:process";
import { entryCount, warn } from "../output/warn.ts";
import { costOf, longestWithin } from "./cost.ts";
import { PatternThread } from "./thread.ts";

/** So many steps take a tenth of a second, or two. */
const MOST_STEPS = 1e8;
/** So many are noticed where there are many entries. */
const MANY_STEPS = 1e5;
/** How long an entry may take, in milliseconds. */
const LIMIT = 150;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * A regular expression of JavaScript with the flag `u`. Where it could take long, by its form and the
 * length of a text, it is tried in another thread, and given up after some time: what is not decided
 * by then does not match, and is said to people.
 *
 * A line end at the end of a text is no part of it if the text matches without it only.
 */
export class Pattern {
  readonly #regExp: RegExp;
  /** The longest texts of which a try takes no time to speak of, and little. */
  readonly #longestCalm: number;
  readonly #longestHere: number;
  #thread: PatternThread | undefined;
  #isSlow = false;
  #undecided = 0;

  /**
   * Takes a pattern.
   *
   * @throws {SyntaxError} if it is none
   */
  constructor(text: string) {
    this.#regExp = new RegExp(text, "u");
    const cost = costOf(text);
    this.#longestCalm = longestWithin(MANY_STEPS, cost);
    this.#longestHere = longestWithin(MOST_STEPS, cost);
  }

  /** Whether the last text may have taken long. */
  get isSlow(): boolean {
    return this.#isSlow;
  }

  /** Whether a text matches. */
  test(text: string): boolean {
    if (this.#test(text)) return true;
    const last = text.charCodeAt(text.length - 1);
    if (last !== LINE_FEED && last !== CARRIAGE_RETURN) return false;
    return this.#test(text.replace(/\r?\n?$/, ""));
  }

  #test(text: string): boolean {
    this.#isSlow = text.length > this.#longestCalm;
    if (text.length <= this.#longestHere) return this.#regExp.test(text);
    this.#thread ??= new PatternThread(this.#regExp);
    return this.#thread.test(text, LIMIT) ?? this.#giveUp();
  }

  #giveUp(): boolean {
    if (this.#undecided++ === 0) {
      warn(
        `--grep took more than ${LIMIT} ms for an entry, which is left out, as are others of the ` +
          "kind: a repetition of a repetition, like (a+)+, may take very long",
      );
      process.once(
        "exit",
        () => warn(`--grep took too long: ${entryCount(this.#undecided)} left out`),
      );
    }
    return false;
  }
}
