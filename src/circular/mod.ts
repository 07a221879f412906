/**
 * A circular buffer of messages in shared memory: one writer, many readers, no waiting. It has the
 * format of the C++ library [circular-buffer](https://github.com/spencermcarthur/circular-buffer).
 *
 * {@linkcode CircularBufferWriter} and {@linkcode CircularBufferReader} work on named shared memory;
 * {@linkcode CircularWriter} and {@linkcode CircularReader} on any memory.
 *
 * ## An example
 *
 * ```ts
 * import { CircularBufferReader, CircularBufferWriter } from "@ouroboros/log/circular";
 *
 * const name = `/doc-circular-${process.pid}`;
 * const spec = { indexName: `${name}-index`, dataName: `${name}-data`, capacity: 1 << 20 };
 * using writer = CircularBufferWriter.open(spec);
 * using reader = CircularBufferReader.open(spec); // in another process; starts at the newest
 *
 * writer.write(new TextEncoder().encode("hello"));
 * const into = new Uint8Array(65535);
 * console.log(reader.read(into)); // 5
 * console.log(reader.read(into)); // 0
 * ```
 *
 * Use it to exchange messages with programs that use that library, or if only the newest messages
 * count: a reader that is too slow gets `"lapped"` with `lostBytes`, and continues at the newest. Use the
 * log for numbered entries that survive their writer and are read from the oldest on.
 *
 * [Other structures](src/guides/structures.md) says what it promises, and how it differs from the original.
 *
 * @module
 */

export {
  ClosedError,
  CorruptBufferError,
  type ErrorCode,
  LappedError,
  NativeUnavailableError,
  NoSpaceError,
  OuroborosError,
  PermissionDeniedError,
  SegmentExistsError,
  SegmentNotFoundError,
  SegmentTruncatedError,
  SystemCallError,
  UnsupportedBufferError,
  WriterLockedError,
} from "../errors.ts";
export type { MemoryLike } from "../memory.ts";
export { compilerFence, type Fence, fullFence } from "../fence.ts";
export { type CircularSizes, circularSizes } from "./layout.ts";
export { CircularReader } from "./reader.ts";
export type { CircularReaderOptions, ReadResult } from "./reader_options.ts";
export { CircularWriter, type CircularWriterOptions } from "./writer.ts";
export {
  CircularBufferReader,
  type CircularBufferReaderOptions,
  type CircularFollowOptions,
} from "./native/circular_buffer_reader.ts";
export { SemaphoreLock } from "./native/semaphore_lock.ts";
export { CountedMemory, type CountedMemoryOptions } from "./native/counted_memory.ts";
export type { CircularBufferSpec } from "./native/spec.ts";
export {
  CircularBufferWriter,
  type CircularBufferWriterOptions,
} from "./native/circular_buffer_writer.ts";
