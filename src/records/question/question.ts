/**
 * Questions to records: `status:>=500 AND req.url:/^\/pay/ -healthcheck`, compiled once, and answered for each.
 * Runs in a browser, too.
 *
 * @module
 */

import { LEVELS, type LogLevel } from "../level.ts";
import { costOf, longestWithin } from "../pattern/cost.ts";
import type { LogRecord } from "../record.ts";
import { toTime } from "../time.ts";
import type { Clause, Match } from "./clause.ts";
import { Field, someIn, textOf } from "./field.ts";
import { QuestionError } from "./mistake.ts";
import { parseClause } from "./syntax.ts";
import { levelsOf, type Matcher, type ValueTest, valueTest } from "./value_test.ts";
import { Wildcard } from "./wildcard.ts";

export { type Matcher, QuestionError };

/** A question, ready to be answered. */
export interface Question {
  /** As it was asked. */
  readonly text: string;
  /** The names of the fields in it, as they were typed. */
  readonly fields: readonly string[];
  /** Whether the answer depends on the log that an entry is from. */
  readonly asksLog: boolean;
  /**
   * What the bytes of an entry must contain, or it can't match: one text at least of each list, in
   * lower case, compared without case (a to z only). Runs of ASCII that JSON does not escape, of two
   * characters at least. Empty if nothing is known. JSON with `\u` escapes may spell them otherwise.
   */
  readonly needles: readonly (readonly string[])[];
  /** Of which level a record must be, if only some match; a record without one does not. */
  readonly levels: ReadonlySet<LogLevel> | undefined;
  /** Whether the last answer may have been wrong, because an expression took too long: it was no. */
  readonly isUndecided: boolean;
  /**
   * Whether an entry matches.
   *
   * @param record what `recognizeRecord()` makes of the text
   * @param log the name of the log that it is from, see {@linkcode Question.asksLog}
   */
  test(record: LogRecord | undefined, text: string, log?: string): boolean;
}

/** How to answer. */
export interface QuestionOptions {
  /**
   * Makes what tries a regular expression, and gives up where it takes too long. Default: what could take
   * too long for a text, by its form, is not tried.
   */
  toMatcher?: (regExp: RegExp) => Matcher;
}

/** So many steps of a regular expression take a tenth of a second, or two. */
const MOST_STEPS = 1e8;
/** What is in all JSON, or may be escaped in it. */
const RUN = /[ !#$%()*+,.0-9:;=?@A-Z[\]^_`a-z{|}~-]{2,}/g;

type Test = (record: LogRecord | undefined, text: string, log?: string) => boolean;

/** What of an entry can be known without parsing it. */
interface Hints {
  needles: readonly (readonly string[])[];
  levels?: ReadonlySet<LogLevel>;
}

/**
 * Compiles a question.
 *
 * @throws {QuestionError} if it can't be understood; it knows the place
 */
export function parseQuestion(text: string, options: QuestionOptions = {}): Question {
  return new CompiledQuestion(text, options.toMatcher ?? ((regExp) => new CalmMatcher(regExp)));
}

class CompiledQuestion implements Question {
  readonly text: string;
  readonly fields: readonly string[];
  readonly asksLog: boolean;
  readonly needles: readonly (readonly string[])[];
  readonly levels: ReadonlySet<LogLevel> | undefined;
  isUndecided = false;
  readonly #test: Test;
  readonly #toMatcher: (regExp: RegExp) => Matcher;
  readonly #fields = new Set<string>();

  constructor(text: string, toMatcher: (regExp: RegExp) => Matcher) {
    this.text = text;
    this.#toMatcher = (regExp) => {
      const matcher = toMatcher(regExp);
      return {
        test: (text) => {
          const isMatch = matcher.test(text);
          if (isMatch === undefined) this.isUndecided = true;
          return isMatch;
        },
      };
    };
    const clause = parseClause(text);
    this.#test = this.#compile(clause);
    const hints = hintsOf(clause);
    this.needles = hints.needles;
    this.levels = hints.levels;
    this.fields = [...this.#fields];
    this.asksLog = this.#fields.has("log");
  }

  test(record: LogRecord | undefined, text: string, log?: string): boolean {
    this.isUndecided = false;
    return this.#test(record, text, log) && !this.isUndecided;
  }

  #compile(clause: Clause): Test {
    switch (clause.kind) {
      case "and": {
        const tests = clause.parts.map((part) => this.#compile(part));
        return (record, text, log) => tests.every((test) => test(record, text, log));
      }
      case "or": {
        const tests = clause.parts.map((part) => this.#compile(part));
        return (record, text, log) => tests.some((test) => test(record, text, log));
      }
      case "not": {
        const test = this.#compile(clause.part);
        return (record, text, log) => !test(record, text, log);
      }
      case "match":
        return clause.field === undefined ? this.#textTest(clause) : this.#fieldTest(clause);
    }
  }

  /** Any part of the text. */
  #textTest({ wanted }: Match): Test {
    switch (wanted.kind) {
      case "text": {
        const lower = wanted.text.toLowerCase();
        const test: ValueTest = (value) => textOf(value).toLowerCase().includes(lower);
        // What JSON may write in another way is also looked for in what it means.
        const mayDiffer = /[^ -~]|["\\/<>&']/.test(lower);
        return (record, text) =>
          text.toLowerCase().includes(lower) ||
          (mayDiffer && record !== undefined && someOf(record, test));
      }
      case "wildcard": {
        const wildcard = new Wildcard(wanted.pattern);
        return (_record, text) => wildcard.isIn(text);
      }
      case "regExp": {
        const matcher = this.#toMatcher(wanted.regExp);
        return (_record, text) => matcher.test(text) ?? false;
      }
      default:
        return () => true;
    }
  }

  #fieldTest(match: Match): Test {
    const { wanted } = match;
    const field = new Field(match.field!);
    this.#fields.add(field.name);
    if (field.role === "level") {
      const levels = this.#levelsOf(match);
      if (levels !== undefined) {
        return (record) => record?.level !== undefined && levels.has(record.level);
      }
    }
    if (field.role === "time") this.#checkTimes(match);
    const test = valueTest(wanted, this.#toMatcher, field.role === "time");
    return (record, text, log) => field.some(record, text, test, log);
  }

  #levelsOf(match: Match): ReadonlySet<LogLevel> | undefined {
    try {
      return levelsOf(match.wanted);
    } catch (error) {
      throw this.#mistake((error as Error).message, match);
    }
  }

  #checkTimes(match: Match): void {
    const { wanted } = match;
    if (wanted.kind === "any") return;
    if (wanted.kind !== "range") {
      throw this.#mistake("a time is compared: time:>=2026-11-21T14:30, or --since", match);
    }
    for (const bound of [wanted.least, wanted.most]) {
      if (bound === undefined || toTime(bound.text) !== undefined) continue;
      throw this.#mistake(
        `${JSON.stringify(bound.text)} is no time: 2026-11-21T14:30, "2026-11-21 14:30:05" or ` +
          "milliseconds since 1970",
        match,
      );
    }
  }

  #mistake(message: string, { from, to }: Match): QuestionError {
    return new QuestionError(message, this.text, from, to);
  }
}

