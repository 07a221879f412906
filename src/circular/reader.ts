/**
 * The reader of a circular buffer: copies a message, then looks whether it was overwritten meanwhile.
 *
 * @module
 */

import { inspectable } from "../base/inspectable.ts";
import { checkOptions } from "../base/options.ts";
import { CorruptBufferError, LappedError } from "../errors.ts";
import { type Fence, fullFence } from "../fence.ts";
import type { MemoryLike } from "../memory.ts";
import { checkInto, checkRoom } from "../read_into.ts";
import {
  CLAIM_WORD,
  HEADER_SIZE,
  MAX_MESSAGE_SIZE,
  MAX_SKIPPED,
  messageEnd,
  messageStart,
  READ_WORD,
  WRITE_WORD,
} from "./layout.ts";
import { BufferMemory } from "./memory.ts";
import { findNewest } from "./newest.ts";
import { type CircularReaderOptions, readerChecks, type ReadResult } from "./reader_options.ts";

/** Up to this many bytes a loop beats a view and a call of `Uint8Array.set`. */
const SHORT_MESSAGE = 96;
/** How often a start is tried before it is put off until the next read. */
const START_ATTEMPTS = 64;
/** How often a single read starts again: a writer that is always faster must not keep it without end. */
const MAX_LAPS = 8;

/** What #next() gives besides the size of a message. */
const NOTHING = 0;
const LAPPED = -1;

/**
 * Reads messages from a circular buffer on any memory. It starts at the newest: with what is written
 * next. It never writes to the memory.
 *
 * What it gives is whole and in order. A reader that is too slow loses messages, reports it, and
 * continues at the newest.
 *
 * @example
 * ```ts
 * import { circularSizes, CircularReader, CircularWriter } from "@ouroboros/log/circular";
 *
 * const sizes = circularSizes(1000);
 * const index = new ArrayBuffer(sizes.index);
 * const data = new ArrayBuffer(sizes.data);
 * const writer = new CircularWriter(index, data, { capacity: 1000 });
 * const reader = new CircularReader(index, data, { capacity: 1000 });
 * const into = new Uint8Array(100);
 * console.log(reader.read(into)); // 0
 * writer.write(new TextEncoder().encode("hello"));
 * console.log(reader.read(into)); // 5
 * console.log(new TextDecoder().decode(into.subarray(0, 5))); // hello
 * ```
 */
export class CircularReader {
  /** How many bytes hold messages. */
  readonly capacity: number;
  readonly #memory: BufferMemory;
  readonly #words: Int32Array;
  readonly #fence: Fence;
  readonly #guard: (() => void) | undefined;
  readonly #throwsOnLap: boolean;
  // Whether #index and #sequence mean anything: where the next message begins, if its header fits.
  #isStarted = false;
  #index = 0;
  #sequence = 0;
  // Bytes of messages from here on that are known to be complete, being counted by S.
  #available = 0;
  // Whether the writer claims.
  #isClaimed = false;
  // Of the message that #next() found: where it begins.
  #start = 0;
  #laps = 0;
  #lostBytes = 0;
  // The sequence number at which this reader was lapped: what comes after is lost up to the new start.
  #lostFrom = -1;

  /**
   * Looks at two memories.
   *
   * @throws {RangeError} if the capacity is not usable
   * @throws {TypeError} if `onLap` is neither `"skip"` nor `"throw"`
   * @throws {UnsupportedBufferError} if a memory is too small for the capacity
   */
  constructor(index: MemoryLike, data: MemoryLike, options: CircularReaderOptions) {
    checkOptions("CircularReader", options, readerChecks);
    const { capacity, onLap = "skip", fence = fullFence, guard } = options;
    this.capacity = capacity;
    this.#memory = new BufferMemory(index, data, capacity);
    this.#words = this.#memory.words;
    this.#fence = fence;
    this.#guard = guard;
    this.#throwsOnLap = onLap === "throw";
    this.#guard?.();
    this.#isStarted = this.#startNewest();
  }

  /** How often the writer lapped this reader. */
  get laps(): number {
    return this.#laps;
  }

  /** How many bytes of messages this reader missed since it started, headers included. */
  get lostBytes(): number {
    return this.#lostBytes;
  }

  /**
   * How many bytes were written before the message that this reader looks for next; -1 as long as it
   * has no place yet, because a writer changes it at each look.
   */
  get sequenceNumber(): number {
    return this.#isStarted ? this.#sequence : -1;
  }

  /**
   * Reads the next message into memory of its own; undefined if there is no message.
   *
   * @throws {LappedError} if messages were lost and `onLap` is `"throw"`
   * @throws {CorruptBufferError} if the buffer contradicts its format
   */
  read(): Uint8Array | undefined;
  /**
   * Reads the next message into `into`; nothing is made for it, but of more than 96 bytes a view to
   * copy from. What `into` holds afterwards counts only if the result is a size above 0. A message that
   * is too large for it stays the next one.
   *
   * @throws {TypeError} if `into` is not a Uint8Array
   * @throws {CorruptBufferError} if the buffer contradicts its format
   */
  read(into: Uint8Array): ReadResult;
  read(into?: Uint8Array): Uint8Array | undefined | ReadResult {
    if (into !== undefined) return this.#readInto(into);
    for (let laps = 0; laps < MAX_LAPS; laps++) {
      const length = this.#next();
      if (length === NOTHING) return undefined;
      if (length > 0) {
        const message = new Uint8Array(length);
        this.#copy(message, length);
        if (this.#isIntact(length + HEADER_SIZE)) {
          this.#pass(length);
          return message;
        }
      }
      this.#lapOrThrow();
    }
    return undefined;
  }

