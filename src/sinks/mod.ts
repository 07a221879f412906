/**
 * Lines into a log: what the sinks for logging libraries share, for loggers of your own, and how
 * lines that a sink has split are put together.
 *
 * @example
 * ```ts
 * import { EntrySink } from "@ouroboros/log/sinks";
 *
 * using sink = new EntrySink({ target: "/doc-sinks-module", unlinkOnClose: true });
 * sink.write("a line of a logger of your own");
 * console.log(sink.counts.written); // 1
 * ```
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
