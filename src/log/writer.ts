/**
 * The writer of a log: one entry costs a few plain stores and one atomic store, and no system call.
 *
 * @module
 */

import { byteLength, checkArray, mustBe } from "../base/arguments.ts";
import { ClosedError } from "../errors.ts";
import { fullFence } from "../fence.ts";
import type { MemoryLike } from "../memory.ts";
import { standardEncoding, type TextEncoding, type TextWriter, textWriter } from "./utf8.ts";
import { type Borrower, Claim } from "./claim.ts";
import { COMMIT_FLAG, FINISH_MARK, HEADER_SIZE, maxPayloadSize } from "./layout.ts";
import { batchSize } from "./payloads.ts";
import { beginAnew, wasBeingBegun } from "./renewal.ts";
import { emptyState, recover, type WriterState } from "./resume.ts";
import { Room } from "./room.ts";
import type { Segment } from "./segment.ts";
import { type CreateWriterOptions, format, open, type WriterOptions } from "./writer_options.ts";
import { changed, claimed, closed, inBatch, tooLarge } from "./writer_refusals.ts";
import { inspectable } from "../base/inspectable.ts";

/** Up to this many bytes a loop of word stores beats a call of `Uint8Array.set`. */
const SHORT_PAYLOAD = 24;

/**
 * Writes entries to a log. A memory must have one writer at a time, because the
 * position of a writer is not shared.
 *
 * A write never waits for readers and never fails for lack of room: the oldest chunks are
 * overwritten.
 *
 * @example
 * ```ts
 * import { Reader, segmentSize, Writer } from "@ouroboros/log";
 *
 * const memory = new SharedArrayBuffer(segmentSize(16, 65536));
 * const writer = Writer.create(memory, { chunkCount: 16 });
 * writer.write("text is written as UTF-8");
 * writer.write(new Uint8Array([1, 2, 3]));
 * console.log(writer.totalEntriesWritten); // 2
 * console.log(new Reader(memory).read()?.text);
 * ```
 */
export class Writer {
  readonly #segment: Segment;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #room: Room;
  readonly #encoding: TextEncoding;
  readonly #writeText: TextWriter;
  readonly #maxEntrySize: number;
  readonly #onCommit: (() => void) | undefined;
  // The highest offset at which a header fits.
  readonly #lastHeader: number;

  // Where the next header goes. Between writes it holds no committed header.
  #offset: number;
  // As far as an entry may reach on the straight path. -1 sends all to #makeRoom().
  #limit = -1;
  #total: number;
  #claim: Claim | undefined;
  // What is making an entry in the room at the offset.
  #borrower: Borrower | undefined;
  #isInBatch = false;
  #isClosed = false;
  #isFinished = false;

  private constructor(segment: Segment, state: WriterState, options: WriterOptions) {
    this.#segment = segment;
    this.#bytes = segment.bytes;
    this.#words = segment.words;
    this.#room = new Room(segment, state, options.chunkSize, options.fence ?? fullFence);
    this.#encoding = options.encoding ?? standardEncoding;
    this.#writeText = textWriter(this.#encoding, segment.bytes);
    this.#maxEntrySize = maxPayloadSize(segment.end - segment.dataStart);
    this.#lastHeader = segment.end - HEADER_SIZE;
    this.#onCommit = options.onCommit;
    this.#offset = state.offset;
    this.#total = state.total;
  }

  /**
   * Makes an empty log of `memory`, whatever was in it, and returns its writer.
   *
   * @throws {RangeError} if `chunkCount` or `chunkSize` is not a positive integer, or the memory has
   * no room for them
   * @throws {TypeError} if a log of version 1 is to have a `bufferId`
   */
  static create(memory: MemoryLike, options: CreateWriterOptions = {}): Writer {
    return Writer.begin(format(memory, options), 0, options);
  }

  /**
   * The writer of an empty log whose row 0 says that `total` entries were written to it before. Copies
   * of logs are made with it.
   *
   * @internal
   */
  static begin(segment: Segment, total: number, options: WriterOptions): Writer {
    return new Writer(segment, emptyState(segment, total), options);
  }

