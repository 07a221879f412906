/**
 * Looks at what was written to a log for entries that are a reason to save it.
 *
 * @module
 */

import { OuroborosError } from "../errors.ts";
import { ShmLogReader } from "../log/native/shm_log_reader.ts";
import { targetOf } from "../log/native/target.ts";
import { recognizeRecord } from "../records/recognize.ts";
import type { EntrySink } from "../sinks/entry_sink.ts";
import { nameOfLog } from "../sinks/sink_options.ts";
import { unref } from "../sinks/vitals.ts";
import type { EntryCondition } from "./conditions.ts";
import type { Trigger } from "./incidents.ts";

/** How often to look at what was written, in milliseconds; while there is more, */
const LOOK_INTERVAL = 250;
const BUSY_INTERVAL = 10;
/** and for how long at most. */
const LOOK_TIME = 5;
/** After how many entries to look at the clock. */
const BATCH = 512;

/** Reads a sink's log again, apart from what is logged, and says which entries meet a condition. */
export class EntryWatch {
  readonly #sink: EntrySink;
  readonly #conditions: readonly EntryCondition[];
  readonly #onMatch: (trigger: Trigger) => void;
  #reader: ShmLogReader | undefined;
  /** The number of the last entry that was looked at, of those that are ours. */
  #looked: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /** Of a sink that reports errors of the log. */
  constructor(
    sink: EntrySink,
    conditions: readonly EntryCondition[],
    onMatch: (trigger: Trigger) => void,
  ) {
    this.#sink = sink;
    this.#conditions = conditions;
    this.#onMatch = onMatch;
  }

  /** Looks again and again, unless there is no condition. */
  start(): void {
    if (this.#conditions.length === 0) return;
    this.#open(this.#sink.entriesBefore);
    this.#lookAfter(LOOK_INTERVAL);
  }

  /** Looks at what was written since; returns whether there is more. `time` is the longest, in milliseconds. */
  look(time: number = Infinity): boolean {
    if (this.#conditions.length === 0 || this.#isClosed) return false;
    try {
      // It was opened late, or again.
      if (this.#reader === undefined) this.#open(this.#looked ?? this.#sink.entriesBefore);
      else if (this.#reader.isReplaced()) this.#open(Infinity);
      const reader = this.#reader;
      if (reader === undefined) return false;
      const end = performance.now() + time;
      for (;;) {
        const batch = reader.readBatch(BATCH);
        if (batch.length === 0) return false;
        for (const entry of batch.texts()) this.#test(entry);
        this.#looked = reader.lastSequenceNumber;
        if (performance.now() >= end) return true;
      }
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  /** Looks no more. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#reader?.close();
  }

  #lookAfter(interval: number): void {
    this.#timer = setTimeout(() => {
      const isBehind = this.look(LOOK_TIME);
      this.#lookAfter(isBehind ? BUSY_INTERVAL : LOOK_INTERVAL);
    }, interval);
    unref(this.#timer);
  }

  /** Opens the log to read what comes after an entry; what is there is not looked at if that is `Infinity`. */
  #open(after: number): void {
    const { writer } = this.#sink;
    const name = writer && nameOfLog(writer);
    if (name === undefined) return;
    const open = (strategy: "latest" | "oldest") => {
      this.#reader?.close();
      return this.#reader = ShmLogReader.open(targetOf(name), { strategy, onDamage: "skip" });
    };
    try {
      let reader = open("latest");
      const last = Math.min(after, reader.newestSequenceNumber());
      // The last chunk has begun since.
      if (reader.lastSequenceNumber > last) reader = open("oldest");
      while (reader.lastSequenceNumber < last) {
        if (reader.readBatch(last - reader.lastSequenceNumber).length === 0) break;
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #test(entry: string): void {
    for (const condition of this.#conditions) {
      if (!condition.test(entry)) continue;
      const time = recognizeRecord(entry)?.time ?? Date.now();
      this.#onMatch({ reason: condition.reason, time });
      return;
    }
  }

  /** What can't be read now is tried again at the next look. */
  #fail(error: unknown): void {
    if (!(error instanceof OuroborosError)) throw error;
    this.#reader?.close();
    this.#reader = undefined;
    this.#sink.report(error);
  }
}
