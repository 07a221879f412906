/**
 * Ends of lines: messages that come again and again, as bytes.
 *
 * @module
 */

import { Piece } from "../line/piece.ts";

/** So many messages are remembered, of at most so many characters. */
const MOST_TAILS = 512;
const LONGEST_TAIL = 200;
/** After so many unknown ones it is decided whether looking for them pays. */
const TRIAL = 64;
const LONGEST_REST = 1 << 20;

/**
 * Ends of lines by message. An application has some hundred messages, or makes a new one each time: then
 * none is looked for, for longer and longer.
 */
export class Tails {
  readonly #before: string;
  // What was seen once has no piece yet.
  readonly #tails = new Map<string, Piece | null>();
  #found = 0;
  #missed = 0;
  // So many are not looked for.
  #left = 0;
  #rest = TRIAL;

  /** Tails that begin with `before`: the key of the message. */
  constructor(before: string) {
    this.#before = before;
  }

  /** The end of a line with this message, if it is known. */
  get(message: string): Piece | undefined {
    if (this.#left > 0) {
      this.#left--;
      return undefined;
    }
    const known = this.#tails.get(message);
    if (known) {
      this.#found++;
      return known;
    }
    return this.#learn(message, known);
  }

  #learn(message: string, known: null | undefined): Piece | undefined {
    if (++this.#missed === TRIAL) this.#decide();
    if (message.length > LONGEST_TAIL) return undefined;
    if (known === null) {
      const piece = new Piece(`${this.#before}${JSON.stringify(message)}}`);
      this.#tails.set(message, piece);
      return piece;
    }
    if (this.#tails.size >= MOST_TAILS) this.#tails.clear();
    this.#tails.set(message, null);
    return undefined;
  }

  #decide(): void {
    const pays = this.#found > 4 * this.#missed;
    this.#found = this.#missed = 0;
    this.#rest = pays ? TRIAL : Math.min(4 * this.#rest, LONGEST_REST);
    if (!pays) this.#left = this.#rest;
  }
}
