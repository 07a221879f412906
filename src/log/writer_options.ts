/**
 * How a writer of a log is made.
 *
 * @module
 */

import type { Fence } from "../fence.ts";
import { bytesOf, type MemoryLike } from "../memory.ts";
import type { TextEncoding } from "./utf8.ts";
import { mustBe } from "../base/arguments.ts";
import { checkChunkCount, checkChunkSize, checkVersion, dataOffset } from "./layout.ts";
import {
  anything,
  callback,
  type Check,
  checkOptions,
  type Checks,
  number,
} from "../base/options.ts";
import { newBufferId } from "./renewal.ts";
import { type Life, Segment } from "./segment.ts";

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

/** Which version a new log has. */
export interface LifeOptions {
  /**
   * The version of the format. A log of version 2 can be finished (`finish()`), and restarted in place;
   * readers of the C++ library read either version 1 (up to 1.1.0) or version 2. Default 1.
   */
  version?: 1 | 2;
  /**
   * A number of 64 bits that tells the log from others, for version 2 only. Default: a random one.
   */
  bufferId?: bigint;
}

/** What `Writer.create()` needs to know. */
export interface CreateWriterOptions extends WriterOptions, LifeOptions {
  /** The number of chunks. The log forgets its oldest entries one chunk at a time. Default 16. */
  chunkCount?: number;
}

/** What {@linkcode WriterOptions} may be. */
const writerChecks: Checks<WriterOptions> = {
  chunkSize: number,
  fence: callback,
  encoding: anything,
  onCommit: callback,
};

const isBufferId: Check = (name, value) => {
  const wanted = "a bigint from 0 to 2^64 - 1";
  if (typeof value !== "bigint") throw new TypeError(mustBe(name, value, wanted));
  if (BigInt.asUintN(64, value) !== value) throw new RangeError(mustBe(name, value, wanted));
};

/** What {@linkcode LifeOptions} may be. */
export const lifeChecks: Checks<LifeOptions> = { version: checkVersion, bufferId: isBufferId };

/**
 * Version and id of a new log.
 *
 * @throws {TypeError} if version 1 is to have an id
 */
export function lifeOf({ version = 1, bufferId }: LifeOptions): Life {
  if (version === 2) return { version, bufferId: bufferId ?? newBufferId() };
  if (bufferId !== undefined) {
    throw new TypeError("bufferId is for a log of version 2: give version: 2, too");
  }
  return { version, bufferId };
}

/** What {@linkcode CreateWriterOptions} may be. */
const createWriterChecks: Checks<CreateWriterOptions> = {
  ...writerChecks,
  ...lifeChecks,
  chunkCount: number,
};

/**
 * An empty log in `memory`, as `Writer.create()` makes it.
 *
 * @throws {RangeError} if the memory has no room for it
 * @throws {TypeError} if an option is not one of its values
 */
export function format(memory: MemoryLike, options: CreateWriterOptions): Segment {
  checkOptions("Writer.create()", options, createWriterChecks);
  const { chunkCount = 16, chunkSize } = options;
  checkChunkCount(chunkCount);
  const life = lifeOf(options);
  checkChunks(memory, dataOffset(chunkCount, life.version), chunkCount, chunkSize);
  return Segment.format(memory, chunkCount, life);
}

/** The log in `memory`, of which `what` is to make a writer. */
export function open(what: string, memory: MemoryLike, options: WriterOptions): Segment {
  checkOptions(what, options, writerChecks);
  const segment = new Segment(memory);
  checkChunks(memory, segment.dataStart, segment.chunkCount, options.chunkSize);
  return segment;
}

/** Throws a RangeError unless chunks of that size fit into the memory. */
function checkChunks(
  memory: MemoryLike,
  dataStart: number,
  chunkCount: number,
  chunkSize: number | undefined,
): void {
  if (chunkSize === undefined) return;
  checkChunkSize(chunkSize);
  const needed = dataStart + chunkCount * chunkSize;
  const size = bytesOf("memory", memory).length;
  if (needed > size) {
    throw new RangeError(
      `${chunkCount} chunks of ${chunkSize} bytes need ${needed} bytes, ` +
        `but the memory has ${size}: segmentSize() says how large it must be`,
    );
  }
}
