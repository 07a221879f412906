/**
 * The bytes of a log, format versions 1 and 2: the only place with offsets and flags.
 *
 * ```text
 *  0              8           12         16                24
 *  ├──────────────┼───────────┼──────────┼─ ─ ─ ─ ─ ─ ─ ─ ─┼────────┬────────┬─ … ─┬──────────┬──── … ────┐
 *  │ magic (u64)  │ version   │ chunk    │ version 2 only: │ row 0  │ row 1  │     │ row N-1  │ entries   │
 *  │ GOLBORUO     │ 1, 2 (u32)│ count N  │ buffer id (u64) │ 16 B   │ 16 B   │     │ 16 B     │           │
 *  └──────────────┴───────────┴──────────┴─ ─ ─ ─ ─ ─ ─ ─ ─┴────────┴────────┴─ … ─┴──────────┴──── … ────┘
 *                                        H = 16 (version 1) or 24 (version 2)                 H + 16·N
 *  row i     ┌──────────────────────────┬──────────────────────────┐
 *  H + 16·i  │ u64: offset of chunk i,  │ u64: token = number of   │
 *            │ top bit = commit flag    │ entries before chunk i   │
 *            └──────────────────────────┴──────────────────────────┘
 *  entry     ┌──────────────────────────┬───────────── … ─┬───────┐
 *            │ u32: 4 + payload bytes,  │ payload         │ pad   │  next entry, 4-byte aligned
 *            │ top bit = commit flag    │                 │ to 4  │
 *            └──────────────────────────┴───────────── … ─┴───────┘
 * ```
 *
 * Everything is little-endian. A header of length 0 means that nothing was written here yet; a
 * committed header of length 1 is the wrap mark: the lap is over, the next entry is in chunk 0. In
 * version 2 a committed header of length 3 is the finish mark: the writer has ended the log, and
 * nothing comes after it. Length 2 is reserved, in version 1 length 3, too.
 * The sequence number of an entry is the token of its chunk plus its 1-based place in the chunk.
 *
 * The buffer id tells the lives of a segment apart: a log of version 2 may be restarted in place, and
 * has another id then.
 *
 * Source of the format: the C++ library `ouroboros` of Steinwurf, `buffer_format` versions 1
 * and 2 (https://github.com/steinwurf/ouroboros).
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
/** A version of the format: 2 has a buffer id, can be finished, and can be restarted in place. */
export type FormatVersion = 1 | 2;

/** Word index (offset / 4) of the version. */
export const VERSION_WORD = 2;
/** Word index (offset / 4) of the chunk count. */
export const CHUNK_COUNT_WORD = 3;
/** Word index (offset / 4) of the buffer id's lower half, in version 2. */
export const BUFFER_ID_WORD = 4;
/** Bytes of the largest header, that of version 2. */
export const LARGEST_HEADER = 24;
/** Bytes of one row of the chunk table. */
export const ROW_SIZE = 16;

/** Bytes of an entry's header; entries are aligned to as many. */
export const HEADER_SIZE = 4;
/** The commit flag of an entry's header and, in the upper word, of a row's offset. */
export const COMMIT_FLAG = 0x80000000 | 0;
/** What is left of a header without its commit flag: the length. */
export const LENGTH_MASK = 0x7fffffff;
/**
 * Bits of the header, without a commit flag, that a writer leaves at the end of a log when it has made
 * another one of it, with the same entries and numbers; the others say which. No entry has such a length;
 * to all others it is an entry that is not committed.
 */
export const CONTINUED_HEADER = 0x60000000;
/**
 * The header, without a commit flag, at the end of a copy that was saved: `SAVE` in memory. To all readers it is
 * an entry that is not committed, and a writer that continues the copy overwrites it.
 */
export const SAVED_HEADER = 0x45564153;
/** The same at the end of a file with the entries of several logs: `MANY`. No writer continues that. */
export const COLLECTED_HEADER = 0x594e414d;
/** The length that means: continue in chunk 0. */
export const WRAP_LENGTH = 1;
/** The wrap mark: a committed header of length 1. */
export const WRAP_MARK = COMMIT_FLAG | WRAP_LENGTH;
/** The length that means, in version 2: the writer has finished. */
export const FINISH_LENGTH = 3;
/** The finish mark: a committed header of length 3. */
export const FINISH_MARK = COMMIT_FLAG | FINISH_LENGTH;
/** The commit flag of a row's offset as a u64. */
export const ROW_COMMIT_FLAG = 1n << 63n;

/**
 * The mark of row 0 while it is restarted, in place of its offset and without the commit flag: what
 * is below it is the number of entries written so far. Nobody but a writer that resumes looks into a
 * row that is not committed; with no other chunk in use, only this tells it how to continue counting.
 */
export const RESTART_MARK = 1n << 62n;

/**
 * What row 0 holds while the whole buffer is restarted: a restart mark with a number that there can't
 * be. Neither the entries before nor the buffer id count: a writer that resumes restarts it once more.
 */
export const RENEWAL_MARK: bigint = RESTART_MARK | 1n << 61n;

/** The largest segment in bytes: word indices are computed with 32-bit shifts. */
export const MAX_SEGMENT_SIZE = 2 ** 32 - 4;
/** The largest total length that a header can say, in bytes. */
export const MAX_TOTAL_LENGTH = 0x7fffffff - 3;
/** The largest chunk count whose table fits into the largest segment. */
const MAX_CHUNK_COUNT = 2 ** 28 - 2;

/** Bytes before the chunk table. */
export function tableOffset(version: FormatVersion): number {
  return version === 1 ? 16 : LARGEST_HEADER;
}

/** Offset of the first entry in bytes, which is the size of header and chunk table. */
export function dataOffset(chunkCount: number, version: FormatVersion): number {
  return tableOffset(version) + ROW_SIZE * chunkCount;
}

/** Whether a value is a version that is known. */
export function isVersion(version: unknown): version is FormatVersion {
  return version === 1 || version === 2;
}

/**
 * The size in bytes of a segment for `chunkCount` chunks of `chunkSize` bytes, in a version of the
 * format: that of version 2 is 8 bytes larger.
 *
 * @throws {RangeError} if the counts are not positive integers or the sum is 4 GiB or more
 * @throws {TypeError} if `version` is not one of its values
 *
 * @example
 * ```ts
 * import { segmentSize, Writer } from "@ouroboros/log";
 *
 * const writer = Writer.create(new ArrayBuffer(segmentSize(4, 1024)), { chunkCount: 4 });
 * console.log(writer.chunkSize); // 1024
 * ```
 */
export function segmentSize(
  chunkCount: number,
  chunkSize: number,
  version: FormatVersion = 1,
): number {
  checkChunkCount(chunkCount);
  checkChunkSize(chunkSize);
  checkVersion("version", version);
  const size = dataOffset(chunkCount, version) + chunkCount * chunkSize;
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

/** The size of the largest payload that a segment with so many bytes for entries takes, in bytes. */
export function maxPayloadSize(room: number): number {
  return Math.min(room, MAX_TOTAL_LENGTH) - HEADER_SIZE;
}

/** Throws a TypeError unless `value` is a version of the format. */
export function checkVersion(name: string, value: unknown): asserts value is FormatVersion {
  if (isVersion(value)) return;
  throw new TypeError(mustBe(name, value, "1 or 2, a version of the format"));
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
