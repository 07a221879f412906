/**
 * The logs of which something is received, and how far each was given and handled: a table that does not
 * grow without end.
 *
 * @module
 */

import { type LogSource, sourceKey } from "./message.ts";
import type { Reached } from "./receive_state.ts";
import { TrackedSource } from "./sequence_check.ts";

/** Nobody has a host of a longer name, nor a log. */
const MOST_HOST = 255;
const MOST_NAME = 4096;
const MOST_SEGMENT = 64;

/** The logs, of all machines. `T` is a message. */
export class TrackedSources<T> {
  /** Logs by their machines and keys. Of each machine the one that sent something last stands last. */
  readonly #hosts = new Map<string, Map<string, TrackedSource<T>>>();
  readonly #most: number;
  #size = 0;
  #latest: TrackedSource<T> | undefined;
  #turn = 0;

  /** Keeps `most` logs. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** The log that a message is of, which is a new one if it is not known. */
  of(said: LogSource): TrackedSource<T> {
    const latest = this.#latest;
    if (latest !== undefined) {
      const { segment, name, host } = latest.log;
      if (segment === said.segment && name === said.name && host === said.host) return latest;
    }
    const key = sourceKey(said);
    const logs = this.#hosts.get(said.host);
    let tracked = logs?.get(key);
    if (tracked === undefined) tracked = this.#add(said, 0);
    else {
      logs!.delete(key);
      logs!.set(key, tracked);
    }
    return this.#latest = tracked;
  }

  /** Adds what was reached before. */
  restore(all: Iterable<Reached>): void {
    for (const [log, last] of all) this.#add(log, last).turn = ++this.#turn;
  }

  /** Number `last` of a log was handled. */
  handled(tracked: TrackedSource<T>, last: number): void {
    tracked.handled = last;
    tracked.turn = ++this.#turn;
  }

  /** How far logs were handled; what was handled last comes first. */
  reached(): Reached[] {
    const all = [...this.#hosts.values()].flatMap((logs) => [...logs.values()]);
    return all.filter(({ turn }) => turn > 0).sort((a, b) => b.turn - a.turn)
      .map(({ log, handled }) => [log, handled]);
  }

  /** Adds a log, of which entry `last` was the last that was handled. */
  #add({ host, name, segment }: LogSource, last: number): TrackedSource<T> {
    if (this.#size >= this.#most) this.#forget();
    const log = { host, name, segment };
    const tracked = new TrackedSource<T>(log, last);
    let logs = this.#hosts.get(host);
    if (logs === undefined) this.#hosts.set(host, logs = new Map());
    logs.set(sourceKey(log), tracked);
    this.#size++;
    return tracked;
  }

  /**
   * Forgets a log: of the machine that has the most, the one that was silent for longest and waits for
   * nothing. What one machine invents must not make others be forgotten.
   */
  #forget(): void {
    let most: Map<string, TrackedSource<T>> = new Map();
    for (const logs of this.#hosts.values()) if (logs.size > most.size) most = logs;
    for (const [key, { log, isWaiting }] of most) {
      if (isWaiting) continue;
      most.delete(key);
      this.#size--;
      if (most.size === 0) this.#hosts.delete(log.host);
      return;
    }
  }
}

/** Whether names have lengths that names have: they are kept in tables. */
export function isSensible({ host, name, segment }: LogSource): boolean {
  return host.length <= MOST_HOST && name.length <= MOST_NAME && segment.length <= MOST_SEGMENT;
}
