/**
 * A segment: the views of a log's memory, its checked header, and its rows read without tearing.
 *
 * @module
 */

import { CorruptLogError, UnsupportedLogError } from "../errors.ts";
import { type Fence, fullFence } from "../fence.ts";
import { bytesOf, type MemoryLike, wideNumber, wordsOf } from "../memory.ts";
import {
  BUFFER_ID_WORD,
  CHUNK_COUNT_WORD,
  COMMIT_FLAG,
  dataOffset,
  type FormatVersion,
  HEADER_SIZE,
  isVersion,
  LARGEST_HEADER,
  MAGIC,
  MAGIC_HIGH,
  MAGIC_LOW,
  MAX_SEGMENT_SIZE,
  ROW_COMMIT_FLAG,
  ROW_SIZE,
  tableOffset,
  VERSION_WORD,
} from "./layout.ts";

/** The largest token: a segment of 4 GiB has 2^30 entries at most, and all their numbers are exact. */
export const MAX_TOKEN: number = Number.MAX_SAFE_INTEGER - 2 ** 30;

/** What is to be done with text. */
const NEXT_STEP = ', but text: "ouroboros replay" makes a log of lines';

/** Whether no byte is one of control, but those of white space. */
function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

/** How often a log that is restarted again and again is looked at. */
const MOST_LIVES = 16;

/** Which version a log has, and, in version 2, which id. */
export interface Life {
  version: FormatVersion;
  bufferId: bigint | undefined;
}

/** One row of the chunk table, as it was at one moment. */
export interface Row {
  /** Where the chunk starts, in bytes from the start of the segment. */
  offset: number;
  /** The number of entries written to the log before this chunk. */
  token: number;
  /** Whether the commit flag is set. */
  committed: boolean;
}

/** A row with its place in the table. */
export interface ChunkRow extends Row {
  /** The index of the chunk. */
  index: number;
}

/** Rows of a chunk table, in two numbers a chunk: there may be millions of them. */
export interface Rows {
  /** Where chunk i starts, in bytes; 0 if its row can't be believed. */
  offsets: Uint32Array;
  /** The token of chunk i. */
  tokens: Float64Array;
}

/**
 * Brings the bytes from `from` to `to` up to date where the memory is a private copy. They may be
 * copied in any order. So the headers of a chain are loaded one by one: only once an entry is seen to
 * be committed is what comes after it known to be a header.
 */
export type Load = (from: number, to: number) => void;

/** For shared memory itself, which needs no bringing up to date. */
const isThereAlready: Load = () => {};

/** The memory of a log whose header was found right, in one of its lives. */
export class Segment {
  /** Called with what is looked at next, before each look. */
  readonly load: Load;
  /** Whether the memory is a private copy, which `load` brings up to date. */
  readonly isCopy: boolean;
  /** The whole memory as bytes. */
  readonly bytes: Uint8Array;
  /** The whole memory as 32-bit words (a tail of 1 to 3 bytes left out). */
  readonly words: Int32Array;
  /** The version of the format. */
  readonly version: FormatVersion;
  /** Tells this life of the memory from others; `undefined` in version 1. */
  readonly bufferId: bigint | undefined;
  /** Where the chunk table begins, in bytes. */
  readonly tableStart: number;
  /** How many chunks, and so rows, the log has. */
  readonly chunkCount: number;
  /** Where the first entry goes, in bytes. */
  readonly dataStart: number;
  /** The size of the memory in bytes. */
  readonly end: number;
  // The word of row 0.
  readonly #firstRow: number;
  // The words of the buffer id.
  readonly #idLow: number;
  readonly #idHigh: number;
  #hasEnded = false;

