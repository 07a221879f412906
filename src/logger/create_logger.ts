/**
 * A logger is made: its options, its log, and the root of its family.
 *
 * @module
 */

import { hostName } from "../host_name.ts";
import process from "node:process";
import { anything, callback, checkOptions, type Checks, flag, text } from "../base/options.ts";
import { mustBe } from "../base/arguments.ts";
import { EntrySink, withoutNewline } from "../sinks/entry_sink.ts";
import { checkSinkOptions, type SinkOptions } from "../sinks/sink_options.ts";
import type { UncaughtError } from "../sinks/uncaught.ts";
import { asTheyAre, bindingsText } from "./bindings.ts";
import { stdTimeFunctions, type TimeFn } from "./clock.ts";
import { Core, type LogMethod } from "./core.ts";
import { Front } from "./front.ts";
import { Heads } from "./heads.ts";
import { type LoggerInternals, STATE } from "./internals.ts";
import { checkLevel, comparisonOf, mappingOf, nothing, setLevel } from "./levels.ts";
import { LoggerMethods } from "./logger_methods.ts";
import { redaction, type RedactOptions } from "./redact.ts";
import { stdSerializers } from "./serializers.ts";
import type { Formatters } from "./line_source.ts";
import { LoggerState } from "./state.ts";
import { stringifyWith } from "./stringify.ts";
import { type SerializerFn, Style } from "./style.ts";
import type { Bindings, FormatterOptions, LevelComparison, LevelName, Logger } from "./types.ts";

/** How lines are made: pino's options. */
export interface LineOptions<CustomLevels extends string = never> {
  /** The name of the logger: a member of each line. */
  name?: string;
  /** Lines of lower levels are not written. Default `"info"`. */
  level?: LevelName;
  /** Whether anything is written at all. Default `true`. */
  enabled?: boolean;
  /** Levels beside pino's: numbers by name. */
  customLevels?: { [level in CustomLevels]: number };
  /** Whether pino's levels are left out. Default `false`. */
  useOnlyCustomLevels?: boolean;
  /** Whether higher numbers are more severe (`"ASC"`, the default), lower ones, or what a function says. */
  levelComparison?: "ASC" | "DESC" | LevelComparison;
  /**
   * Members of each line. Default `{ pid, hostname }`; `null` for none, not even the name. As in pino,
   * `base: undefined` leaves these two out.
   */
  base?: Bindings | null;
  /** More members of each line. */
  bindings?: Bindings;
  /** Functions by key: each makes of a value what is written. `err` has one by default. */
  serializers?: Record<string | symbol, SerializerFn>;
  /** What must not get into the log: paths. */
  redact?: string[] | RedactOptions;
  /**
   * The time: `true` for milliseconds since 1970, `false` for none, or a function that gives the member
   * with the comma before it, see {@linkcode stdTimeFunctions}. Default `true`; none, as in pino, if it is
   * given as `undefined`.
   */
  timestamp?: boolean | TimeFn;
  /** The key of the message. Default `"msg"`. */
  messageKey?: string;
  /** The key of an error that is logged as such. Default `"err"`. */
  errorKey?: string;
  /** A key that all fields are under. Default: none. */
  nestedKey?: string | null;
  /** What stands before each message. */
  msgPrefix?: string;
  /** Functions that change what is logged before it becomes JSON. */
  formatters?: FormatterOptions;
  /** Gives fields for each line. */
  mixin?: (object: object, level: number, logger: Logger<CustomLevels>) => object;
  /** How an object and what `mixin` gives become one. Default: the object's fields win. */
  mixinMergeStrategy?: (object: object, mixed: object) => object;
  /** Functions that are called at certain points. */
  hooks?: {
    /**
     * Is called in place of each logging method, with its arguments. Not for events and spans, which pino does
     * not have: they have no arguments of its kind.
     */
    logMethod?: LogMethod;
    /** Changes each line before it is written. It gets, and gives, a newline at the end, as in pino. */
    streamWrite?: (line: string) => string;
  };
  /** Is called with each child that is made. */
  onChild?: (child: Logger<CustomLevels>) => void;
  /** How deep an object that `JSON.stringify` can't take, one with a cycle, is shown. Default 5. */
  depthLimit?: number;
  /** How many members of such an object are shown. Default 100. */
  edgeLimit?: number;
}

/** How a logger is made: pino's options, and those of all sinks. */
export type LoggerOptions<CustomLevels extends string = never> =
  & SinkOptions
  & LineOptions<CustomLevels>;

const hookChecks: Checks<object> = { logMethod: callback, streamWrite: callback };
const formatterChecks: Checks<object> = { level: callback, bindings: callback, log: callback };

const lineChecks: Checks<LineOptions> = {
  name: text,
  level: anything,
  enabled: flag,
  customLevels: objectCheck,
  useOnlyCustomLevels: flag,
  levelComparison: comparisonCheck,
  base: (name, value) => value === null || objectCheck(name, value),
  bindings: objectCheck,
  serializers: objectCheck,
  redact: objectCheck,
  timestamp: (name, value) => typeof value === "function" || flag(name, value),
  messageKey: text,
  errorKey: text,
  nestedKey: (name, value) => value === null || text(name, value),
  msgPrefix: text,
  formatters: (name, value) => checkOptions(name, value as object, formatterChecks),
  mixin: callback,
  mixinMergeStrategy: callback,
  hooks: (name, value) => checkOptions(name, value as object, hookChecks),
  onChild: callback,
  depthLimit: anything,
  edgeLimit: anything,
};

