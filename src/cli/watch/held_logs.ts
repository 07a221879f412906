/**
 * The logs that are watched, held open: what is in them can be saved when their names are gone.
 *
 * @module
 */

import { OuroborosError } from "../../errors.ts";
import type { LogSet } from "../../log/native/log_set.ts";
import type { OpenedLog } from "../../log/native/opened_log.ts";
import { type LogTarget, targetOf } from "../../log/native/target.ts";

/** How often to look what is open, in milliseconds: a log is open for at least 250. */
const LOOK_INTERVAL = 100;
/** How many logs that were removed are held at most, */
const MOST_REMOVED = 100;
/** and how many bytes of them: memory that the system has not got back. */
const MOST_BYTES: number = 256 << 20;

/** A log that is held. */
interface HeldLog {
  readonly name: string;
  readonly log: OpenedLog;
  /** When it was seen not to be the log of its name any more; `Infinity` before. */
  removedAt: number;
}

/** Holds all logs of a set, and those that were removed for as long as something of them may be saved. */
export class HeldLogs implements Disposable {
  readonly #set: LogSet;
  readonly #reach: () => number;
  readonly #isNeeded: () => boolean;
  /** By what the set has open, the oldest first. */
  readonly #held = new Map<OpenedLog, HeldLog>();
  readonly #timer: ReturnType<typeof setInterval>;

  /**
   * @param reach for how long one that was removed is held now, in milliseconds
   * @param isNeeded whether something is about to be saved: then none is let go
   */
  constructor(set: LogSet, reach: () => number, isNeeded: () => boolean) {
    this.#set = set;
    this.#reach = reach;
    this.#isNeeded = isNeeded;
    this.look();
    this.#timer = setInterval(() => this.look(), LOOK_INTERVAL);
  }

  /** Looks what is open now. */
  look(): void {
    const now = performance.now();
    const current = new Set<OpenedLog>();
    for (const { name, opened, isEnded } of this.#set.members) {
      if (opened === undefined) continue;
      // One that was closed with its memory can't be held any more.
      if (!this.#held.has(opened) && !isEnded) {
        this.#leaveOutCopied(name, opened);
        this.#held.set(opened, { name, log: opened.share(), removedAt: Infinity });
      }
      if (!isEnded) current.add(opened);
    }
    for (const [opened, held] of this.#held) {
      if (held.removedAt === Infinity && !current.has(opened)) held.removedAt = now;
    }
    if (!this.#isNeeded()) this.#letGo(now);
  }

  /** What can be saved: what is open, and the names of logs that could not be opened. */
  all(): (OpenedLog | LogTarget)[] {
    this.look();
    const closed = this.#set.members.filter(({ opened }) => opened === undefined);
    return [
      ...[...this.#held.values()].map(({ log }) => log),
      ...closed.map(({ name }) => targetOf(name)),
    ];
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const { log } of this.#held.values()) log.close();
    this.#held.clear();
  }

  #letGo(now: number): void {
    const removed = [...this.#held].filter(([, { removedAt }]) => removedAt !== Infinity);
    let bytes = removed.reduce((sum, [, { log }]) => sum + log.memory.byteLength, 0);
    let count = removed.length;
    const reach = this.#reach();
    for (const [opened, { log, removedAt }] of removed) {
      if (now - removedAt <= reach && count <= MOST_REMOVED && bytes <= MOST_BYTES) break;
      count--;
      bytes -= log.memory.byteLength;
      this.#held.delete(opened);
      log.close();
    }
  }

  /** Of a log that was made in another size, all is in the new one. */
  #leaveOutCopied(name: string, opened: OpenedLog): void {
    for (const [before, held] of this.#held) {
      if (held.name !== name) continue;
      try {
        if (!held.log.isContinuedBy(opened)) continue;
      } catch (error) {
        // What can't be compared is kept.
        if (!(error instanceof OuroborosError)) throw error;
        continue;
      }
      this.#held.delete(before);
      held.log.close();
    }
  }
}
