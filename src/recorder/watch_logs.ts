/**
 * Logs watched from outside: what is written to them, and whether their writers live.
 *
 * @module
 */

import type { Entry } from "../log/entry.ts";
import { entryParts } from "../log/native/entry_lines.ts";
import type { LogSet } from "../log/native/log_set.ts";
import type { LogSetMember } from "../log/native/log_set_member.ts";
import { targetOf } from "../log/native/target.ts";
import type { LogRecord } from "../records/record.ts";
import { recognizeRecord } from "../records/recognize.ts";
import { WholeLines } from "../records/whole_lines.ts";
import { WATCHDOG_SUFFIX } from "../sinks/watchdog.ts";
import type { Condition, EntryCondition } from "./conditions.ts";
import { hasUnlockedWriter } from "./unlocked_writer.ts";

/** How often to look at the writers, in milliseconds. */
const LOOK_INTERVAL = 100;
/**
 * For how many looks a writer must be gone: first what removes the log is waited for. No time says so: on a
 * busy machine this process may not run for longer.
 */
const DEAD_LOOKS = 5;
/** For how many looks at most the last entries of one are waited for: they may be beyond reading. */
const MOST_LOOKS = 100;

/** Something that was watched for. */
export interface LogTrigger {
  /** The name of the log, or its path. */
  readonly log: string;
  /** What happened, in a word: that of the condition. */
  readonly reason: string;
  /** When, in milliseconds since 1970. */
  readonly time: number;
  /** The process of a writer that is dead, where that is known. */
  readonly pid?: number | undefined;
  /** How the program ended for which it wrote, and the process of that, where the last entry says so. */
  readonly ending?: string | undefined;
  readonly programPid?: number | undefined;
  /** The number of the last entry of a log whose writer is dead, where that is known. */
  readonly lastEntry?: number | undefined;
}

/** What is watched, and for what. */
export interface WatchLogsOptions {
  set: LogSet;
  conditions: readonly Condition[];
  signal: AbortSignal;
  onTrigger: (trigger: LogTrigger) => void;
  /** Called for each entry. */
  onEntry?: () => void;
}

/** When something was seen first: in milliseconds, and at which look; and what there was of the log then. */
interface Sighting {
  readonly time: number;
  readonly look: number;
  /** The number of its newest entry, where that is known. */
  readonly newest: number | undefined;
  /** How many times it had been read to its end. */
  readonly endsSeen: number;
}

/** What is known of a log. */
interface Watched {
  /** The log, perhaps closed by now. */
  member: LogSetMember | undefined;
  /** Whether it had a living writer at the last look. */
  wasAlive: boolean;
  /** Since when it has none; `undefined` while it has one, or had none from the beginning. */
  deadSince: Sighting | undefined;
  /** Since when its living writer has it without a name; `undefined` while it has one. */
  namelessSince: Sighting | undefined;
  /** The number of the newest entry when it was seen to be dead. */
  lastEntry: number | undefined;
  /** Whether its writer takes no lock: of that nothing is known. */
  isUnlocked: boolean;
  /** The process of its last living writer, where the system tells. */
  pid: number | undefined;
  /** The one before, while `replacedSince` is set. */
  pidBefore: number | undefined;
  /** Since when another process has the log; `undefined` before, and when that was reported. */
  replacedSince: Sighting | undefined;
  /** The end of a program that ended as it should, if it was read since the last writer came. */
  goodEnd: LogRecord | undefined;
  /** When something was written, or its writer came; `Infinity` while nothing is expected. */
  heardAt: number;
  /** The last entry. */
  last: string;
  /** The number of the last entry. */
  seen: number;
  /** The number of the entry to come. */
  expected: number;
  /** What was begun of lines that are in several entries. */
  readonly lines: WholeLines<Entry>;
}

/** Watches until `signal` is aborted. */
export async function watchLogs(options: WatchLogsOptions): Promise<void> {
  const { set, signal, onEntry } = options;
  const watch = new LogWatch(options);
  watch.look();
  const timer = setInterval(() => watch.look(), LOOK_INTERVAL);
  try {
    for await (const { name, entry } of set.follow({ signal })) {
      onEntry?.();
      watch.see(name, entry);
    }
    watch.end();
  } finally {
    clearInterval(timer);
  }
}

class LogWatch {
  readonly #set: LogSet;
  readonly #onTrigger: (trigger: LogTrigger) => void;
  readonly #tests: readonly EntryCondition[];
  readonly #watchesDeath: boolean;
  readonly #limit: number;
  readonly #logs = new Map<string, Watched>();
  #looks = 0;

