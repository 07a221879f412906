/**
 * The writer of a circular buffer: one message costs some plain stores and one atomic store.
 *
 * @module
 */

import { byteLength } from "../base/arguments.ts";
import { ClosedError } from "../errors.ts";
import { type Fence, fullFence } from "../fence.ts";
import { type MemoryLike, wideNumber } from "../memory.ts";
import {
  BASE_INDEX_WORD,
  BASE_SEQUENCE_WORD,
  CLAIM_CLOSED,
  CLAIM_WORD,
  claimStep,
  HEADER_SIZE,
  maxMessageSize,
  messageStart,
  READ_WORD,
  SEQUENCE_WORD,
  VERSION_WORD,
  WRITE_WORD,
} from "./layout.ts";
import { BufferMemory } from "./memory.ts";
import { findEnd } from "./recovery.ts";
import { callback, checkOptions, flag, number } from "../base/options.ts";
import { inspectable } from "../base/inspectable.ts";

/** Up to this many bytes a loop beats a call of `Uint8Array.set`. */
const SHORT_MESSAGE = 24;

const encoder = new TextEncoder();

/** How a {@linkcode CircularWriter} is made. */
export interface CircularWriterOptions {
  /** How many bytes hold messages: 9 to 2^31 − 257. */
  capacity: number;
  /** How to keep stores in order. Default: a fence that suffices on every CPU. */
  fence?: Fence;
  /**
   * Whether the CPU shows stores in the order in which they are made, as x86-64 does: then a message
   * costs no fence. Default false.
   */
  strongOrder?: boolean;
}

/**
 * Writes messages of bytes to a circular buffer on any memory. There must be one writer at a time.
 *
 * A write never waits for readers and never fails for lack of room: the oldest messages are
 * overwritten, and readers that were too slow notice.
 *
 * @example
 * ```ts
 * import { circularSizes, CircularReader, CircularWriter } from "@ouroboros/log/circular";
 *
 * const capacity = 65536;
 * const sizes = circularSizes(capacity);
 * const index = new SharedArrayBuffer(sizes.index);
 * const data = new SharedArrayBuffer(sizes.data);
 * const writer = new CircularWriter(index, data, { capacity });
 * const reader = new CircularReader(index, data, { capacity });
 * writer.write(new Uint8Array([1, 2, 3]));
 * console.log(reader.read()?.length); // 3
 * ```
 */
export class CircularWriter {
  /** How many bytes hold messages. */
  readonly capacity: number;
  /** The size of the largest message in bytes. */
  readonly maxMessageSize: number;
  readonly #memory: BufferMemory;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fence: Fence;
  readonly #isStrong: boolean;
  // Where the next message begins, if its header fits: 0 to capacity.
  #index: number;
  // The halves of S.
  #low: number;
  #high: number;
  // Up to here a writer that was killed may have overwritten messages: no claim ends before.
  readonly #dirty: number;
  // How many bytes of the claim are left. -1: closed.
  #claimed = 0;
  #isClosed = false;

