/**
 * How large a log is made: what its options say, or what there is room for.
 *
 * @module
 */

import { SharedMemory } from "../../../ffi/mod.ts";
import { mustBe } from "../../base/arguments.ts";
import type { Check } from "../../base/options.ts";
import { parseSize } from "../../base/sizes.ts";
import {
  checkChunkCount,
  dataOffset,
  type FormatVersion,
  HEADER_SIZE,
  MAX_SEGMENT_SIZE,
  segmentSize,
} from "../layout.ts";
import type { LogTarget, WritableMemory } from "./target.ts";

/** The default size of a log, and the least that it is made for lack of room, in bytes. */
export const USUAL_SIZE = 16 << 20;
const LEAST_SIZE = 256 << 10;
/** How much of what is free in /dev/shm, and of the memory that this process may have, a log takes at most. */
const SHARE_OF_FREE = 1 / 4;
const SHARE_OF_LIMIT = 1 / 8;
const DEFAULT_CHUNK_COUNT = 16;
/** The least that a chunk is made for lack of room, in bytes. */
const LEAST_CHUNK_SIZE = 4096;

/** The chunks of a log. */
export interface Shape {
  /** How many there are. */
  chunkCount: number;
  /** How large each is, in bytes. */
  chunkSize: number;
}

/** What a writer's options say of it. */
interface ShapeOptions {
  size?: number | string;
  chunkSize?: number;
  chunkCount?: number;
  version?: FormatVersion;
}

/** What the option `size` may be: bytes, or text like `"64MiB"`. */
export const sizeCheck: Check = (name, value) => {
  const wanted = 'a number of bytes, or text like "64MiB"';
  if (typeof value !== "number" && typeof value !== "string") {
    throw new TypeError(mustBe(name, value, wanted));
  }
  const bytes = typeof value === "string" ? parseSize(value) : value;
  if (bytes === undefined || !Number.isSafeInteger(bytes) || bytes < 1) {
    throw new RangeError(mustBe(name, value, wanted));
  }
};

/**
 * The shapes to try for a new log, the largest first: one if its size is given, else several, for it may
 * have to be content with less.
 *
 * @throws {RangeError} if the options contradict each other, or no log can be like that
 */
export function shapesOf(target: LogTarget, options: ShapeOptions): Shape[] {
  const { size, chunkSize, chunkCount = DEFAULT_CHUNK_COUNT } = options;
  if (size !== undefined) return [shapeOf(size, options)];
  if (chunkSize !== undefined) return [{ chunkCount, chunkSize }];
  const most = USUAL_SIZE / DEFAULT_CHUNK_COUNT;
  if (typeof target !== "string") return [{ chunkCount, chunkSize: most }];
  checkChunkCount(chunkCount);
  const { freeSpace, memoryLimit } = SharedMemory;
  const share = Math.min(freeSpace * SHARE_OF_FREE, memoryLimit * SHARE_OF_LIMIT);
  const least = Math.max(powerUpTo(LEAST_SIZE / chunkCount), LEAST_CHUNK_SIZE);
  const first = Math.max(Math.min(powerUpTo(share / chunkCount), most), least);
  const shapes: Shape[] = [];
  // Others may take the room before us.
  for (let each = first; each >= least; each /= 2) shapes.push({ chunkCount, chunkSize: each });
  return shapes;
}

/** The shape that the options give a log that has another one; undefined if it has that. */
export function otherShape(
  memory: WritableMemory,
  present: Shape & { version: FormatVersion },
  others: ShapeOptions,
): Shape | undefined {
  const options = { ...others, version: present.version };
  const { size, chunkSize = present.chunkSize, chunkCount = present.chunkCount } = options;
  const wanted = size === undefined
    ? { chunkCount, chunkSize }
    : shapeOf(size, options, chunkCount);
  const bytes = segmentSize(wanted.chunkCount, wanted.chunkSize, present.version);
  const isSameSize = wanted.chunkSize === present.chunkSize ||
    "name" in memory && memory.byteLength === SharedMemory.sizeFor(bytes);
  if (wanted.chunkCount === present.chunkCount && isSameSize) return undefined;
  return size === undefined ? wanted : shapeOf(size, options);
}

/** The shape of a log of that size in all. */
function shapeOf(
  size: number | string,
  { chunkSize, chunkCount: wanted = DEFAULT_CHUNK_COUNT, version = 1 }: ShapeOptions,
  chunkCount: number = wanted,
): Shape {
  if (chunkSize !== undefined) {
    throw new RangeError(
      `size is ${JSON.stringify(size)}, and chunkSize is given, too: leave one of them out`,
    );
  }
  checkChunkCount(chunkCount);
  const bytes = typeof size === "string" ? parseSize(size)! : size;
  if (bytes > MAX_SEGMENT_SIZE) {
    throw new RangeError(
      `size is ${JSON.stringify(size)}, but a log has at most ${MAX_SEGMENT_SIZE} bytes`,
    );
  }
  const each = Math.floor((bytes - dataOffset(chunkCount, version)) / chunkCount / 4) * 4;
  if (each >= HEADER_SIZE) return { chunkCount, chunkSize: each };
  throw new RangeError(
    `size is ${JSON.stringify(size)}, which is too small for ${chunkCount} chunks: at least ` +
      `${segmentSize(chunkCount, HEADER_SIZE, version)} bytes`,
  );
}

/** The largest power of two that is not more than `most`. */
function powerUpTo(most: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(most, 1)));
}
