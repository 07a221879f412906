/**
 * The logs of this machine, looked at again and again.
 *
 * @module
 */

import { SharedMemory } from "../../../ffi/mod.ts";
import { OuroborosError, SegmentNotFoundError, UnsupportedLogError } from "../../errors.ts";
import type { LogOutline } from "../../log/outline.ts";
import { identityOf } from "../../log/native/cursor.ts";
import { lookAt } from "../../log/native/look.ts";
import { type LogMemory, type LogTarget, openMemory, placeOf } from "../../log/native/target.ts";
import { isSavedCopy } from "../../ship/collection.ts";
import type { NamedLogs } from "../options/named_logs.ts";
import { lastWriteOf } from "../output/last_write.ts";
import { SignalPoll } from "../process/interrupt.ts";
import { History } from "./history.ts";
import { writerPids } from "./processes.ts";

/** What is known of a log at one moment. */
export interface LogLook {
  name: string;
  /** Why it can't be looked at; then there is nothing else. */
  error?: string;
  outline?: LogOutline;
  /** The logs of a group. */
  members?: LogLook[];
  /** Whether a writer of this library holds it. */
  isAlive: boolean;
  /** Whether it is a copy that never has one. */
  isSaved?: boolean;
  /** The process that does, where the system tells. */
  writerPid?: number;
  /** Entries a second; undefined at the first look. */
  rate?: number;
  /** Bytes a second with headers, by the mean size of the entries that are there. */
  byteRate?: number;
  /** When it was written last, in milliseconds since 1970, if that is known. */
  lastWrite?: number;
  /** How long ago the oldest entry was written, in milliseconds. */
  reach?: Age;
  /** How long ago a chunk was begun, by its index. */
  ageOf(chunk: number): Age | undefined;
}

/** How long ago something was. */
export interface Age {
  age: number;
  isExact: boolean;
}

/**
 * Looks at logs: at all in shared memory, or at those that were named. None is kept open between two
 * looks: there may be more of them than a process may have open, and a look keeps nothing alive.
 */
export class Watch {
  readonly #names: NamedLogs | undefined;
  readonly #logs = new Map<string, WatchedLog>();

  constructor(names?: NamedLogs) {
    this.#names = names;
  }

  /**
   * Looks at all of them: those that are new, too, and not at those that are gone. An abort of `signal`
   * ends the look early.
   */
  async look(signal?: AbortSignal): Promise<LogLook[]> {
    const signals = new SignalPoll();
    const targets = this.#names?.find() ?? SharedMemory.list();
    const pids = writerPids();
    const looks: LogLook[] = [];
    const seen = new Set<string>();
    for (const target of targets) {
      const name = placeOf(target);
      const log = this.#logs.get(name) ?? new WatchedLog(name, target);
      const look = log.look(performance.now(), pids);
      if (look !== undefined) {
        seen.add(name);
        this.#logs.set(name, log);
        looks.push(look);
      }
      if (signals.isDue) await signals.poll();
      if (signal?.aborted) return looks;
    }
    for (const name of this.#logs.keys()) if (!seen.has(name)) this.#logs.delete(name);
    return looks;
  }
}

/** One log, as long as it is there. */
class WatchedLog {
  readonly #name: string;
  readonly #target: LogTarget;
  /** What was looked at last. */
  #last: { identity: LogMemory["identity"]; total: number } | undefined;
  #history = new History();
  #lastWrite: number | undefined;

  constructor(name: string, target: LogTarget) {
    this.#name = name;
    this.#target = target;
  }

  /** Looks; gives nothing if there is no log of this name. */
  look(now: number, pids: ReadonlyMap<string, number>): LogLook | undefined {
    try {
      using memory = openMemory(this.#target, "read");
      // Before the look: one that finishes meanwhile is not dead.
      const isAlive = memory.isLocked();
      const found = lookAt(memory, this.#target);
      // Before the total is remembered: what came since the last look came now.
      if (this.#last === undefined) {
        this.#lastWrite = found.entries > 0 ? lastWriteOf(this.#target) : undefined;
      } else if (this.#last.total !== found.total) this.#lastWrite = Date.now();
      const identity = identityOf(memory.identity, found.bufferId);
      this.#recognize(identity, found.total, isAlive);
      this.#history.add(now, found.total);
      return this.#describe(found, memory, isAlive, pids);
    } catch (error) {
      this.#last = undefined;
      this.#history = new History();
      if (error instanceof SegmentNotFoundError) return;
      if (error instanceof UnsupportedLogError && error.version === undefined) return;
      // No log is as large as that.
      if (error instanceof RangeError) return;
      if (!(error instanceof OuroborosError)) throw error;
      return { name: this.#name, error: error.code, isAlive: false, ageOf: () => undefined };
    }
  }

  /** Forgets what was of another log. */
  #recognize(identity: LogMemory["identity"], total: number, isAlive: boolean): void {
    const last = this.#last;
    this.#last = { identity, total };
    if (last === undefined) return;
    const { device, inode, created } = last.identity;
    if (
      device === identity.device && inode === identity.inode && created === identity.created
    ) return;
    // On Windows a log without a writer of ours is known only while a process has it open.
    if (SharedMemory.persists || isAlive || total < last.total) this.#history = new History();
  }

  #describe(
    found: LogOutline,
    memory: LogMemory,
    isAlive: boolean,
    pids: ReadonlyMap<string, number>,
  ): LogLook {
    const history = this.#history;
    const { rate } = history;
    const first = found.total - found.entries + 1;
    const writerPid = isAlive ? pids.get(String(memory.identity.inode)) : undefined;
    return {
      name: this.#name,
      outline: found,
      isAlive,
      ...isSavedCopy(memory) && { isSaved: true },
      ...writerPid !== undefined && { writerPid },
      ...this.#lastWrite !== undefined && { lastWrite: this.#lastWrite },
      rate,
      byteRate: rate === undefined || found.entries === 0
        ? undefined
        : rate * found.bytes / found.entries,
      reach: found.entries > 0 ? history.ageOf(first) : undefined,
      ageOf: (chunk) =>
        found.chunkEntries[chunk] > 0 ? history.ageOf(found.tokens[chunk] + 1) : undefined,
    };
  }
}