  /**
   * Reads the next message into `into`, and returns its size in bytes; or `undefined` if there is no message
   * yet. As all `readInto()` of this library: what is lost on the way is counted, or thrown, as
   * `read()` does it. Nothing is allocated for it, but a view to copy from if it has more than 96 bytes.
   *
   * @throws {RangeError} if it does not fit: it says how many bytes are needed, and nothing is taken
   * @throws {TypeError} if `into` is not a Uint8Array
   * @throws {LappedError} if messages were lost and `onLap` is `"throw"`
   * @throws {CorruptBufferError} if the buffer contradicts its format
   *
   * @example
   * ```ts
   * import { circularSizes, CircularReader, CircularWriter } from "@ouroboros/log/circular";
   *
   * const sizes = circularSizes(1000);
   * const [index, data] = [new ArrayBuffer(sizes.index), new ArrayBuffer(sizes.data)];
   * const writer = new CircularWriter(index, data, { capacity: 1000 });
   * const reader = new CircularReader(index, data, { capacity: 1000 });
   * writer.write(new TextEncoder().encode("hello"));
   * const into = new Uint8Array(100);
   * console.log(reader.readInto(into), reader.readInto(into)); // 5 undefined
   * ```
   */
  readInto(into: Uint8Array): number | undefined {
    checkInto(into);
    for (let laps = 0; laps < MAX_LAPS; laps++) {
      const length = this.#next();
      if (length === NOTHING) return undefined;
      if (length > 0) {
        const isRoomy = length <= into.length;
        if (isRoomy) this.#copy(into, length);
        if (this.#isIntact(length + HEADER_SIZE)) {
          if (!isRoomy) checkRoom(into, length);
          this.#pass(length);
          return length;
        }
      }
      this.#lapOrThrow();
    }
    return undefined;
  }

  /**
   * Reads until there is no more.
   *
   * @throws {OuroborosError} what `read()` throws
   */
  *[Symbol.iterator](): IterableIterator<Uint8Array> {
    for (let message = this.read(); message !== undefined; message = this.read()) yield message;
  }

