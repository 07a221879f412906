/**
 * A circular buffer of messages in shared memory: one writer, many readers, no waiting. The format of
 * the C++ library circular-buffer.
 *
 * {@linkcode CircularBufferWriter} and {@linkcode CircularBufferReader} work on named shared memory;
 * {@linkcode CircularWriter} and {@linkcode CircularReader} on any memory.
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
