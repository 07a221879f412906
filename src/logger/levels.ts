/**
 * Levels: their names and numbers, and the logging methods that a level turns on.
 *
 * @module
 */

import formatted from "quick-format-unescaped";
import { nearest } from "../base/options.ts";
import { LEVEL, type LoggerInternals, STATE } from "./internals.ts";
import type { LogMethod } from "./core.ts";
import { stdSerializers } from "./serializers.ts";
import type { LevelComparison, LevelMapping } from "./types.ts";

/** pino's levels. */
const STANDARD: Readonly<Record<string, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
};

/** Names and numbers of levels. */
export function mappingOf(
  customLevels: Readonly<Record<string, number>> = {},
  useOnlyCustomLevels: boolean = false,
): LevelMapping {
  const values = Object.create(Object.prototype, { silent: { value: Infinity } });
  const labels = Object.create(Object.prototype, { Infinity: { value: "silent" } });
  Object.assign(values, useOnlyCustomLevels ? {} : STANDARD, customLevels);
  if (!useOnlyCustomLevels) {
    for (const [name, level] of Object.entries(STANDARD)) labels[level] = name;
  }
  for (const [name, level] of Object.entries(customLevels)) labels[level] = name;
  return { labels, values };
}

/** The levels that are not pino's. */
export function customOf({ values }: LevelMapping): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).filter(([name]) => !Object.hasOwn(STANDARD, name)),
  );
}

/** How levels are compared. */
export function comparisonOf(comparison: "ASC" | "DESC" | LevelComparison): LevelComparison {
  if (typeof comparison === "function") return comparison;
  return comparison === "DESC" ? (level, set) => level <= set : (level, set) => level >= set;
}

/**
 * Throws unless a level is one of these.
 *
 * @throws {RangeError} if it is not
 */
export function checkLevel(level: string | number, { values, labels }: LevelMapping): void {
  const isKnown = typeof level === "number"
    ? typeof labels[level] === "string"
    : typeof values[level] === "number";
  if (isKnown) return;
  const known = [...Object.keys(values), "silent"];
  const near = typeof level === "string" ? nearest(level, known) : undefined;
  throw new RangeError(
    `unknown level ${JSON.stringify(level)}: ` +
      (near === undefined ? `known are ${known.join(", ")}` : `did you mean "${near}"?`),
  );
}

/** Sets the level of a logger: gives it the methods of those that are on, and empty ones of the others. */
export function setLevel(logger: LoggerInternals, level: string | number): void {
  const { values, labels } = logger.levels;
  checkLevel(level, logger.levels);
  const label = typeof level === "number" ? labels[level] : level;
  const before = logger[LEVEL];
  const value = values[label];
  logger[LEVEL] = value;
  const { comparison, logMethod, isCustomOnly } = logger[STATE].core;
  for (const name of Object.keys(values)) {
    const isOn = comparison(values[name], value);
    const isFatal = !isCustomOnly && name === "fatal";
    logger[name] = isOn ? methodOf(values[name], logger, logMethod, isFatal) : nothing;
  }
  logger.emit("level-change", label, value, labels[before], before, logger);
}

/** Whether lines of a level are written. None is of level `silent`. */
export function isOn(logger: LoggerInternals, level: number): boolean {
  return level !== Infinity && logger[STATE].core.comparison(level, logger[LEVEL]);
}

/** What is called for a level that is off. */
export function nothing(): void {}

type Method = (this: LoggerInternals | undefined, ...args: unknown[]) => void;

/** The logging method of a level. */
function methodOf(
  level: number,
  owner: LoggerInternals,
  hook: LogMethod | undefined,
  isFatal: boolean,
): Method {
  if (hook !== undefined) return hookedMethod(level, owner, hook, isFatal);
  if (isFatal) {
    return function (this: LoggerInternals | undefined, ...args: unknown[]): void {
      const logger = this ?? owner;
      logAny(logger, level, args);
      logger[STATE].core.sink.flush();
    };
  }
  return function (this: LoggerInternals | undefined, first?: unknown, message?: unknown): void {
    // Called without its logger, it is that of the logger whose level was set.
    const logger = this ?? owner;
    const state = logger[STATE];
    if (typeof first === "string" && arguments.length === 1) state.message(logger, level, first);
    else if (
      typeof first === "object" && first !== null && arguments.length === 2 &&
      typeof message === "string" && isUsual(first)
    ) {
      state.write(logger, level, first, state.prefixed(message));
    } else logAny(logger, level, Array.from(arguments));
  };
}

function hookedMethod(
  level: number,
  owner: LoggerInternals,
  hook: LogMethod,
  isFatal: boolean,
): Method {
  function log(this: LoggerInternals | undefined, ...args: unknown[]): void {
    logAny(this ?? owner, level, args);
  }
  return function (this: LoggerInternals | undefined, ...args: unknown[]): void {
    const logger = this ?? owner;
    const { core } = logger[STATE];
    try {
      hook.call(logger, args, log, level);
    } catch (error) {
      core.sink.report(error);
    }
    if (isFatal) core.sink.flush();
  };
}

/** Whether an object is logged as it is: requests and responses of `node:http` are not. */
// deno-lint-ignore no-explicit-any
function isUsual(object: any): boolean {
  try {
    return !(object.method && object.headers && object.socket) &&
      typeof object.setHeader !== "function";
  } catch {
    return false;
  }
}

/** Logs whatever a logging method is called with. Never throws. */
function logAny(logger: LoggerInternals, level: number, args: unknown[]): void {
  const state = logger[STATE];
  let given: unknown = null;
  let message: unknown;
  let rest: unknown[];
  try {
    const [first] = args;
    if (typeof first === "object") {
      given = first;
      if (first === null && args.length === 1) [message, rest] = [null, [null]];
      else [message, rest] = [args[1], args.slice(2)];
      given = requestOrResponse(first);
    } else if (first === undefined) [message, rest] = [args[1], args.slice(2)];
    else [message, rest] = [first, args.slice(1)];
    message = formatted(state.prefixed(message), rest, state.style.format);
  } catch (error) {
    // What can't be formatted is logged as it is.
    state.core.sink.report(error);
    if (typeof message !== "string") message = undefined;
  }
  state.write(logger, level, given, message);
}

// deno-lint-ignore no-explicit-any
function requestOrResponse(object: any): unknown {
  if (object === null) return object;
  if (object.method && object.headers && object.socket) {
    return stdSerializers.mapHttpRequest(object);
  }
  if (typeof object.setHeader === "function") return stdSerializers.mapHttpResponse(object);
  return object;
}
