/**
 * Which entries of a log are wanted, by what they say, and the options that tell a command so.
 *
 * @module
 */

import type { Command } from "commander";
import { levelArgument, momentArgument, patternArgument } from "./arguments.ts";
import type { Entry } from "../../log/entry.ts";
import type { Pattern } from "../grep/pattern.ts";
import { isAtLeast, type LogLevel } from "../../records/level.ts";
import { recognizeRecord } from "../../records/recognize.ts";
import type { LogRecord } from "../../records/record.ts";

/** What an entry must fulfil. */
export interface Criteria {
  /** What its text matches. */
  grep?: Pattern;
  /** Its least level. */
  level?: LogLevel;
  /** Its earliest and latest time, in milliseconds since 1970. */
  since?: number;
  until?: number;
}

/**
 * Selects the entries of one log, which it must see in their order.
 *
 * An entry that has no time of its own has that of the entry before, or, once the log is followed, the
 * moment at which it came. One that has no level is always wanted: it may be a part of one that has,
 * like a line of a stack.
 */
export class Selection {
  readonly #criteria: Criteria;
  readonly #wantsRecords: boolean;
  readonly #isShown: boolean;
  #time = -Infinity;
  #record: LogRecord | undefined;
  #untimed = 0;

  /** Selects by criteria; `wantsRecords` if records are asked for in any case, to be shown. */
  constructor(criteria: Criteria, wantsRecords: boolean) {
    this.#criteria = criteria;
    this.#isShown = wantsRecords;
    const { level, since, until } = criteria;
    this.#wantsRecords = wantsRecords || level !== undefined || since !== undefined ||
      until !== undefined;
  }

  /** The time of the last entry, in milliseconds since 1970; `-Infinity` while nothing is known. */
  get time(): number {
    return this.#time;
  }

  /** What the last entry says, if it is a record and somebody wants to know. */
  get record(): LogRecord | undefined {
    return this.#record;
  }

  /** How many entries were left out because nothing is known of their time. */
  get untimed(): number {
    return this.#untimed;
  }

  /** Whether it may take long to look at an entry. */
  get isSlow(): boolean {
    return this.#criteria.grep?.isSlow ?? false;
  }

  /** Whether the entry is wanted, which came just now or, if that is known, at `arrival`. */
  wants(entry: Entry, isLive: boolean, arrival?: number): boolean {
    const { grep, level, since, until } = this.#criteria;
    if (!this.#wantsRecords) return grep === undefined || grep.test(entry.text);
    const { text } = entry;
    const record = recognizeRecord(text, this.#isShown);
    const time = record?.time ?? (isLive ? arrival || Date.now() : this.#time);
    this.#record = record;
    this.#time = time;
    if (since !== undefined && time < since) {
      if (time === -Infinity) this.#untimed++;
      return false;
    }
    if (until !== undefined && time > until) return false;
    if (level !== undefined && record?.level && !isAtLeast(record.level, level)) return false;
    return grep === undefined || grep.test(text);
  }
}

/** What the help of a command with these options says. */
export const SELECTION_HELP: string =
  "Times and levels are those in JSON lines of pino, LogTape, winston, OpenTelemetry and the like, and\n" +
  'at the beginning of text: "2026-11-21T13:59:30Z [info] …". An entry without a time has that of the\n' +
  "entry before; one without a level passes --level, as it may be a part of one that has.";

/** Adds the options; what they give are the `Criteria` of a `Selection`. */
export function addSelectionOptions(command: Command): Command {
  return command
    .option("--since <time>", "from then on: 10m, 2h, 1d (ago), 14:30, or ISO 8601", momentArgument)
    .option("--until <time>", "up to then", momentArgument)
    .option("-p, --level <level>", "records of at least this level: trace … fatal", levelArgument)
    .option("--grep <regexp>", "only entries whose text matches", patternArgument);
}
