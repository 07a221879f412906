/**
 * A destination for pino, and, as the default export, a transport for `pino.transport()`.
 *
 * @example
 * ```ts
 * import { pino } from "pino";
 * import { shmDestination } from "@ouroboros/log/pino";
 *
 * using destination = shmDestination({ target: "/doc-pino-module", unlinkOnClose: true });
 * pino(destination).info("user logged in");
 * console.log(destination.counts.written); // 1
 * ```
 *
 * @module
 */

import { EventEmitter } from "node:events";
import { hostName } from "../host_name.ts";
import process from "node:process";
import { EntrySink, type SinkCounts, withoutNewline } from "./entry_sink.ts";
import { checkSinkOptions, type EntryWriter, type SinkOptions } from "./sink_options.ts";
import type { UncaughtError } from "./uncaught.ts";

export type { SinkCounts } from "./entry_sink.ts";
export type { EntrySinkOptions, EntryWriter, SinkOptions, SinkTarget } from "./sink_options.ts";

/** pino's levels `error` and `fatal`. */
const ERROR = 50;
const FATAL = 60;

/** What pino, and the thread that it runs a transport in, add to the options. */
const OF_PINO = ["$context", "pinoWillSendConfig", "pinoConfig"];

/**
 * Where pino writes to: each line is an entry of the log before the logging call returns. Has what
 * pino and its users expect of a `SonicBoom`. Never emits `error`: that is what `onError` is for.
 *
 * Emits `ready` once it is open, which it is at once; `finish` and `close` when it is closed.
 *
 * @example
 * ```ts
 * import { ShmDestination } from "@ouroboros/log/pino";
 *
 * using destination = new ShmDestination({ target: "/doc-pino-class", unlinkOnClose: true });
 * destination.write("a line\n");
 * console.log(destination.counts.written, destination.writable); // 1 true
 * ```
 */
export class ShmDestination extends EventEmitter implements Disposable {
  readonly #sink: EntrySink;
  #isClosed = false;

