/**
 * The logs that entries come from, as many as are kept in mind.
 *
 * @module
 */

import { type LogSource, sourceKey } from "./message.ts";
import type { Tracked } from "./received_items.ts";
import { TrackedSource } from "./sequence_check.ts";

/** Logs by their names. */
export class ReceivedSources {
  readonly #most: number;
  /** The one that was heard of last stands last. */
  readonly #sources = new Map<string, Tracked>();
  #latest: Tracked | undefined;

  /** Keeps so many of them; of more, those that were heard of longest ago are forgotten. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many they are. */
  get size(): number {
    return this.#sources.size;
  }

  /** The one that a message is of. */
  of(log: LogSource): Tracked {
    const latest = this.#latest;
    if (latest !== undefined) {
      const { segment, name, host } = latest.source.log;
      if (segment === log.segment && name === log.name && host === log.host) return latest;
    }
    const key = sourceKey(log);
    let tracked = this.#sources.get(key);
    if (tracked === undefined) {
      tracked = this.add(log, 0);
      this.#forget();
    } else {
      this.#sources.delete(key);
      this.#sources.set(key, tracked);
    }
    return this.#latest = tracked;
  }

  /** Adds one, of which entry `last` was the last that was handled. */
  add({ host, name, segment }: LogSource, last: number): Tracked {
    const log = { host, name, segment };
    const tracked: Tracked = new TrackedSource({ log, streamSequence: 0 }, last);
    this.#sources.set(sourceKey(log), tracked);
    return tracked;
  }

  /** Forgets the one that was heard of longest ago and waits for nothing, if there are too many. */
  #forget(): void {
    if (this.#sources.size <= this.#most) return;
    for (const [key, { held }] of this.#sources) {
      if (held.length > 0) continue;
      this.#sources.delete(key);
      return;
    }
  }
}