  #readInto(into: Uint8Array): ReadResult {
    checkInto(into);
    const length = this.#next();
    if (length > 0) {
      const isRoomy = length <= into.length;
      if (isRoomy) this.#copy(into, length);
      if (this.#isIntact(length + HEADER_SIZE)) {
        if (!isRoomy) return "too small";
        this.#pass(length);
        return length;
      }
    } else if (length === NOTHING) return NOTHING;
    this.#lap();
    return "lapped";
  }

  /** Finds the next message; returns its size, or NOTHING, or LAPPED. */
  #next(): number {
    if (this.#available === 0) {
      this.#guard?.();
      if (!this.#isStarted && !(this.#isStarted = this.#startNewest())) return NOTHING;
      const found = this.#refresh();
      if (found <= 0) return found;
    }
    const start = messageStart(this.#index, this.capacity);
    // Plain: S was acquired, so the header was there. That it was not overwritten is known later.
    const length = this.#memory.view.getInt32(start, true);
    this.#start = start;
    const size = length + HEADER_SIZE;
    if (length >= 1 && length <= MAX_MESSAGE_SIZE && size <= this.#available) return length;
    if (!this.#isIntact(HEADER_SIZE) || this.#isOfAnotherLife()) return LAPPED;
    throw new CorruptBufferError(
      `message at index ${start} says ${length} bytes, but only ${this.#available} are left`,
    );
  }

  /** Looks how many bytes of messages there are; returns that, or NOTHING, or LAPPED. */
  #refresh(): number {
    const sequence = this.#memory.readSequence(this.#fence);
    // Acquire: pairs with the writer's store of S. All that it counts is there.
    this.#fence();
    if (sequence < 0) {
      throw new CorruptBufferError("the sequence number is not below 2^53, or keeps changing");
    }
    const available = sequence - this.#sequence;
    if (available === 0) return NOTHING;
    // Less than there was: somebody started again.
    if (available < 0 || available > this.capacity) return LAPPED;
    // After S: a writer that claims has claimed that before.
    this.#isClaimed = this.#memory.readClaim(this.#fence) >= sequence;
    // Ours continues the numbers of the one before; the original starts again with 0.
    if (!this.#isClaimed && this.#isElsewhere(sequence)) return LAPPED;
    return this.#available = available;
  }

  /**
   * Whether the writer's place contradicts ours: it started again with S = 0, and by now S is beyond our
   * number. No if it is within a message: then the next look tells.
   */
  #isElsewhere(sequence: number): boolean {
    const memory = this.#memory;
    const write = memory.readIndex(WRITE_WORD);
    this.#fence();
    const read = memory.readIndex(READ_WORD);
    this.#fence();
    // As where a reader starts: then R is where S ends.
    if (read !== write || memory.readSequence(this.#fence) !== sequence) return false;
    return this.#contradicts(read, sequence);
  }

  /** The same, after a header that can't be: looks until the writer lets it. */
  #isOfAnotherLife(): boolean {
    for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
      const place = findNewest(this.#memory, this.#fence);
      if (place !== undefined) return this.#contradicts(place.index, place.sequence);
    }
    return true;
  }

  /** Whether no writer that continued from our place can have come to this one. */
  #contradicts(index: number, sequence: number): boolean {
    const { capacity } = this;
    const skipped = (index - this.#index - (sequence - this.#sequence)) % capacity;
    // Within a lap the end is passed twice at most.
    return (skipped + capacity) % capacity > 2 * MAX_SKIPPED;
  }

  /** Copies the message that #next() found. Its bytes may change meanwhile. */
  #copy(into: Uint8Array, length: number): void {
    const { bytes } = this.#memory;
    const from = this.#start + HEADER_SIZE;
    const first = Math.min(length, this.capacity - from);
    if (length <= SHORT_MESSAGE) {
      for (let i = 0; i < first; i++) into[i] = bytes[from + i];
    } else into.set(bytes.subarray(from, from + first));
    if (first < length) into.set(bytes.subarray(0, length - first), first);
  }

  /**
   * Whether what was loaded before this call, of the message that begins at #sequence and of `size`
   * bytes, was not being overwritten: the rules in layout.ts.
   */
  #isIntact(size: number): boolean {
    // The copy before the claim: pairs with the writer's fence between its claim and its bytes.
    this.#fence();
    if (!this.#isClaimed) return this.#isIntactWithoutClaim(size);
    // The straight way, by the lower halves. A claim that is not as far as the message, or far beyond
    // it, or in other 4 GiB, is looked at again. The upper half is loaded after the lower one (the
    // branch keeps it there): it only grows, so the same as ours means the same as ours before. A claim
    // that was invalidated is 0: just before 4 GiB that is not a little further, but far behind.
    const sequence = this.#sequence;
    const ahead = (this.#words[CLAIM_WORD] >>> 0) - (sequence >>> 0);
    if (ahead >= size && ahead + MAX_SKIPPED <= this.capacity) {
      if (this.#words[CLAIM_WORD + 1] >>> 0 === Math.floor(sequence / 2 ** 32)) return true;
    }
    const claim = this.#memory.readClaim(this.#fence);
    if (claim >= sequence + size) return claim - sequence + MAX_SKIPPED <= this.capacity;
    return this.#isIntactWithoutClaim(size);
  }

  /** The rule for writers that do not claim. */
  #isIntactWithoutClaim(size: number): boolean {
    const { capacity } = this;
    const memory = this.#memory;
    // Loaded in this order, after the copy: pairs with the writer's order W, bytes, S, R.
    const write = memory.readIndex(WRITE_WORD);
    this.#fence();
    const read = memory.readIndex(READ_WORD);
    this.#fence();
    const sequence = memory.readSequence(this.#fence);
    const inFlight = write >= read ? write - read : write - read + capacity;
    const written = sequence - this.#sequence;
    if (written < size || written + inFlight + MAX_SKIPPED > capacity) return false;
    this.#fence();
    // Somebody may have begun to claim meanwhile, on a CPU that keeps W and bytes in no order.
    // Nor is what a dead writer claimed to be trusted after the next one was closed.
    const claim = Math.abs(memory.readClaim(this.#fence));
    return claim < sequence || claim - this.#sequence + MAX_SKIPPED <= capacity;
  }

  /** Leaves the message behind. */
  #pass(length: number): void {
    const size = length + HEADER_SIZE;
    this.#index = messageEnd(this.#start, size, this.capacity);
    this.#sequence += size;
    this.#available -= size;
  }

  /** Notes a loss, and starts again at the newest. */
  #lap(): void {
    this.#laps++;
    this.#available = 0;
    this.#lostFrom = this.#sequence;
    this.#isStarted = this.#startNewest();
  }

  #lapOrThrow(): void {
    this.#lap();
    if (!this.#throwsOnLap) return;
    throw new LappedError(
      `the writer lapped this reader: ${this.#lostBytes} bytes are lost. It stands at the newest message: read on`,
      this.#lostBytes,
    );
  }

  /** Finds where the newest message ends; returns whether the writer let it. */
  #startNewest(): boolean {
    for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
      const place = findNewest(this.#memory, this.#fence);
      if (place === undefined) continue;
      this.#index = place.index;
      this.#sequence = place.sequence;
      this.#available = 0;
      if (this.#lostFrom >= 0) this.#lostBytes += Math.max(0, place.sequence - this.#lostFrom);
      this.#lostFrom = -1;
      return true;
    }
    return false;
  }
}

inspectable(CircularReader, "CircularReader", ["capacity", "sequenceNumber", "laps", "lostBytes"]);
