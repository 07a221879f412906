/**
 * What a value of a record must be like, as a function.
 *
 * @module
 */

import { LEVELS, type LogLevel, saysMoreThanLevel, toLevel } from "../level.ts";
import { toTime } from "../time.ts";
import type { Bound, Wanted } from "./clause.ts";
import { isPlain, numberOf, someIn, textOf } from "./field.ts";
import { Wildcard } from "./wildcard.ts";

/** Tries a regular expression; `undefined` if that takes too long. */
export interface Matcher {
  /** Whether a text matches. */
  test(text: string): boolean | undefined;
}

/** Whether a value is as asked. */
export type ValueTest = (value: unknown) => boolean;

/**
 * What tests a value. Text is found anywhere in a value, in any case; what looks like a number is compared as
 * one where the value is one, too.
 *
 * @param toMatcher makes what tries regular expressions
 * @param isTime whether numbers are times, too
 */
export function valueTest(
  wanted: Wanted,
  toMatcher: (regExp: RegExp) => Matcher,
  isTime: boolean = false,
): ValueTest {
  switch (wanted.kind) {
    case "any":
      return () => true;
    case "text":
      return textTest(wanted.text);
    case "exact": {
      const number = numberOf(wanted.text);
      return (value) =>
        isPlain(value) && textOf(value) === wanted.text ||
        typeof value === "number" && value === number;
    }
    case "wildcard": {
      const wildcard = new Wildcard(wanted.pattern);
      return (value) => someIn(value, (part) => wildcard.matches(textOf(part)));
    }
    case "regExp": {
      const matcher = toMatcher(wanted.regExp);
      return (value) => someIn(value, (part) => matcher.test(textOf(part)) ?? false);
    }
    case "range":
      return rangeTest(limitOf(wanted.least, isTime), limitOf(wanted.most, isTime));
  }
}

function textTest(text: string): ValueTest {
  const lower = text.toLowerCase();
  const number = numberOf(text);
  const test = (value: unknown): boolean => {
    if (typeof value === "string" && number === undefined) {
      return value.toLowerCase().includes(lower);
    }
    const itself = number === undefined ? undefined : numberOf(value);
    // 50 is not in 500.
    return itself === undefined ? textOf(value).toLowerCase().includes(lower) : itself === number;
  };
  return (value) => someIn(value, test);
}

/** Numbers as numbers, times as times, anything else as text. */
function rangeTest(low: Limit | undefined, high: Limit | undefined): ValueTest {
  return (value) => isAbove(value, low) && isBelow(value, high);
}

interface Limit extends Bound {
  number: number | undefined;
  time: number | undefined;
}

function limitOf(bound: Bound | undefined, isTime: boolean): Limit | undefined {
  if (bound === undefined) return undefined;
  const number = isTime ? undefined : numberOf(bound.text);
  return { ...bound, number, time: number === undefined ? toTime(bound.text) : undefined };
}

function isAbove(value: unknown, limit: Limit | undefined): boolean {
  const order = limit === undefined ? 1 : compare(value, limit);
  return order > 0 || (order === 0 && limit!.isIn);
}

function isBelow(value: unknown, limit: Limit | undefined): boolean {
  const order = limit === undefined ? -1 : compare(value, limit);
  return order < 0 || (order === 0 && limit!.isIn);
}

/** The sign of the difference; NaN if they can't be compared. */
function compare(value: unknown, { text, number, time }: Limit): number {
  if (number !== undefined) return (numberOf(value) ?? NaN) - number;
  if (time !== undefined) return (toTime(value) ?? NaN) - time;
  if (typeof value !== "string") return NaN;
  return value < text ? -1 : value > text ? 1 : 0;
}

/**
 * The levels asked for; `undefined` if it is no question for the level itself, but for what the
 * record calls it: `http`, `35`.
 *
 * @throws {RangeError} if a name is not one of a level
 */
export function levelsOf(wanted: Wanted): ReadonlySet<LogLevel> | undefined {
  switch (wanted.kind) {
    case "any":
      return new Set(LEVELS);
    case "text":
    case "exact":
      return saysMore(wanted.text) ? undefined : new Set([levelOf(wanted.text)]);
    case "wildcard": {
      const wildcard = new Wildcard(wanted.pattern);
      return new Set(LEVELS.filter((level) => wildcard.matches(level)));
    }
    case "regExp":
      return new Set(LEVELS.filter((level) => wanted.regExp.test(level)));
    case "range": {
      const { least, most } = wanted;
      const low = least === undefined ? 0 : placeOf(least.text) + (least.isIn ? 0 : 1);
      const high = most === undefined ? LEVELS.length : placeOf(most.text) + (most.isIn ? 1 : 0);
      return new Set(LEVELS.slice(low, Math.max(low, high)));
    }
  }
}

/** Whether a level says more than its nearest one: then the record's own word counts. */
function saysMore(text: string): boolean {
  return saysMoreThanLevel(numberOf(text) ?? text);
}

function placeOf(text: string): number {
  return LEVELS.indexOf(levelOf(text));
}

function levelOf(text: string): LogLevel {
  const level = toLevel(text);
  if (level !== undefined) return level;
  throw new RangeError(`${JSON.stringify(text)} is no level: there are ${LEVELS.join(", ")}`);
}
