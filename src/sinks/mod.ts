/**
 * Lines into a log: what the sinks for logging libraries share, for loggers of your own, and how
 * lines that a sink has split are put together.
 *
 * @module
 */

export {
  EntrySink,
  type EntrySinkOptions,
  type EntryWriter,
  type SinkCounts,
  type SinkOptions,
  type SinkTarget,
} from "./entry_sink.ts";
export { type JoinedEntry, joinParts, joinPartsAsync, type TextEntry } from "./parts.ts";
export type { UncaughtError } from "./uncaught.ts";
export type { LogTarget } from "../shm_log/target.ts";
export type { ShmLogWriterOptions } from "../shm_log/writer_options.ts";
