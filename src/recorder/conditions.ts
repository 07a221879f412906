/**
 * What makes a recorder save: words like `error`, `dead`, `silent:5s`, and questions, as conditions.
 *
 * @module
 */

import { parseDuration } from "../base/durations.ts";
import { nearest } from "../base/options.ts";
import { isAtLeast, LEVELS, type LogLevel, toLevel } from "../records/level.ts";
import { parseQuestion, type Question } from "../records/question/question.ts";
import { recognizeRecord } from "../records/recognize.ts";
import { WATCHDOG_LOGGER } from "../sinks/watchdog.ts";

/** A condition on one entry, by its text. */
export interface EntryCondition {
  readonly kind: "entry";
  /** In a word, for names of files. */
  readonly reason: string;
  /** Whether an entry of a log fulfils it. */
  test(text: string, log?: string): boolean;
}

/** A condition on a log. */
export type LogCondition =
  /** Its writer has ended, and has not finished or removed it. */
  | { readonly kind: "dead"; readonly reason: "dead" }
  /** Nothing was written to it for so many milliseconds. */
  | { readonly kind: "silent"; readonly reason: "silent"; readonly limit: number };

/** What makes a recorder save. */
export type Condition = EntryCondition | LogCondition;

/** The conditions that are words. */
const WORDS = ["dead", "silent:5s", "blocked", ...LEVELS];

/**
 * The condition that text means: `error` or another level, `dead`, `silent:5s`, `blocked`, or a question.
 *
 * @param ask makes a question of text, see `parseQuestion()`
 * @throws {RangeError} if it is like one of these words, and not one
 * @throws {SyntaxError} if the question can't be understood
 */
export function parseCondition(
  text: string,
  ask: (text: string) => Question = parseQuestion,
): Condition {
  if (text === "dead") return { kind: "dead", reason: "dead" };
  const [, limit] = /^silent:(.*)$/.exec(text) ?? [];
  if (limit !== undefined) {
    const duration = parseDuration(limit);
    if (duration) return { kind: "silent", reason: "silent", limit: duration };
    throw new RangeError(`"${text}" needs a time, like silent:5s`);
  }
  return parseEntryCondition(text) ?? question(text, ask);
}

/** The condition on entries that is a word: a level, or `blocked`; `undefined` if it is something else. */
export function parseEntryCondition(word: string): EntryCondition | undefined {
  if (word === "blocked") return { kind: "entry", reason: word, test: isBlocked };
  const level = LEVELS.find((level) => level === word) ?? toLevel(word);
  return level && { kind: "entry", reason: level, test: levelTest(level) };
}

function question(text: string, ask: (text: string) => Question): EntryCondition {
  // A word that was mistyped would be looked for without end.
  const near = /^[\w:]+$/.test(text) ? nearest(text, WORDS) : undefined;
  if (near !== undefined) {
    throw new RangeError(
      `"${text}" is not known: did you mean "${near}"? To look for the word, quote it: '"${text}"'`,
    );
  }
  const asked = ask(text);
  const { needles } = asked;
  return {
    kind: "entry",
    reason: "match",
    test(entry, log) {
      if (needles.length > 0 && !entry.includes("\\u")) {
        const lower = entry.toLowerCase();
        if (!needles.every((some) => some.some((needle) => lower.includes(needle)))) return false;
      }
      return asked.test(recognizeRecord(entry), entry, log);
    },
  };
}

/** pino's lines begin with it: those of lower levels need not be parsed. */
const PINO_HEAD = '{"level":';

function levelTest(least: LogLevel): (text: string) => boolean {
  const number = 10 * (LEVELS.indexOf(least) + 1);
  return (text) => {
    if (text.startsWith(PINO_HEAD) && text.charCodeAt(PINO_HEAD.length + 2) === 0x2c) {
      // The last one of several counts.
      const isOnly = text.lastIndexOf('"level":') === 1;
      const level = Number(text.slice(PINO_HEAD.length, PINO_HEAD.length + 2));
      if (isOnly && level >= 10) return level >= number;
    }
    const level = recognizeRecord(text)?.level;
    return level !== undefined && isAtLeast(level, least);
  };
}

/** Whether a watchdog says that its main thread does not move. */
function isBlocked(text: string): boolean {
  if (!text.includes(WATCHDOG_LOGGER)) return false;
  const record = recognizeRecord(text);
  return record?.logger === WATCHDOG_LOGGER && record.fields.blocked === true;
}
