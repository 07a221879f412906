/**
 * What makes a recorder save: words like `error`, `dead`, `silent:5s`, as conditions.
 *
 * @module
 */

import { parseDuration } from "../base/durations.ts";
import { isAtLeast, LEVELS, type LogLevel, toLevel } from "../records/level.ts";
import { recognizeRecord } from "../records/recognize.ts";
import { WATCHDOG_LOGGER } from "../sinks/watchdog.ts";

/** A condition on one entry, by its text. */
export interface EntryCondition {
  readonly kind: "entry";
  /** In a word, for names of files. */
  readonly reason: string;
  /** Whether an entry fulfils it. */
  test(text: string): boolean;
}

/** A condition on a log. */
export type LogCondition =
  /** Its writer has ended, and has not finished or removed it. */
  | { readonly kind: "dead"; readonly reason: "dead" }
  /** Nothing was written to it for so many milliseconds. */
  | { readonly kind: "silent"; readonly reason: "silent"; readonly limit: number };

/** What makes a recorder save. */
export type Condition = EntryCondition | LogCondition;

/** What is expected, in words. */
export const CONDITION_WORDS = "a level like error, or dead, silent:5s or blocked is expected";

/** The condition that a word means; `undefined` if it means none. */
export function parseCondition(word: string): Condition | undefined {
  const [, limit] = /^silent:(.*)$/.exec(word) ?? [];
  if (limit !== undefined) {
    const duration = parseDuration(limit);
    return duration ? { kind: "silent", reason: "silent", limit: duration } : undefined;
  }
  return word === "dead" ? { kind: "dead", reason: "dead" } : parseEntryCondition(word);
}

/** The condition on entries that a word means. This is the one place where such a condition is made. */
export function parseEntryCondition(word: string): EntryCondition | undefined {
  if (word === "blocked") return { kind: "entry", reason: word, test: isBlocked };
  const level = LEVELS.find((level) => level === word) ?? toLevel(word);
  return level && { kind: "entry", reason: level, test: levelTest(level) };
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
