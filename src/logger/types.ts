/**
 * A logger as its users see it: pino's interface, and a little more.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import type { SinkCounts } from "../sinks/entry_sink.ts";
import type { EntryWriter } from "../sinks/sink_options.ts";
import type { RedactOptions } from "./redact.ts";
import type { SerializerFn } from "./style.ts";

/** Whether lines of a level are written, with a level that is set. */
export type LevelComparison = (level: number, set: number) => boolean;

/** pino's levels. */
export type Level = "fatal" | "error" | "warn" | "info" | "debug" | "trace";
/** A level, one of yours, or `"silent"`, which is above all levels. */
export type LevelName = Level | "silent" | (string & Record<never, never>);

/** Members of lines by key. */
// deno-lint-ignore no-explicit-any
export type Bindings = Record<string, any>;

/** Logs: a message with its arguments, or an object, a message and its arguments. */
export interface LogFn {
  /** Logs a message; `%s`, `%d`, `%i`, `%f`, `%j`, `%o` and `%O` take the arguments after it. */
  // deno-lint-ignore no-explicit-any
  <Message extends string = string>(message: Message, ...args: any[]): void;
  /** Logs the members of an object, or an error, with a message. */
  <T, Message extends string = string>(
    object: T,
    message?: T extends string ? never : Message,
    // deno-lint-ignore no-explicit-any
    ...args: any[]
  ): void;
}

/** Names and numbers of levels. */
export interface LevelMapping {
  /** The number of a level by its name. */
  values: Record<string, number>;
  /** The name of a level by its number. */
  labels: Record<number, string>;
}

/** Is called after the level of a logger was set. */
export type LevelChangeListener = (
  level: string,
  value: number,
  previousLevel: string,
  previousValue: number,
  logger: Logger,
) => void;

/** What a child may have of its own. */
export interface ChildOptions<CustomLevels extends string = never> {
  /**
   * Its level. Default: that of its parent, whenever it changes. As in pino, a level that its parent has
   * already changes nothing.
   */
  level?: LevelName;
  /** Serializers beside those of its parent. */
  serializers?: Record<string | symbol, SerializerFn>;
  /** Levels beside those of its parent. */
  customLevels?: { [level in CustomLevels]: number };
  /** Formatters in place of those of its parent. */
  formatters?: FormatterOptions;
  /** What is redacted, in place of what its parent redacts. */
  redact?: string[] | RedactOptions;
  /** What stands before each message, after the prefix of its parent. */
  msgPrefix?: string;
}

/** Functions that change what is logged before it becomes JSON. */
export interface FormatterOptions {
  /** Gives the object whose members say the level. Default `{ level: number }`. */
  level?: (label: string, number: number) => object;
  /**
   * Changes the bindings of the logger that it is given to, before they are added. Its children have none of it,
   * as in pino.
   */
  bindings?: (bindings: Bindings) => object;
  /** Changes the object that is logged. */
  // deno-lint-ignore no-explicit-any
  log?: (object: Record<string, any>) => Record<string, any>;
}

/** What a logger does besides logging. */
export interface LoggerBase<CustomLevels extends string = never> extends EventEmitter, Disposable {
  /** The version of the package. */
  readonly version: string;
  /** The level: lines of lower ones are not written. Setting one that there is not is a RangeError. */
  level: LevelName;
  /** The number of the level. */
  readonly levelVal: number;
  /** All levels. */
  levels: LevelMapping;
  /** The levels that are not pino's. */
  readonly customLevels: { [level in CustomLevels]: number };
  /** Whether pino's levels are left out. */
  readonly useOnlyCustomLevels: boolean;
  /** Always `false`. It is in pino's types. */
  readonly useLevelLabels: boolean;
  /** What stands before each message. */
  readonly msgPrefix: string | undefined;
  /** Logs nothing. */
  silent: LogFn;
  /** Is called with each child. */
  // deno-lint-ignore no-explicit-any
  onChild: (child: any) => void;
  /** What was done so far, by this logger and all of its family. */
  readonly counts: SinkCounts;
  /** What it writes to. */
  readonly writer: EntryWriter | undefined;

