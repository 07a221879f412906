/**
 * A structured logger with pino's interface and pino's lines, which are made in the log itself.
 *
 * Where pino makes a string that a stream writes later, this logger makes the same bytes in the shared
 * memory of the log: a line costs a few times what `Date.now()` costs, and is there when the call returns,
 * whatever happens to the process next. What takes a pino takes this logger: Fastify's `loggerInstance`,
 * pino-http, middleware of Hono, Express and others.
 *
 * ```ts
 * import { createLogger, withContext } from "@ouroboros/log/logger";
 *
 * using log = createLogger({ target: "/doc-logger-module", unlinkOnClose: true });
 * log.info({ port: 8080 }, "listening");
 * log.error(new Error("connection lost"));
 *
 * // A child has members of its own.
 * log.child({ component: "db" }).warn({ ms: 12.5 }, "slow query");
 *
 * // An event that is declared once costs less.
 * const done = log.event("request done", { status: "int", ms: "number", path: "string" });
 * done(200, 1.25, "/users");
 *
 * // All lines of a request, without a logger that is handed on.
 * withContext({ requestId: "r-1" }, () => log.info("in the request"));
 * console.log(log.counts.written); // 5
 * ```
 *
 * - **A logging call never throws.** Errors of the log, and what a getter, a serializer, a formatter, a
 *   mixin or a hook throws, go to `onError` and `counts.errors`.
 * - **The options are pino's**, and those of all sinks (`target`, `writer`, `oversized`, …). There is no
 *   `transport` and no stream: the line is in the log, where any process reads it.
 * - **Levels**: a child whose level was not set follows its parent's.
 * - A line that is larger than `maxEntrySize` is truncated or split, as with all sinks.
 *
 * ## Where lines are not pino's
 *
 * A test gives pino and this logger the same thousands of random calls: their lines are the same, byte for
 * byte, but for these:
 *
 * - There is no newline at the end: an entry has its size in its header. There is no option `crlf`.
 * - What throws in pino (a getter, a serializer, `%d` of a symbol, …) throws nothing. In place of such a
 *   value the line says `[unable to serialize: TypeError: …]`; a line that can't be made at all has the
 *   member `loggerError`.
 * - A line is JSON where pino's is not: a message that is a symbol is left out; a NaN in a typed array
 *   beside a cycle or a BigInt makes its value a text that says so; quotes in `messageKey` are escaped.
 * - Half of a surrogate pair is escaped in short strings, too, as pino does from Node 25 on.
 * - Bindings may have no prototype, or a member `hasOwnProperty`.
 * - A function that censors gets `"*"` as the first part of a path that begins so; pino gives a symbol.
 *
 * @module
 */

export { stdTimeFunctions, type TimeFn, type TimeFunctions } from "./clock.ts";
export { bindContext, withContext } from "./context.ts";
export { createLogger, type LineOptions, type LoggerOptions } from "./create_logger.ts";
export type { LogMethod } from "./core.ts";
export type { RedactOptions } from "./redact.ts";
export { type StandardSerializers, stdSerializers } from "./serializers.ts";
export type { SerializerFn } from "./style.ts";
export type {
  Bindings,
  ChildOptions,
  EventFields,
  EventMethod,
  EventOptions,
  EventValues,
  FieldTypes,
  FormatterOptions,
  Level,
  LevelChangeListener,
  LevelComparison,
  LevelMapping,
  LevelName,
  LogFn,
  Logger,
  LoggerBase,
  Span,
} from "./types.ts";
export type { SinkCounts } from "../sinks/entry_sink.ts";
export type {
  EntrySinkOptions,
  EntryWriter,
  SinkOptions,
  SinkTarget,
} from "../sinks/sink_options.ts";
export type { LogTarget } from "../log/native/target.ts";
export type { ShmLogWriterOptions } from "../log/native/writer_options.ts";
