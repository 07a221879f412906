/**
 * Following a log: what is there, then what comes, until it is stopped.
 *
 * @module
 */

import type { Doorbell } from "../../../ffi/mod.ts";
import { abortWith } from "../../async.ts";
import { endable } from "../../following.ts";
import type { Cursor } from "./cursor.ts";
import { Patience } from "./patience.ts";
import {
  callback,
  checkOptions,
  type Checks,
  milliseconds,
  oneOf,
  signal as isSignal,
} from "../../base/options.ts";

/**
 * What a follower does when its log is abandoned and all its entries are read: `"stay"` waits on,
 * until `signal`; `"end"` ends without an error, as a loop does after the last item; `"reopen"` waits
 * for the next log of the same name and switches to it.
 *
 * A log of version 2 can say itself that no entry will come. If its writer has finished it, `"stay"` and
 * `"end"` end after the last entry, and `"reopen"` waits for the next log. If it was restarted in place,
 * it is abandoned, and the next log of that name is in the same segment.
 *
 * A log is abandoned when its name belongs to another segment or to none, and no living writer holds it:
 * then no entry can come. A writer that was killed leaves its log under its name. That log is not
 * abandoned: a writer may resume it, and the same followers continue. (The C++ writer holds no lock. Its
 * log counts as abandoned once it was removed or replaced and has been quiet for 0.1 s.)
 *
 * @example To the end of a log, and no further
 * ```ts
 * import { ShmLogReader, ShmLogWriter } from "@ouroboros/log";
 *
 * const writer = ShmLogWriter.create("/doc-to-the-end", { size: "256KiB" });
 * using reader = ShmLogReader.open("/doc-to-the-end");
 * writer.write("last words");
 * writer.close({ unlink: true }); // no entry can come
 * for await (const entry of reader.follow({ onAbandoned: "end" })) {
 *   console.log(entry.text); // last words
 * }
 * console.log("the end"); // the end
 * ```
 */
export type OnAbandoned = "stay" | "end" | "reopen";

/** How to follow a log. */
export interface FollowOptions {
  /** Ends the iteration, without an error. */
  signal?: AbortSignal;
  /**
   * The longest sleep between two looks in milliseconds, if the writer does not wake its readers
   * (`notify`). Right after an entry a follower looks again within microseconds, so a busy log is read
   * without delay. If nothing came for a second, it sleeps three times as long. Default 20.
   */
  maxSleep?: number;
  /**
   * What to do when no writer can add to the log any more, see {@linkcode OnAbandoned}. The follower
   * checks this every 100 ms while nothing comes, or after each sleep if that is longer (`maxSleep`, or
   * 250 ms with `notify`). Default `"stay"`.
   */
  onAbandoned?: OnAbandoned;
  /**
   * Called for each new log that it switches to, in another segment or restarted in the same one, before
   * its first entry.
   */
  onReopen?: (event: ReopenEvent) => void;
}

/** What {@linkcode FollowOptions} may be. */
export const followChecks: Checks<FollowOptions> = {
  signal: isSignal,
  maxSleep: milliseconds(1),
  onAbandoned: oneOf("stay", "end", "reopen"),
  onReopen: callback,
};

/** A follower switched to another log of the same name: counts start again, and mostly numbers, too. */
export interface ReopenEvent {
  /** Its place in the log before: the end, unless entries were lost. */
  readonly from: Cursor;
  /**
   * How many entries of that log were lost. `"unknown"` if that can't be counted: the log was restarted
   * in place, and this follower had not come to the end of a finished one.
   */
  readonly lostEntries: number | "unknown";
  /** How many times the writer overtook it there. */
  readonly overruns: number;
  /**
   * The number of the entry after which it reads there: 0 in another log, that of the last entry that was
   * read in one that continues the log before in another size.
   */
  readonly after: number;
}

/** What is followed. */
export interface Followed<T> {
  /** The next item, if there is one. */
  next(): T | undefined;
  /** What the writer rings, if it does. */
  bell(): Doorbell | undefined;
  /** Whether its writer has finished the log; asked where there is no next item. */
  isFinished(): boolean;
  /** Whether the log was restarted in place. */
  isRestarted(): boolean;
  /** Whether no writer can add to this segment any more, and its name leads elsewhere, or nowhere. */
  isAbandoned(): boolean;
  /** Switches to the segment that has the name, if there is one. */
  moveOn(): boolean;
}

/** After how long without an item we look whether the log is abandoned, and how often, in milliseconds. */
const LOOK_INTERVAL = 100;

/** Yields one item after the other until `signal` is aborted, or the log is abandoned. */
export function follow<T>(
  followed: Followed<T>,
  options: FollowOptions,
): AsyncIterableIterator<T> {
  checkOptions("follow()", options, followChecks);
  const { signal, maxSleep = 20, onAbandoned = "stay" } = options;
  const stop = new AbortController();
  // Here, not at the first step: a wrong argument is the caller's.
  const patience = new Patience(maxSleep, stop.signal);
  return endable(steps(followed, patience, onAbandoned, stop, signal), stop);
}

async function* steps<T>(
  followed: Followed<T>,
  patience: Patience,
  onAbandoned: OnAbandoned,
  stop: AbortController,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  using _linked = abortWith(stop, signal);
  let isAbandoned = false;
  let nextLook = LOOK_INTERVAL;
  while (!stop.signal.aborted) {
    const item = followed.next();
    if (item !== undefined) {
      const turn = patience.found();
      nextLook = LOOK_INTERVAL;
      yield item;
      // Others have their turn between two items: before it yields one, the reader's position would be
      // behind an item that nobody has got yet.
      if (turn !== undefined) await turn;
      continue;
    }
    if (onAbandoned !== "reopen" && followed.isFinished()) return;
    if (onAbandoned !== "stay" && followed.isRestarted()) {
      if (onAbandoned === "end") return;
      isAbandoned = false;
      if (followed.moveOn()) continue;
    }
    if (onAbandoned !== "stay" && patience.idleTime >= nextLook) {
      nextLook = patience.idleTime + LOOK_INTERVAL;
      const wasAbandoned = isAbandoned;
      // Each time: the name may lead here again, or another follower has moved the reader on.
      isAbandoned = followed.isAbandoned();
      if (isAbandoned && !wasAbandoned) {
        // First what was written between our last look and the end of its writer.
        nextLook = 0;
        continue;
      }
      if (isAbandoned && onAbandoned === "end") return;
      if (isAbandoned && followed.moveOn()) {
        isAbandoned = false;
        continue;
      }
    }
    const pause = patience.pause(followed.bell);
    if (pause !== undefined) await pause;
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