/**
 * Makes a logger with pino's interface, whose lines are pino's, byte for byte, and are made in the log
 * itself: a line is there when the call returns, whatever happens to the process next.
 *
 * A logging call never throws. What a getter, a serializer or a formatter throws stands in its place in
 * the line; errors of the log go to `onError`, as with all sinks.
 *
 * @throws {TypeError} if an option has the wrong type
 * @throws {RangeError} if a size is not usable, or a level is not known
 * @throws {OuroborosError} with `required: true`, what `ShmLogWriter.create` throws
 *
 * @example
 * ```ts
 * import { ShmLogReader } from "@ouroboros/log";
 * import { createLogger } from "@ouroboros/log/logger";
 *
 * using log = createLogger({ target: "/doc-logger", base: null, unlinkOnClose: true });
 * log.info("service started");
 * log.child({ component: "db" }).warn({ ms: 12.5 }, "slow query");
 *
 * using reader = ShmLogReader.open("/doc-logger");
 * console.log(JSON.parse(reader.read()?.text ?? "").msg); // service started
 * console.log(JSON.parse(reader.read()?.text ?? "").component); // db
 * ```
 */
export function createLogger<CustomLevels extends string = never>(
  options: LoggerOptions<CustomLevels>,
): Logger<CustomLevels> {
  const own = checkSinkOptions("createLogger()", options, lineChecks);
  const { customLevels, useOnlyCustomLevels = false, redact } = options;
  if (useOnlyCustomLevels && customLevels === undefined) {
    throw new TypeError("useOnlyCustomLevels needs customLevels: { name: number }");
  }
  const stringify = stringifyWith(options.depthLimit ?? 5, options.edgeLimit ?? 100);
  const errorKey = options.errorKey ?? "err";
  const messageKey = options.messageKey ?? "msg";
  const style = new Style(
    Object.assign(Object.create(null), { err: stdSerializers.err }, options.serializers),
    redact === undefined ? undefined : redaction(redact, stringify),
    stringify,
    errorKey,
    messageKey,
  );
  const formatters: Formatters = {
    level: options.formatters?.level ?? ((_label, level) => ({ level })),
    bindings: options.formatters?.bindings ?? asTheyAre,
    log: options.formatters?.log,
  };
  const levels = mappingOf(customLevels, useOnlyCustomLevels);
  // As in pino: undefined is not the default where it is given.
  const time = timeOf("timestamp" in options ? options.timestamp : true);
  const heads = new Heads(levels, formatters.level, time);
  const level = options.enabled === false ? "silent" : levelOf(options.level ?? "info");
  // Before a log is made that would be left behind.
  checkLevel(level, levels);

  const logger: LoggerInternals = Object.create(LoggerMethods.prototype);
  const sink = new EntrySink(
    own,
    (error) => uncaughtLine(logger, error, options.hooks?.streamWrite),
  );
  try {
    const core = new Core(sink, {
      messageKey,
      errorKey,
      nestedKey: options.nestedKey ?? undefined,
      time,
      mixin: options.mixin as never,
      merge: options.mixinMergeStrategy,
      logMethod: options.hooks?.logMethod,
      streamWrite: options.hooks?.streamWrite,
      comparison: comparisonOf(options.levelComparison ?? "ASC"),
      isCustomOnly: useOnlyCustomLevels,
    });
    const state = new LoggerState(core, style, formatters, new Front(heads, ""), options.msgPrefix);
    state.front = new Front(heads, rootBindings(state, options as LineOptions));
    logger[STATE] = state;
    logger.levels = levels;
    logger.onChild = (options.onChild ?? nothing) as never;
    setLevel(logger, level);
  } catch (error) {
    sink.close();
    throw error;
  }
  return logger as unknown as Logger<CustomLevels>;
}

function rootBindings(state: LoggerState, options: LineOptions): string {
  const { name, bindings } = options;
  // As in pino: undefined is not the default where it is given.
  const base = "base" in options ? options.base : { pid: process.pid, hostname: hostName() };
  const text = base === null
    ? ""
    : bindingsText(state, name === undefined ? base ?? {} : { ...base, name });
  return bindings === undefined ? text : text + bindingsText(state, bindings);
}

function timeOf(timestamp: boolean | TimeFn | undefined): TimeFn {
  if (typeof timestamp === "function") return timestamp;
  return timestamp ? stdTimeFunctions.epochTime : stdTimeFunctions.nullTime;
}

/** pino takes the names of its own levels in any case. */
function levelOf(level: string): string {
  const lower = typeof level === "string" ? level.toLowerCase() : level;
  return mappingOf().values[lower] === undefined ? level : lower;
}

/** An error that nobody caught, as a call would log it: by the same serializers, with the same redaction. */
function uncaughtLine(
  logger: LoggerInternals,
  { thrown, message, isHandled }: UncaughtError,
  streamWrite: ((line: string) => string) | undefined,
): string {
  const state = logger[STATE];
  const { values, labels } = logger.levels;
  const level = values[isHandled ? "error" : "fatal"] ??
    Math.max(...Object.keys(labels).map(Number));
  const line = state.text(logger, level, { [state.core.errorKey]: thrown }, `uncaught: ${message}`);
  return streamWrite === undefined ? line : withoutNewline(streamWrite(`${line}\n`));
}

function objectCheck(name: string, value: unknown): void {
  if (typeof value === "object" && value !== null) return;
  throw new TypeError(mustBe(name, value, "an object"));
}

function comparisonCheck(name: string, value: unknown): void {
  if (value === "ASC" || value === "DESC" || typeof value === "function") return;
  throw new TypeError(mustBe(name, value, '"ASC", "DESC", or a function'));
}
