/**
 * A transport for winston (the packages `winston` and `winston-transport`).
 *
 * @example
 * ```ts
 * import winston from "winston";
 * import { ShmTransport } from "@ouroboros/log/winston";
 *
 * const transport = new ShmTransport({ target: "/doc-winston-module", unlinkOnClose: true });
 * const logger = winston.createLogger({ transports: [transport] });
 * logger.info("user logged in");
 * console.log(transport.counts.written); // 1
 * logger.close();
 * ```
 *
 * @module
 */

import TransportStream from "winston-transport";
import { showableJson } from "./showable.ts";
import { EntrySink, type SinkCounts, withoutNewline } from "./entry_sink.ts";
import { checkSinkOptions, type EntryWriter, type SinkOptions } from "./sink_options.ts";
import type { UncaughtError } from "./uncaught.ts";
import { mustBe } from "../base/arguments.ts";
import { flag, text } from "../base/options.ts";

export type { SinkCounts } from "./entry_sink.ts";
export type { EntrySinkOptions, EntryWriter, SinkOptions, SinkTarget } from "./sink_options.ts";

/** Where logform puts the finished line: `MESSAGE` of the package triple-beam. */
const MESSAGE = Symbol.for("message");
/** `LEVEL` of the package triple-beam. */
const LEVEL = Symbol.for("level");

/** What formats pass on: the logged object with its line. */
export interface WinstonInfo {
  /** The level. */
  level: string;
  /** The message. */
  message: unknown;
  /** What else was logged. */
  [key: string | symbol]: unknown;
}

/** A format of logform, as far as it matters here. */
export interface WinstonFormat {
  /** Returns the info for the next step, or a false value to leave it out. */
  // deno-lint-ignore no-explicit-any
  transform(info: any, options?: any): any;
  /** What `transform` is given. */
  // deno-lint-ignore no-explicit-any
  options?: any;
}

/** How {@linkcode ShmTransport} writes lines, and where; with the options of every transport. */
export type WinstonTransportOptions = SinkOptions & {
  /** The least severe level that is written. Default: the logger's. */
  level?: string;
  /** A format after the logger's own. What it throws goes to `onError`. */
  format?: WinstonFormat;
  /** Whether nothing is written. */
  silent?: boolean;
  /** Whether winston's own handling of uncaught exceptions writes here. It ends the process itself. */
  handleExceptions?: boolean;
  /** The same for rejected promises. */
  handleRejections?: boolean;
};

/**
 * Writes each line to a log before the logging call returns: it is there whatever happens to the
 * process next. `logger.close()` and `logger.remove()` close it.
 *
 * With `uncaughtException: true` an uncaught error is a last line of level `error`. Unlike
 * winston's `handleExceptions`, this does not change how the process ends.
 *
 * @example
 * ```ts
 * import winston from "winston";
 * import { ShmLogReader } from "@ouroboros/log";
 * import { ShmTransport } from "@ouroboros/log/winston";
 *
 * const transport = new ShmTransport({ target: "/doc-winston", unlinkOnClose: true });
 * const logger = winston.createLogger({ transports: [transport] });
 * logger.info("user logged in", { id: 7 });
 *
 * using reader = ShmLogReader.open("/doc-winston");
 * console.log(JSON.parse(reader.read()?.text ?? "").message); // user logged in
 * logger.close();
 * ```
 */
export class ShmTransport extends TransportStream implements Disposable {
  readonly #sink: EntrySink;
  readonly #format: WinstonFormat | undefined;

  /**
   * Opens the log.
   *
   * @throws {TypeError} if an option has the wrong type
   * @throws {RangeError} if a size is not usable
   * @throws {OuroborosError} with `required: true`, what `ShmLogWriter.create` throws
   */
  constructor(options: WinstonTransportOptions) {
    const own = checkSinkOptions("ShmTransport", options, {
      level: text,
      format: formatCheck,
      silent: flag,
      handleExceptions: flag,
      handleRejections: flag,
    });
    const { level, silent, handleExceptions, handleRejections, format } = options;
    // Without the format: what that throws, the base class throws into the application.
    super({ level, silent, handleExceptions, handleRejections });
    this.#format = format;
    this.#sink = new EntrySink(own, (error) => this.#uncaughtLine(error));
  }

  /** Counts of lines and errors so far. */
  get counts(): SinkCounts {
    return this.#sink.counts;
  }

  /** What it writes to; undefined while the log can't be opened. */
  get writer(): EntryWriter | undefined {
    return this.#sink.writer;
  }

  /** Writes the line of an info; winston calls this. */
  override log(info: WinstonInfo, next: () => void): void {
    try {
      const line = this.#lineOf(info);
      if (line !== undefined) this.#sink.write(line);
    } catch (error) {
      this.#sink.report(error);
    }
    if (this.listenerCount("logged") > 0) setImmediate(() => this.emit("logged", info));
    next();
    // winston's exception handler ends the process when this is emitted, or after 3 s.
    if ((this as { _ending?: boolean })._ending) setImmediate(() => this.emit("finish"));
  }

  /** Writes a file's bytes to its disk. Every line is in the log already. */
  flush(): void {
    this.#sink.flush();
  }

  /** Closes; winston calls this when the transport is removed. */
  override close(): void {
    this.#sink.close();
  }

  /** Closes, when the stream has ended. */
  override _final(callback: () => void): void {
    this.#sink.close();
    callback();
  }

  /** Closes, when the stream is destroyed. */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#sink.close();
    callback(error);
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.#sink.close();
  }

  #lineOf(info: WinstonInfo): string | undefined {
    let made = info;
    if (this.#format !== undefined) {
      try {
        made = this.#format.transform({ ...info }, this.#format.options);
        if (!made) return undefined;
      } catch (error) {
        // The record must not be lost with it.
        this.#sink.report(error);
        made = info;
      }
    }
    const line = made[MESSAGE];
    return typeof line === "string" ? withoutNewline(line) : showableJson(made);
  }

  #uncaughtLine({ type, message, stack, fields, time }: UncaughtError): string {
    const { message: _message, stack: _stack, ...error } = fields;
    const info: WinstonInfo = {
      level: "error",
      message: `uncaught ${type}: ${message}`,
      stack,
      timestamp: new Date(time).toISOString(),
      error,
    };
    const line = JSON.stringify(info);
    info[LEVEL] = info.level;
    info[MESSAGE] = line;
    return this.#lineOf(info) ?? line;
  }
}

function formatCheck(name: string, value: unknown): void {
  if (typeof Object(value).transform === "function") return;
  throw new TypeError(mustBe(name, value, "a format of winston's"));
}
