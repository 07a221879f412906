/**
 * An exporter for the logs of OpenTelemetry (the package `@opentelemetry/sdk-logs`).
 *
 * @example
 * ```ts
 * import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
 * import { ShmLogRecordExporter } from "@ouroboros/log/otel";
 *
 * const exporter = new ShmLogRecordExporter({ target: "/doc-otel-module", unlinkOnClose: true });
 * const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
 * provider.getLogger("app").emit({ body: "user logged in" });
 * console.log(exporter.counts.written); // 1
 * await provider.shutdown();
 * ```
 *
 * @module
 */

import type { LogRecordExporter, ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { EntrySink, type SinkCounts } from "./entry_sink.ts";
import { checkSinkOptions, type EntryWriter, type SinkOptions } from "./sink_options.ts";
import { OtlpLines } from "./otlp_json.ts";
import { errorFields } from "./error_fields.ts";
import type { UncaughtError } from "./uncaught.ts";

export type { SinkCounts } from "./entry_sink.ts";
export type { EntrySinkOptions, EntryWriter, SinkOptions, SinkTarget } from "./sink_options.ts";

/** OpenTelemetry's severities `ERROR` and `FATAL`. */
const ERROR = 17;
const FATAL = 21;

/** The result of an export: `code` 0 is success, 1 is failure. */
export interface OtelExportResult {
  /** 0 or 1. */
  code: number;
  /** Why it failed. */
  error?: Error;
}

/**
 * Writes each log record as a line of JSON, which is an OTLP `LogRecord` with two members more:
 * `resource` and `scope`.
 *
 * Behind a `SimpleLogRecordProcessor` a record is in the log when `emit()` returns; behind a
 * `BatchLogRecordProcessor` some time later, which a crash may not wait for.
 *
 * With `uncaughtException: true` an uncaught error is a last record of severity `FATAL`,
 * with the attributes `exception.type`, `exception.message` and `exception.stacktrace`.
 *
 * @example
 * ```ts
 * import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
 * import { ShmLogReader } from "@ouroboros/log";
 * import { ShmLogRecordExporter } from "@ouroboros/log/otel";
 *
 * const exporter = new ShmLogRecordExporter({ target: "/doc-otel", unlinkOnClose: true });
 * const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
 * provider.getLogger("app").emit({ body: "user logged in", attributes: { id: 7 } });
 *
 * using reader = ShmLogReader.open("/doc-otel");
 * console.log(JSON.parse(reader.read()?.text ?? "").body.stringValue); // user logged in
 * await provider.shutdown();
 * ```
 */
export class ShmLogRecordExporter implements LogRecordExporter, Disposable {
  readonly #sink: EntrySink;
  readonly #lines = new OtlpLines();

  /**
   * Opens the log.
   *
   * @throws {TypeError} if an option has the wrong type
   * @throws {RangeError} if a size is not usable
   * @throws {OuroborosError} with `required: true`, what `ShmLogWriter.create` throws
   */
  constructor(options: SinkOptions) {
    this.#sink = new EntrySink(checkSinkOptions("ShmLogRecordExporter", options, {}), uncaughtLine);
  }

  /** Counts of lines and errors so far. */
  get counts(): SinkCounts {
    return this.#sink.counts;
  }

  /** What it writes to; undefined while the log can't be opened. */
  get writer(): EntryWriter | undefined {
    return this.#sink.writer;
  }

  /** Writes records, and calls back at once. One that fails does not keep the others out. */
  export(
    records: ReadableLogRecord[],
    resultCallback: (result: OtelExportResult) => void,
  ): void {
    let isDone = true;
    for (const record of records) {
      if (!this.#lines.write(this.#sink, record)) isDone = false;
    }
    resultCallback(isDone ? { code: 0 } : { code: 1, error: toError(this.#sink.lastError) });
  }

  /** Writes a file's bytes to its disk. Every record is in the log already. */
  forceFlush(): Promise<void> {
    this.#sink.flush();
    return Promise.resolve();
  }

  /** Closes. */
  shutdown(): Promise<void> {
    this.#sink.close();
    return Promise.resolve();
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.#sink.close();
  }
}

function toError(error: unknown): Error {
  if (error === undefined) return new Error("the log could not be opened: the record was dropped");
  return error instanceof Error ? error : new Error(errorFields(error).message);
}

function uncaughtLine(
  { type, message, stack, fields, isHandled, time }: UncaughtError,
): string {
  const { type: _type, message: _message, stack: _stack, cause, errors, ...own } = fields;
  return new OtlpLines().text({
    hrTime: [Math.floor(time / 1000), time % 1000 * 1e6],
    severityNumber: isHandled ? ERROR : FATAL,
    severityText: isHandled ? "ERROR" : "FATAL",
    body: `uncaught ${type}: ${message}`,
    attributes: {
      "exception.type": type,
      "exception.message": message,
      "exception.stacktrace": stack,
      "exception.cause": cause,
      "exception.errors": errors,
      "exception.fields": Object.keys(own).length > 0 ? own : undefined,
    } as never,
  });
}
