/**
 * The bytes of a log, format version 1: the only place with offsets and flags.
 *
 * ```text
 *  0              8          12         16
 *  ├──────────────┼──────────┼──────────┼────────┬────────┬─ … ─┬──────────┬────────── … ────┐
 *  │ magic (u64)  │ version  │ chunk    │ row 0  │ row 1  │     │ row N-1  │ entries         │
 *  │ GOLBORUO     │ = 1 (u32)│ count N  │ 16 B   │ 16 B   │     │ 16 B     │                 │
 *  └──────────────┴──────────┴──────────┴────────┴────────┴─ … ─┴──────────┴────────── … ────┘
 *                                                                          16 + 16·N
 *  row i     ┌──────────────────────────┬──────────────────────────┐
 *  16 + 16·i │ u64: offset of chunk i,  │ u64: token = number of   │
 *            │ top bit = commit flag    │ entries before chunk i   │
 *            └──────────────────────────┴──────────────────────────┘
 *  entry     ┌──────────────────────────┬───────────── … ─┬───────┐
 *            │ u32: 4 + payload bytes,  │ payload         │ pad   │  next entry, 4-byte aligned
 *            │ top bit = commit flag    │                 │ to 4  │
 *            └──────────────────────────┴───────────── … ─┴───────┘
 * ```
 *
 * Everything is little-endian. A header of length 0 means that nothing was written here yet; a
 * committed header of length 1 is the wrap mark: continue in chunk 0. Lengths 2 and 3 are reserved.
 * The sequence number of an entry is the token of its chunk plus its 1-based place in the chunk.
 *
 * Source of the format: the C++ library `ouroboros` of Steinwurf (`buffer_format` version 1).
 *
 * @module
 */

import { mustBe } from "../base/arguments.ts";

/** The magic as a u64; in memory its bytes read `GOLBORUO`. */
export const MAGIC = 0x4f55524f424c4f47n;
/** The lower half of the magic, as the word that an Int32Array shows. */
export const MAGIC_LOW = 0x424c4f47;
/** The upper half of the magic, as the word that an Int32Array shows. */
export const MAGIC_HIGH = 0x4f55524f;
/** The only format version there is. */
export const VERSION = 1;

/** Word index (offset / 4) of the version. */
export const VERSION_WORD = 2;
/** Word index (offset / 4) of the chunk count. */
export const CHUNK_COUNT_WORD = 3;
/** Bytes before the chunk table. */
export const TABLE_OFFSET = 16;
/** Bytes of one row of the chunk table. */
export const ROW_SIZE = 16;

/** Bytes of an entry's header; entries are aligned to as many. */
export const HEADER_SIZE = 4;
/** The commit flag of an entry's header and, in the upper word, of a row's offset. */
export const COMMIT_FLAG = 0x80000000 | 0;
/** What is left of a header without its commit flag: the length. */
export const LENGTH_MASK = 0x7fffffff;
/**
 * The header, without a commit flag, that a writer leaves at the end of a log when it has made another one
 * of it, with the same entries and numbers. No entry has that length; to all others it is an entry that is
 * not committed.
 */
export const CONTINUED_HEADER = LENGTH_MASK;
/** The length that means: continue in chunk 0. */
export const WRAP_LENGTH = 1;
/** The wrap mark: a committed header of length 1. */
export const WRAP_MARK = COMMIT_FLAG | WRAP_LENGTH;
/** The commit flag of a row's offset as a u64. */
export const ROW_COMMIT_FLAG = 1n << 63n;

/**
 * The mark of row 0 while it is restarted, in place of its offset and without the commit flag: what
 * is below it is the number of entries written so far. Nobody but a writer that resumes looks into a
 * row that is not committed; with no other chunk in use, only this tells it how to continue counting.
 */
export const RESTART_MARK = 1n << 62n;

/** The largest segment in bytes: word indices are computed with 32-bit shifts. */
export const MAX_SEGMENT_SIZE = 2 ** 32 - 4;
/** The largest total length that a header can say, in bytes. */
export const MAX_TOTAL_LENGTH = 0x7fffffff - 3;
/** The largest chunk count whose table fits into the largest segment. */
const MAX_CHUNK_COUNT = 2 ** 28 - 2;

/** Offset of the first entry in bytes, which is the size of header and chunk table. */
export function dataOffset(chunkCount: number): number {
  return TABLE_OFFSET + ROW_SIZE * chunkCount;
}

/**
 * The number of a u64's two words, exact up to 2^53. A small one stays a small integer: engines walk
 * the log with those several times faster than with what arithmetic on 2^32 leaves.
 */
export function wideNumber(low: number, high: number): number {
  return high === 0 ? low >>> 0 : (high >>> 0) * 2 ** 32 + (low >>> 0);
}

/** Word index of row `index`: offset low, offset high with the flag, token low, token high. */
export function rowWord(index: number): number {
  return (TABLE_OFFSET + ROW_SIZE * index) >>> 2;
}

/**
 * The size in bytes of a segment for `chunkCount` chunks of `chunkSize` bytes.
 *
 * @throws {RangeError} if the counts are not positive integers or the sum is 4 GiB or more
 *
 * @example
 * ```ts
 * import { segmentSize, Writer } from "@ouroboros/log";
 *
 * const writer = Writer.create(new ArrayBuffer(segmentSize(4, 1024)), { chunkCount: 4 });
 * console.log(writer.chunkSize); // 1024
 * ```
 */
export function segmentSize(chunkCount: number, chunkSize: number): number {
  checkChunkCount(chunkCount);
  checkChunkSize(chunkSize);
  const size = dataOffset(chunkCount) + chunkCount * chunkSize;
  if (size > MAX_SEGMENT_SIZE) {
    throw new RangeError(
      `${chunkCount} chunks of ${chunkSize} bytes exceed the maximum segment of ${MAX_SEGMENT_SIZE} bytes`,
    );
  }
  return size;
}

/** What an entry takes with its header in bytes; right for what is too large for any log, too. */
export function entrySize(length: number): number {
  return length > MAX_TOTAL_LENGTH ? length : (length + 7) & ~3;
}

/** The size of the largest payload that a segment of `size` bytes takes, in bytes. */
export function maxPayloadSize(size: number, chunkCount: number): number {
  return Math.min(size - dataOffset(chunkCount), MAX_TOTAL_LENGTH) - HEADER_SIZE;
}

/** Throws a RangeError unless `count` is a chunk count. */
export function checkChunkCount(count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > MAX_CHUNK_COUNT) {
    throw new RangeError(mustBe("chunkCount", count, `an integer from 1 to ${MAX_CHUNK_COUNT}`));
  }
}

/** Throws a RangeError unless `size` is a chunk target size in bytes. */
export function checkChunkSize(size: number): void {
  if (!Number.isInteger(size) || size < HEADER_SIZE || size > MAX_SEGMENT_SIZE) {
    throw new RangeError(
      mustBe("chunkSize", size, `an integer from ${HEADER_SIZE} to ${MAX_SEGMENT_SIZE} bytes`),
    );
  }
}