  /**
   * Opens the segment that somebody formatted in `memory`.
   *
   * @throws {UnsupportedLogError} if there is no magic, or a version that we don't know
   * @throws {CorruptLogError} if the header contradicts the size of the memory
   */
  constructor(memory: MemoryLike, load: Load = isThereAlready) {
    const bytes = bytesOf("memory", memory);
    this.load = load;
    this.isCopy = load !== isThereAlready;
    checkSize(bytes.length);
    const smallest = tableOffset(1);
    if (bytes.length < smallest) {
      throw new UnsupportedLogError(
        `not a log: ${bytes.length} bytes are less than the header of ${smallest} bytes`,
      );
    }
    load(0, Math.min(LARGEST_HEADER, bytes.length));
    this.bytes = bytes;
    this.words = wordsOf(bytes);
    this.end = bytes.length;
    // The writer stores the magic last (release): a reader that sees it sees the rest of the header.
    if (this.words[0] !== MAGIC_LOW || this.words[1] !== MAGIC_HIGH) {
      throw new UnsupportedLogError(
        "not a log: the first 8 bytes are not the magic GOLBORUO" +
          (isText(bytes.subarray(0, smallest)) ? NEXT_STEP : ""),
      );
    }
    const version = this.words[VERSION_WORD] >>> 0;
    if (!isVersion(version)) {
      throw new UnsupportedLogError(
        `version ${version} of the format: only versions 1 and 2 are known`,
        version,
      );
    }
    this.version = version;
    this.tableStart = tableOffset(version);
    this.#firstRow = this.tableStart >>> 2;
    let low = this.words[BUFFER_ID_WORD] | 0;
    let high = this.words[BUFFER_ID_WORD + 1] | 0;
    for (let attempt = 0; version === 2 && attempt < MOST_LIVES; attempt++) {
      // Its two halves are of one id if they stay. And the reference may restart a buffer with another
      // chunk count, which it stores before the id: so that is looked at later. Pairs with isSameLife().
      fullFence();
      load(0, Math.min(LARGEST_HEADER, bytes.length));
      const [lowBefore, highBefore] = [low, high];
      low = this.words[BUFFER_ID_WORD] | 0;
      high = this.words[BUFFER_ID_WORD + 1] | 0;
      if (low === lowBefore && high === highBefore) break;
    }
    this.#idLow = low;
    this.#idHigh = high;
    this.chunkCount = this.words[CHUNK_COUNT_WORD] >>> 0;
    this.dataStart = dataOffset(this.chunkCount, version);
    if (this.chunkCount < 1 || this.dataStart + HEADER_SIZE > this.end) {
      throw new CorruptLogError(
        `chunk count of ${this.chunkCount} does not fit into a segment of ${this.end} bytes ` +
          `(version ${version})`,
        CHUNK_COUNT_WORD * 4,
      );
    }
    this.bufferId = version === 1 ? undefined : BigInt(high >>> 0) << 32n | BigInt(low >>> 0);
  }

  /**
   * Formats `memory` as an empty log: all zero, unless it is known to be, the header, row 0, the magic
   * last.
   *
   * @throws {RangeError} if the memory has no room for the table and one empty entry
   */
  static format(
    memory: MemoryLike,
    chunkCount: number,
    { version, bufferId }: Life,
    isZeros: boolean = false,
  ): Segment {
    const bytes = bytesOf("memory", memory);
    checkSize(bytes.length);
    const start = dataOffset(chunkCount, version);
    if (start + HEADER_SIZE > bytes.length) {
      throw new RangeError(
        `segment of ${bytes.length} bytes is too small for ${chunkCount} chunks: ` +
          `at least ${start + HEADER_SIZE} bytes. Use a larger one, or a smaller chunkCount`,
      );
    }
    // Take the magic away before anything that it guards.
    const header = new BigUint64Array(bytes.buffer, bytes.byteOffset, start >>> 3);
    Atomics.store(header, 0, 0n);
    if (!isZeros) bytes.fill(0);
    const words = wordsOf(bytes);
    words[VERSION_WORD] = version;
    words[CHUNK_COUNT_WORD] = chunkCount;
    if (bufferId !== undefined) header[BUFFER_ID_WORD >>> 1] = bufferId;
    header[tableOffset(version) >>> 3] = ROW_COMMIT_FLAG | BigInt(start);
    // Release: pairs with the look at the magic in the constructor, in another process.
    Atomics.store(header, 0, MAGIC);
    return new Segment(bytes);
  }