  /**
   * A logger whose lines have these members, too.
   *
   * @throws {TypeError} if there are no bindings
   * @throws {RangeError} if the level is not known, or a custom level is there already
   */
  child<ChildLevels extends string = never>(
    bindings: Bindings,
    options?: ChildOptions<ChildLevels>,
  ): Logger<CustomLevels | ChildLevels>;
  /** The members that its lines have, without `pid` and `hostname`. */
  bindings(): Bindings;
  /** Adds members to its lines. */
  setBindings(bindings: Bindings): void;
  /** Whether lines of a level are written. */
  isLevelEnabled(level: LevelName): boolean;
  /** Writes a file's bytes to its disk, and calls back. Lines are in the log when they are logged. */
  flush(callback?: (error?: Error) => void): void;
  /**
   * Declares an event: a message with fields that are always the same. Logging it costs less than
   * `info(object, message)`, and gives the same line.
   *
   * @throws {TypeError} if a type is not one of `EventFields`
   * @throws {RangeError} if the level is not known
   */
  event<const Fields extends EventFields>(
    message: string,
    fields: Fields,
    options?: EventOptions,
  ): EventMethod<Fields>;
  /**
   * Begins a span: what takes a time. It is a line at its begin, with `span: "begin"`, a `span_id` and the
   * fields, and one at its end, with `span: "end"`, the same id, and how long it took, in `ms`. After a
   * crash a span that was open has its first line. `ouroboros export --trace` shows spans over time.
   *
   * @throws {RangeError} if the level is not known
   *
   * @example
   * ```ts
   * import { createLogger } from "@ouroboros/log/logger";
   *
   * using log = createLogger({ target: "/doc-span", unlinkOnClose: true });
   * {
   *   using span = log.span("db.query", { table: "users" });
   *   log.info({ span_id: span.id }, "within it");
   * } // ends here
   * ```
   */
  span(name: string, fields?: Bindings, options?: EventOptions): Span;
  /** Goes over to the log that is at the target now, see `EntrySink.reopen`. */
  reopen(): boolean;
  /** Closes the log, for all of the family. What is logged after it is counted as an error. */
  close(): void;
}

/** A span that is open until it is disposed of, or ended. */
export interface Span extends Disposable {
  /** Its id, 16 hexadecimal digits as OpenTelemetry's; "" if its level is not written. */
  readonly id: string;
  /** Ends it, with more fields; only the first end counts. */
  end(fields?: Bindings): void;
}

/** A logger. */
export type Logger<CustomLevels extends string = never> =
  & LoggerBase<CustomLevels>
  & { [level in Level]: LogFn }
  & { [level in CustomLevels]: LogFn };

/** The types that fields of an event may have. */
export interface FieldTypes {
  /** A whole number. */
  int: number;
  /** Any number. */
  number: number;
  /** Text. */
  string: string;
  /** True or false. */
  boolean: boolean;
  /** Any value that `JSON.stringify` takes. */
  json: unknown;
}

/** The fields of an event: their types by name. */
export type EventFields = Readonly<Record<string, keyof FieldTypes>>;

/** How an event is declared. */
export interface EventOptions {
  /** The level of its lines. Default `"info"`. */
  level?: LevelName;
}

/** The values of an event's fields. */
export type EventValues<Fields extends EventFields> = {
  [name in keyof Fields]?: FieldTypes[Fields[name]];
};

/**
 * Logs an event: with an object, or with the values in the order in which the fields were declared.
 * What is left out, or undefined, is not in the line.
 */
export interface EventMethod<Fields extends EventFields> {
  /** Logs the event with an object. */
  (values: EventValues<Fields>): void;
  /** Logs the event with the values in order. */
  (...values: (FieldTypes[Fields[keyof Fields]] | undefined)[]): void;
}
