/**
 * Entries read in one go: their bounds, and a private copy of their bytes.
 *
 * @module
 */

import { decodeText } from "../decode_text.ts";
import { ReentrantUseError } from "../errors.ts";
import { type Ahead, EntryBounds, type Found } from "./bounds.ts";
import { Entry } from "./entry.ts";
import { EntryView } from "./entry_view.ts";
import { checkRoom, copyInto } from "../read_into.ts";
import { HEADER_SIZE } from "./layout.ts";
import type { Segment } from "./segment.ts";
import { inspectable } from "../base/inspectable.ts";
import { keepFromTransfer } from "../untransferable.ts";
import { mustBe } from "../base/arguments.ts";

/** How many bytes of entries a batch takes, unless a single entry is larger. */
export const BATCH_BYTES = 65536;
/** How many entries a batch takes: as many empty ones as fit into its bytes. */
export const BATCH_ENTRIES = BATCH_BYTES / HEADER_SIZE;
/** From this many bytes an entry on, texts are decoded one by one. */
const LARGE_TEXT = 512;
/** How many bytes are visited in place at a time, unless a single entry is larger. */
export const VISIT_BYTES = 1 << 20;

/**
 * Entries that were copied and validated together. Nothing is allocated per entry.
 *
 * A batch belongs to its reader, which fills it again at each `readBatch()`. What `bytes()` returns is
 * valid until then.
 *
 * @example
 * ```ts
 * import { Reader, Writer } from "@ouroboros/log";
 *
 * const memory = new ArrayBuffer(4096);
 * Writer.create(memory, { chunkCount: 4 }).writeMany(["a", "b", "c"]);
 * const batch = new Reader(memory).readBatch();
 * for (let i = 0; i < batch.length; i++) console.log(batch.sequenceNumber(i), batch.text(i));
 * ```
 */
export class EntryBatch {
  #length = 0;
  // How many times it was filled, or emptied.
  #fills = 0;
  #firstSequenceNumber = 0;
  #chunkIndex = 0;
  #chunkToken = 0;
  readonly #bounds = new EntryBounds();
  #block: Uint8Array = new Uint8Array(0);
  // Whether entries that were handed out are on this block.
  #isShared = false;

  /** How many entries the batch holds. */
  get length(): number {
    return this.#length;
  }

  /** The index of the chunk that the entries were read from. */
  get chunkIndex(): number {
    return this.#chunkIndex;
  }

  /** How many entries were written to the log before that chunk. */
  get chunkToken(): number {
    return this.#chunkToken;
  }

  /**
   * The sequence number of entry `index`.
   *
   * @throws {RangeError} if the batch has no such entry
   */
  sequenceNumber(index: number): number {
    this.#check(index);
    return this.#firstSequenceNumber + index;
  }

  /**
   * The size in bytes of the payload of entry `index`.
   *
   * @throws {RangeError} if the batch has no such entry
   */
  byteLength(index: number): number {
    this.#check(index);
    const { pairs } = this.#bounds;
    return pairs[2 * index + 1] - pairs[2 * index];
  }

  /**
   * The payload of entry `index`: a view of private memory, valid until the next batch.
   *
   * @throws {RangeError} if the batch has no such entry
   */
  bytes(index: number): Uint8Array {
    this.#check(index);
    const { pairs } = this.#bounds;
    return this.#block.subarray(pairs[2 * index], pairs[2 * index + 1]);
  }

  /**
   * The payload of entry `index` decoded as UTF-8.
   *
   * @throws {RangeError} if the batch has no such entry
   */
  text(index: number): string {
    return decodeText(this.bytes(index));
  }

