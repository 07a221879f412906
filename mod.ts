/**
 * A rotating log in shared memory: one writer, many readers, no locks, no system call per entry.
 *
 * {@linkcode ShmLogWriter} and {@linkcode ShmLogReader} work on named shared memory or on a file;
 * {@linkcode Writer} and {@linkcode Reader} on any `ArrayBuffer` or `SharedArrayBuffer`.
 *
 * @example A log on any memory
 * ```ts
 * import { Reader, segmentSize, Writer } from "@ouroboros/log";
 *
 * const memory = new SharedArrayBuffer(segmentSize(16, 65536));
 * const writer = Writer.create(memory, { chunkCount: 16 });
 * writer.write("hello");
 * for (const entry of new Reader(memory)) console.log(entry.sequenceNumber, entry.text);
 * ```
 *
 * @module
 */

export * from "./src/errors.ts";
export { compilerFence, type Fence, fullFence } from "./src/fence.ts";
export { EntryBatch } from "./src/log/batch.ts";
export { Claim } from "./src/log/claim.ts";
export { Entry } from "./src/log/entry.ts";
export { EntryView } from "./src/log/entry_view.ts";
export { type ChunkInfo, type ChunkState, inspect, type LogInfo } from "./src/log/inspect.ts";
export { segmentSize } from "./src/log/layout.ts";
export { Reader } from "./src/log/reader.ts";
export type { OverrunPolicy, ReaderOptions, ReadStrategy } from "./src/log/reader_options.ts";
export { Writer } from "./src/log/writer.ts";
export type { CreateWriterOptions, WriterOptions } from "./src/log/writer_options.ts";
export type { TextEncoding, TextWriter } from "./src/utf8.ts";
export type { Continuation, Cursor } from "./src/shm_log/cursor.ts";
export type { FollowOptions, ReopenEvent } from "./src/shm_log/follow.ts";
export { ShmLogReader, type ShmLogReaderOptions, type WaitOptions } from "./src/shm_log/reader.ts";
export { ShmLogWriter } from "./src/shm_log/writer.ts";
export type { ShmLogWriterOptions } from "./src/shm_log/writer_options.ts";
export type { CopyMode } from "./src/shm_log/source.ts";
export type { LogTarget } from "./src/shm_log/target.ts";
