/**
 * What all loggers can do besides logging. They inherit from it, and children from their parents.
 *
 * @module
 */

import { EventEmitter } from "node:events";
import config from "../../deno.json" with { type: "json" };
import type { SinkCounts } from "../sinks/entry_sink.ts";
import type { EntryWriter } from "../sinks/sink_options.ts";
import { asTheyAre, bindingsText } from "./bindings.ts";
import { declareEvent } from "./event.ts";
import { membersOf } from "./fields.ts";
import { Heads } from "./heads.ts";
import { LEVEL, type LoggerInternals, STATE } from "./internals.ts";
import { checkLevel, customOf, isOn, mappingOf, nothing, setLevel } from "./levels.ts";
import { redaction } from "./redact.ts";
import type { Formatters } from "./line_source.ts";
import { beginSpan } from "./span.ts";
import { LoggerState } from "./state.ts";
import { stringifyPlainly } from "./stringify.ts";
import type { Serializers, Style } from "./style.ts";
import type {
  Bindings,
  ChildOptions,
  EventFields,
  EventMethod,
  EventOptions,
  LevelMapping,
  Logger,
  Span,
} from "./types.ts";

/** pino's name for the serializers of a logger: its plugins for frameworks look there. */
const SERIALIZERS: unique symbol = Symbol.for("pino.serializers") as never;

/** What loggers inherit. None is made by its constructor. */
export class LoggerMethods extends EventEmitter {
  declare [STATE]: LoggerState;
  declare [LEVEL]: number;
  declare levels: LevelMapping;
  declare onChild: (child: Logger) => void;

  get version(): string {
    return config.version;
  }

  get level(): string {
    return this.levels.labels[this[LEVEL]];
  }

  set level(level: string | number) {
    setLevel(internals(this), level);
  }

  get levelVal(): number {
    return this[LEVEL];
  }

  get msgPrefix(): string | undefined {
    return this[STATE].prefix;
  }

  get customLevels(): Record<string, number> {
    return customOf(this.levels);
  }

  get useOnlyCustomLevels(): boolean {
    return this[STATE].core.isCustomOnly;
  }

  get useLevelLabels(): boolean {
    return false;
  }

  get counts(): SinkCounts {
    return this[STATE].core.sink.counts;
  }

  get writer(): EntryWriter | undefined {
    return this[STATE].core.sink.writer;
  }

  get [SERIALIZERS](): Serializers {
    const { style } = this[STATE];
    // The caller may change them.
    style.forget();
    return style.serializers;
  }

  set [SERIALIZERS](serializers: Serializers) {
    const state = this[STATE];
    state.style = state.style.with({ serializers });
  }

  get [Symbol.toStringTag](): string {
    return "Logger";
  }

  silent(): void {}

  child(bindings: Bindings, options?: ChildOptions<string>): Logger {
    if (!bindings) {
      throw new TypeError(`missing bindings for a child: child({ name: "value" }), or child({})`);
    }
    const parent = this[STATE];
    const child: LoggerInternals = Object.create(this);
    if (options === undefined || options === null) {
      child[STATE] = stateOf(parent, parent.style, parent.formatters, parent.prefix);
    } else adopt(child, parent, options);
    const state = child[STATE];
    state.front = state.front.with(bindingsText(state, bindings));
    if (options?.customLevels !== undefined || isOther(options?.level, this.level)) {
      setLevel(child, options?.level || this.level);
    }
    if (this.onChild !== nothing) {
      try {
        this.onChild(child);
      } catch (error) {
        state.core.sink.report(error);
      }
    }
    return child;
  }

  bindings(): Bindings {
    try {
      const { pid: _, hostname: __, ...bindings } = JSON.parse(
        `{${this[STATE].front.bindings.slice(1)}}`,
      );
      return bindings;
    } catch (error) {
      this[STATE].core.sink.report(error);
      return {};
    }
  }

  setBindings(bindings: Bindings): void {
    const state = this[STATE];
    state.front = state.front.with(bindingsText(state, bindings));
  }

  isLevelEnabled(level: string): boolean {
    const value = this.levels.values[level];
    return typeof value === "number" && this[STATE].core.comparison(value, this[LEVEL]);
  }

  flush(callback?: (error?: Error) => void): void {
    const { sink } = this[STATE].core;
    const isDone = sink.flush();
    if (typeof callback !== "function") return;
    queueMicrotask(() => callback(isDone ? undefined : sink.lastError as Error));
  }

  event<const Fields extends EventFields>(
    message: string,
    fields: Fields,
    options: EventOptions = {},
  ): EventMethod<Fields> {
    return declareEvent(internals(this), message, fields, options);
  }

  span(name: string, fields: Bindings = {}, { level = "info" }: EventOptions = {}): Span {
    checkLevel(level, this.levels);
    const number = this.levels.values[level];
    const logger = internals(this);
    const state = this[STATE];
    return beginSpan(String(name), fields, isOn(logger, number), (own, given, message) => {
      const object = { ...own, ...membersOf(state, given) };
      state.write(logger, number, object, state.prefixed(message));
    });
  }

  reopen(): boolean {
    return this[STATE].core.sink.reopen();
  }

  close(): void {
    this[STATE].core.sink.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function internals(logger: LoggerMethods): LoggerInternals {
  return logger as unknown as LoggerInternals;
}

function stateOf(
  parent: LoggerState,
  style: Style,
  formatters: Formatters,
  prefix: string | undefined,
): LoggerState {
  // What a formatter does to the bindings of the root it does not do to those of children.
  const own = formatters.bindings === asTheyAre
    ? formatters
    : { ...formatters, bindings: asTheyAre };
  return new LoggerState(parent.core, style, own, parent.front, prefix);
}

/** Gives a child what its options say. */
function adopt(child: LoggerInternals, parent: LoggerState, options: ChildOptions<string>): void {
  const { serializers, redact, msgPrefix, customLevels } = options;
  const changes: Parameters<Style["with"]>[0] = {};
  if (serializers !== undefined) {
    changes.serializers = Object.assign(
      Object.create(null),
      parent.style.serializers,
      serializers,
    );
  }
  if (typeof redact === "object" && redact !== null) {
    changes.redaction = redaction(redact, stringifyPlainly);
  }
  const isChanged = changes.serializers !== undefined || changes.redaction !== undefined;
  const style = isChanged ? parent.style.with(changes) : parent.style;
  const prefix = typeof msgPrefix === "string" ? (parent.prefix ?? "") + msgPrefix : parent.prefix;
  const { level, bindings, log } = options.formatters ?? {};
  const formatters: Formatters = {
    level: level ?? parent.formatters.level,
    bindings: asTheyAre,
    log: log ?? parent.formatters.log,
  };
  const state = stateOf(parent, style, formatters, prefix);
  if (bindings !== undefined) state.formatters = { ...formatters, bindings };
  child[STATE] = state;
  if (customLevels !== undefined) {
    const { values, labels } = child.levels;
    for (const [name, value] of Object.entries(customLevels)) {
      if (name in values) throw new RangeError(`level ${name} is there already`);
      if (value in labels) throw new RangeError(`level ${value} is ${labels[value]} already`);
    }
    child.levels = mappingOf({ ...values, ...customLevels }, true);
    state.front = state.front.on(new Heads(child.levels, formatters.level, state.core.time));
  }
}

function isOther(level: string | undefined, current: string): boolean {
  return level !== undefined && level !== current;
}