  /**
   * Continues with the log that is in `memory`, with the next sequence number, after its writer was
   * closed, or killed at any moment. A log that was to be restarted is empty, and has a new id, if the
   * writer was killed while it did that.
   *
   * @throws {UnsupportedLogError} if it is not a log of version 1 or 2
   * @throws {LogFinishedError} if its writer has finished it
   * @throws {CorruptLogError} if it is so damaged that the next sequence number is not known
   * @throws {RangeError} if `chunkSize` does not fit
   * @throws {TypeError} if an option has the wrong type
   *
   * @example
   * ```ts
   * import { Writer } from "@ouroboros/log";
   *
   * const memory = new ArrayBuffer(4096);
   * Writer.create(memory, { chunkCount: 4 }).write("one");
   * console.log(Writer.resume(memory).write("two")); // 2
   * ```
   */
  static resume(memory: MemoryLike, options: WriterOptions = {}): Writer {
    const segment = open("Writer.resume()", memory, options);
    const fence = options.fence ?? fullFence;
    if (wasBeingBegun(segment)) return Writer.begin(beginAnew(segment, fence), 0, options);
    return new Writer(segment, recover(segment, fence), options);
  }

  /**
   * Restarts the log that is in `memory`, in place: it is empty then, its numbers begin with 1, and it
   * has another id, a random one. Version, size and number of chunks stay. Readers that have it open
   * never get an entry of one life under the number of another ({@linkcode Reader.isRestarted}).
   *
   * @throws {UnsupportedLogError} if it is not a log of version 2: version 1 has no id that could tell
   * @throws {RangeError} if `chunkSize` does not fit
   * @throws {TypeError} if an option has the wrong type
   *
   * @example
   * ```ts
   * import { Reader, segmentSize, Writer } from "@ouroboros/log";
   *
   * const memory = new ArrayBuffer(segmentSize(4, 1024, 2));
   * Writer.create(memory, { chunkCount: 4, version: 2 }).write("of the first life");
   * const reader = new Reader(memory);
   * Writer.restart(memory).write("of the second life");
   * console.log(reader.read(), reader.isRestarted); // undefined true
   * console.log(new Reader(memory).read()?.text); // of the second life
   * ```
   */
  static restart(memory: MemoryLike, options: WriterOptions = {}): Writer {
    const segment = open("Writer.restart()", memory, options);
    return Writer.begin(beginAnew(segment, options.fence ?? fullFence), 0, options);
  }

  /** The version of the log's format. */
  get version(): 1 | 2 {
    return this.#segment.version;
  }

  /** What tells the log from others, a number of 64 bits; `undefined` in version 1. */
  get bufferId(): bigint | undefined {
    return this.#segment.bufferId;
  }

  /** The size of the largest payload in bytes. */
  get maxEntrySize(): number {
    return this.#maxEntrySize;
  }

  /** How many entries were ever written to this log: the sequence number of the last one. */
  get totalEntriesWritten(): number {
    return this.#total;
  }

  /** How many chunks the log has. */
  get chunkCount(): number {
    return this.#segment.chunkCount;
  }

  /** The size of a chunk in bytes. */
  get chunkSize(): number {
    return this.#room.chunkSize;
  }

  /**
   * Writes one entry.
   *
   * @param data the payload; text is written as UTF-8. Empty payloads are legal
   * @returns the sequence number of the entry
   * @throws {TypeError} if it is neither
   * @throws {RangeError} if it is larger than {@linkcode Writer.maxEntrySize}
   * @throws {ClaimPendingError} if a claim is open
   * @throws {ClosedError} after `close()`
   */
  write(data: Uint8Array | string): number {
    if (typeof data === "string") return this.#writeString(data);
    const length = checkPayload(data);
    let offset = this.#offset;
    let next = offset + ((length + 7) & ~3);
    // By its length, too: of 2 GiB and more, `next` has overflown.
    if (next > this.#limit || length > this.#limit) {
      offset = this.#makeRoom(length);
      next = offset + ((length + 7) & ~3);
    }
    // Not committed yet: for a reader this is the same as nothing.
    this.#words[offset >>> 2] = length + HEADER_SIZE;
    this.#copy(data, length, offset + HEADER_SIZE);
    return this.#commit(offset, length, next);
  }

