/**
 * Logs watched from outside: what is written to them, and whether their writers live.
 *
 * @module
 */

import type { LogSet } from "../log/native/log_set.ts";
import type { LogSetMember } from "../log/native/log_set_member.ts";
import { recognizeRecord } from "../records/recognize.ts";
import { WATCHDOG_SUFFIX } from "../sinks/watchdog.ts";
import type { Condition, EntryCondition } from "./conditions.ts";

/** How often to look at the writers, in milliseconds. */
const LOOK_INTERVAL = 100;
/** How long a writer must be gone: first its last entries, and what removes the log, are waited for. */
const DEAD_AFTER = 500;

/** Something that was watched for. */
export interface LogTrigger {
  /** The name of the log, or its path. */
  readonly log: string;
  /** What happened, in a word: that of the condition. */
  readonly reason: string;
  /** When, in milliseconds since 1970. */
  readonly time: number;
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

/** What is known of a log. */
interface Watched {
  /** Whether it had a living writer at the last look. */
  wasAlive: boolean;
  /** Since when it has none, in milliseconds; `Infinity` while it has one, or had none from the beginning. */
  deadSince: number;
  /** The process of its last living writer, where the system tells. */
  pid: number | undefined;
  /** Since when another process has the log; `Infinity` before, and when that was reported. */
  replacedSince: number;
  /** Whether the end of a program that ended as it should was read since the last writer came. */
  hasEndedWell: boolean;
  /** When something was written, or its writer came; `Infinity` while nothing is expected. */
  heardAt: number;
  /** The last entry. */
  last: string;
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
      watch.see(name, entry.text);
    }
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
  see(name: string, text: string): void {
    const log = this.#logOf(name);
    log.heardAt = performance.now();
    log.last = text;
    if (this.#watchesDeath && hasEndedWell(text)) log.hasEndedWell = true;
    for (const { reason, test } of this.#tests) {
      if (!test(text, name)) continue;
      const time = recognizeRecord(text)?.time ?? Date.now();
      return this.#onTrigger({ log: name, reason, time });
    }
  }

  /** Looks at the writers. */
  look(): void {
    const members = this.#set.members;
    for (const member of members) {
      // That of a watchdog is silent for days, and ends with its program.
      if (!member.name.endsWith(WATCHDOG_SUFFIX)) this.#lookAt(member, performance.now());
    }
    if (this.#logs.size <= members.length) return;
    const names = new Set(members.map(({ name }) => name));
    for (const name of this.#logs.keys()) if (!names.has(name)) this.#logs.delete(name);
  }

  #lookAt(member: LogSetMember, now: number): void {
    const log = this.#logOf(member.name);
    const state = member.writerState();
    if (state === "alive" && !log.wasAlive) log.heardAt = now;
    if (state === "alive" && this.#watchesDeath) this.#lookForAnother(member, log, now);
    if (state !== "dead") log.deadSince = Infinity;
    else if (log.wasAlive) log.deadSince = now;
    log.wasAlive = state === "alive";
    // Nothing is expected of one whose writer has ended.
    if (state === "gone" || log.deadSince !== Infinity) log.heardAt = Infinity;
    if (now - log.heardAt >= this.#limit) {
      log.heardAt = Infinity;
      this.#trigger(member.name, "silent");
    }
    if (now - log.deadSince < DEAD_AFTER) return;
    log.deadSince = Infinity;
    // The next writer is the first one that is known again.
    log.pid = undefined;
    log.hasEndedWell = false;
    if (this.#watchesDeath && !hasEndedWell(log.last)) this.#trigger(member.name, "dead");
  }

  /** A writer that was replaced between two looks, or before it counted as dead, is dead, too: once. */
  #lookForAnother(member: LogSetMember, log: Watched, now: number): void {
    const pid = member.writerPid();
    if (pid !== undefined && pid !== log.pid) {
      if (log.pid !== undefined) log.replacedSince = now;
      log.pid = pid;
    }
    // Its last entries are waited for.
    if (now - log.replacedSince < DEAD_AFTER) return;
    log.replacedSince = Infinity;
    if (!log.hasEndedWell) this.#trigger(member.name, "dead");
    log.hasEndedWell = false;
  }

  #trigger(log: string, reason: string): void {
    this.#onTrigger({ log, reason, time: Date.now() });
  }

  #logOf(name: string): Watched {
    let log = this.#logs.get(name);
    if (log === undefined) {
      log = {
        wasAlive: false,
        deadSince: Infinity,
        pid: undefined,
        replacedSince: Infinity,
        hasEndedWell: false,
        heardAt: Infinity,
        last: "",
      };
      this.#logs.set(name, log);
    }
    return log;
  }
}

/** Whether the last entry says that a program ended as it should: `run` and `register` write such a one. */
function hasEndedWell(text: string): boolean {
  if (!text.includes('"ouroboros.r')) return false;
  const record = recognizeRecord(text);
  const isEnd = record?.logger === "ouroboros.run" || record?.logger === "ouroboros.register";
  return isEnd && record.level === "info" &&
    ("exitCode" in record.fields || "signal" in record.fields);
}