  /**
   * The payloads of all entries decoded as UTF-8. For short ASCII entries this is several times faster
   * than one by one.
   *
   * The engine may store such texts as parts of one long text (up to 64 KiB), which stays in memory as
   * long as one of them. To keep few of many for long, use {@linkcode EntryBatch.text}.
   *
   * @example
   * ```ts
   * import { Reader, Writer } from "@ouroboros/log";
   *
   * const memory = new ArrayBuffer(4096);
   * Writer.create(memory, { chunkCount: 4 }).writeMany(["a", "b", "c"]);
   * console.log(new Reader(memory).readBatch().texts().join()); // a,b,c
   * ```
   */
  texts(): string[] {
    const length = this.#length;
    const texts: string[] = new Array(length);
    const bounds = this.#bounds.pairs;
    const joined = length > 0 ? this.#decodeAtOnce() : undefined;
    for (let i = 0; i < length; i++) {
      texts[i] = joined === undefined
        ? this.text(i)
        : joined.substring(bounds[2 * i], bounds[2 * i + 1]);
    }
    return texts;
  }

  /**
   * Entry `index` as an object of its own, with a copy of its bytes that outlives the batch.
   *
   * @throws {RangeError} if the batch has no such entry
   */
  entry(index: number): Entry {
    const bytes = this.bytes(index).slice();
    return this.#toEntry(index, bytes, 0, bytes.length);
  }

  /**
   * All entries as objects of their own.
   *
   * @throws {ReentrantUseError} if the batch was filled again since the iteration began
   */
  *[Symbol.iterator](): IterableIterator<Entry> {
    const fills = this.#fills;
    for (let i = 0; i < this.#length; i++) {
      yield this.entry(i);
      if (this.#fills !== fills) {
        throw new ReentrantUseError(
          "the batch was filled again during the iteration: iterate to the end before the next " +
            "readBatch(), or give that a batch of its own",
        );
      }
    }
  }

  /**
   * Entry `index` as an object on the memory of this batch, which takes other memory when it is filled
   * again. For readers, and for what reads most of a log.
   *
   * @internal
   */
  share(index: number): Entry {
    this.#check(index);
    this.#isShared = true;
    const { pairs } = this.#bounds;
    return this.#toEntry(index, this.#block, pairs[2 * index], pairs[2 * index + 1]);
  }

