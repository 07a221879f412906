/**
 * Several logs as one: all that match a pattern, at each moment.
 *
 * @module
 */

import { abortWith } from "../../async.ts";
import { callback, checkOptions, type Checks, oneOf, signal } from "../../base/options.ts";
import { ClosedError, type OuroborosError, SystemCallError } from "../../errors.ts";
import { endable, Turns } from "../../following.ts";
import { LiveMerge, merged } from "../../merge.ts";
import { recognizeRecord } from "../../records/recognize.ts";
import type { Entry } from "../entry.ts";
import { isShortOfDescriptors } from "./followed_log.ts";
import { LogPattern } from "./log_pattern.ts";
import { LogSetMember, type SetEntry } from "./log_set_member.ts";
import { absoluteTarget, type LogTarget, placeOf } from "./target.ts";

/** How a {@linkcode LogSet} reads. */
export interface LogSetOptions {
  /**
   * Where to start in logs that are there when the set is opened: `"oldest"`, `"latest"`, the newest chunk,
   * or `"new"`, with what is written next. A log that begins to match later is read from its oldest entry.
   * Default `"oldest"`.
   */
  from?: "oldest" | "latest" | "new";
  /**
   * The time of an entry in milliseconds since 1970, or `undefined` if it has none. Default: what the
   * entry says itself, see the guide Questions (src/guides/questions.md).
   */
  timeOf?: (entry: Entry) => number | undefined;
  /** Called for each log that begins to match. */
  onJoin?: (name: string) => void;
  /** Called for each log that was removed, after its last entry. */
  onLeave?: (name: string) => void;
  /**
   * Called with what keeps a log from being read. The others are read on, and this one is opened again when
   * another log has its name. Default: nothing is done; the log's `error` has it.
   */
  onError?: (error: OuroborosError, name: string) => void;
}

/** How to follow a set. */
export interface LogSetFollowOptions {
  /** Ends the iteration, without an error. */
  signal?: AbortSignal;
}

const setChecks: Checks<LogSetOptions> = {
  from: oneOf("oldest", "latest", "new"),
  timeOf: callback,
  onJoin: callback,
  onLeave: callback,
  onError: callback,
};

/**
 * The logs that match patterns, read as one, ordered by time.
 *
 * The order within a log is never changed. An entry without a time has the one of the entry before it, and
 * while it is followed the time at which it was seen.
 *
 * @example
 * ```ts
 * import { LogSet, ShmLogWriter } from "@ouroboros/log";
 *
 * const options = { size: "64KiB", unlinkOnClose: true };
 * using one = ShmLogWriter.create(`/doc-set-${process.pid}.{slot}`, options);
 * using two = ShmLogWriter.create(`/doc-set-${process.pid}.{slot}`, options);
 * one.write('{"time":1700000001000,"msg":"first"}');
 * two.write('{"time":1700000002000,"msg":"second"}');
 * one.write('{"time":1700000003000,"msg":"third"}');
 *
 * using set = LogSet.open(`/doc-set-${process.pid}.*`);
 * const found = [...set.read()].map(({ name, entry }) => name.at(-1) + JSON.parse(entry.text).msg);
 * console.log(found.join()); // 0first,1second,0third
 * console.log(set.lostEntries, set.members.length); // 0 2
 * ```
 */
export class LogSet implements Disposable {
  readonly #patterns: readonly LogPattern[];
  readonly #options: LogSetOptions;
  readonly #members = new Map<string, LogSetMember>();
  #lostBefore = 0;
  #isClosed = false;
  #isFollowed = false;

