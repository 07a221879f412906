/**
 * Which logs there are to choose from: those that were named, or all in this machine's shared memory.
 *
 * @module
 */

import { SharedMemory } from "../../../ffi/mod.ts";
import { OuroborosError, SegmentNotFoundError } from "../../errors.ts";
import { WorkTime } from "../../following.ts";
import { MAGIC } from "../../log/layout.ts";
import { type LogMemory, type LogTarget, openMemory } from "../../log/native/target.ts";
import { hasMagic, lookAt } from "../../log/native/look.ts";
import { isSavedCopy } from "../../ship/collection.ts";
import { groupsOf } from "../output/groups.ts";
import { lastWriteOf } from "../output/last_write.ts";
import { NamedLogs, nameOf } from "../options/named_logs.ts";
import type { LogSummary } from "./messages.ts";

/** A log's place, and how it is called. */
export interface NamedTarget {
  name: string;
  target: LogTarget;
}

/** What is known of a log without reading its entries. */
interface Look extends LogSummary {
  isLog: boolean;
  isOwn: boolean;
}

/** How long logs are looked at before others may work, in milliseconds. */
const SLICE = 8;
/** How many times longer than it took is the pause after a look at what was there before. */
const PAUSE = 9;
/** How many logs are listed; a page with more is of no use. */
const MOST_LISTED = 1000;

/** The logs to choose from, as they were when they were looked at last. */
export class Catalog {
  readonly #names: NamedLogs | undefined;
  // All that was looked at, logs or not, by name.
  readonly #looks = new Map<string, Look>();
  #logs: readonly LogSummary[] = [];
  #unlisted = 0;
  #revision = 0;
  #listed = "";
  #looking: Iterator<void> | undefined;
  // When it is time to look at what was there before.
  #due = 0;
  readonly #ofLook = new WorkTime();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Knows these logs, there or not, and those that match a pattern; without any, all that are there. */
  constructor(targets: readonly LogTarget[] = []) {
    this.#names = targets.length === 0 ? undefined : new NamedLogs(targets);
  }

