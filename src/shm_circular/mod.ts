/**
 * A circular buffer of messages in shared memory: one writer, many readers, no waiting. The format of
 * the C++ library circular-buffer.
 *
 * {@linkcode CircularBufferWriter} and {@linkcode CircularBufferReader} work on named shared memory;
 * {@linkcode CircularWriter} and {@linkcode CircularReader} on any memory.
 *
 * @example
 * ```ts
 * import { CircularBufferReader, CircularBufferWriter } from "@ouroboros/log/circular";
 *
 * const name = `/doc-circular-module-${process.pid}`;
 * const spec = { indexName: `${name}-index`, dataName: `${name}-data`, capacity: 65536 };
 * using writer = CircularBufferWriter.open(spec);
 * using reader = CircularBufferReader.open(spec);
 * writer.write(new TextEncoder().encode("hello"));
 * console.log(new TextDecoder().decode(reader.read())); // hello
 * ```
 *
 * @module
 */

export {
  CorruptBufferError,
  LappedError,
  OuroborosError,
  UnsupportedBufferError,
  WriterLockedError,
} from "../errors.ts";
export type { ErrorCode } from "../errors.ts";
export { compilerFence, type Fence, fullFence } from "../fence.ts";
export { type CircularSizes, circularSizes } from "../circular/layout.ts";
export { CircularReader, type CircularReaderOptions, type ReadResult } from "../circular/reader.ts";
export { CircularWriter, type CircularWriterOptions } from "../circular/writer.ts";
export {
  CircularBufferReader,
  type CircularBufferReaderOptions,
  type FollowOptions,
} from "./reader.ts";
export { SemaphoreLock } from "./semaphore_lock.ts";
export { type CountedMemoryOptions, SharedMemory } from "./shared_memory.ts";
export type { CircularBufferSpec } from "./spec.ts";
export { CircularBufferWriter, type CircularBufferWriterOptions } from "./writer.ts";