  private constructor(patterns: readonly LogPattern[], options: LogSetOptions) {
    this.#patterns = patterns;
    this.#options = options;
    try {
      this.#look(options.from ?? "oldest");
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Opens the logs that match now. That nothing matches is not an error: others may come.
   *
   * @param patterns names like `"/app.*"`, or `{ path: "logs/*.log" }`, one or several: `*` is any
   * characters, `?` is one, `[a-c]` one of these, `{slot}` a number
   * @throws {RangeError} if a pattern, or a name, is not usable
   * @throws {TypeError} if an option has the wrong type
   * @throws {SystemCallError} if this process may not have so many files open
   * @throws {PermissionDeniedError} in Deno, without the right to list /dev/shm, or a folder
   * @throws {NativeUnavailableError} if this runtime gives no native memory; also on macOS, which has no
   * list of shared memory
   */
  static open(patterns: LogTarget | readonly LogTarget[], options: LogSetOptions = {}): LogSet {
    checkOptions("LogSet.open()", options, setChecks);
    const all = Array.isArray(patterns)
      ? patterns as readonly LogTarget[]
      : [patterns as LogTarget];
    return new LogSet(all.map((one) => new LogPattern(absoluteTarget(one))), options);
  }

  /** The logs of the set, in the order in which they were found. */
  get members(): readonly LogSetMember[] {
    return [...this.#members.values()];
  }

  /** How many entries of all logs were gone before they were read, those of removed logs included. */
  get lostEntries(): number {
    let lost = this.#lostBefore;
    for (const member of this.#members.values()) lost += member.lostEntries;
    return lost;
  }

  /**
   * Iterates over the entries that are there now and were not read yet, by time.
   *
   * @throws {ClosedError} after `close()`
   */
  *read(): IterableIterator<SetEntry> {
    this.#checkOpen();
    this.#look();
    const members = this.members;
    for (const entry of merged(members.map((member) => member.past()))) {
      yield entry;
      this.#checkOpen();
    }
  }

  /**
   * Iterates over the entries that are there, and those to come, until `signal` is aborted: then it ends
   * without an error. Logs that begin to match join, and those that are removed leave. An entry waits up
   * to 250 ms for earlier ones of other logs. One iteration at a time follows a set.
   *
   * @throws {ClosedError} after `close()`, also meanwhile
   * @throws {TypeError} if an option has the wrong type
   *
   * @example
   * ```ts
   * import { LogSet, ShmLogWriter } from "@ouroboros/log";
   *
   * using set = LogSet.open(`/doc-set-live-${process.pid}.*`);
   * const options = { size: "64KiB", unlinkOnClose: true };
   * using later = ShmLogWriter.create(`/doc-set-live-${process.pid}.{slot}`, options);
   * later.write("from a log that came later");
   * for await (const { entry } of set.follow()) {
   *   console.log(entry.text); // from a log that came later
   *   break;
   * }
   * ```
   */
  follow(options: LogSetFollowOptions = {}): AsyncIterableIterator<SetEntry> {
    checkOptions("follow()", options, { signal });
    this.#checkOpen();
    const stop = new AbortController();
    return endable(this.#steps(stop, options.signal), stop);
  }

  async *#steps(
    stop: AbortController,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<SetEntry, void, undefined> {
    if (this.#isFollowed) throw new RangeError("the set is followed already: open another one");
    this.#isFollowed = true;
    using _linked = abortWith(stop, signal);
    const turns = new Turns();
    try {
      for (const entry of this.read()) {
        yield entry;
        const turn = turns.due();
        if (turn !== undefined) await turn;
        if (stop.signal.aborted) return;
      }
      const merge: LiveMerge<SetEntry> = new LiveMerge({
        signal: stop.signal,
        look: () => {
          this.#checkOpen();
          for (const member of this.#look()) merge.add(member);
        },
      });
      for (const member of this.#members.values()) merge.add(member);
      for await (const entries of merge.merged()) {
        for (const entry of entries) {
          yield entry;
          if (stop.signal.aborted) return;
          const turn = turns.due();
          if (turn !== undefined) await turn;
        }
      }
    } finally {
      this.#isFollowed = false;
    }
  }

  /** Ends reading. Entries that were read stay good. May be called twice. */
  close(): void {
    this.#isClosed = true;
    for (const member of this.#members.values()) member.close();
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Lets logs join and leave; returns those that join. */
  #look(from: "oldest" | "latest" | "new" = "oldest"): LogSetMember[] {
    const { onJoin, onLeave, onError, timeOf = timeOfText } = this.#options;
    const found = new Map<string, LogTarget>();
    try {
      for (const pattern of this.#patterns) {
        for (const target of pattern.find()) {
          found.set(placeOf(target), target);
        }
      }
    } catch (error) {
      // A descriptor may be free at the next look.
      if (this.#isFollowed && isShortOfDescriptors(error)) return [];
      throw error;
    }
    for (const [name, member] of this.#members) {
      if (!member.isEnded || (found.has(name) && member.isUnreadable())) continue;
      this.#members.delete(name);
      this.#lostBefore += member.lostEntries;
      member.close();
      onLeave?.(name);
    }
    const joined: LogSetMember[] = [];
    for (const [name, target] of found) {
      if (this.#members.has(name)) continue;
      let member: LogSetMember;
      try {
        member = new LogSetMember(name, target, from, timeOf, (error) => onError?.(error, name));
      } catch (error) {
        if (!isShortOfDescriptors(error)) throw error;
        const refusal = tooMany(this.#members.size, found.size, error);
        if (!this.#isFollowed) throw refusal;
        // Others may be closed before the next look.
        onError?.(refusal, name);
        break;
      }
      this.#members.set(name, member);
      joined.push(member);
      onJoin?.(name);
    }
    return joined;
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new ClosedError("the set is closed: open a new one");
  }
}

function tooMany(open: number, count: number, { errno }: SystemCallError): SystemCallError {
  return new SystemCallError(
    `only ${open} of ${count} logs can be open at once: raise the limit of open files (ulimit -n), ` +
      `or choose a pattern that fewer match`,
    errno,
  );
}

function timeOfText(entry: Entry): number | undefined {
  return recognizeRecord(entry.text)?.time;
}
