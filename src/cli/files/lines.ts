/**
 * Lines out of a stream of bytes.
 *
 * @module
 */

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/** Cuts pieces of bytes into lines, without their `\n`. Keeps no more than one line of them. */
export class LineSplitter {
  readonly #most: number;
  /** What is kept of a line: one byte more, which may be a part of its end. */
  readonly #room: number;
  readonly #takesReturns: boolean;
  readonly #take: (line: Uint8Array, isCut: boolean) => void;
  #rest: Uint8Array[] = [];
  #restLength = 0;
  #isCut = false;

  /**
   * Gives `take` each line; of one that has more than `most` bytes the first ones, with a word.
   * `takesReturns` takes `\r\n` for a line end, too.
   */
  constructor(
    most: number,
    take: (line: Uint8Array, isCut: boolean) => void,
    takesReturns: boolean = false,
  ) {
    this.#most = most;
    this.#room = most + 1;
    this.#take = take;
    this.#takesReturns = takesReturns;
  }

  /** Takes the next piece, which is done with when this returns. */
  push(piece: Uint8Array): void {
    let start = 0;
    for (;;) {
      const end = piece.indexOf(NEWLINE, start);
      if (end < 0) break;
      this.#finish(piece.subarray(start, end), this.#takesReturns);
      start = end + 1;
    }
    if (start < piece.length) this.#keep(piece.slice(start));
  }

  /** Ends the last line, if it has no `\n`. */
  end(): void {
    if (this.#hasRest) this.#finish(new Uint8Array(0), false);
  }

  get #hasRest(): boolean {
    return this.#restLength > 0 || this.#isCut;
  }

  #keep(part: Uint8Array): void {
    const room = this.#room - this.#restLength;
    if (part.length > room) this.#isCut = true;
    if (room > 0) this.#rest.push(part.subarray(0, room));
    this.#restLength += Math.min(part.length, room);
  }

  #finish(part: Uint8Array, mayHaveReturn: boolean): void {
    if (!this.#hasRest && part.length <= this.#room) return this.#give(part, false, mayHaveReturn);
    this.#keep(part);
    const line = new Uint8Array(this.#restLength);
    let at = 0;
    for (const one of this.#rest) {
      line.set(one, at);
      at += one.length;
    }
    const isCut = this.#isCut;
    this.#rest = [];
    this.#restLength = 0;
    this.#isCut = false;
    this.#give(line, isCut, mayHaveReturn);
  }

  #give(line: Uint8Array, isCut: boolean, mayHaveReturn: boolean): void {
    const hasReturn = mayHaveReturn && !isCut && line[line.length - 1] === CARRIAGE_RETURN;
    const length = line.length - (hasReturn ? 1 : 0);
    const kept = Math.min(length, this.#most);
    this.#take(kept < line.length ? line.subarray(0, kept) : line, isCut || kept < length);
  }
}
