/**
 * A circular buffer of messages in shared memory: one writer, many readers, no locks. The format of
 * the C++ library circular-buffer.
 *
 * @module
 */

export { CircularReader, type CircularReaderOptions, type ReadResult } from "../circular/reader.ts";
export { compilerFence, type Fence, fullFence } from "../fence.ts";
export { type CircularSizes, circularSizes } from "../circular/layout.ts";
export { CircularWriter, type CircularWriterOptions } from "../circular/writer.ts";
