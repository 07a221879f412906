/**
 * Lines out of a stream of bytes.
 *
 * @module
 */

const NEWLINE = 10;

/** Cuts pieces of bytes into lines, without their `\n`. Keeps no more than one line of them. */
export class LineSplitter {
  readonly #most: number;
  readonly #take: (line: Uint8Array, isCut: boolean) => void;
  #rest: Uint8Array[] = [];
  #restLength = 0;
  #isCut = false;

  /** Gives `take` each line; of one that has more than `most` bytes the first ones, with a word. */
  constructor(most: number, take: (line: Uint8Array, isCut: boolean) => void) {
    this.#most = most;
    this.#take = take;
  }

  /** Takes the next piece, which is done with when this returns. */
  push(piece: Uint8Array): void {
    let start = 0;
    for (;;) {
      const end = piece.indexOf(NEWLINE, start);
      if (end < 0) break;
      this.#finish(piece.subarray(start, end));
      start = end + 1;
    }
    if (start < piece.length) this.#keep(piece.slice(start));
  }

  /** Ends the last line, if it has no `\n`. */
  end(): void {
    if (this.#hasRest) this.#finish(new Uint8Array(0));
  }

  get #hasRest(): boolean {
    return this.#restLength > 0 || this.#isCut;
  }

  #keep(part: Uint8Array): void {
    const room = this.#most - this.#restLength;
    if (part.length > room) this.#isCut = true;
    if (room > 0) this.#rest.push(part.subarray(0, room));
    this.#restLength += Math.min(part.length, room);
  }

  #finish(part: Uint8Array): void {
    if (!this.#hasRest && part.length <= this.#most) return this.#take(part, false);
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
    this.#take(line, isCut);
  }
}