  /** Those that were named, and those that match now; `undefined`: all of the machine. */
  #named(): NamedTarget[] | undefined {
    return this.#names?.find().map((target) => ({ name: nameOf(target), target }));
  }

  /**
   * The logs, in the order of their names, or as they were named; of very many some, those with a
   * writer first. None before the first look has come to its end.
   */
  get logs(): readonly LogSummary[] {
    return this.#logs;
  }

  /** How many others there are. */
  get unlisted(): number {
    return this.#unlisted;
  }

  /** Grows with each change; 0: they were not looked at yet. */
  get revision(): number {
    return this.#revision;
  }

  /**
   * Looks at the logs: those that were named at once, all of the machine bit by bit, if that takes more
   * than a moment, for others are to be served meanwhile. New ones come first; those that were there
   * before are looked at again now and then.
   */
  refresh(): void {
    if (this.#looking !== undefined) return;
    this.#looking = this.#look();
    this.#proceed(this.#looking);
  }

  /** Ends looking. */
  close(): void {
    clearTimeout(this.#timer);
    this.#looking = undefined;
  }

  #proceed(looking: Iterator<void>): void {
    const start = performance.now();
    let isDone: boolean | undefined = false;
    try {
      // Those that were named are few, and a page is to get one of them at once.
      const slice = this.#names === undefined ? SLICE : Infinity;
      while (!isDone && performance.now() - start < slice) isDone = looking.next().done;
    } catch {
      // Without a free descriptor, for one: what was known stays until the next look.
      isDone = true;
    }
    if (isDone) this.#looking = undefined;
    else this.#timer = setTimeout(() => this.#proceed(looking), SLICE);
  }

  *#look(): Generator<void> {
    const targets = this.#named() ??
      SharedMemory.list().sort().map((name): NamedTarget => ({ name, target: name }));
    const looks = this.#looks;
    const known = targets.filter(({ name }) => looks.has(name));
    if (known.length < looks.size) {
      const names = new Set(known.map(({ name }) => name));
      for (const name of looks.keys()) if (!names.has(name)) looks.delete(name);
    }
    for (const one of targets) {
      if (looks.has(one.name)) continue;
      looks.set(one.name, look(one));
      yield;
    }
    this.#settle(targets);
    const start = performance.now();
    if (start < this.#due) return;
    for (const one of known) {
      looks.set(one.name, look(one));
      yield;
    }
    this.#settle(targets);
    const now = performance.now();
    this.#due = now + PAUSE * this.#ofLook.took(now - start);
  }

  /** Makes known what was found. */
  #settle(targets: readonly NamedTarget[]): void {
    const found: LogSummary[] = [];
    for (const { name } of targets) {
      const one = this.#looks.get(name);
      if (one === undefined) continue;
      if (this.#names !== undefined || one.isLog || one.error !== undefined) {
        found.push(summary(one));
      }
    }
    this.#unlisted = Math.max(found.length - MOST_LISTED, 0);
    this.#logs = withGroups(this.#unlisted === 0 ? found : mostAlive(found));
    const listed = JSON.stringify([this.#unlisted, this.#logs]);
    if (listed !== this.#listed || this.#revision === 0) this.#revision++;
    this.#listed = listed;
  }

  /**
   * The place of a log that may be looked at, by its name; `undefined` for any other: nobody who
   * talks to the server chooses what files it opens.
   */
  find(name: string): NamedTarget | undefined {
    const named = this.#named();
    if (named !== undefined) return named.find((one) => one.name === name);
    return SharedMemory.list().includes(name) ? { name, target: name } : undefined;
  }

  /** The logs of a group, by its name: `/app.{slot}`; none if there is no such group. */
  members(name: string): readonly NamedTarget[] {
    const found = this.#named() ?? SharedMemory.list().map((one) => ({ name: one, target: one }));
    const group = groupsOf(found).find((one) => one.name === name && one.members.length > 1);
    return group?.members.filter(({ target }) => hasMagic(target)) ?? [];
  }

  /** Whether a log belongs to the user who runs this. */
  static isOwn(one: NamedTarget): boolean {
    return look(one).isOwn;
  }
}

/** The same with a line for each group before its first one. */
function withGroups(logs: readonly LogSummary[]): LogSummary[] {
  return groupsOf(logs).flatMap(({ name, members }) => {
    const there = members.filter(({ isThere }) => isThere);
    if (members.length === 1 || there.length < 2) return members;
    const group: LogSummary = {
      name,
      size: there.reduce((sum, { size }) => sum + size, 0),
      isThere: true,
      isWriterAlive: there.some(({ isWriterAlive }) => isWriterAlive),
      parts: there.length,
    };
    return [group, ...members.map((one) => ({ ...one, isPart: true as const }))];
  });
}

/** As many as are listed, in their order: those with a writer, and then others. */
function mostAlive(logs: readonly LogSummary[]): LogSummary[] {
  let dead = MOST_LISTED - logs.filter(({ isWriterAlive }) => isWriterAlive).length;
  return logs.filter(({ isWriterAlive }) => isWriterAlive || dead-- > 0).slice(0, MOST_LISTED);
}

function look({ name, target }: NamedTarget): Look {
  const none: Look = {
    name,
    size: 0,
    isThere: false,
    isWriterAlive: false,
    isLog: false,
    isOwn: false,
  };
  try {
    const memory = openMemory(target, "read");
    try {
      // By a system call: somebody may truncate it at this moment.
      const start = new Uint8Array(new ArrayBuffer(8));
      memory.read(start, 0);
      if (new DataView(start.buffer).getBigUint64(0, true) !== MAGIC) {
        return { ...none, size: memory.byteLength };
      }
      const isWriterAlive = memory.isLocked();
      const isOwn = memory.isOwn();
      return {
        name,
        size: memory.byteLength,
        isThere: true,
        isWriterAlive,
        isLog: true,
        isOwn,
        ...!isWriterAlive && isOwn && atItsEnd(memory, target),
      };
    } finally {
      memory.close();
    }
  } catch (error) {
    if (error instanceof SegmentNotFoundError) return none;
    // A stranger's may be larger than anybody can map: that must not keep the others from the list.
    return { ...none, error: error instanceof OuroborosError ? error.code : String(error) };
  }
}

/** What is known of the end of a log that has no writer: when it was written last, and whether it is finished. */
function atItsEnd(
  memory: LogMemory,
  target: LogTarget,
): Pick<LogSummary, "lastWrite" | "isFinished" | "isSaved"> {
  try {
    const lastWrite = lastWriteOf(target);
    return {
      ...lastWrite !== undefined && { lastWrite },
      ...lookAt(memory, target).isFinished && { isFinished: true },
      ...isSavedCopy(memory) && { isSaved: true },
    };
  } catch {
    // Damaged, or gone by now: it is in the list all the same.
    return {};
  }
}

function summary(
  { name, size, isThere, isWriterAlive, error, lastWrite, isFinished, isSaved }: Look,
): LogSummary {
  return {
    name,
    size,
    isThere,
    isWriterAlive,
    ...lastWrite !== undefined && { lastWrite },
    ...isFinished && { isFinished },
    ...isSaved && { isSaved },
    ...error !== undefined && { error },
  };
}
