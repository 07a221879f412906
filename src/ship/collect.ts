/**
 * Several logs saved into one file, by time.
 *
 * @module
 */

import { hostName } from "../host_name.ts";
import { OuroborosError } from "../errors.ts";
import { Turns } from "../following.ts";
import { Entry } from "../log/entry.ts";
import { entrySize } from "../log/layout.ts";
import { readTimeOf } from "../log/native/entry_lines.ts";
import { OpenedLog } from "../log/native/opened_log.ts";
import { nothingToSave } from "../log/native/save.ts";
import { describeTarget, type LogTarget } from "../log/native/target.ts";
import type { CopyProgress } from "../log/snapshot.ts";
import { merged } from "../merge.ts";
import { CollectedLog, type Loss, type SelectOptions, type TimedEntry } from "./collected_log.ts";
import { CollectionWriter } from "./collection.ts";
import { type LogSource, sourceKey } from "./message.ts";

/** Something to say among the entries of logs. */
export interface CollectedNote {
  readonly text: string;
  /** Where it stands, in milliseconds since 1970. */
  readonly time: number;
  /** The name of that which says it. */
  readonly name: string;
}

/** How logs are collected. */
export interface CollectOptions extends SelectOptions {
  /** Whether an existing file is replaced, in one step at the end. Default `false`. */
  force?: boolean | undefined;
  /** Entries of no log, which stand among the others at their times: they are in the order of these. */
  notes?: readonly CollectedNote[] | undefined;
  /** Whether it is an error if no entry would be in the file. Default `false`. */
  isNeverEmpty?: boolean | undefined;
  /** Stops it. No file is left. */
  signal?: AbortSignal | undefined;
  /** Called now and then with the progress. */
  onProgress?: ((progress: CopyProgress) => void) | undefined;
  /** Called with what keeps one of the logs from being read: the others are. */
  onError?: ((error: OuroborosError, name: string) => void) | undefined;
}

/** What was collected. */
export interface CollectedLogs {
  /** The path of the file. */
  path: string;
  /** Its size in bytes. */
  size: number;
  /** How many entries are in it. */
  entries: number;
  /** How many logs have entries in it: of a file of several logs each one counts. */
  logs: number;
  /** How many entries are missing: overwritten while they were read, or of more logs than 1024, fewer if their names are hostile. */
  lost: number;
  /** The logs in which nothing has a time: of these all entries are in it. */
  untimed: string[];
}

/**
 * Saves what is in several logs now into one file, by time. It is a log itself, which begins with entry 1;
 * `Origins` tells where each entry is from. The order within a log is never changed.
 *
 * @param targets logs by name, or open: these are read whatever has their names by now, and stay open
 * @throws {OuroborosError} if none of the logs can be read, or the file can't be made
 * @throws {DOMException} the reason of `signal` when it is aborted
 */
export async function collectLogs(
  targets: readonly (LogTarget | OpenedLog)[],
  path: string,
  options: CollectOptions = {},
): Promise<CollectedLogs> {
  const { signal, onProgress, onError, force, notes = [] } = options;
  signal?.throwIfAborted();
  const logs: CollectedLog[] = [];
  try {
    let failure: OuroborosError | undefined;
    for (const target of targets) {
      try {
        logs.push(new CollectedLog(target, options));
      } catch (error) {
        if (!(error instanceof OuroborosError)) throw error;
        onError?.(error, target instanceof OpenedLog ? target.name : describeTarget(target));
        failure ??= error;
      }
    }
    if (logs.length === 0 && failure !== undefined) throw failure;
    const turns = new Turns();
    const room = { entries: notes.length, bytes: 0 };
    const noted = notes.map((note, i) => new Noted(note, i + 1));
    for (const { entry } of noted) room.bytes += entrySize(entry.length);
    for (const log of logs) {
      room.entries += log.range.to - log.range.from + 1;
      const steps = log.roomSteps();
      for (;;) {
        const step = steps.next();
        if (step.done) {
          room.bytes += step.value;
          break;
        }
        const turn = turns.due();
        if (turn !== undefined) await turn;
        signal?.throwIfAborted();
      }
    }
    using file = new CollectionWriter(path, room, force === undefined ? {} : { force });
    const sources = new Map<string, number>();
    const taken = new Set<number>();
    let read = 0;
    let refused = 0;
    for (
      const { log, entry } of merged<TimedEntry<CollectedLog | Noted>>([
        ...logs.map((log) => log.entries(onError)),
        ...noted.map((one) => [one]),
      ], ({ entry }) => readTimeOf(entry))
    ) {
      const from = log.originOf(entry.sequenceNumber);
      const key = sourceKey(from.source);
      let place = sources.get(key);
      if (place === undefined) sources.set(key, place = file.addSource(from.source));
      for (const { from, to } of log.takeLosses()) {
        if (place >= 0) file.addGap(place, from, to, "overwritten");
      }
      if (place < 0 || !file.add(place, from.sequenceNumber, entry.bytes)) refused++;
      else if (log instanceof CollectedLog) taken.add(place);
      read++;
      const turn = turns.due();
      if (turn === undefined) continue;
      onProgress?.({ done: read, total: room.entries });
      await turn;
      signal?.throwIfAborted();
    }
    if (options.isNeverEmpty && file.entries === 0) {
      throw nothingToSave(
        logs.length === 0 ? "no log is there" : "the logs have no entry of that time",
      );
    }
    const size = await file.finish();
    return {
      path,
      size,
      entries: file.entries,
      logs: taken.size,
      lost: logs.reduce((sum, { lost }) => sum + lost, refused),
      untimed: logs.filter(({ range }) => range.isUntimed).map(({ name }) => name),
    };
  } finally {
    for (const log of logs) log.close();
  }
}

/** An entry that is of no log. */
class Noted implements TimedEntry<Noted> {
  readonly time: number;
  readonly entry: Entry;
  readonly #source: LogSource;

  constructor({ text, time, name }: CollectedNote, number: number) {
    this.time = time;
    this.#source = { host: hostName() ?? "localhost", name, segment: "" };
    const bytes = new TextEncoder().encode(text);
    this.entry = new Entry(bytes, 0, bytes.length, number, 0, 0);
  }

  get log(): this {
    return this;
  }

  originOf(): { source: LogSource; sequenceNumber: number } {
    return { source: this.#source, sequenceNumber: this.entry.sequenceNumber };
  }

  takeLosses(): readonly Loss[] {
    return [];
  }
}
