/**
 * What a writer may do now: not within a batch of its own, with a claim open, or after its end.
 *
 * @module
 */

import { ClaimPendingError, ClosedError, ReentrantUseError } from "../errors.ts";
import type { Borrower } from "./borrower.ts";
import type { Claim } from "./claim.ts";

/** The state of a writer that is not in the log. Looked at where a write is not straight. */
export class WriterGate {
  /** The claim that is open. */
  claim: Claim | undefined;
  /** What is making an entry in the room at the writer's offset. */
  borrower: Borrower | undefined;
  /** Whether a batch is being written. */
  isInBatch = false;
  /** Whether the writer was closed, or has finished. */
  isClosed = false;
  /** Whether it has finished the log. */
  isFinished = false;

  /**
   * Throws unless something may be written, and ends a loan.
   *
   * @throws {ClosedError} after the end
   * @throws {ReentrantUseError} within a batch
   * @throws {ClaimPendingError} if a claim is open
   */
  enter(): void {
    if (this.isClosed) throw this.closed();
    if (this.isInBatch) {
      throw new ReentrantUseError(
        "a getter of the entries wrote to the same log: give plain values",
      );
    }
    if (this.claim !== undefined) {
      throw new ClaimPendingError("a claim is open: commit or abort it before the next write");
    }
    this.recall();
  }

  /** Ends a loan, before the room is used for something else. */
  recall(): void {
    const { borrower } = this;
    if (borrower === undefined) return;
    this.borrower = undefined;
    borrower.leave();
  }

  /** Says that the writer has ended. */
  closed(): ClosedError {
    return new ClosedError(
      this.isFinished
        ? "the log is finished, no entry can come after that: restart it, or make another one"
        : "the writer is closed: open a new one",
    );
  }
}
