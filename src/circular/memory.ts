/**
 * The two memories of a circular buffer: their views, checked, and numbers read without tearing.
 *
 * @module
 */

import { CorruptBufferError, UnsupportedBufferError } from "../errors.ts";
import type { Fence } from "../fence.ts";
import { bytesOf, type MemoryLike, viewOf, wideNumber, wordsOf } from "../memory.ts";
import {
  checkCapacity,
  CLAIM_CLOSED,
  CLAIM_WORD,
  CONTENT_OFFSET,
  READ_WORD,
  SEQUENCE_WORD,
  STATE_SIZE,
} from "./layout.ts";

/** How often a pair of words that changes is read again. */
const ATTEMPTS = 64;

/** The views of both segments. */
export class BufferMemory {
  /** The words of the index segment. */
  readonly words: Int32Array;
  /** The same as u64s, for stores of both halves at once. */
  readonly wide: BigUint64Array;
  /** What holds the messages. */
  readonly bytes: Uint8Array;
  /** The same, for sizes that are not aligned. */
  readonly view: DataView;
  /** How many bytes hold messages. */
  readonly capacity: number;

  /**
   * Looks at two memories.
   *
   * @throws {RangeError} if `capacity` is not usable
   * @throws {UnsupportedBufferError} if a memory is too small for it
   */
  constructor(indexMemory: MemoryLike, dataMemory: MemoryLike, capacity: number) {
    const index = bytesOf("index", indexMemory);
    const data = bytesOf("data", dataMemory);
    checkCapacity(capacity);
    checkRoom("index", index.length, STATE_SIZE);
    checkRoom("data", data.length, capacity);
    const state = index.subarray(0, CONTENT_OFFSET + STATE_SIZE);
    this.words = wordsOf(state);
    this.wide = new BigUint64Array(state.buffer, state.byteOffset, state.length >>> 3);
    this.bytes = data.subarray(CONTENT_OFFSET, CONTENT_OFFSET + capacity);
    this.view = viewOf(this.bytes);
    this.capacity = capacity;
  }

  /**
   * The u64 at `word`, of which the upper half changes seldom and never without the lower one, in one
   * store (the writer's): between two equal upper halves the lower one belongs to them. -1 if
   * it never held still or is not exact.
   */
  readWide(word: number, fence: Fence): number {
    const { words } = this;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const high = words[word + 1];
      fence();
      const low = words[word];
      fence();
      if (words[word + 1] !== high) continue;
      const value = wideNumber(low, high);
      return Number.isSafeInteger(value) ? value : -1;
    }
    return -1;
  }

  /**
   * The claim: up to where bytes may be changing; negative if its writer was closed; infinite if it
   * cannot be.
   */
  readClaim(fence: Fence): number {
    const { words } = this;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      // As in readWide().
      const high = words[CLAIM_WORD + 1];
      fence();
      const low = words[CLAIM_WORD];
      fence();
      if (words[CLAIM_WORD + 1] !== high) continue;
      const claim = wideNumber(low, high & ~CLAIM_CLOSED);
      if (!Number.isSafeInteger(claim)) return Infinity;
      return (high & CLAIM_CLOSED) === 0 ? claim : -claim;
    }
    return Infinity;
  }

  /**
   * The index at `word`, R or W. Its upper half is always 0: the capacity is below 4 GiB.
   *
   * @throws {CorruptBufferError} if it is beyond the capacity
   */
  readIndex(word: number): number {
    const index = this.words[word] >>> 0;
    if (index > this.capacity) {
      const name = word === READ_WORD ? "read" : "write";
      throw new CorruptBufferError(
        `${name} index of ${index} is beyond the capacity of ${this.capacity} bytes`,
      );
    }
    return index;
  }

  /** The sequence number. Loaded first, it is an acquire of the bytes that it counts (fence after). */
  readSequence(fence: Fence): number {
    return this.readWide(SEQUENCE_WORD, fence);
  }
}

function checkRoom(which: string, size: number, content: number): void {
  if (size >= CONTENT_OFFSET + content) return;
  throw new UnsupportedBufferError(
    `${which} segment of ${size} bytes has no room for ${CONTENT_OFFSET} + ${content} bytes`,
  );
}
