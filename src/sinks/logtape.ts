/**
 * A sink for LogTape (the package `@logtape/logtape`).
 *
 * @example
 * ```ts
 * import { getShmSink } from "@ouroboros/log/logtape";
 *
 * // configure({ sinks: { recorder: sink }, … }) of LogTape takes it, and dispose() closes it
 * const sink = getShmSink({ target: "/doc-logtape-module", unlinkOnClose: true });
 * console.log(sink.counts.written); // 0
 * sink[Symbol.dispose]();
 * ```
 *
 * @module
 */

import {
  getJsonLinesFormatter,
  getTextFormatter,
  type LogRecord,
  type Sink,
  type TextFormatter,
} from "@logtape/logtape";
import { EntrySink, type SinkCounts, withoutNewline } from "./entry_sink.ts";
import { checkSinkOptions, type EntryWriter, type SinkOptions } from "./sink_options.ts";
import { errorText } from "./error_fields.ts";
import { LogTapeLines, showableRecord } from "./logtape_json.ts";
import type { UncaughtError } from "./uncaught.ts";
import { mustBe } from "../base/arguments.ts";
import { anything } from "../base/options.ts";

export type { SinkCounts } from "./entry_sink.ts";
export type { EntrySinkOptions, EntryWriter, SinkOptions, SinkTarget } from "./sink_options.ts";

/** How {@linkcode getShmSink} writes records, and where. */
export type LogTapeSinkOptions = SinkOptions & {
  /**
   * How a record becomes a line: `"text"` is LogTape's default text format, `"json"` its JSON Lines
   * format; or a formatter of LogTape's or yours. A newline at the end is left out. Default
   * `"text"`.
   */
  formatter?: "text" | "json" | TextFormatter;
};

/** A sink that writes to a log. */
export interface ShmSink extends Sink, Disposable {
  /** Counts of lines and errors so far. */
  readonly counts: SinkCounts;
  /** What it writes to; undefined while the log can't be opened. */
  readonly writer: EntryWriter | undefined;
}

const formatText = getTextFormatter();

/** By this a sink says that it is done with a record when it returns: LogTape then copies nothing. */
const IMMEDIATE = Symbol.for("LogTape.sinkSnapshotPolicy.immediate");

/**
 * Makes a sink that writes each record to a log before the logging call returns: it is there
 * whatever happens to the process next. LogTape's `dispose()` closes it.
 *
 * With `uncaughtException: true` an uncaught error is a record of level `fatal` and
 * category `uncaught`.
 *
 * @throws {TypeError} if an option has the wrong type
 * @throws {RangeError} if a size is not usable
 * @throws {OuroborosError} with `required: true`, what `ShmLogWriter.create` throws
 *
 * @example
 * ```ts
 * import { configure, dispose, getLogger } from "@logtape/logtape";
 * import { ShmLogReader } from "@ouroboros/log";
 * import { getShmSink } from "@ouroboros/log/logtape";
 *
 * const sink = getShmSink({ target: "/doc-logtape", formatter: "json", unlinkOnClose: true });
 * await configure({
 *   sinks: { recorder: sink },
 *   loggers: [
 *     { category: "app", sinks: ["recorder"] },
 *     { category: ["logtape", "meta"], lowestLevel: "warning" },
 *   ],
 *   reset: true,
 * });
 * getLogger("app").info("user {id} logged in", { id: 7 });
 *
 * using reader = ShmLogReader.open("/doc-logtape");
 * console.log(JSON.parse(reader.read()?.text ?? "").message); // user 7 logged in
 * await dispose();
 * ```
 */
export function getShmSink(options: LogTapeSinkOptions): ShmSink {
  const own = checkSinkOptions("getShmSink()", options, { formatter: anything });
  const format = formatterOf(options.formatter);
  const isText = options.formatter === undefined || options.formatter === "text";
  const sink = new EntrySink(own, (error) => withoutNewline(format(recordOf(error, isText))));
  const lines = options.formatter === "json" ? new LogTapeLines() : undefined;
  const log = (record: LogRecord): void => {
    if (lines !== undefined) lines.write(sink, record);
    else sink.writeMade(() => withoutNewline(format(record)), () => textOf(record));
  };
  const more = {
    [IMMEDIATE]: true,
    [Symbol.dispose]: () => sink.close(),
    counts: sink.counts,
    get writer(): EntryWriter | undefined {
      return sink.writer;
    },
  };
  return Object.defineProperties(log, Object.getOwnPropertyDescriptors(more)) as ShmSink;
}

/** The record as text, without what throws. */
function textOf(record: LogRecord): string {
  return withoutNewline(formatText(showableRecord(record)));
}

function formatterOf(formatter: LogTapeSinkOptions["formatter"] = "text"): TextFormatter {
  if (typeof formatter === "function") return formatter;
  if (formatter === "text") return formatText;
  if (formatter === "json") return getJsonLinesFormatter();
  throw new TypeError(mustBe("formatter", formatter, `"text", "json", or a function`));
}

function recordOf(
  { type, message, fields, isHandled, time }: UncaughtError,
  isText: boolean,
): LogRecord {
  const { message: _message, ...properties } = fields;
  // As text, a record is its message.
  const text = `uncaught ${isText ? errorText(fields) : `${type}: ${message}`}`;
  return {
    category: ["uncaught"],
    level: isHandled ? "error" : "fatal",
    message: [text],
    rawMessage: text,
    timestamp: time,
    properties,
  };
}
