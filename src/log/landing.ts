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
  #state: Choice = { leftOut: 0, landed: 0, newest: 0 };
  #isCalm = true;
  // What was chosen last, as long as it is not confirmed.
  #chosen: Choice | undefined;

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
    const { landed, newest: before } = this.#state;
    let { leftOut } = this.#state;
    const read = number - landed;
    if (this.#isCalm || read > CALM * lap) leftOut >>= 1;
    // In a log that nobody writes to, chunks that turn out not to be whole say nothing of speed.
    else if (newest > before && read < SOON * lap) leftOut = 2 * leftOut + 1;
    leftOut = Math.min(leftOut, last);
    this.#chosen = { leftOut, landed: tokenOf(leftOut), newest };
    return leftOut;
  }

  /** The reader goes to the chunk that was chosen. A choice that is made again before that does not count. */
  confirm(): void {
    if (this.#chosen === undefined) return;
    this.#state = this.#chosen;
    this.#chosen = undefined;
    this.#isCalm = false;
  }

  /** The reader does not go there: the table was in motion when it was chosen. */
  discard(): void {
    this.#chosen = undefined;
  }
}

/** What is remembered of a choice. */
interface Choice {
  /** How many of the oldest chunks are left out. */
  readonly leftOut: number;
  /** Up to which number nothing was read since the reader landed. */
  readonly landed: number;
  /** The token of the newest chunk then. */
  readonly newest: number;
}