  /**
   * Continues with what is in the memory; all zero is an empty buffer. What a writer that was killed
   * has left half done is brought in order.
   *
   * @throws {RangeError} if the capacity is not usable
   * @throws {UnsupportedBufferError} if a memory is too small for it
   * @throws {CorruptBufferError} if an index or the sequence number is impossible
   * @throws {TypeError} if an option has the wrong type
   */
  constructor(index: MemoryLike, data: MemoryLike, options: CircularWriterOptions) {
    checkOptions("CircularWriter", options, {
      capacity: number,
      fence: callback,
      strongOrder: flag,
    });
    const { capacity, fence = fullFence, strongOrder = false } = options;
    const memory = new BufferMemory(index, data, capacity);
    this.capacity = capacity;
    this.maxMessageSize = maxMessageSize(capacity);
    this.#memory = memory;
    this.#words = memory.words;
    this.#bytes = memory.bytes;
    this.#view = memory.view;
    this.#fence = fence;
    this.#isStrong = strongOrder;
    const end = findEnd(memory, fence);
    this.#index = end.index;
    this.#low = end.sequence % 2 ** 32 | 0;
    this.#high = Math.floor(end.sequence / 2 ** 32);
    this.#dirty = end.dirty;
    // Before all that follows from it.
    this.#claim(0);
    this.#storeSequence(0);
    this.#words[WRITE_WORD] = end.index;
    Atomics.store(this.#words, READ_WORD, end.index);
  }

  /** How many bytes were ever written to this buffer, headers included. */
  get sequenceNumber(): number {
    return wideNumber(this.#low, this.#high);
  }

  /**
   * Writes one message: bytes, or text as UTF-8.
   *
   * @throws {TypeError} if it is neither
   * @throws {RangeError} if it is empty or larger than {@linkcode CircularWriter.maxMessageSize}
   * @throws {ClosedError} after `close()`
   */
  write(message: Uint8Array | string): void {
    const bytes = typeof message === "string" ? encoder.encode(message) : message;
    const length = bytes instanceof Uint8Array && bytes.length !== 0
      ? bytes.length
      : byteLength("message", bytes);
    const size = length + HEADER_SIZE;
    // One look for all that is not straight: a closed writer has no claim, nor does a first message.
    if (size > this.#claimed || length === 0) this.#claimFor(length);
    const { capacity } = this;
    const words = this.#words;
    const start = messageStart(this.#index, capacity);
    const end = start + size;
    const next = end > capacity ? end - capacity : end;
    // Plain: of the protocol without claims, for readers of the original's kind. It pairs with
    // CircularReader's look at W, R, S.
    words[WRITE_WORD] = next;
    this.#view.setInt32(start, length, true);
    if (end <= capacity) this.#copy(bytes, length, start + HEADER_SIZE);
    else this.#split(bytes, length, start + HEADER_SIZE);
    const low = (this.#low + size) | 0;
    if ((low >>> 0) < size) this.#storeSequence(size);
    else {
      this.#low = low;
      // Release: pairs with the reader's fence after it has seen S, so that the bytes are there.
      Atomics.store(words, SEQUENCE_WORD, low);
    }
    // On other CPUs a later store may overtake an atomic one. A reader of the original, which acquires R,
    // would find bytes that are not there yet.
    if (!this.#isStrong) this.#fence();
    // Plain: what is before it is ordered already. For readers of the original's kind.
    words[READ_WORD] = next;
    this.#index = next;
    this.#claimed -= size;
  }

  /** Ends writing, and clears the claim, so that another kind of writer can continue. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#claimed = -1;
    // Both halves at once: pairs with the reader's look at the claim, which it finds below S, or marked.
    // The version stays, so that none comes twice.
    const isDirty = this.#dirty > this.sequenceNumber;
    const claim = isDirty ? BigInt(this.#dirty) | (BigInt(CLAIM_CLOSED) << 32n) : 0n;
    Atomics.store(this.#memory.wide, CLAIM_WORD >>> 1, claim);
  }

  /** Everything that is not straight: wrong lengths, the end, and a claim of more. */
  #claimFor(length: number): void {
    if (this.#isClosed) throw new ClosedError("the writer is closed: open a new one");
    if (length < 1 || length > this.maxMessageSize) {
      throw new RangeError(
        `message of ${length} bytes must have 1 to ${this.maxMessageSize} bytes: write it in parts`,
      );
    }
    this.#claim(Math.max(length + HEADER_SIZE, claimStep(this.capacity)));
  }

  /** Claims the next `size` bytes from here, where no message is half written. */
  #claim(size: number): void {
    const { wide } = this.#memory;
    const words = this.#words;
    const sequence = this.sequenceNumber;
    const end = Math.max(sequence + size, this.#dirty);
    const version = words[VERSION_WORD] | 1;
    // Odd, then what it guards, then even: pairs with the two looks at the version in a reader that
    // starts. The fence keeps later stores behind an atomic one, where CPUs do not.
    Atomics.store(words, VERSION_WORD, version);
    this.#fence();
    Atomics.store(wide, CLAIM_WORD >>> 1, BigInt(end));
    words[BASE_SEQUENCE_WORD] = this.#low;
    words[BASE_SEQUENCE_WORD + 1] = this.#high;
    words[BASE_INDEX_WORD] = this.#index;
    // 0 would mean that there is no claim.
    Atomics.store(words, VERSION_WORD, (version + 1) | 0 || 2);
    // The claim before the bytes: pairs with the reader's fence between its copy and the claim.
    this.#fence();
    this.#claimed = end - sequence;
  }

  /** Stores S in whole, `size` further: nobody may see one half of it changed without the other. */
  #storeSequence(size: number): void {
    const sequence = this.sequenceNumber + size;
    this.#low = sequence % 2 ** 32 | 0;
    this.#high = Math.floor(sequence / 2 ** 32);
    // Release, as in write(): once in 4 GiB.
    Atomics.store(this.#memory.wide, SEQUENCE_WORD >>> 1, BigInt(sequence));
  }

  #copy(message: Uint8Array, length: number, at: number): void {
    const bytes = this.#bytes;
    if (length > SHORT_MESSAGE) {
      bytes.set(message, at);
      return;
    }
    for (let i = 0; i < length; i++) bytes[at + i] = message[i];
  }

  /** Once a lap: what is left to the end, and the rest from the front. */
  #split(message: Uint8Array, length: number, at: number): void {
    const first = this.capacity - at;
    this.#bytes.set(message.subarray(0, first), at);
    this.#bytes.set(message.subarray(first, length), 0);
  }
}

inspectable(CircularWriter, "CircularWriter", ["capacity", "sequenceNumber"]);
