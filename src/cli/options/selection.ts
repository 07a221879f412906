/**
 * Which entries of a log are printed, by what they say, and the options for that.
 *
 * @module
 */

import { type Command, Option } from "commander";
import type { Entry } from "../../log/entry.ts";
import { Pattern, type PatternOptions } from "../grep/pattern.ts";
import type { Where } from "../grep/where.ts";
import { isAtLeast, LEVELS, type LogLevel } from "../../records/level.ts";
import type { CriStream } from "../../records/cri.ts";
import type { Needs } from "../../records/look/entry_look.ts";
import { recognizeRecord } from "../../records/recognize.ts";
import type { LogRecord } from "../../records/record.ts";
import { isVitals } from "../../records/vitals.ts";
import { type LevelRange, levelsArgument, momentArgument, patternsArgument } from "./arguments.ts";
import { whereArgument } from "./question_arguments.ts";
import { usageError } from "./subcommand.ts";

/** What an entry must fulfil. */
export interface Criteria {
  /** What its text matches. */
  grep?: Pattern;
  /** What its text does not match. */
  exclude?: Pattern;
  /** What is asked of it. */
  where?: Where;
  /** Its level. */
  level?: LevelRange;
  /** Whether entries are counted: then one without a level, like a line of a stack, has none that is asked for. */
  isCounted?: boolean;
  /** Where the program has written it. */
  programStream?: CriStream;
  /** Its earliest and latest time, in milliseconds since 1970. */
  since?: number;
  until?: number;
  /** Whether entries about the process itself are printed, too. */
  vitals?: boolean;
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
  readonly #logOf: ((entry: Entry) => string) | undefined;
  #time = -Infinity;
  #record: LogRecord | undefined;
  #untimed = 0;
  #isNear = false;

  /**
   * Selects by criteria; `wantsRecords` if records are asked for in any case, to be shown; `logOf` names the
   * log that an entry is from.
   */
  constructor(criteria: Criteria, wantsRecords: boolean, logOf?: (entry: Entry) => string) {
    this.#criteria = criteria;
    if (criteria.where?.asksLog) this.#logOf = logOf;
    this.#isShown = wantsRecords;
    const { where, level, since, until, programStream } = criteria;
    this.#wantsRecords = wantsRecords ||
      [where, level, since, until, programStream].some((criterion) => criterion !== undefined);
  }

  /** The time of the last entry, in milliseconds since 1970; `-Infinity` while nothing is known. */
  get time(): number {
    return this.#time;
  }

  /** What the last entry says, if it is a record and somebody wants to know. */
  get record(): LogRecord | undefined {
    return this.#record;
  }

  /** Whether the last entry may be printed around others: its time, stream and kind are selected. */
  get isNear(): boolean {
    return this.#isNear;
  }

  /** How many entries were left out because nothing is known of their time. */
  get untimed(): number {
    return this.#untimed;
  }

  /** Whether it may take long to look at an entry. */
  get isSlow(): boolean {
    const { grep, exclude, where } = this.#criteria;
    return (grep?.isSlow || exclude?.isSlow || where?.isSlow) ?? false;
  }

  /** Whether all entries are selected, but for those of vitals. */
  get isOpen(): boolean {
    const { grep, exclude, where, level, since, until, programStream } = this.#criteria;
    return [grep, exclude, where, level, since, until, programStream]
      .every((one) => one === undefined);
  }

  /** What an entry must have to be selected, as far as its bytes can tell. */
  get needs(): Needs {
    const { grep, where, level } = this.#criteria;
    const asked = where?.needles.map((texts) => ({ texts, ignoresCase: true, mayBeEscaped: true }));
    const levels = where?.levels;
    return {
      needles: [...asked ?? [], ...grep?.needles ? [grep.needles] : []],
      ...(level ?? levels) && {
        isLevel: (one) =>
          (level === undefined || isWithin(one, level)) &&
          (levels === undefined || levels.has(one)),
      },
    };
  }

  /** Whether entries without what they need may be passed by: not as long as those without a time count. */
  get maySkip(): boolean {
    return this.#criteria.since === undefined || this.#time !== -Infinity;
  }

