/**
 * A ring of items in any memory: first in, first out; when it is full the oldest items are dropped.
 *
 * @module
 */

import { byteLength } from "../base/arguments.ts";
import { CorruptRingError } from "../errors.ts";
import { checkInto, checkRoom, copyInto } from "../read_into.ts";
import { bytesOf, type MemoryLike, viewOf, wordsOf } from "../memory.ts";
import {
  checkSize,
  endLap,
  ITEM_HEADER_SIZE,
  LAP_ENDED,
  MAX_FILE_SIZE,
  READ_WORD,
  SPARE_SIZE,
  START,
  whyNoRing,
  WRITE_WORD,
} from "./layout.ts";
import { inspectable } from "../base/inspectable.ts";

/** More items than any ring has. */
const MANY = MAX_FILE_SIZE;

const encoder = new TextEncoder();

/**
 * The items of a ring file in `memory`. One user at a time: positions are kept here, too.
 *
 * @example
 * ```ts
 * import { Ring } from "@ouroboros/log/ring";
 *
 * const ring = Ring.format(new ArrayBuffer(16 + 1024 + 1));
 * ring.put("one");
 * ring.put(new Uint8Array([2]));
 * console.log(ring.length, new TextDecoder().decode(ring.get())); // 2 one
 * ```
 */
export class Ring implements Iterable<Uint8Array> {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #positions: Int32Array;
  // Where items end at most; the spare byte is there.
  readonly #end: number;
  #read: number;
  #write: number;
  // How many items there are; -1: not counted yet.
  #count = -1;
  // How many were taken or dropped: an iteration sees by it what is gone.
  #gone = 0;

