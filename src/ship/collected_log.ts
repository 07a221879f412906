/**
 * A log of those that are collected in one file: its entries with their times, those that are selected, and
 * where each is from.
 *
 * @module
 */

import { hostName } from "../host_name.ts";
import { OuroborosError } from "../errors.ts";
import type { Entry } from "../log/entry.ts";
import { entryParts } from "../log/native/entry_lines.ts";
import { OpenedLog } from "../log/native/opened_log.ts";
import { fence } from "../log/native/source.ts";
import type { LogTarget } from "../log/native/target.ts";
import {
  entriesOf,
  type EntryRange,
  isOf,
  roomSteps,
  type TimeRange,
} from "../log/native/time_range.ts";
import { inOneLife } from "../log/segment.ts";
import { recognizeRecord } from "../records/recognize.ts";
import { AskedLines } from "../records/whole_lines.ts";
import { collectionIn } from "./collection.ts";
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

/** Which entries of a log are taken. */
export interface SelectOptions extends TimeRange {
  /** Makes what selects the entries of a log. Default: all are taken. */
  selector?: ((log: SelectedLog) => EntrySelector) | undefined;
}

/** Entries that were overwritten before they were read, by their numbers. */
export interface Loss {
  readonly from: number;
  readonly to: number;
}

/** One object a log, filled again for each entry: there may be millions. */
export interface TimedEntry<Log> {
  time: number;
  readonly log: Log;
  entry: Entry;
}

/** A log whose entries are collected. */
export class CollectedLog implements SelectedLog {
  readonly name: string;
  readonly range: EntryRange;
  /** How many were overwritten before they were read. */
  lost = 0;
  readonly #opened: OpenedLog;
  /** The life whose entries they are: where the log is restarted, their numbers are of others. */
  #life: bigint | undefined;
  readonly #source: LogSource;
  /** Where the entries are from, if it is such a file itself, or was received. */
  readonly #origins: Pick<Origins, "of" | "close"> | undefined;
  readonly #selector: EntrySelector;
  /** Where entries are selected: lines with their times, of those that are. */
  readonly #lines: AskedLines<Entry, number | undefined> | undefined;
  #item: TimedEntry<CollectedLog> | undefined;
  #losses: Loss[] = [];

  constructor(target: LogTarget | OpenedLog, { since, until, last, selector }: SelectOptions) {
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
      const { buffer, load, guard } = opened.source;
      guard?.();
      this.range = inOneLife(buffer, load, fence, ({ bufferId }) => {
        this.#life = bufferId;
        return entriesOf(opened.source, { since, until, last });
      });
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
  ): Generator<TimedEntry<CollectedLog>> {
    const { from, to } = this.range;
    const lines = this.#lines;
    try {
      const reader = this.#opened.reader({ onDamage: "skip" }, from - 1);
      let behind = 0;
      const isOfLife = reader.bufferId === this.#life;
      while (isOfLife && reader.lastSequenceNumber < to) {
        const entry = reader.read();
        if (entry === undefined) break;
        if (entry.sequenceNumber > to) {
          behind = 1;
          break;
        }
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
      if (!isOfLife) this.lost = to - from + 1;
      else {
        // Of what came after these entries nothing was to be read: it is not lost.
        const passed = reader.lastSequenceNumber - behind;
        this.lost = reader.lostEntries - Math.max(passed - to, 0);
        if (reader.isRestarted) this.lost += Math.max(to - passed, 0);
      }
    } catch (error) {
      // The others have what they have.
      if (!(error instanceof OuroborosError)) throw error;
      yield* this.#rest();
      onError?.(error, this.name);
    }
  }

  /** What is held of lines that have no end. */
  *#rest(): Generator<TimedEntry<CollectedLog>> {
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

  #timed(entry: Entry, time: number): TimedEntry<CollectedLog> {
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
