/**
 * A rotating log in shared memory: one writer, many readers, no locks, no system call per entry.
 *
 * {@linkcode ShmLogWriter} and {@linkcode ShmLogReader} work on named shared memory or on a file.
 * {@linkcode Writer} and {@linkcode Reader} work on any `ArrayBuffer` or `SharedArrayBuffer`. The bytes
 * are those of the C++ library [ouroboros](https://github.com/steinwurf/ouroboros).
 *
 * ```ts
 * import { ShmLogReader, ShmLogWriter } from "@ouroboros/log";
 *
 * using log = ShmLogWriter.create("/doc-mod");
 * log.write("service started");
 *
 * using reader = ShmLogReader.open("/doc-mod"); // in any process
 * for (const entry of reader) console.log(entry.sequenceNumber, entry.text);
 * ```
 *
 * ## A log on any memory
 *
 * ```ts
 * import { Reader, segmentSize, Writer } from "@ouroboros/log";
 *
 * const memory = new SharedArrayBuffer(segmentSize(16, 65536));
 * const writer = Writer.create(memory, { chunkCount: 16 });
 * writer.write("hello");
 * for (const entry of new Reader(memory)) console.log(entry.sequenceNumber, entry.text);
 * ```
 *
 * ## Which structure
 *
 * | what you have | use |
 * |---|---|
 * | lines or records that stay readable for a while, also for readers that come late or after a crash | the log: this module |
 * | items that are taken once, and must outlive the process | `@ouroboros/log/ring`, a queue in a file |
 * | messages of which only the newest count, or programs that use the C++ library circular-buffer | `@ouroboros/log/circular` |
 * | typed events with a time, from thread to thread, or never dropped | `@ouroboros/log/events` |
 *
 * ## Guides
 *
 * - [Reading and following](src/guides/following.md): cursors, restarts, how late an entry is
 * - [Sizes and memory](src/guides/sizes.md): how far back a log reaches
 * - [What is kept, and what is lost](src/guides/guarantees.md)
 * - [Loggers](src/guides/loggers.md): pino, winston, LogTape, OpenTelemetry, `console`
 * - [Questions](src/guides/questions.md): what to ask a log, each as one command
 * - [After a crash](src/guides/crashes.md): `ouroboros run`, `watch`, recorders, systemd, Kubernetes
 * - [Many processes](src/guides/processes.md): a log for each worker, patterns, clearing up
 * - [Containers and services](src/guides/containers.md)
 * - [Many machines](src/guides/machines.md): NATS JetStream, OpenTelemetry
 * - [Other languages](src/guides/languages.md): C++, Go, Python
 * - [Other structures](src/guides/structures.md): queue, ring of messages, events
 * - [The live view](src/guides/serve.md): `ouroboros serve`, `export` and `mcp`
 * - [Errors](src/guides/errors.md): what to do about each
 * - [Security](src/guides/security.md)
 * - [Windows and macOS](src/guides/platforms.md)
 * - [Benchmarks](src/guides/benchmarks.md)
 *
 * @module
 */

export {
  ClaimPendingError,
  ClosedError,
  CorruptLogError,
  type ErrorCode,
  LogFinishedError,
  NativeUnavailableError,
  NoSpaceError,
  OuroborosError,
  OverrunError,
  PermissionDeniedError,
  ReentrantUseError,
  SegmentExistsError,
  SegmentNotFoundError,
  SegmentTruncatedError,
  SystemCallError,
  UnsupportedLogError,
  WriterLockedError,
} from "./src/errors.ts";
export { compilerFence, type Fence, fullFence } from "./src/fence.ts";
export { EntryBatch } from "./src/log/batch.ts";
export { Claim } from "./src/log/claim.ts";
export { Entry, type EntryJson } from "./src/log/entry.ts";
export { EntryView } from "./src/log/entry_view.ts";
export { type CutOff } from "./src/log/cut_off.ts";
export { type ChunkInfo, type ChunkState, inspect, type LogInfo } from "./src/log/inspect.ts";
export { type FormatVersion, segmentSize } from "./src/log/layout.ts";
export { Reader } from "./src/log/reader.ts";
export type { OverrunPolicy, ReaderOptions, ReadStrategy } from "./src/log/reader_options.ts";
export {
  type Snapshot,
  snapshot,
  type SnapshotInfo,
  type SnapshotOptions,
} from "./src/log/snapshot.ts";
export { type Damage, type SequenceGap, type Verification, verify } from "./src/log/verify.ts";
export { Writer } from "./src/log/writer.ts";
export type { CreateWriterOptions, LifeOptions, WriterOptions } from "./src/log/writer_options.ts";
export type { MemoryLike } from "./src/memory.ts";
export type { TextEncoding, TextWriter } from "./src/log/utf8.ts";
export type { Continuation, Cursor } from "./src/log/native/cursor.ts";
export type { FollowOptions, OnAbandoned, ReopenEvent } from "./src/log/native/follow.ts";
export { ShmLogReader } from "./src/log/native/shm_log_reader.ts";
export type { ShmLogReaderOptions, WaitOptions } from "./src/log/native/reader_options.ts";
export {
  type SavedLog,
  saveLog,
  saveLogSync,
  type SaveOptions,
  type SaveSyncOptions,
} from "./src/log/native/save.ts";
export { ShmLogWriter } from "./src/log/native/shm_log_writer.ts";
export type { ShmLogWriterOptions } from "./src/log/native/writer_options.ts";
export { LogSet, type LogSetFollowOptions, type LogSetOptions } from "./src/log/native/log_set.ts";
export type { LogSetMember, SetEntry } from "./src/log/native/log_set_member.ts";
export type { CopyProgress } from "./src/log/snapshot.ts";
export type { CopyMode } from "./src/log/native/source.ts";
export type { LogTarget } from "./src/log/native/target.ts";
