/**
 * Which logs there are to choose from: those that were named, or all in this machine's shared memory.
 *
 * @module
 */

import { SharedMemory } from "../../../ffi/mod.ts";
import { OuroborosError, SegmentNotFoundError } from "../../errors.ts";
import { MAGIC } from "../../log/layout.ts";
import { type LogTarget, openMemory } from "../../shm_log/target.ts";
import type { LogSummary } from "./messages.ts";

/** A log's place, and how it is called. */
export interface NamedTarget {
  name: string;
  target: LogTarget;
}

/** What can be said of a place without reading what is in it. */
interface Look extends LogSummary {
  isLog: boolean;
  isOwn: boolean;
}

/** The logs to choose from. */
export class Catalog {
  readonly #targets: readonly NamedTarget[] | undefined;

  /** Knows these logs, there or not; without any, all that are there. */
  constructor(targets: readonly LogTarget[] = []) {
    this.#targets = targets.length === 0
      ? undefined
      : targets.map((target) => ({ name: nameOf(target), target }));
  }

  /** The logs, in the order of their names, or as they were named. */
  list(): LogSummary[] {
    if (this.#targets !== undefined) return this.#targets.map((one) => summary(look(one)));
    return SharedMemory.list().sort()
      .map((name) => look({ name, target: name }))
      .filter(({ isLog, error }) => isLog || error !== undefined)
      .map(summary);
  }

  /**
   * The place of a log that may be looked at, by its name; `undefined` for any other: nobody who
   * talks to the server chooses what files it opens.
   */
  find(name: string): NamedTarget | undefined {
    if (this.#targets !== undefined) return this.#targets.find((one) => one.name === name);
    return SharedMemory.list().includes(name) ? { name, target: name } : undefined;
  }

  /** Whether a log belongs to the user who runs this. */
  static isOwn(one: NamedTarget): boolean {
    return look(one).isOwn;
  }
}

function nameOf(target: LogTarget): string {
  return typeof target === "string" ? SharedMemory.normalizeName(target) : target.path;
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
      return {
        name,
        size: memory.byteLength,
        isThere: true,
        isWriterAlive: memory.isLocked(),
        isLog: true,
        isOwn: memory.isOwn(),
      };
    } finally {
      memory.close();
    }
  } catch (error) {
    if (error instanceof SegmentNotFoundError) return none;
    if (error instanceof OuroborosError) return { ...none, error: error.code };
    throw error;
  }
}

function summary({ name, size, isThere, isWriterAlive, error }: Look): LogSummary {
  return { name, size, isThere, isWriterAlive, ...(error === undefined ? {} : { error }) };
}