  /**
   * Passes by an entry that is not selected, and says whether that is known of those before it, too: they
   * are to be passed by from the last one on.
   */
  passBy(text: string): boolean {
    if (!this.#wantsRecords) return true;
    const time = !this.#criteria.vitals && isVitals(text) ? undefined : recognizeRecord(text)?.time;
    if (time !== undefined) this.#time = time;
    return time !== undefined;
  }

  /** Whether the entry is selected, which came just now or, if that is known, at `arrival`. */
  wants(
    entry: Entry,
    isLive: boolean,
    arrival?: number,
    text: string = entry.text,
  ): boolean {
    const { where, level, since, until, programStream, vitals, isCounted } = this.#criteria;
    this.#isNear = false;
    if (!vitals && isVitals(text)) return false;
    if (!this.#wantsRecords) {
      this.#isNear = true;
      return this.#matches(text);
    }
    const record = recognizeRecord(text, this.#isShown);
    const time = record?.time ?? (isLive ? arrival || Date.now() : this.#time);
    this.#record = record;
    this.#time = time;
    if (since !== undefined && time < since) {
      if (time === -Infinity) this.#untimed++;
      return false;
    }
    if (until !== undefined && time > until) return false;
    if (programStream !== undefined && record?.stream !== programStream) return false;
    this.#isNear = true;
    if (level !== undefined) {
      if (record?.level === undefined ? isCounted : !isWithin(record.level, level)) return false;
    }
    if (where !== undefined && !where.test(record, text, this.#logOf?.(entry))) {
      return false;
    }
    return this.#matches(text);
  }

  #matches(text: string): boolean {
    const { grep, exclude } = this.#criteria;
    return (grep === undefined || grep.test(text)) && (exclude === undefined || exclude.test(text));
  }
}

function isWithin(level: LogLevel, { least, most }: LevelRange): boolean {
  return isAtLeast(level, least) && isAtLeast(most, level);
}

/** What the help of a command with these options says. */
export const SELECTION_HELP: string =
  `A <time> is 10m, 2h or "5 minutes ago", today, yesterday, 14:30, 2026-11-21 14:30,
or @SECONDS. Times and levels are read from JSON lines (pino, winston, LogTape,
OpenTelemetry), key=value pairs, text like "2026-11-21T13:59:30Z [info] …" or
"2026-11-21 13:59:30,671 ERROR …", and lines of "ouroboros run" and of containers,
which have a stream, too. An entry without a time has that of the entry before it;
one without a level, like a line of a stack, passes --level, but is not counted.

A <question> is made of words, "phrases" and fields: level:>=warn, status:>=500,
req.method:POST, ms:[10 TO 20], url:/^\\/pay/, user:*, path:*.css, code:=E1 (all of
it), log:app.1 (its log). AND may be left out; there are OR, NOT or -, and (…).`;

/** `--where`. */
export function whereOption(description: string): Option {
  return new Option("--where <question>", description).argParser(whereArgument);
}

/** `--level`. */
export function levelOption(description: string): Option {
  return new Option(
    "-p, --level <level>",
    `${description} of at least this level (warn), or of a range (warn..error)`,
  ).choices(LEVELS).argParser(levelsArgument);
}

/** Adds `--since` and `--until`. */
export function addTimeOptions(command: Command, description: string): Command {
  return command
    .option("-S, --since <time>", `${description} from this time on`, momentArgument)
    .option("-U, --until <time>", `${description} up to this time`, momentArgument);
}

/** Adds the options; what they give are the `Criteria` of a `Selection`. */
export function addSelectionOptions(command: Command): Command {
  const group = command.optionsGroup();
  return addTimeOptions(command.optionsGroup("Filters:"), "print entries")
    .addOption(levelOption("print records"))
    .addOption(whereOption("print entries that match a question: 'status:>=500'"))
    .option(
      "-g, --grep <pattern>",
      "print entries that match a regular expression; may be repeated",
      patternsArgument,
    )
    .option(
      "--exclude <pattern>",
      "print no entries that match one; may be repeated",
      patternsArgument,
    )
    .option("-i, --ignore-case", "let --grep and --exclude ignore case")
    .option("-v, --invert-match", "print the entries that --grep does not match")
    .option("--vitals", "print entries about CPU, memory and event loop, too")
    .optionsGroup(group)
    .hook("preAction", compilePatterns);
}

/** Puts the patterns in the place of their parts, once all of them are known. */
function compilePatterns(command: Command): void {
  const { grep, exclude, ignoreCase, invertMatch } = command.opts<
    { grep?: string[]; exclude?: string[] } & PatternOptions
  >();
  const set = (name: string, patterns: string[], options: PatternOptions) =>
    command.setOptionValue(
      name,
      new Pattern(patterns, { ...options, ...ignoreCase && { ignoreCase } }),
    );
  if (grep !== undefined) set("grep", grep, { ...invertMatch && { invertMatch } });
  if (exclude !== undefined) set("exclude", exclude, { invertMatch: true, flag: "--exclude" });
  const flag = grep !== undefined
    ? undefined
    : invertMatch
    ? "-v"
    : ignoreCase && exclude === undefined
    ? "-i"
    : undefined;
  if (flag !== undefined) {
    usageError(command, `${flag} needs a pattern: --grep <pattern>`);
  }
}
