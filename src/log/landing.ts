/**
 * Where a reader lands after the writer overtook it: at the oldest chunk that it can hope to read.
 *
 * @module
 */

/** Overtaken again before it has read so many laps, a reader has landed too near to the writer. */
const SOON: number = 16;
/** Overtaken only after it has read so many laps, it may land nearer again. */
const CALM: number = 64;

/**
 * Chooses the chunk to continue in.
 *
 * The oldest chunk is the one that the writer invalidates next. After a single overrun that is the
 * right place: nothing is lost that is still there. But a writer that stays faster takes it back before
 * a batch is copied, and what a reader does meanwhile is for nothing. So after each overrun that comes
 * soon twice as many of the oldest chunks are left out: 0, 1, 3, 7, up to all but the newest. After
 * calm they become fewer again: when the reader came to the end of the log, it was not too slow for
 * the writer, but late; and when it has read many laps, overruns cost it little.
 *
 * Time plays no part, so that what happens is the same however fast the machine is.
 */
export class Landing {
  // How many of the oldest chunks are left out.
  #leftOut = 0;
  // Up to which number nothing was read since the reader landed.
  #landed = 0;
  // The token of the newest chunk then.
  #newest = 0;
  #isCalm = true;

  /** Notes that the reader came to the end of the log. */
  caughtUp(): void {
    this.#isCalm = true;
  }

  /**
   * Chooses one of the chunks that the reader has not read. Called at each overrun, and again where the
   * chosen chunk was invalidated before the reader was there.
   *
   * @param chunks how many there are, at least 1
   * @param tokenOf the token of each, the oldest first
   * @param number the number of the last entry that was read
   * @returns how many of the oldest to leave out
   */
  choose(chunks: number, tokenOf: (age: number) => number, number: number): number {
    const last = chunks - 1;
    const newest = tokenOf(last);
    const lap = newest - tokenOf(0);
    const read = number - this.#landed;
    if (this.#isCalm || read > CALM * lap) this.#leftOut >>= 1;
    // In a log that nobody writes to, chunks that turn out not to be whole say nothing of speed.
    else if (newest > this.#newest && read < SOON * lap) this.#leftOut = 2 * this.#leftOut + 1;
    this.#newest = newest;
    this.#leftOut = Math.min(this.#leftOut, last);
    this.#isCalm = false;
    this.#landed = tokenOf(this.#leftOut);
    return this.#leftOut;
  }
}
