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
import { entryParts, readTimeOf } from "../log/native/entry_lines.ts";
import { OpenedLog } from "../log/native/opened_log.ts";
import { nothingToSave } from "../log/native/save.ts";
import { describeTarget, type LogTarget } from "../log/native/target.ts";
import {
  entriesOf,
  type EntryRange,
  isOf,
  roomSteps,
  type TimeRange,
} from "../log/native/time_range.ts";
import type { CopyProgress } from "../log/snapshot.ts";
import { merged } from "../merge.ts";
import { recognizeRecord } from "../records/recognize.ts";
import { AskedLines } from "../records/whole_lines.ts";
import { collectionIn, CollectionWriter } from "./collection.ts";
import { type LogSource, segmentWord, sourceKey } from "./message.ts";
import { Origins } from "./origins.ts";

/** Selects entries of one log, which it sees in their order. */
export interface EntrySelector {
  /** Whether an entry is one of those; of a line in several entries, all of it as one. */
  wants(entry: Entry, isLive: boolean): boolean;
  /** The time of the last entry, in milliseconds since 1970; `-Infinity` while nothing is known. */
  readonly time: number;
}

/** A log whose entries are selected. */
export interface SelectedLog {
  /** Its name, or path. */
  readonly name: string;
  /** Where an entry is from, if its log is a collection itself, or was received. */
  sourceOf(entry: Entry): LogSource | undefined;
}

/** Something to say among the entries of logs. */
export interface CollectedNote {
  readonly text: string;
  /** Where it stands, in milliseconds since 1970. */
  readonly time: number;
  /** The name of that which says it. */
  readonly name: string;
}

/** How logs are collected. */
export interface CollectOptions extends TimeRange {
  /** Whether an existing file is replaced, in one step at the end. Default `false`. */
  force?: boolean | undefined;
  /** Makes what selects the entries of a log. Default: all are taken. */
  selector?: ((log: SelectedLog) => EntrySelector) | undefined;
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
      const { log, entry } of merged([
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

/** Entries that were overwritten before they were read, by their numbers. */
interface Loss {
  readonly from: number;
  readonly to: number;
}

const NO_LOSSES: readonly Loss[] = [];

/** One object a log, filled again for each entry: there may be millions. */
interface TimedEntry {
  time: number;
  readonly log: CollectedLog | Noted;
  entry: Entry;
}

/** One of the logs. */
class CollectedLog implements SelectedLog {
  readonly name: string;
  readonly range: EntryRange;
  /** How many were overwritten before they were read. */
  lost = 0;
  readonly #opened: OpenedLog;
  readonly #source: LogSource;
  /** Where the entries are from, if it is such a file itself, or was received. */
  readonly #origins: Pick<Origins, "of" | "close"> | undefined;
  readonly #selector: EntrySelector;
  /** Where entries are selected: lines with their times, of those that are. */
  readonly #lines: AskedLines<Entry, number | undefined> | undefined;
  #item: TimedEntry | undefined;
  #losses: Loss[] = [];

  constructor(target: LogTarget | OpenedLog, { since, until, last, selector }: CollectOptions) {
    const opened = this.#opened = target instanceof OpenedLog
      ? target.share()
      : OpenedLog.open(target, "auto");
    let chosen: EntrySelector | undefined;
    try {
      this.name = opened.name;
      const { memory } = opened;
      this.#source = {
        host: hostName() ?? "localhost",
        name: this.name,
        segment: segmentWord(memory.identity),
      };
      this.range = entriesOf(opened.source, { since, until, last });
      this.#origins = originsOf(opened);
      chosen = selector?.(this);
    } catch (error) {
      this.#origins?.close();
      opened.close();
      throw error;
    }
    this.#selector = chosen ?? new EveryEntry();
    this.#lines = chosen && new AskedLines(
      entryParts((entry) => {
        const source = this.sourceOf(entry);
        return source && sourceKey(source);
      }),
      (line) => chosen.wants(line, false) && this.#isOfTimes(chosen.time) ? chosen.time : undefined,
    );
  }

  /** Gives how many bytes its entries take, step by step. */
  roomSteps(): Generator<unknown, number> {
    return roomSteps(this.#opened.source, this.range);
  }

  /** Its entries, lazily. */
  *entries(
    onError: ((error: OuroborosError, name: string) => void) | undefined,
  ): Generator<TimedEntry> {
    const { from, to } = this.range;
    const lines = this.#lines;
    try {
      const reader = this.#opened.reader({ onDamage: "skip" }, from - 1);
      while (reader.lastSequenceNumber < to) {
        const entry = reader.read();
        if (entry === undefined || entry.sequenceNumber > to) break;
        const lost = reader.lostEntries - this.lost;
        if (lost > 0) {
          // No line continues behind what is lost.
          yield* this.#rest();
          const to = entry.sequenceNumber - 1;
          this.#losses.push({ from: to - lost + 1, to });
          this.lost += lost;
        }
        if (lines === undefined) {
          this.#selector.wants(entry, false);
          const { time } = this.#selector;
          if (this.#isOfTimes(time)) yield this.#timed(entry, time);
          continue;
        }
        lines.take(entry);
        for (let one = lines.next(); one !== undefined; one = lines.next()) {
          if (one.answer !== undefined) yield this.#timed(one.item, one.answer);
        }
      }
      yield* this.#rest();
      this.lost = reader.lostEntries;
    } catch (error) {
      // The others have what they have.
      if (!(error instanceof OuroborosError)) throw error;
      yield* this.#rest();
      onError?.(error, this.name);
    }
  }

  /** What is held of lines that have no end. */
  *#rest(): Generator<TimedEntry> {
    const lines = this.#lines;
    lines?.giveUp();
    for (let one = lines?.next(); one !== undefined; one = lines?.next()) {
      if (one.answer !== undefined) yield this.#timed(one.item, one.answer);
    }
  }

  #isOfTimes(time: number): boolean {
    const { times } = this.range;
    return times === undefined || isOf(time, times);
  }

  #timed(entry: Entry, time: number): TimedEntry {
    const item = this.#item ??= { time, log: this, entry };
    item.time = time;
    item.entry = entry;
    return item;
  }

