/**
 * What stands on a command line, as what is meant by it. Each throws an `InvalidArgumentError`,
 * which the parser turns into a line about wrong usage.
 *
 * @module
 */

import { sep } from "node:path";
import { statSync } from "node:fs";
import { InvalidArgumentError } from "commander";
import { SharedMemory } from "../../../ffi/mod.ts";
import { type LogLevel, toLevel } from "../../records/level.ts";
import type { Cursor } from "../../log/native/cursor.ts";
import type { LogTarget } from "../../log/native/target.ts";
import { Pattern } from "../grep/pattern.ts";
import { parseCursor } from "../files/cursor_file.ts";
import { parseSize } from "../../base/sizes.ts";
import { parseDuration, parseMoment } from "./moment.ts";

/** What is a path on Windows: a drive, or a backslash that is not that of a space of names. */
const WINDOWS_PATH = /^[a-z]:|^(?!(?:Global|Local)\\[^\\]*$).*\\/i;

/** A log's place: `/app` or `app` is shared memory, what has a slash further on is a file. */
export function targetArgument(text: string): LogTarget {
  if (text.indexOf("/", 1) >= 0) return { path: text };
  if (sep === "\\" && WINDOWS_PATH.test(text)) return { path: text };
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
 * the working directory if there is one and no shared memory of that name.
 */
export function sourceArgument(text: string): LogTarget {
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

/** What takes a number of seconds within limits, with or without a fraction. */
export function secondsArgument(from: number, to: number = Infinity): (text: string) => number {
  const range = to === Infinity ? `of at least ${from}` : `from ${from} to ${to}`;
  return (text) => {
    const seconds = Number(text);
    if (text.trim() === "" || !(seconds >= from && seconds <= to)) {
      throw new InvalidArgumentError(`A number of seconds ${range} is expected.`);
    }
    return seconds;
  };
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
      'A time like "10m" (ago), "2h", "14:30" or "2026-11-21T14:30:00Z" is expected.',
    );
  }
  return moment;
}

/** How long something lasts, in milliseconds; more than nothing. */
export function durationArgument(text: string): number {
  const duration = parseDuration(text);
  if (duration === undefined || duration <= 0) {
    throw new InvalidArgumentError('A time like "90s", "15m", "2h" or "7d" is expected.');
  }
  return duration;
}

/** A level, by any of its names. */
export function levelArgument(text: string): LogLevel {
  const level = toLevel(text);
  if (level === undefined) {
    throw new InvalidArgumentError("trace, debug, info, warn, error or fatal is expected.");
  }
  return level;
}

/** A place in a log, in JSON. */
export function cursorArgument(text: string): Cursor {
  try {
    return parseCursor(text);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}

/** A regular expression. */
export function patternArgument(text: string): Pattern {
  try {
    return new Pattern(text);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}