  /**
   * The memory of the batch, until it is filled again, with start and end of each payload: to look at all
   * of them at once.
   *
   * @internal
   */
  get block(): { bytes: Uint8Array; bounds: Int32Array; length: number } {
    return { bytes: this.#block, bounds: this.#bounds.pairs, length: this.#length };
  }

  /**
   * Copies the payload of entry `index`; returns its size in bytes. Readers use it.
   *
   * @internal
   */
  copyTo(into: Uint8Array, index: number): number {
    const { pairs } = this.#bounds;
    const start = pairs[2 * index];
    const end = pairs[2 * index + 1];
    checkRoom(into, end - start);
    copyInto(into, 0, this.#block, start, end);
    return end - start;
  }

  /**
   * Shows each entry where it is in the segment, in place. Readers use it.
   *
   * @internal
   */
  visit(view: EntryView, origin: number, visit: (entry: EntryView) => void): void {
    view.showEach(this.#bounds.pairs, origin, this.#firstSequenceNumber, this.#length, visit);
  }

  /**
   * Shows each entry in the batch's own memory. Readers use it.
   *
   * @internal
   */
  visitCopies(visit: (entry: EntryView) => void): void {
    this.visit(new EntryView(this.#block), 0, visit);
  }

  /**
   * Copies what `other` holds from entry `start` on, at most `most` entries. Readers use it.
   *
   * @internal
   */
  takeFrom(other: EntryBatch, start: number, most: number): void {
    const length = Math.min(other.#length - start, most);
    this.#bounds.takeFrom(other.#bounds, start, length);
    this.#reserve(other.#block.length);
    this.#block.set(other.#block);
    this.#length = length;
    this.#fills++;
    this.settle(other.#firstSequenceNumber + start, 0, other.#chunkIndex, other.#chunkToken);
  }

  /**
   * Finds the committed entries from `from` on in shared memory: as many as the batch takes.
   *
   * @internal
   */
  index(
    segment: Segment,
    from: number,
    ahead: Ahead,
    most: number,
    mostBytes: number,
    found: Found,
  ): void {
    this.#bounds.find(segment, from, ahead, most, mostBytes, found);
    this.#length = this.#bounds.length;
  }

  /**
   * Copies the entries found into private memory: into fresh one if `fresh` is true, or if entries that
   * were handed out are on that of before.
   *
   * @internal
   */
  copy(segment: Segment, from: number, fresh: boolean): void {
    if (this.#length === 0) return;
    const size = this.#bounds.end;
    if (fresh || this.#isShared) {
      this.#isShared = false;
      // In one step: engines need not clear what they fill at once.
      this.#block = segment.bytes.slice(from, from + size);
      if (this.#length > 1) keepFromTransfer(this.#block.buffer);
      return;
    }
    this.#reserve(size);
    this.#block.set(segment.bytes.subarray(from, from + size));
  }

  /**
   * Says what the entries are, once they are proven; the first `skipped` were delivered before.
   *
   * @internal
   */
  settle(
    firstSequenceNumber: number,
    skipped: number,
    chunkIndex: number,
    chunkToken: number,
  ): void {
    if (skipped > 0) {
      this.#bounds.skip(skipped);
      this.#length -= skipped;
    }
    this.#firstSequenceNumber = firstSequenceNumber + skipped;
    this.#chunkIndex = chunkIndex;
    this.#chunkToken = chunkToken;
  }

  /**
   * Takes entries over from another thread, with their memory.
   *
   * @internal
   */
  adopt(bytes: Uint8Array, pairs: Int32Array, firstSequenceNumber: number): void {
    this.#block = bytes;
    this.#isShared = true;
    this.#bounds.pairs = pairs;
    this.#length = this.#bounds.length = pairs.length >>> 1;
    this.#fills++;
    this.#firstSequenceNumber = firstSequenceNumber;
  }

  /**
   * Forgets the entries.
   *
   * @internal
   */
  clear(): void {
    this.#length = 0;
    this.#fills++;
  }

  /**
   * The whole block as text in which every byte is one character, so that the bounds hold in it;
   * undefined if there is more than ASCII, or if the entries are so large that it does not pay.
   */
  #decodeAtOnce(): string | undefined {
    const bounds = this.#bounds.pairs;
    if (this.#bounds.end > LARGE_TEXT * this.#length) return undefined;
    const block = this.#block;
    // Headers and padding are not text. The block is our copy: zeros are ASCII.
    let end = 0;
    for (let i = 0; i < 2 * this.#length; i += 2) {
      while (end < bounds[i]) block[end++] = 0;
      end = bounds[i + 1];
    }
    const text = decodeText(block.subarray(0, end));
    // UTF-8 of more than one byte gives fewer characters than bytes; a byte that is not UTF-8 gives
    // one, in its place.
    return text.length === end ? text : undefined;
  }

  #toEntry(index: number, block: Uint8Array, start: number, end: number): Entry {
    const sequenceNumber = this.#firstSequenceNumber + index;
    return new Entry(block, start, end, sequenceNumber, this.#chunkIndex, this.#chunkToken);
  }

  #reserve(size: number): void {
    if (this.#block.length >= size && !this.#isShared) return;
    this.#isShared = false;
    this.#block = new Uint8Array(new ArrayBuffer(Math.max(size, BATCH_BYTES)));
    keepFromTransfer(this.#block.buffer);
  }

  #check(index: number): void {
    if (!(index >= 0 && index < this.#length)) {
      const wanted = this.#length === 0
        ? "none: the batch is empty"
        : `an integer from 0 to ${this.#length - 1}`;
      throw new RangeError(mustBe("index", index, wanted));
    }
  }
}

inspectable(EntryBatch, "EntryBatch", ["length", "chunkIndex", "chunkToken", "texts"]);