/** A regular expression that is tried where it can't take long. */
class CalmMatcher implements Matcher {
  readonly #regExp: RegExp;
  readonly #longest: number;

  constructor(regExp: RegExp) {
    this.#regExp = regExp;
    this.#longest = longestWithin(MOST_STEPS, costOf(regExp.source));
  }

  test(text: string): boolean | undefined {
    return text.length > this.#longest ? undefined : this.#regExp.test(text);
  }
}

/** Whether any value of a record passes. */
function someOf(record: LogRecord, test: ValueTest): boolean {
  const { message, logger, fields } = record;
  return someIn(message, test) || someIn(logger, test) || someIn(fields, test);
}

/** What the bytes of an entry, and its level, must be. */
function hintsOf(clause: Clause): Hints {
  switch (clause.kind) {
    case "and": {
      const all = clause.parts.map(hintsOf);
      const levels = all.flatMap(({ levels }) => levels === undefined ? [] : [levels]);
      return {
        needles: sorted(all.flatMap(({ needles }) => needles)),
        ...levels.length > 0 && {
          levels: new Set(LEVELS.filter((level) => levels.every((some) => some.has(level)))),
        },
      };
    }
    case "or": {
      const all = clause.parts.map(hintsOf);
      const levels = all.flatMap(({ levels }) => levels === undefined ? [] : [levels]);
      return {
        needles: all.every(({ needles }) => needles.length > 0)
          ? [all.flatMap(({ needles }) => needles[0])]
          : [],
        ...levels.length === all.length && {
          levels: new Set(levels.flatMap((some) => [...some])),
        },
      };
    }
    case "not":
      return { needles: [] };
    case "match":
      return matchHints(clause);
  }
}

function matchHints({ field, wanted }: Match): Hints {
  const { role, parts } = field === undefined ? { role: undefined, parts: [] } : new Field(field);
  if (role === "level") {
    const levels = levelsOf(wanted);
    return { needles: [], ...levels !== undefined && { levels } };
  }
  if (role === "time" || role === "stream" || role === "log") return { needles: [] };
  // What a role stands for may have any name.
  const names = role === undefined ? parts.flatMap(longestRun) : [];
  return {
    needles: sorted([...textRuns(wanted, role === "logger"), ...names].map((one) => [one])),
  };
}

/** What of the text asked for is in the bytes as it is. */
function textRuns(wanted: Match["wanted"], isLogger: boolean): string[] {
  if (wanted.kind === "wildcard") {
    const pieces = wanted.pattern.split(/\\.|[*?]/u);
    // Digits may be those of a number, which may be written in other ways.
    return longestOf(pieces.flatMap(longestRun).filter((run) => !/^[\d.e+-]+$/.test(run)));
  }
  if (wanted.kind !== "text" && wanted.kind !== "exact") return [];
  const { text } = wanted;
  // A number may be written in other ways: 500, 5e2.
  if (/^[+-]?[.\d]/.test(text) && Number.isFinite(Number(text))) return [];
  // LogTape's category is a list, with dots here only.
  return isLogger ? longestOf(text.split(".").flatMap(longestRun)) : longestRun(text);
}

/** The longest run of a text, if there is one. */
function longestRun(text: string): string[] {
  return longestOf(text.match(RUN) ?? []).map((run) => run.toLowerCase());
}

function longestOf(runs: readonly string[]): string[] {
  return runs.length === 0 ? [] : [runs.reduce((a, b) => b.length > a.length ? b : a)];
}

/** The longest first: they are likely to be the rarest. */
function sorted(needles: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const shortest = (texts: readonly string[]) => Math.min(...texts.map(({ length }) => length));
  return needles.toSorted((one, other) => shortest(other) - shortest(one));
}
