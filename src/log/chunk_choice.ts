/**
 * Which chunk a reader continues in: at its start, after an overrun, behind damage. By a survey of the
 * table, which is kept as long as nothing is written.
 *
 * @module
 */

import type { Fence } from "../fence.ts";
import { Landing } from "./landing.ts";
import type { ReadPolicy } from "./reader_options.ts";
import { isFirstMoving } from "./reference_writer.ts";
import type { ChunkRow, Row, Segment } from "./segment.ts";
import { countUpTo, isCurrent, rowOf, steadySurvey, type Survey, survey } from "./survey.ts";

/** Where the reader is that asks. */
export interface Whereabouts {
  /** The token of its chunk, or of the last one that it was in. */
  readonly token: number;
  /** The sequence number of the last entry that it passed. */
  readonly number: number;
  /** The highest number that was delivered or counted as lost; -1: not started. */
  readonly seen: number;
  /** Whether it has not come to where it starts yet. */
  readonly isStarting: boolean;
}

/** Chooses chunks for one reader. */
export class ChunkChoice {
  readonly #segment: Segment;
  readonly #fence: Fence;
  readonly #policy: ReadPolicy;
  readonly #landing = new Landing();
  // The last survey, and how many bytes were read since something was written.
  #survey: Survey | undefined;
  #passed = 0;
  // How many entries had been written by then.
  #written = -1;

  /** Looks at nothing yet. */
  constructor(segment: Segment, fence: Fence, policy: ReadPolicy) {
    this.#segment = segment;
    this.#fence = fence;
    this.#policy = policy;
  }

  /** The last survey, if it may still hold. */
  get last(): Survey | undefined {
    return this.#survey;
  }

  /** Forgets the last survey: the next choice takes a new one. */
  forget(): void {
    this.#survey = undefined;
    this.#landing.discard();
  }

  /** The reader goes where the last choice leads, or finds that it has come too late. */
  confirm(): void {
    this.#landing.confirm();
  }

  /** Notes that the reader passed so many bytes. */
  passed(bytes: number): void {
    this.#passed += bytes;
  }

  /** Notes that there is nothing more to read. */
  caughtUp(): void {
    this.#landing.caughtUp();
  }

  /** Whether nothing was written since the last survey. */
  isCurrent(): boolean {
    return this.#survey !== undefined && isCurrent(this.#segment, this.#survey);
  }

  /** The row of the chunk to go to; `undefined` if there is no such chunk. */
  choose(at: Whereabouts): ChunkRow | undefined {
    const found = this.look();
    const { order, newest } = found;
    if (at.seen >= 0) {
      if (at.isStarting) {
        // The chunk of the entry to start after, if it is still there.
        const older = countUpTo(found, at.seen);
        if (older > 0) return rowOf(found, order[older - 1]);
      }
      if (this.#policy.onOverrun === "latest") {
        return newest !== undefined && isNewer(newest, at) ? newest : undefined;
      }
      return this.#land(found, at.token === at.seen ? at.token - 1 : at.token, at);
    }
    if (order.length === 0) return undefined;
    const { strategy } = this.#policy;
    if (strategy === "oldest") return this.#land(found, -1, at);
    const oldest = rowOf(found, order[0]);
    return strategy === "auto" && oldest.token === 0 ? oldest : newest;
  }

  /**
   * Whether the choice of `row` may come from a look at a table in motion: where it is the newest, the
   * reference may be about to begin it, and where it is no way on from here, the survey may only look as
   * if it were current. `last` is the survey before.
   */
  isDoubtful(row: ChunkRow | undefined, last: Survey | undefined, token: number): boolean {
    const found = this.#survey;
    if (found === undefined) return false;
    if (row !== undefined && row.token === found.newest?.token && !found.isSteady) return true;
    return (row === undefined || row.token === token) && found === last &&
      isFirstMoving(found, found.first);
  }

  /**
   * What can be believed of the table. Where nothing was written since we last asked, it is what it was:
   * a table of millions of rows that contradict each other would else be surveyed for each of them.
   */
  look(): Survey {
    if (!this.isCurrent()) {
      this.#renew(survey(this.#segment, this.#fence));
    }
    return this.#survey!;
  }

  /** The same of a table that holds still, unless the writer is too fast for that. */
  lookSteadily(): Survey {
    if (this.#survey?.isSteady !== true || !this.isCurrent()) {
      this.#renew(steadySurvey(this.#segment, this.#fence));
    }
    return this.#survey!;
  }

  /** Whether more was read than a log holds: chunks of a forged table overlap, and would have no end. */
  isCircle(): boolean {
    // Unless it was written meanwhile.
    if (this.#passed > this.#segment.end) this.look();
    return this.#passed > this.#segment.end;
  }

  /** The oldest row with a token above `token`. */
  oldestAfter(found: Survey, token: number): ChunkRow | undefined {
    // As in isCircle(): `found` is new enough.
    if (this.#passed > this.#segment.end) return undefined;
    const place = countUpTo(found, token);
    return place < found.order.length ? rowOf(found, found.order[place]) : undefined;
  }

  /** The row behind the chunk of `at`, which was read; if the next one is gone, where to go after an overrun. */
  behind(found: Survey, at: Whereabouts): ChunkRow | undefined {
    const next = this.oldestAfter(found, at.token);
    const isLost = next !== undefined && next.token > at.seen;
    return isLost && this.#policy.onOverrun === "latest" ? found.newest : next;
  }

  /** The oldest row with a token above `token` that there is a hope to read. */
  #land(found: Survey, token: number, at: Whereabouts): ChunkRow | undefined {
    const oldest = this.oldestAfter(found, token);
    // Nothing is lost yet: it is the chunk after ours.
    if (oldest === undefined || oldest.token === at.seen) return oldest;
    const { order } = found;
    const first = countUpTo(found, token);
    const tokenOf = (age: number) => rowOf(found, order[first + age]).token;
    const age = this.#landing.choose(order.length - first, tokenOf, at.number);
    return rowOf(found, order[first + age]);
  }

  /** Takes a new survey. What was read counts again only if the writer has written since. */
  #renew(found: Survey): void {
    this.#survey = found;
    const written = found.newest === undefined ? -1 : found.newest.token + found.end.entries;
    if (written !== this.#written) this.#passed = 0;
    this.#written = written;
  }
}

/** Whether the chunk of `row` comes after that of the reader. One that it found empty may have been moved. */
export function isNewer(row: Row, { token, seen }: Whereabouts): boolean {
  return row.token > token || (row.token === token && row.token === seen);
}
