/**
 * Lines into a log: what the sinks for logging libraries share, for loggers of your own, and how
 * lines that a sink has split are put together.
 *
 * ## By library
 *
 * LogTape: see `@ouroboros/log/logtape`.
 *
 * ```ts
 * import { pino } from "pino";
 * import { shmDestination } from "@ouroboros/log/pino";
 *
 * using destination = shmDestination({ target: "/doc-sinks-pino", unlinkOnClose: true });
 * const logger = pino(destination);
 * logger.info({ id: 7 }, "user logged in");
 * console.log(destination.counts.written); // 1
 * ```
 *
 * ```ts
 * import winston from "winston";
 * import { ShmTransport } from "@ouroboros/log/winston";
 *
 * const transport = new ShmTransport({ target: "/doc-sinks-winston", unlinkOnClose: true });
 * const logger = winston.createLogger({ transports: [transport] });
 * logger.info("user logged in", { id: 7 });
 * logger.close();
 * ```
 *
 * ```ts
 * import { captureConsole } from "@ouroboros/log/console";
 *
 * const capture = captureConsole({ target: "/doc-sinks-console", unlinkOnClose: true });
 * console.warn("as it is printed, with %s", { its: "level" });
 * capture.restore(); // or `using capture = …`
 * ```
 *
 * ```ts
 * import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
 * import { ShmLogRecordExporter } from "@ouroboros/log/otel";
 *
 * const exporter = new ShmLogRecordExporter({ target: "/doc-sinks-otel", unlinkOnClose: true });
 * const provider = new LoggerProvider({
 *   processors: [new SimpleLogRecordProcessor({ exporter })],
 * });
 * provider.getLogger("app").emit({ body: "user logged in", attributes: { id: 7 } });
 * await provider.shutdown();
 * ```
 *
 * - **A logging call never throws.** Errors, of a formatter too, go to `onError` and
 *   `counts.errors`; without an `onError` the first one is a warning of the process.
 * - **A huge line does not wipe out the others**: no entry is larger than a chunk or an eighth of
 *   the log (`maxEntrySize`). A JSON line that is cut stays JSON, with its small members as they
 *   were and `truncatedBytes`; `oversized: "split"` writes several entries, which `joinParts` of
 *   `@ouroboros/log/sinks` puts together.
 * - **`uncaughtException: true`** logs the error that ends the process, as the last line; exit
 *   code and standard error stay as they are. Not on Bun where a promise was rejected: it tells
 *   nobody.
 * - **`writer`** in place of `target` takes a writer that you made, and leaves it open.
 * - **pino in a worker**: `@ouroboros/log/pino` is a transport, too. What is on its way to the
 *   worker dies with the process: the destination is faster, and loses nothing.
 *
 * A line of 100 bytes, with the library's own work, from the call to where it belongs (ns, medians
 * of three runs of `deno task bench sinks`):
 *
 * |                           |  Deno |    Bun | Node 26 |
 * | ------------------------- | ----: | -----: | ------: |
 * | pino, our destination     |   655 |    843 |     731 |
 * | pino, file                | 1,371 |  1,452 |   1,742 |
 * | pino, async file          | 2,108 |  2,498 |   2,632 |
 * | LogTape, our sink         | 1,775 |  1,933 |   1,888 |
 * | LogTape, stream file sink | 4,920 | 47,339 |   2,560 |
 * | winston, our transport    | 1,174 |  1,250 |   1,038 |
 * | winston, file             | 4,597 | 40,547 |   4,588 |
 *
 * @module
 */

export {
  CorruptLogError,
  type ErrorCode,
  NativeUnavailableError,
  NoSpaceError,
  OuroborosError,
  PermissionDeniedError,
  SegmentExistsError,
  SystemCallError,
  UnsupportedLogError,
  WriterLockedError,
} from "../errors.ts";
export { EntrySink, type SinkCounts } from "./entry_sink.ts";
export type { EntrySinkOptions, EntryWriter, SinkOptions, SinkTarget } from "./sink_options.ts";
export { type JoinedEntry, joinParts, joinPartsAsync, type TextEntry } from "./parts.ts";
export type { UncaughtError } from "./uncaught.ts";
export type { LogTarget } from "../log/native/target.ts";
export type { ShmLogWriterOptions } from "../log/native/writer_options.ts";