  /**
   * Opens the ring that is in `memory`: a file of zeros is an empty one.
   *
   * @throws {CorruptRingError} if it is not a ring, its positions are impossible, or the end of its lap is unknown
   * @throws {RangeError} if the memory is too small for an empty item, or 4 GiB and more
   */
  constructor(memory: MemoryLike) {
    const bytes = bytesOf("memory", memory);
    checkSize(bytes.length);
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#positions = wordsOf(bytes.subarray(0, START));
    this.#end = bytes.length - SPARE_SIZE;
    const why = whyNoRing(this.#view);
    if (why !== undefined) {
      throw new CorruptRingError(`not a ring: ${why}. Nothing was changed: look what it is`, 0);
    }
    this.#read = this.#position(READ_WORD, "read");
    this.#write = this.#position(WRITE_WORD, "write");
    if (this.#write < this.#read && this.#bytes[this.#end] !== LAP_ENDED) {
      throw new CorruptRingError(
        `positions ${this.#read} (read) and ${this.#write} (write) of a lap whose end is not ` +
          `marked: the original library wrote it. MemMapRingBuffer.repair(path) keeps its items`,
        this.#end,
      );
    }
    this.#setRead(this.#read);
    this.#setWrite(this.#write);
    if (this.#read <= this.#write) this.#bytes[this.#end] = 0;
  }

  /**
   * Makes an empty ring of `memory`, whatever was in it.
   *
   * @throws {RangeError} if the memory is too small for an empty item, or 4 GiB and more
   */
  static format(memory: MemoryLike): Ring {
    const bytes = bytesOf("memory", memory);
    checkSize(bytes.length);
    bytes.fill(0);
    return new Ring(bytes);
  }

  /** How many bytes the items may have together, with their headers of 4 bytes. */
  get capacity(): number {
    return this.#end - START;
  }

  /** The size of the largest item in bytes. */
  get maxItemSize(): number {
    return this.capacity - ITEM_HEADER_SIZE;
  }

  /** Whether there is no item. */
  get isEmpty(): boolean {
    return this.#oldest() === this.#write;
  }

  /**
   * How many items there are. They are counted at the first call, one by one.
   *
   * @throws {CorruptRingError} if the bytes contradict the format
   */
  get length(): number {
    if (this.#count < 0) {
      let count = 0;
      for (let at = this.#oldest(); at !== this.#write; at = this.#after(at)) count++;
      this.#count = count;
    }
    return this.#count;
  }

  /**
   * Appends an item: text as UTF-8, or bytes; they may be empty. If there is no room, the oldest
   * items are dropped.
   *
   * @throws {RangeError} if it is larger than {@linkcode Ring.maxItemSize}: then nothing changes
   * @throws {TypeError} if it is neither
   * @throws {CorruptRingError} if items had to go, and the bytes contradict the format
   */
  put(item: Uint8Array | string): void {
    const bytes = typeof item === "string" ? encoder.encode(item) : item;
    const length = byteLength("item", bytes);
    if (length > this.maxItemSize) {
      throw new RangeError(
        `item of ${length} bytes exceeds the maximum of ${this.maxItemSize}: make the ring larger`,
      );
    }
    const at = this.#makeRoom(ITEM_HEADER_SIZE + length);
    this.#bytes.set(bytes, at + ITEM_HEADER_SIZE);
    this.#view.setInt32(at, length, true);
    // What was put is there from here on. Nobody reads it meanwhile: the order is for a process that
    // opens the file after a kill.
    this.#setWrite(at + ITEM_HEADER_SIZE + length);
    if (this.#count >= 0) this.#count++;
  }

  /**
   * Takes the oldest item out: a copy of it, or `undefined` if there is no item.
   *
   * @throws {CorruptRingError} if the bytes contradict the format: then nothing changes
   */
  get(): Uint8Array | undefined {
    const at = this.#oldest();
    if (at === this.#write) return undefined;
    const after = this.#after(at);
    const item = this.#itemAt(at);
    this.#drop(after);
    return item;
  }

  /**
   * Takes the oldest item out into `into`, and returns its size in bytes, which may be 0; or `undefined`
   * if there is no item. Nothing is allocated for it, but a view to copy from if it has more than 96 bytes.
   *
   * @throws {RangeError} if it does not fit: it says how many bytes are needed, and nothing is taken
   * @throws {TypeError} if `into` is not a Uint8Array
   * @throws {CorruptRingError} if the bytes contradict the format: then nothing changes
   *
   * @example
   * ```ts
   * import { Ring } from "@ouroboros/log/ring";
   *
   * const ring = Ring.format(new ArrayBuffer(1024));
   * ring.put("hello");
   * const into = new Uint8Array(100);
   * console.log(ring.readInto(into), ring.readInto(into)); // 5 undefined
   * ```
   */
  readInto(into: Uint8Array): number | undefined {
    checkInto(into);
    const at = this.#oldest();
    if (at === this.#write) return undefined;
    const after = this.#after(at);
    const length = this.#view.getInt32(at, true);
    checkRoom(into, length);
    const start = at + ITEM_HEADER_SIZE;
    copyInto(into, 0, this.#bytes, start, start + length);
    this.#drop(after);
    return length;
  }

  /**
   * A copy of the oldest item, which stays; `undefined` if there is no item.
   *
   * @throws {CorruptRingError} if the bytes contradict the format
   */
  peek(): Uint8Array | undefined {
    const at = this.#oldest();
    if (at === this.#write) return undefined;
    this.#after(at);
    return this.#itemAt(at);
  }

  /** Removes all items, and their bytes. */
  clear(): void {
    // One store, and it is empty; what follows is tidying up.
    this.#gone += MANY;
    this.#setRead(this.#write);
    this.#count = 0;
    this.#startOver();
    this.#bytes.fill(0, START);
  }

  /**
   * Iterates over copies of the items from the oldest on, which stay. What is taken or dropped
   * meanwhile is left out, what is put meanwhile comes, too.
   *
   * @throws {CorruptRingError} if the bytes contradict the format
   */
  *[Symbol.iterator](): IterableIterator<Uint8Array> {
    let at = this.#oldest();
    let index = this.#gone;
    for (;;) {
      if (index < this.#gone) {
        at = this.#oldest();
        index = this.#gone;
      }
      // Where a lap was to begin when we came here it may have begun since.
      if (at > this.#write && this.#isLapEnd(at)) at = START;
      if (at === this.#write) return;
      const after = this.#after(at);
      const item = this.#itemAt(at);
      at = after;
      index++;
      yield item;
    }
  }

  /** Where the oldest item is, if there is one. */
  #oldest(): number {
    // At the end of a lap only after a kill: see the layout.
    return this.#read > this.#write && this.#isLapEnd(this.#read) ? START : this.#read;
  }

  /** Where the item after the one at `at` is, or will be. */
  #after(at: number): number {
    const isInTail = at > this.#write;
    const limit = isInTail ? this.#end : this.#write;
    const length = limit - at < ITEM_HEADER_SIZE ? -1 : this.#view.getInt32(at, true);
    const after = at + ITEM_HEADER_SIZE + length;
    if (length < 0 || after > limit) {
      throw new CorruptRingError(
        `length ${length} at offset ${at} is not of an item within ${
          limit - at
        } bytes: the ring is ` +
          `damaged. MemMapRingBuffer.repair(path) keeps what is sound`,
        at,
      );
    }
    return isInTail && this.#isLapEnd(after) ? START : after;
  }

  /** Whether the lap ends at `at`: no item has room, or the length there leads past all items. */
  #isLapEnd(at: number): boolean {
    return this.#end - at < ITEM_HEADER_SIZE ||
      at + ITEM_HEADER_SIZE + this.#view.getInt32(at, true) === this.#end + SPARE_SIZE;
  }

  /** A copy of the item at `at`, whose bounds are known to be right. */
  #itemAt(at: number): Uint8Array {
    const start = at + ITEM_HEADER_SIZE;
    return this.#bytes.slice(start, start + this.#view.getInt32(at, true));
  }

  /** Finds `size` bytes for an item, and drops what is in the way; returns where they are. */
  #makeRoom(size: number): number {
    for (;;) {
      if (this.#read > this.#write) {
        // Not equal afterwards: that would be empty.
        if (this.#write + size < this.#read) return this.#write;
        const at = this.#oldest();
        this.#drop(at === this.#read ? this.#after(at) : at, at === this.#read ? 1 : 0);
      } else {
        if (this.#write + size <= this.#end) return this.#write;
        if (this.#read === this.#write) this.#startOver();
        else if (START + size < this.#read) {
          endLap(this.#view, this.#write, this.#end);
          return START;
        } else this.#drop(this.#after(this.#read));
      }
    }
  }

  /** Moves on to the item at `after`; `items` are gone. */
  #drop(after: number, items: number = 1): void {
    this.#setRead(after);
    if (after <= this.#write) this.#bytes[this.#end] = 0;
    this.#gone += items;
    if (this.#count >= 0) this.#count -= items;
  }

  /** Sets both positions of an empty ring to the start. */
  #startOver(): void {
    if (this.#write === START) return;
    endLap(this.#view, this.#write, this.#end);
    this.#setWrite(START);
    this.#setRead(START);
    this.#bytes[this.#end] = 0;
  }

  // Atomics: engines keep plain stores before an atomic one, and after it.
  #setRead(position: number): void {
    this.#read = position;
    Atomics.store(this.#positions, READ_WORD, position);
  }

  #setWrite(position: number): void {
    this.#write = position;
    Atomics.store(this.#positions, WRITE_WORD, position);
  }

  #position(word: number, name: string): number {
    const position = this.#positions[word] >>> 0 || START;
    if (this.#positions[word + 1] !== 0 || position < START || position > this.#end) {
      const value = this.#view.getBigInt64(4 * word, true);
      throw new CorruptRingError(
        `${name} position ${value} is not from ${START} to ${this.#end}: the ring is damaged. ` +
          `MemMapRingBuffer.repair(path) keeps what is sound`,
        4 * word,
      );
    }
    return position;
  }
}

inspectable(Ring, "Ring", ["capacity", "isEmpty"]);