  /** Opens the log. {@linkcode shmDestination} says what is thrown. */
  constructor(options: SinkOptions) {
    super();
    this.#sink = new EntrySink(
      checkSinkOptions("shmDestination()", options, {}, OF_PINO),
      uncaughtLine,
    );
    process.nextTick(() => this.emit("ready"));
  }

  /** Counts of lines and errors so far. */
  get counts(): SinkCounts {
    return this.#sink.counts;
  }

  /** What it writes to; undefined while the log can't be opened. */
  get writer(): EntryWriter | undefined {
    return this.#sink.writer;
  }

  /** Whether lines are taken. */
  get writable(): boolean {
    return !this.#isClosed;
  }

  /** Whether it was closed. */
  get destroyed(): boolean {
    return this.#isClosed;
  }

  /** Writes one line, without the newline at its end. Always `true`: there is no queue to drain. */
  write(line: string): boolean {
    this.#sink.write(withoutNewline(line));
    return true;
  }

  /** Does what {@linkcode ShmDestination.flushSync} does, and calls back. */
  flush(callback?: (error?: unknown) => void): void {
    const isDone = this.#sink.flush();
    if (callback !== undefined) {
      process.nextTick(callback, isDone ? undefined : this.#sink.lastError);
    }
  }

  /** Writes a file's bytes to its disk. Every line is in the log already. */
  flushSync(): void {
    this.#sink.flush();
  }

  /**
   * Switches to the log that is at the target now, after the one before was moved or removed, see
   * `EntrySink.reopen`. Emits `ready`. A rotating log needs no log rotation.
   */
  reopen(): void {
    if (this.#isClosed) return;
    if (this.#sink.reopen()) process.nextTick(() => this.emit("ready"));
  }

  /** Closes, after a last line if there is one. */
  end(line?: string): void {
    if (this.#isClosed) return;
    if (typeof line === "string") this.write(line);
    this.#isClosed = true;
    this.#sink.close();
    process.nextTick(() => {
      this.emit("finish");
      this.emit("close");
    });
  }

  /** Closes. */
  destroy(): void {
    this.end();
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.end();
  }
}

/**
 * Makes a destination for `pino(options, destination)`.
 *
 * A line is in the log when the logging call returns, and survives any end of the process. With
 * `uncaughtException: true` an uncaught error is written as the last line, of level 60, with its `err`, without
 * what `redact` of pino would have to hide: see `EntrySinkOptions.uncaughtException`.
 *
 * @throws {TypeError} if an option has the wrong type
 * @throws {RangeError} if a size is not usable
 * @throws {OuroborosError} with `required: true`, what `ShmLogWriter.create` throws
 *
 * @example
 * ```ts
 * import { pino } from "pino";
 * import { ShmLogReader } from "@ouroboros/log";
 * import { shmDestination } from "@ouroboros/log/pino";
 *
 * using destination = shmDestination({ target: "/doc-pino", unlinkOnClose: true });
 * const logger = pino({ base: null }, destination);
 * logger.info({ id: 7 }, "user logged in");
 *
 * using reader = ShmLogReader.open("/doc-pino");
 * console.log(JSON.parse(reader.read()?.text ?? "").msg); // user logged in
 * ```
 */
export function shmDestination(options: SinkOptions): ShmDestination {
  return new ShmDestination(options);
}

/** The options of a transport: those that can be sent to its worker. */
export type PinoTransportOptions = SinkOptions & {
  writer?: undefined;
  uncaughtException?: false;
  exitEntry?: false;
};

/**
 * Makes the stream of a transport, in the worker that pino runs it in. The application copies each
 * line to that worker, which writes the entry some time later. The last lines before a `SIGKILL` may be
 * missing, and on Deno also those before an uncaught error. {@linkcode shmDestination} loses nothing.
 *
 * @throws {TypeError} if an option has the wrong type, or can't work in a worker
 * @throws {RangeError} if a size is not usable
 * @throws {OuroborosError} with `required: true`, what `ShmLogWriter.create` throws
 *
 * @example
 * ```ts
 * import { pino } from "pino";
 * import { ShmLogReader } from "@ouroboros/log";
 *
 * const transport = pino.transport({
 *   target: "@ouroboros/log/pino",
 *   options: { target: "/doc-transport", unlinkOnClose: true },
 * });
 * const logger = pino({ base: null }, transport);
 * logger.info("from a worker");
 *
 * using reader = await ShmLogReader.waitFor("/doc-transport");
 * for await (const entry of reader.follow()) {
 *   console.log(JSON.parse(entry.text).msg); // from a worker
 *   break;
 * }
 * transport.end(); // returns when the worker has written all
 * ```
 */
export default function shmTransport(options: PinoTransportOptions): ShmDestination {
  for (const name of ["uncaughtException", "exitEntry"] as const) {
    // The end of its worker is not that of the process.
    if (options[name]) {
      throw new TypeError(`${name} does not work in a transport: use a destination`);
    }
  }
  return new ShmLines(options);
}

/** Takes text as it comes, of many lines or of parts of one. */
class ShmLines extends ShmDestination {
  #rest = "";

  override write(text: string): boolean {
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      // With its newline: a carriage return before that is a part of it.
      super.write(this.#rest + text.slice(start, end + 1));
      this.#rest = "";
      start = end + 1;
    }
    this.#rest += text.slice(start);
    return true;
  }

  override end(text: string = ""): void {
    if (this.destroyed) return;
    this.write(text);
    if (this.#rest !== "") super.write(this.#rest);
    super.end();
  }
}

function uncaughtLine({ message, fields, isHandled, time }: UncaughtError): string {
  return JSON.stringify({
    level: isHandled ? ERROR : FATAL,
    time,
    pid: process.pid,
    hostname: hostName(),
    err: fields,
    msg: `uncaught: ${message}`,
  });
}
