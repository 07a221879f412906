/**
 * What stands on a command line, as what is meant by it. Each throws an `InvalidArgumentError`,
 * which the parser turns into a line about wrong usage.
 *
 * @module
 */

import { statSync } from "node:fs";
import { InvalidArgumentError } from "commander";
import { SharedMemory } from "../../../ffi/mod.ts";
import { isAtLeast, type LogLevel, toLevel } from "../../records/level.ts";
import type { Cursor } from "../../log/native/cursor.ts";
import { type LogTarget, targetOf } from "../../log/native/target.ts";
import { STANDARD_INPUT } from "../../log/native/unpacked_file.ts";
import { parsePattern } from "../../records/pattern/syntax.ts";
import { parseCursor } from "../files/cursor_file.ts";
import { parseSize } from "../../base/sizes.ts";
import { parseDuration, parseMoment } from "./moment.ts";

/** A log's place, see {@linkcode targetOf}. */
export function targetArgument(text: string): LogTarget {
  const target = targetOf(text);
  if (typeof target !== "string") return target;
  try {
    SharedMemory.normalizeName(text);
    return text;
  } catch (error) {
    if (error instanceof RangeError) throw new InvalidArgumentError(`${error.message}.`);
    throw error;
  }
}

/**
 * The place of a log to read: as above, and a word without any slash, like `app.log`, is a file of
 * the working directory if there is one and no shared memory of that name. `-` is standard input.
 */
export function sourceArgument(text: string): LogTarget {
  if (text === STANDARD_INPUT) return { path: STANDARD_INPUT };
  const target = targetArgument(text);
  if (typeof target !== "string" || text.includes("/") || SharedMemory.exists(text)) return target;
  return statSync(text, { throwIfNoEntry: false })?.isFile() ? { path: text } : target;
}

/** One more place of a log to read, after those that stand before it. */
export function sourcesArgument(text: string, previous: LogTarget[] = []): LogTarget[] {
  return [...previous, sourceArgument(text)];
}

/** One more place of a log, after those that stand before it. */
export function targetsArgument(text: string, previous: LogTarget[] = []): LogTarget[] {
  return [...previous, targetArgument(text)];
}

/** How many of the last entries: a number, `all`, or `+K`: from entry K on. */
export function linesArgument(text: string): Lines {
  if (text === "all") return { from: "oldest" };
  // tail -n -20 is tail -n 20.
  const [, plus, digits] = /^([+-]?)(\d+)$/.exec(text) ?? [];
  const count = Number(digits);
  if (!Number.isSafeInteger(count)) {
    throw new InvalidArgumentError(
      'A number of entries is expected, "all", or "+K" for all from entry K on.',
    );
  }
  return plus === "+" ? { from: count } : { count };
}

/** A place to begin at; a number is that of the first entry. */
export type Place = "oldest" | "latest" | "new" | number;

/** The last entries, or those from a place on. */
export type Lines = { count: number; from?: undefined } | { count?: undefined; from: Place };

/** A size in bytes, at least 1. */
export function sizeArgument(text: string): number {
  const size = parseSize(text);
  if (size === undefined || size < 1) {
    throw new InvalidArgumentError('A size like 65536, "64KiB" or "1MiB" is expected.');
  }
  return size;
}

/** An integer from 0 on. */
export function countArgument(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count)) {
    throw new InvalidArgumentError("An integer from 0 on is expected.");
  }
  return count;
}

/** An integer from 1 on. */
export function positiveArgument(text: string): number {
  const count = countArgument(text);
  if (count === 0) throw new InvalidArgumentError("An integer from 1 on is expected.");
  return count;
}

/** A moment, in milliseconds since 1970. */
export function momentArgument(text: string): number {
  const moment = parseMoment(text);
  if (moment === undefined) {
    throw new InvalidArgumentError(
      'A time like "10m" (ago), "yesterday", "14:30", "2026-11-21T14:30:00Z" or "@1795269570" is ' +
        "expected.",
    );
  }
  return moment;
}

/** How long something lasts, in milliseconds; more than nothing. */
export function durationArgument(text: string): number {
  const duration = durationOf(text);
  if (duration === undefined || duration <= 0) {
    throw new InvalidArgumentError('A time like "90s", "15m", "2h" or "7d" is expected.');
  }
  return duration;
}

/** What takes a time within limits, which are in milliseconds, as is what it gives. */
export function durationWithin(from: number, to: number = Infinity): (text: string) => number {
  const range = to === Infinity
    ? `of at least ${from / 1000} s`
    : `from ${from / 1000} s to ${to / 1000} s`;
  return (text) => {
    const duration = durationOf(text);
    if (duration === undefined || duration < from || duration > to) {
      throw new InvalidArgumentError(`A time like "10s" ${range} is expected.`);
    }
    return duration;
  };
}

/** A number without a unit is one of seconds. */
function durationOf(text: string): number | undefined {
  return parseDuration(/^\d+(\.\d+)?$/.test(text) ? `${text}s` : text);
}

/** Levels from one to another, both included. */
export interface LevelRange {
  least: LogLevel;
  most: LogLevel;
}

/** The levels from one on, or from one to another: `warn`, `warn..error`. */
export function levelsArgument(text: string): LevelRange {
  const [from, to, ...rest] = text.split("..").map(toLevel);
  const [least, most] = text.includes("..") ? [from, to] : [from, "fatal" as const];
  if (least === undefined || most === undefined || rest.length > 0) {
    throw new InvalidArgumentError(
      "trace, debug, info, warn, error or fatal is expected, or a range like warn..error.",
    );
  }
  // journalctl takes them the other way round, too.
  return isAtLeast(most, least) ? { least, most } : { least: most, most: least };
}

/** A place in a log, in JSON. */
export function cursorArgument(text: string): Cursor {
  try {
    return parseCursor(text);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}

/** A regular expression, after those that stand before it; as it is, for other options are to come. */
export function patternsArgument(text: string, previous: string[] = []): string[] {
  try {
    parsePattern(text);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
  return [...previous, text];
}