  /**
   * Writes several entries that become visible all at once: a reader sees either none or all, and
   * a writer that resumes after a crash does, too. They cost one atomic store together.
   *
   * @param entries an array; all of it is checked before anything is written
   * @returns the sequence number of the last one
   * @throws {TypeError} if it is not an array, or an element is neither text nor bytes: then none is written
   * @throws {ReentrantUseError} if a getter of the array writes to the same log
   * @throws {RangeError} if they do not fit into the log together: then none is written
   * @throws {ClaimPendingError} if a claim is open
   * @throws {ClosedError} after `close()`
   *
   * @example
   * ```ts
   * import { Writer } from "@ouroboros/log";
   *
   * const writer = Writer.create(new ArrayBuffer(4096), { chunkCount: 4 });
   * console.log(writer.writeMany(["begin", "step", "end"])); // 3
   * ```
   */
  writeMany(entries: readonly (Uint8Array | string)[]): number {
    checkArray("entries", entries);
    const count = entries.length;
    if (count === 0) {
      if (this.#isClosed) throw closed(this.#isFinished);
      return this.#total;
    }
    const free = this.#limit - this.#offset;
    const size = batchSize(entries, this.#encoding, free, this.#maxEntrySize);
    let offset = this.#offset;
    // Room for all of them in one piece: they share a chunk, and nothing of them has a row of its
    // own that would show them too early.
    if (offset + size > this.#limit) offset = this.#makeRoom(size - HEADER_SIZE);
    const first = offset;
    const end = first + size;
    let firstLength = 0;
    // An array may have getters, which may do anything: write to this log, or give something else
    // than was checked.
    this.#isInBatch = true;
    this.#limit = -1;
    try {
      for (let i = 0; i < count; i++) {
        const data = entries[i];
        const at = offset + HEADER_SIZE;
        let length = data.length;
        if (!(length <= end - at)) throw changed(i);
        if (typeof data === "string") length = this.#writeText(data, at, end - at);
        else this.#copy(data, length, at);
        if (i === 0) firstLength = length;
        // Committed, but nobody gets here before the first one is.
        else this.#words[offset >>> 2] = (length + HEADER_SIZE) | COMMIT_FLAG;
        offset += (length + 7) & ~3;
      }
      if (this.#isClosed) throw closed(this.#isFinished);
    } finally {
      this.#isInBatch = false;
      if (!this.#isClosed) this.#limit = this.#room.limit;
    }
    this.#total += count - 1;
    return this.#commit(first, firstLength, offset);
  }

  /**
   * Claims room for an entry that is made in place. Until it is committed or aborted, nothing else
   * can be written.
   *
   * @param length the size of the payload in bytes; the commit may take less
   * @throws {RangeError} if `length` is not an integer from 0 to {@linkcode Writer.maxEntrySize}
   * @throws {ClaimPendingError} if a claim is open
   * @throws {ClosedError} after `close()`
   */
  claim(length: number): Claim {
    if (!Number.isInteger(length) || length < 0) {
      throw new RangeError(
        mustBe("length", length, `an integer from 0 to ${this.#maxEntrySize} bytes`),
      );
    }
    let offset = this.#offset;
    if (offset + ((length + 7) & ~3) > this.#limit || length > this.#limit) {
      offset = this.#makeRoom(length);
    }
    const at = offset + HEADER_SIZE;
    const claim = new Claim(this.#bytes.subarray(at, at + length), (kept) => {
      if (this.#isClosed) {
        if (kept < 0) return this.#total;
        throw new ClosedError("the writer of this claim is closed: open a new one");
      }
      this.#claim = undefined;
      return this.settle(kept);
    });
    this.#claim = claim;
    this.#limit = -1;
    return claim;
  }

  /**
   * Says that no entry will come any more, in a log of version 2, and ends writing: readers come to an
   * end after the last entry, and nobody can resume the log. It can be restarted.
   *
   * @throws {UnsupportedLogError} in a log of version 1, which has no mark for that
   * @throws {ClaimPendingError} if a claim is open
   * @throws {ClosedError} after `close()` or `finish()`
   */
  finish(): void {
    this.#enter();
    const offset = this.#room.finish(this.#offset, this.#total);
    // Release, as an entry's commit. Pairs with the reader's fence after it has seen the mark.
    Atomics.store(this.#words, offset >>> 2, FINISH_MARK);
    this.#isFinished = true;
    this.close();
    this.#onCommit?.();
  }

  /**
   * The memory that entries are made in, see {@linkcode Writer.lend}.
   *
   * @internal
   */
  get memory(): Uint8Array {
    return this.#bytes;
  }

  /**
   * Lends the room for the next entry, whose size is not known yet: a claim without an object. There
   * is room for at least `least` bytes, and mostly for much more. If something else is written
   * meanwhile (a getter may log), or the writer is closed, the borrower is asked to leave first.
   *
   * @internal
   */
  lend(borrower: Borrower, least: number): void {
    let offset = this.#offset;
    const limit = this.#limit;
    if (offset + least + 2 * HEADER_SIZE <= limit) borrower.end = limit - HEADER_SIZE;
    else {
      offset = this.#makeRoom(least);
      borrower.end = Math.max(this.#limit - HEADER_SIZE, offset + HEADER_SIZE + least);
    }
    borrower.start = offset + HEADER_SIZE;
    this.#borrower = borrower;
    this.#limit = -1;
  }

  /**
   * Publishes the entry of `length` bytes that was made in the room that was lent, or with -1 nothing.
   *
   * @internal
   */
  settle(length: number): number {
    this.#borrower = undefined;
    this.#limit = this.#room.limit;
    if (length < 0) return this.#total;
    const offset = this.#offset;
    return this.#commit(offset, length, offset + ((length + 7) & ~3));
  }

  /** Ends writing. An open claim is lost. The memory stays as it is, and can be resumed. */
  close(): void {
    this.#recall();
    this.#isClosed = true;
    this.#limit = -1;
  }

  #writeString(text: string): number {
    let offset = this.#offset;
    let capacity = text.length * 3;
    if (offset + ((capacity + 7) & ~3) > this.#limit || capacity > this.#limit) {
      // At three bytes a character it might not fit: count them.
      capacity = this.#encoding.byteLength(text);
      offset = this.#makeRoom(capacity);
    }
    const length = this.#writeText(text, offset + HEADER_SIZE, capacity);
    return this.#commit(offset, length, offset + ((length + 7) & ~3));
  }

  #copy(data: Uint8Array, length: number, at: number): void {
    if (length > SHORT_PAYLOAD) {
      this.#bytes.set(data, at);
      return;
    }
    const words = this.#words;
    const whole = length & ~3;
    let word = at >>> 2;
    let i = 0;
    while (i < whole) {
      words[word++] = data[i] | (data[i + 1] << 8) | (data[i + 2] << 16) | (data[i + 3] << 24);
      i += 4;
    }
    while (i < length) {
      this.#bytes[at + i] = data[i];
      i++;
    }
  }

  /** Publishes the entry at `offset`; `next` is where the header after it goes. */
  #commit(offset: number, length: number, next: number): number {
    // The end of the log, before a reader can come to it.
    if (next <= this.#lastHeader) this.#words[next >>> 2] = 0;
    // Release: pairs with the reader's fence after it has seen the header, so that payload and next
    // header are there. Engines keep plain stores before an atomic one; so do x86-64 and arm64.
    Atomics.store(this.#words, offset >>> 2, (length + HEADER_SIZE) | COMMIT_FLAG);
    this.#offset = next;
    this.#total++;
    if (this.#onCommit !== undefined) this.#onCommit();
    return this.#total;
  }

  /** Throws unless something may be written, and ends a loan. */
  #enter(): void {
    if (this.#isClosed) throw closed(this.#isFinished);
    if (this.#isInBatch) throw inBatch();
    if (this.#claim !== undefined) throw claimed();
    this.#recall();
  }

  /** Ends a loan, before the room is used for something else. */
  #recall(): void {
    const borrower = this.#borrower;
    if (borrower === undefined) return;
    this.#borrower = undefined;
    borrower.leave();
  }

  /**
   * Everything that is not straight: makes room for an entry of `length` bytes, and returns the
   * offset of its header.
   */
  #makeRoom(length: number): number {
    this.#enter();
    if (length > this.#maxEntrySize) throw tooLarge(length, this.#maxEntrySize);
    this.#offset = this.#room.make(this.#offset, length, this.#total);
    this.#limit = this.#room.limit;
    return this.#offset;
  }
}

/** The length of a payload, which must be bytes. */
function checkPayload(data: Uint8Array): number {
  const length = data instanceof Uint8Array ? data.length : 0;
  return length !== 0 ? length : byteLength("entry", data);
}

inspectable(Writer, "Writer", ["totalEntriesWritten", "chunkCount", "chunkSize", "maxEntrySize"]);