  /** Where an entry is from. */
  originOf(sequenceNumber: number): { source: LogSource; sequenceNumber: number } {
    return this.#origins?.of(sequenceNumber) ?? { source: this.#source, sequenceNumber };
  }

  sourceOf({ sequenceNumber }: Entry): LogSource | undefined {
    return this.#origins?.of(sequenceNumber)?.source;
  }

  /** What was lost before the entry that was given last, and after the one before it. */
  takeLosses(): readonly Loss[] {
    const losses = this.#losses;
    if (losses.length > 0) this.#losses = [];
    return losses;
  }

  close(): void {
    this.#origins?.close();
    this.#opened.close();
  }
}

/** Where the entries of a log are from, if they are from others. */
function originsOf({ memory, target }: OpenedLog): Pick<Origins, "of" | "close"> | undefined {
  const collection = "path" in memory ? collectionIn(memory) : undefined;
  if (collection !== undefined) return { of: (number) => collection.of(number), close() {} };
  // What is beside a name says nothing of a log that had it before.
  if (!memory.isCurrent()) return undefined;
  try {
    return Origins.open(target);
  } catch (error) {
    if (error instanceof OuroborosError) return undefined;
    throw error;
  }
}

/** An entry that is of no log. */
class Noted implements TimedEntry {
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
    return NO_LOSSES;
  }
}

/** How pino's lines begin, up to the time: `{"level":30,"time":1700000000000,` */
const PINO_TIME_AT = 19;
const PINO_TIME_END = 32;
const COLON = 0x3a;
const COMMA = 0x2c;
const DIGIT_0 = 0x30;
/** `{"le` and `"tim` as bytes. */
const PINO_START = [0x7b, 0x22, 0x6c, 0x65];
const PINO_TIME = [0x22, 0x74, 0x69, 0x6d];

/**
 * The time of a line of pino, without parsing it; NaN if it is another one. Most logs are pino's, and there
 * may be millions of lines in a file.
 */
function pinoTime(bytes: Uint8Array): number {
  if (bytes[PINO_TIME_AT - 1] !== COLON || bytes[PINO_TIME_END] !== COMMA) return NaN;
  for (let i = 0; i < 4; i++) {
    if (bytes[i] !== PINO_START[i] || bytes[12 + i] !== PINO_TIME[i]) return NaN;
  }
  let time = 0;
  for (let i = PINO_TIME_AT; i < PINO_TIME_END; i++) {
    const digit = bytes[i] - DIGIT_0;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    time = 10 * time + digit;
  }
  return time;
}

/** Takes all entries, and knows their times. */
class EveryEntry implements EntrySelector {
  time = -Infinity;

  wants(entry: Entry): boolean {
    const time = pinoTime(entry.bytes);
    this.time = Number.isNaN(time) ? recognizeRecord(entry.text)?.time ?? this.time : time;
    return true;
  }
}