  constructor({ set, conditions, onTrigger }: WatchLogsOptions) {
    this.#set = set;
    this.#onTrigger = onTrigger;
    this.#tests = conditions.filter((one) => one.kind === "entry");
    this.#watchesDeath = conditions.some(({ kind }) => kind === "dead");
    this.#limit = Math.min(
      ...conditions.map((one) => one.kind === "silent" ? one.limit : Infinity),
    );
  }

  /** Sees an entry. */
  see(name: string, entry: Entry): void {
    const log = this.#logOf(name);
    const { text, sequenceNumber } = entry;
    log.heardAt = performance.now();
    log.last = text;
    log.seen = sequenceNumber;
    if (this.#watchesDeath) {
      const ending = endingIn(text);
      if (isGood(ending)) log.goodEnd = ending;
    }
    if (this.#tests.length === 0) return;
    // Nothing continues behind what is lost, or in the next log of that name.
    if (sequenceNumber !== log.expected) this.#testRest(name, log);
    log.expected = sequenceNumber + 1;
    const line = log.lines.take(entry);
    if (line !== undefined) this.#test(name, line === entry ? text : line.text);
  }

  /** Sees that no more will come. */
  end(): void {
    for (const [name, log] of this.#logs) this.#testRest(name, log);
  }

  /** Tests a line: one of several entries as a whole. */
  #test(name: string, text: string): void {
    for (const { reason, test } of this.#tests) {
      if (!test(text, name)) continue;
      const time = recognizeRecord(text)?.time ?? Date.now();
      return this.#onTrigger({ log: name, reason, time });
    }
  }

  /** Tests lines that have no end as far as they are there. */
  #testRest(name: string, { lines }: Watched): void {
    if (lines.size === 0) return;
    for (const { text } of lines.rest()) this.#test(name, text);
  }

  /** Looks at the writers. */
  look(): void {
    this.#looks++;
    const members = this.#set.members;
    for (const member of members) {
      // That of a watchdog is silent for days, and ends with its program.
      if (!member.name.endsWith(WATCHDOG_SUFFIX)) this.#lookAt(member, performance.now());
    }
    if (this.#logs.size <= members.length) return;
    const names = new Set(members.map(({ name }) => name));
    for (const [name, log] of this.#logs) {
      if (!names.has(name) && this.#hasLeft(name, log, performance.now())) this.#logs.delete(name);
    }
  }

  /**
   * Looks at a log that is not there any more; returns whether it can be forgotten. Its writer has removed it,
   * which is a good end, unless it was dead before, or the log has lost its name in another way.
   */
  #hasLeft(name: string, log: Watched, now: number): boolean {
    const { member } = log;
    if (log.wasAlive && this.#watchesDeath && member !== undefined) {
      if (this.#isOld(log.namelessSince) || member.isDeserted) this.#noteDeath(member, log, now);
    }
    log.wasAlive = false;
    // Its last entries are waited for.
    if (log.deadSince !== undefined && !this.#isSettled(log.deadSince, log)) return false;
    if (log.deadSince === undefined) this.#testRest(name, log);
    else this.#reportDeath(name, log, log.deadSince);
    return true;
  }

  #lookAt(member: LogSetMember, now: number): void {
    const log = this.#logOf(member.name);
    log.member = member;
    const state = member.writerState();
    if (state === "alive" && !log.wasAlive) log.heardAt = now;
    if (state === "alive" && this.#watchesDeath) this.#lookForAnother(member, log, now);
    if (state === "alive" || member.isFinished) log.deadSince = undefined;
    else if (state === "dead" && this.#hasDied(member, log)) this.#noteDeath(member, log, now);
    // Of one without a name more is known when it has left.
    if (state !== "gone" || member.isFinished) log.wasAlive = state === "alive";
    // Nothing is expected of one whose writer has ended.
    if (state === "gone" || log.deadSince !== undefined) log.heardAt = Infinity;
    if (now - log.heardAt >= this.#limit) {
      log.heardAt = Infinity;
      this.#trigger(member.name, "silent", now);
    }
    if (!this.#isSettled(log.deadSince, log)) return;
    this.#reportDeath(member.name, log, log.deadSince);
    // The next writer is the first one that is known again.
    log.pid = undefined;
    log.goodEnd = undefined;
  }

  /** Whether a writer has died since the last look at a log that has none. */
  #hasDied(member: LogSetMember, log: Watched): boolean {
    if (log.wasAlive) return true;
    if (!this.#watchesDeath || log.deadSince !== undefined || log.isUnlocked) return false;
    const newest = member.newestSequenceNumber() ?? 0;
    // What was there at the beginning is no reason, nor is a file that may be a copy.
    if (this.#looks === 1 || typeof targetOf(member.name) !== "string") log.lastEntry ??= newest;
    if (newest <= (log.lastEntry ?? -1)) return false;
    log.lastEntry = newest;
    // One that came and went between two looks; or one of another library, which takes no lock.
    log.isUnlocked = hasUnlockedWriter(member.name);
    return !log.isUnlocked;
  }

  #noteDeath(member: LogSetMember, log: Watched, now: number): void {
    log.deadSince = this.#sightingOf(member, now);
    log.lastEntry = log.deadSince.newest;
  }

  #reportDeath(name: string, log: Watched, { time }: Sighting): void {
    const { pid, lastEntry, goodEnd } = log;
    log.deadSince = undefined;
    this.#testRest(name, log);
    const ending = endingIn(log.last);
    if (!this.#watchesDeath || isGood(ending)) return;
    // An application's own listeners to its exit may log after the entry that says how it ends.
    if (ending === undefined && pid !== undefined && goodEnd?.fields.pid === pid) return;
    const { pid: programPid } = ending?.fields ?? {};
    this.#trigger(name, "dead", time, {
      pid,
      ending: ending?.message,
      programPid: typeof programPid === "number" ? programPid : undefined,
      lastEntry,
    });
  }

  #sightingOf(member: LogSetMember, now: number): Sighting {
    const { endsSeen } = member;
    return { time: now, look: this.#looks, newest: member.newestSequenceNumber(), endsSeen };
  }

  /** Whether it was seen so many looks ago that what was to come with it has come. */
  #isOld(seen: Sighting | undefined): seen is Sighting {
    return seen !== undefined && this.#looks - seen.look >= DEAD_LOOKS;
  }

  /**
   * Whether, besides, all that the log had then was seen. A machine that is busy with other things reads it
   * much more seldom than it looks at it here.
   */
  #isSettled(seen: Sighting | undefined, { member, seen: last }: Watched): seen is Sighting {
    if (!this.#isOld(seen)) return false;
    if (member === undefined || this.#looks - seen.look >= MOST_LOOKS) return true;
    // By then it is known whether it was finished, too.
    if (!member.isEnded && member.endsSeen === seen.endsSeen) return false;
    return last >= (seen.newest ?? Infinity) || [0, last].includes(member.lastTaken);
  }

  /** A writer that was replaced between two looks, or before it counted as dead, is dead, too: once. */
  #lookForAnother(member: LogSetMember, log: Watched, now: number): void {
    if (!member.isNameless()) log.namelessSince = undefined;
    else log.namelessSince ??= this.#sightingOf(member, now);
    const pid = member.writerPid();
    if (pid !== undefined && pid !== log.pid) {
      if (log.pid !== undefined) {
        log.replacedSince = this.#sightingOf(member, now);
        log.pidBefore = log.pid;
      }
      log.pid = pid;
    }
    // Its last entries are waited for.
    const { replacedSince, pidBefore } = log;
    if (!this.#isSettled(replacedSince, log)) return;
    log.replacedSince = undefined;
    if (log.goodEnd === undefined) {
      this.#trigger(member.name, "dead", replacedSince.time, { pid: pidBefore });
    }
    log.goodEnd = undefined;
  }

  /** Says what was seen at a moment: a reader is not to take it for the end of a writer that came since. */
  #trigger(
    log: string,
    reason: string,
    seenAt: number,
    of: Partial<LogTrigger> = {},
  ): void {
    const time = Date.now() - Math.round(performance.now() - seenAt);
    this.#onTrigger({ log, reason, time, ...of });
  }

  #logOf(name: string): Watched {
    let log = this.#logs.get(name);
    if (log === undefined) {
      log = {
        member: undefined,
        wasAlive: false,
        deadSince: undefined,
        namelessSince: undefined,
        lastEntry: undefined,
        isUnlocked: false,
        pid: undefined,
        pidBefore: undefined,
        replacedSince: undefined,
        goodEnd: undefined,
        heardAt: Infinity,
        last: "",
        seen: 0,
        expected: 0,
        lines: new WholeLines(entryParts()),
      };
      this.#logs.set(name, log);
    }
    return log;
  }
}

/** What an entry says about the end of a program: `run`, `register` and sinks with `exitEntry` write such a one. */
function endingIn(text: string): LogRecord | undefined {
  if (!/"ouroboros\.(run|register|exit)"/.test(text)) return undefined;
  const record = recognizeRecord(text);
  const isOurs = /^ouroboros\.(run|register|exit)$/.test(record?.logger ?? "");
  const isEnd = ["exitCode", "signal", "closed"].some((name) => name in (record?.fields ?? {}));
  return isOurs && isEnd ? record : undefined;
}

function isGood(ending: LogRecord | undefined): boolean {
  return ending?.level === "info";
}