  /**
   * Whether the memory is still in the life that it was opened in. Where it is not, what was read of a
   * row or an entry before this may be of another one.
   *
   * It looks at the id after what was looked at before. Pairs with `beginAnew()`, which changes the id
   * before it commits row 0: a reader that has seen a row, or a byte, of the next life sees the next id.
   */
  isSameLife(fence: Fence): boolean {
    if (this.version === 1) return true;
    // Once is enough, lest an id that is used again bring it back.
    if (this.#hasEnded) return false;
    fence();
    if (this.isCopy) this.load(BUFFER_ID_WORD * 4, LARGEST_HEADER);
    const { words } = this;
    this.#hasEnded = words[BUFFER_ID_WORD] !== this.#idLow ||
      words[BUFFER_ID_WORD + 1] !== this.#idHigh;
    return !this.#hasEnded;
  }

  /** Word index of row `index`: offset low, offset high with the flag, token low, token high. */
  rowWord(index: number): number {
    return this.#firstRow + (ROW_SIZE >>> 2) * index;
  }

  /**
   * Reads row `index` into `row` so that offset and token belong together.
   *
   * The writer clears the flag (offset 0), changes the token, then stores the new offset with
   * the flag. So a token read between two equal reads of the offset is the token of that offset;
   * reading its lower word twice guards its two halves in the same way. A row in motion is given
   * as not committed; where RESTART_MARK (bit 62, without bit 63) is in the place of the offset, that
   * is given as 0.
   */
  readRow(
    index: number,
    fence: Fence,
    row: Row = { offset: 0, token: 0, committed: false },
  ): Row {
    const { words } = this;
    const at = this.rowWord(index);
    for (let attempt = 0; attempt < 8; attempt++) {
      this.loadRow(index);
      const low = words[at];
      const high = words[at + 1];
      fence(); // the token after the offset …
      this.loadRow(index);
      const tokenLow = words[at + 2];
      const tokenHigh = words[at + 3];
      fence(); // … and the offset again after the token
      this.loadRow(index);
      if (words[at] === low && words[at + 1] === high && words[at + 2] === tokenLow) {
        row.offset = high >> 30 === 1 ? 0 : wideNumber(low, high & ~COMMIT_FLAG);
        row.token = wideNumber(tokenLow, tokenHigh);
        row.committed = high < 0;
        return row;
      }
    }
    row.offset = 0;
    row.token = 0;
    row.committed = false;
    return row;
  }

  /** Whether a row says what it said: then no byte of its chunk was overwritten in between. */
  isUnchanged({ index, offset, token }: ChunkRow, fence: Fence): boolean {
    const now = this.readRow(index, fence);
    return now.committed && now.offset === offset && now.token === token;
  }

  /** The whole chunk table: of each row the offset, and the token. */
  rowTable(): BigUint64Array {
    const { buffer, byteOffset } = this.bytes;
    return new BigUint64Array(buffer, byteOffset + this.tableStart, 2 * this.chunkCount);
  }

  /** Calls `load` for row `index`. */
  loadRow(index: number): void {
    const from = this.tableStart + ROW_SIZE * index;
    this.load(from, from + ROW_SIZE);
  }

  /** Whether a committed row can be true: its offset among the entries, aligned, its token exact. */
  isPlausible(row: Row): boolean {
    return row.offset >= this.dataStart && row.offset <= this.end && row.offset % 4 === 0 &&
      row.token <= MAX_TOKEN;
  }

  /** Says what is wrong with a committed row that is not plausible. */
  rowDamage(index: number, row: Row): string {
    return `row ${index} says offset ${row.offset} and token ${row.token}: ` +
      `offsets are multiples of 4 from ${this.dataStart} to ${this.end}`;
  }

  /** The same as an error. */
  damagedRow(index: number, row: Row): CorruptLogError {
    return new CorruptLogError(this.rowDamage(index, row), this.rowWord(index) * 4);
  }
}

/** What `look` finds in one life of the log in `memory`: again where it was restarted meanwhile. */
export function inOneLife<T>(
  memory: MemoryLike,
  load: Load | undefined,
  fence: Fence,
  look: (segment: Segment) => T,
): T {
  for (let attempt = 1;; attempt++) {
    const segment = new Segment(memory, load);
    const found = look(segment);
    if (attempt === MOST_LIVES || segment.isSameLife(fence)) return found;
  }
}

/**
 * Whether `buffer` has no magic yet: a log whose creator has not come to the magic, the last
 * thing that it writes, or something else that begins with 8 zero bytes.
 */
export function lacksMagic(buffer: ArrayBufferLike): boolean {
  return new Uint8Array(buffer, 0, Math.min(8, buffer.byteLength)).every((byte) => byte === 0);
}

/**
 * Whether `start`, the first bytes of a segment, may be what a creator leaves that died before the
 * magic: nothing but version, chunk count, buffer id and the offset of row 0.
 */
export function couldBeUnfinished(start: Uint8Array): boolean {
  const version = start[VERSION_WORD * 4] === 2 ? 2 : 1;
  const end = tableOffset(version) + ROW_SIZE / 2;
  return start.every((byte, at) => byte === 0 || (at >= VERSION_WORD * 4 && at < end));
}

function checkSize(size: number): void {
  if (size > MAX_SEGMENT_SIZE) {
    throw new RangeError(
      `memory of ${size} bytes exceeds the maximum of a log, ${MAX_SEGMENT_SIZE}`,
    );
  }
}
