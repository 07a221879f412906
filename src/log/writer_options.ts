/**
 * How a writer of a log is made.
 *
 * @module
 */

import type { Fence } from "../fence.ts";
import { bytesOf, type MemoryLike } from "../memory.ts";
import type { TextEncoding } from "../utf8.ts";
import { checkChunkSize, dataOffset } from "./layout.ts";
import { anything, callback, type Checks, number } from "../base/options.ts";

/** What `Writer.resume()` needs to know. */
export interface WriterOptions {
  /**
   * The size of a chunk in bytes. Default: the room for entries divided by the number of chunks, which
   * is what the segment was made with, unless it is larger than needed.
   */
  chunkSize?: number;
  /** How to keep stores in order. Default: a fence that is enough on every CPU. */
  fence?: Fence;
  /** How text becomes UTF-8. Default: by `TextEncoder.encodeInto`. */
  encoding?: TextEncoding;
  /** Called after entries became visible, for instance to wake readers. It must not throw. */
  onCommit?: () => void;
}

/** What `Writer.create()` needs to know. */
export interface CreateWriterOptions extends WriterOptions {
  /** The number of chunks. The log forgets its oldest entries one chunk at a time. Default 16. */
  chunkCount?: number;
}

/** What {@linkcode WriterOptions} may be. */
export const writerChecks: Checks<WriterOptions> = {
  chunkSize: number,
  fence: callback,
  encoding: anything,
  onCommit: callback,
};

/** What {@linkcode CreateWriterOptions} may be. */
export const createWriterChecks: Checks<CreateWriterOptions> = {
  ...writerChecks,
  chunkCount: number,
};

/** Throws a RangeError unless chunks of that size fit into the memory. */
export function checkChunks(
  memory: MemoryLike,
  chunkCount: number,
  chunkSize?: number,
): void {
  if (chunkSize === undefined) return;
  checkChunkSize(chunkSize);
  const needed = dataOffset(chunkCount) + chunkCount * chunkSize;
  const size = bytesOf("memory", memory).length;
  if (needed > size) {
    throw new RangeError(
      `${chunkCount} chunks of ${chunkSize} bytes need ${needed} bytes, ` +
        `but the memory has ${size}: segmentSize() says how large it must be`,
    );
  }
}
