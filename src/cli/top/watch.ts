/**
 * The logs of this machine, looked at again and again.
 *
 * @module
 */

import { SharedMemory } from "../../../ffi/mod.ts";
import { OuroborosError, SegmentNotFoundError, UnsupportedLogError } from "../../errors.ts";
import { type LogOutline, outline } from "../../log/outline.ts";
import { fence, sourceOf } from "../../shm_log/source.ts";
import { type LogMemory, type LogTarget, openMemory } from "../../shm_log/target.ts";
import { History } from "./history.ts";
import { writerPids } from "./processes.ts";

/** What is known of a log at one moment. */
export interface LogLook {
  name: string;
  /** Why it can't be looked at; then there is nothing else. */
  error?: string;
  outline?: LogOutline;
  /** Whether a writer of this library holds it. */
  isAlive: boolean;
  /** The process that does, where the system tells. */
  writerPid?: number;
  /** Entries a second; undefined at the first look. */
  rate?: number;
  /** Bytes a second with headers, by the mean size of the entries that are there. */
  byteRate?: number;
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
 * Looks at logs: at all in shared memory, or at those of `targets`. Where a segment lives as long as
 * somebody has it open, none is kept open between two looks: who only looks keeps nothing alive.
 */
export class Watch implements Disposable {
  readonly #targets: readonly LogTarget[] | undefined;
  readonly #logs = new Map<string, WatchedLog>();

  constructor(targets?: readonly LogTarget[]) {
    this.#targets = targets;
  }

  /** Looks at all of them: those that are new, too, and not at those that are gone. */
  look(): LogLook[] {
    const targets = this.#targets ?? SharedMemory.list();
    const pids = writerPids();
    const looks: LogLook[] = [];
    const seen = new Set<string>();
    for (const target of targets) {
      const name = typeof target === "string" ? target : target.path;
      const log = this.#logs.get(name) ?? new WatchedLog(name, target);
      const look = log.look(performance.now(), pids);
      if (look === undefined) log.close();
      else {
        seen.add(name);
        this.#logs.set(name, log);
        looks.push(look);
      }
    }
    for (const [name, log] of this.#logs) {
      if (!SharedMemory.persists) log.letGo();
      if (seen.has(name)) continue;
      log.close();
      this.#logs.delete(name);
    }
    return looks;
  }

  /** Closes all. */
  [Symbol.dispose](): void {
    for (const log of this.#logs.values()) log.close();
    this.#logs.clear();
  }
}

/** One log, as long as it is there. */
class WatchedLog {
  readonly #name: string;
  readonly #target: LogTarget;
  #memory: LogMemory | undefined;
  /** What was looked at last. */
  #last: { device: number; inode: number; total: number } | undefined;
  #history = new History();

  constructor(name: string, target: LogTarget) {
    this.#name = name;
    this.#target = target;
  }

  /** Looks; gives nothing if there is no log of this name. */
  look(now: number, pids: ReadonlyMap<string, number>): LogLook | undefined {
    try {
      const memory = this.#open();
      // Perhaps nobody chose this log: its owner may cut it off right now.
      const { buffer, load, guard } = sourceOf(memory, this.#target, "auto");
      guard?.();
      const found = outline(buffer, fence, load);
      const isAlive = memory.isLocked();
      this.#recognize(memory, found.total, isAlive);
      this.#history.add(now, found.total);
      return this.#describe(found, memory, isAlive, pids);
    } catch (error) {
      this.close();
      if (error instanceof UnsupportedLogError || error instanceof SegmentNotFoundError) return;
      // No log is as large as that.
      if (error instanceof RangeError) return;
      if (!(error instanceof OuroborosError)) throw error;
      return { name: this.#name, error: error.code, isAlive: false, ageOf: () => undefined };
    }
  }

  /** Closes, and forgets. */
  close(): void {
    this.letGo();
    this.#last = undefined;
    this.#history = new History();
  }

  /** Closes until the next look. */
  letGo(): void {
    this.#memory?.close();
    this.#memory = undefined;
  }

  /** The memory that has the name now, all of which is there. */
  #open(): LogMemory {
    if (this.#memory !== undefined) {
      const isSame = this.#memory.isCurrent() &&
        this.#memory.currentSize() >= this.#memory.byteLength;
      if (!isSame) this.close();
    }
    return this.#memory ??= openMemory(this.#target, "read");
  }

  /** Forgets what was of another log. */
  #recognize({ identity: { device, inode } }: LogMemory, total: number, isAlive: boolean): void {
    const last = this.#last;
    this.#last = { device, inode, total };
    if (last === undefined || (last.device === device && last.inode === inode)) return;
    // On Windows what no writer of ours holds is told apart only while somebody has it open.
    if (isAlive || total < last.total) this.#history = new History();
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
    return {
      name: this.#name,
      outline: found,
      isAlive,
      writerPid: pids.get(String(memory.identity.inode)),
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
