/**
 * Following a log: what is there, then what comes, until somebody says stop.
 *
 * @module
 */

import type { Doorbell } from "../../../ffi/mod.ts";
import { endable } from "../../following.ts";
import type { Cursor } from "./cursor.ts";
import { Patience } from "./patience.ts";
import {
  callback,
  checkOptions,
  type Checks,
  flag,
  milliseconds,
  signal as isSignal,
} from "../../options.ts";

/** How to follow a log. */
export interface FollowOptions {
  /** Ends the iteration, without an error. */
  signal?: AbortSignal;
  /**
   * The longest sleep between two looks in milliseconds, where the writer does not wake its readers
   * (`notify`). The first looks after an entry follow each other within microseconds, so a busy log
   * is read at once; this is for one that has been quiet for a while. Where nothing has come for a
   * second, it sleeps three times as long. Default 20.
   */
  maxSleep?: number;
  /**
   * Whether to go over to the segment that has the name now, when the one that is read was replaced
   * or removed, its writer is gone and all its entries are read: so does a writer that starts anew.
   * (One that resumes goes on with the same segment.) Default `false`: then the follower stays.
   */
  reopen?: boolean;
  /** Told of each new segment, before its first entry. */
  onReopen?: (event: ReopenEvent) => void;
}

/** What {@linkcode FollowOptions} may be. */
export const followChecks: Checks<FollowOptions> = {
  signal: isSignal,
  maxSleep: milliseconds(1),
  reopen: flag,
  onReopen: callback,
};

/** A follower went over to another segment: numbers and counts begin anew. */
export interface ReopenEvent {
  /** Where it was in the segment before, to its very end unless entries were lost. */
  readonly from: Cursor;
  /** How many entries of that segment it did not get. */
  readonly lostEntries: number;
  /** How many times it was overtaken there. */
  readonly overruns: number;
}

/** What is followed. */
export interface Followed<T> {
  /** The next item, if there is one. */
  next(): T | undefined;
  /** What the writer rings, if it does. */
  bell(): Doorbell | undefined;
  /** Whether nobody can write to this segment any more, and its name leads elsewhere, or nowhere. */
  isAbandoned(): boolean;
  /** Goes over to the segment that has the name, if there is one. */
  moveOn(): boolean;
}

/** For how long there must be nothing before we ask whether the segment is still the one, and how often. */
const LOOK_INTERVAL = 100;

/** Gives one item after the other until `signal` is aborted. */
export function follow<T>(
  followed: Followed<T>,
  options: FollowOptions,
): AsyncIterableIterator<T> {
  checkOptions("follow()", options, followChecks);
  const { signal, maxSleep = 20, reopen = false } = options;
  const stop = new AbortController();
  // Here, not at the first step: a wrong argument is the caller's.
  const patience = new Patience(maxSleep, stop.signal);
  return endable(steps(followed, patience, reopen, stop, signal), stop);
}

async function* steps<T>(
  followed: Followed<T>,
  patience: Patience,
  reopen: boolean,
  stop: AbortController,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  if (signal?.aborted) return;
  // Not AbortSignal.any(): Node keeps all that it made for as long as its sources live.
  const abort = () => stop.abort();
  signal?.addEventListener("abort", abort);
  try {
    let isAbandoned = false;
    let nextLook = LOOK_INTERVAL;
    while (!stop.signal.aborted) {
      const item = followed.next();
      if (item !== undefined) {
        const turn = patience.found();
        nextLook = LOOK_INTERVAL;
        yield item;
        // Others have their turn between two items: with one in our hand, the reader's position would be
        // behind something that nobody was given yet.
        if (turn !== undefined) await turn;
        continue;
      }
      if (reopen && patience.idleTime >= nextLook) {
        nextLook = patience.idleTime + LOOK_INTERVAL;
        const wasAbandoned = isAbandoned;
        // Each time: the name may lead here again, or somebody else has moved the reader on.
        isAbandoned = followed.isAbandoned();
        if (isAbandoned && !wasAbandoned) {
          // First what was written between our last look and the end of its writer.
          nextLook = 0;
          continue;
        }
        if (isAbandoned && followed.moveOn()) {
          isAbandoned = false;
          continue;
        }
      }
      const pause = patience.pause(followed.bell);
      if (pause !== undefined) await pause;
    }
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** A stream of what is followed, made into something else if `change` is given. */
export function streamOf<T>(
  items: AsyncIterableIterator<T>,
  change: (item: T) => unknown = (item) => item,
): ReadableStream<unknown> {
  let isCancelled = false;
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await items.next();
      if (isCancelled) return;
      if (done) controller.close();
      else controller.enqueue(change(value));
    },
    async cancel() {
      isCancelled = true;
      await items.return!();
    },
  }, { highWaterMark: 0 });
}
