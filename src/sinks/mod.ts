/**
 * Lines as entries of a log: what the sinks for logging libraries share, a sink for loggers of your
 * own, and the way to put split lines together.
 *
 * ```ts
 * import { EntrySink } from "@ouroboros/log/sinks";
 *
 * using sink = new EntrySink({ target: "/doc-sinks", unlinkOnClose: true });
 * sink.write("a line");
 * console.log(sink.counts.written); // 1
 * ```
 *
 * The guide [Loggers](src/guides/loggers.md) has all libraries, their options, and what is lost when.
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
export type { ErrorFields } from "./error_fields.ts";
export type { UncaughtError } from "./uncaught.ts";
export type { LogTarget } from "../log/native/target.ts";
export type { ShmLogWriterOptions } from "../log/native/writer_options.ts";
