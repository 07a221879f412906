/**
 * What borrows the room for the next entry of a log, to make the entry in place.
 *
 * @module
 */

/** Makes an entry in the room that `Writer.lend()` gives, from `start` on. */
export interface Borrower {
  /** Where the payload begins: an offset in the writer's memory, a multiple of 4. */
  start: number;
  /** As far as the payload may reach. */
  end: number;
  /** Called once if the room is needed before it was settled: copies what there is, and leaves. */
  leave(): void;
}
