/**
 * The bytes of a circular buffer: the only place with offsets and sizes, and why readers are right.
 *
 * ```text
 * index segment (448 B)                                    data segment (256 B + capacity)
 *    0 ┌──────────────────────────────┐                      0 ┌──────────────────────────┐
 *      │ i32: reference count         │                        │ i32: reference count     │
 *  256 ├──────────────────────────────┤                    256 ├──────────────────────────┤
 *      │ u64: read index      R       │                        │ messages, at index 0 to  │
 *  320 ├──────────────────────────────┤                        │ capacity − 1:            │
 *      │ u64: write index     W       │                        │ [i32 size│bytes][i32 … ] │
 *  384 ├──────────────────────────────┤                        └──────────────────────────┘
 *      │ u64: sequence number S       │
 *  392 │ u32: version of the claim    │ ┐
 *  396 │ u32: mark of our writer      │ │ ours: the original has a gap here, and
 *  400 │ u64: claim                   │ │ neither reads nor writes it
 *  408 │ u64: base, sequence number   │ │
 *  416 │ u32: base, index             │ ┘
 *  448 └──────────────────────────────┘
 * ```
 *
 * All little-endian. A message is unaligned, 1 to 65535 bytes after its size. Where 4 bytes or more
 * are left at the end, it is split there and continues at index 0; where fewer are left, it begins at
 * index 0, and what is skipped is not counted in S. R and W are 0 to capacity, both included: a
 * message that ends at the end leaves them there. S counts the bytes of all messages, headers too.
 *
 * The original library (C++, circular-buffer) makes files of 192 + 64 and of capacity + 64 bytes,
 * and uses what lies between their end and the end of the page. Ours are as long as what they hold.
 *
 * ## How a message is written
 *
 * 1. If S + its size would pass the claim: claim more (below), then a fence.
 * 2. W: where it will end. 3. Its bytes. 4. S (release). 5. R.
 *
 * The original does 2 to 5 alike and has no claims. It follows that W ≠ R while bytes change, and
 * that a reader that sees S sees the bytes that it counts.
 *
 * ## When a copy is good
 *
 * A reader copies a message that begins at sequence number s, and then looks how far the writer may
 * have written by now. Let C be the number of bytes from s to there. **The copy is good if
 * C + 3 ≤ capacity.** For: let T be the same distance with the skipped bytes. Nothing of the message
 * was overwritten if T ≤ capacity. Say T > capacity, with k passes of the end in between, of which
 * each skips 3 bytes at most: C ≥ T − 3k. A message begins 4 bytes before the end or earlier. So for
 * k = 1, C ≥ capacity − 2; and for k ≥ 2, T > (k − 1) · capacity + 4 and so again C ≥ capacity − 2,
 * as soon as capacity ≥ 3. Both make C + 3 > capacity. Without a pass, T < capacity.
 *
 * How far the writer may have written, in two ways:
 *
 * - **By the claim**, with our writer. It claims before it writes: first the claim, then a fence, then
 *   bytes. The reader copies, then a fence, then the claim: if a byte of its copy came from a later
 *   message, then so far reaches the claim that it sees. C = claim − s. To be cheap, the writer claims
 *   {@linkcode claimStep} bytes at a time, which a reader then takes for overwritten a little early.
 * - **By R and W**, with a writer that does not claim: the original. The reader copies, then loads W,
 *   R and S in this order, with fences between. Say a byte of its copy came from message m, and W
 *   is where message j ends; j ≥ m, since the writer stores W before bytes. If S counts j already, then
 *   C = S − s. Else S ends before j, and so did R when it was loaded, earlier than S: W − R is what is
 *   in flight, and C = S − s + (W − R). The sum is right for both, being too large in the first case.
 *   (Where an original's message and what it skips take the capacity to the byte, W = R looks like
 *   none in flight: ours are smaller. Nor does the original keep a compiler, or an arm64, from
 *   moving bytes before W.)
 *
 * A writer that claims is recognized by claim ≥ S, which holds at any time: the reader loads S first. A
 * writer that is closed clears its claim. One that was killed has perhaps overwritten what it claimed:
 * the next one claims at least as much. If that one is closed before it comes so far, it leaves the
 * claim, marked (bit 62); then readers take heed of both, the claim and the indices. (After a writer
 * of ours that was killed the original cannot follow, unless somebody removes its semaphore.)
 *
 * ## Where a reader starts
 *
 * It needs an index and a sequence number that belong together. With claims: the base, which is
 * where the claim began. It changes only with the claim, under a version that is odd meanwhile; from
 * there the reader walks along the headers to S, and then looks whether they were good. Without: S, W,
 * R, S, in this order, with S the same and W = R. As S did not change, R is where S ends, or where the
 * message before does; in the latter case W is where S ends, since W was loaded before R and the next
 * message's W comes after R. Either way W = R is where S ends.
 *
 * Source of the format: the C++ library circular-buffer
 * (https://github.com/spencermcarthur/circular-buffer); the claims are our own.
 *
 * @module
 */

import { mustBe } from "../base/arguments.ts";

/** Word index (offset / 4) of the reference count, in both segments. */
export const REFERENCE_COUNT_WORD = 0;
/** Where the content of both segments begins, in bytes. */
export const CONTENT_OFFSET = 256;
/** Word index of the read index: up to where messages are complete. */
export const READ_WORD = 64;
/** Word index of the write index: up to where messages are being written. */
export const WRITE_WORD = 80;
/** Word index of the sequence number: how many bytes of messages were written. */
export const SEQUENCE_WORD = 96;
/** Word index of the version of the claim: odd while it changes. */
export const VERSION_WORD = 98;
/** Word index of the mark that a writer of ours leaves as long as it has the semaphore. */
export const OWNER_WORD = 99;
/** Word index of the claim: the sequence number up to which bytes may be changing. */
export const CLAIM_WORD = 100;
/** The bit of the claim's upper word that says: its writer was closed. */
export const CLAIM_CLOSED = 0x40000000;
/** Word index of the sequence number at which the claim began. */
export const BASE_SEQUENCE_WORD = 102;
/** Word index of the index at which the claim began. */
export const BASE_INDEX_WORD = 104;

/** The mark of a writer of ours. */
export const OWNER_MARK = 0x4f55524f;

/** The size of the state in bytes, which is what the original asks its index segment for. */
export const STATE_SIZE = 192;
/** Bytes of the reference count's cache line, which is what the original adds to its sizes. */
export const ORIGINAL_EXTRA = 64;

/** Bytes of a message's header, its size. */
export const HEADER_SIZE = 4;
/** How many bytes at most are skipped at the end: a header does not fit into them. */
export const MAX_SKIPPED = 3;
/** The size of the largest message in bytes, of any buffer. */
export const MAX_MESSAGE_SIZE = 65535;
/** The smallest capacity in bytes: a message of one byte, what may be skipped, and one more. */
const MIN_CAPACITY = 9;
/** The default of the largest capacity, in bytes. */
export const DEFAULT_MAX_CAPACITY = 50 * 1024 * 1024;
/** The largest capacity there can be, in bytes: indices are signed words. */
const MAX_CAPACITY = 2 ** 31 - 1 - CONTENT_OFFSET;

/** How many bytes a writer claims at least, if the message is not larger: none in tiny buffers. */
export function claimStep(capacity: number): number {
  return Math.min(capacity >> 6, 65536);
}

/**
 * The size of the largest message that a buffer takes, in bytes: one that can be read again. With
 * what is skipped before it, it stays below the capacity, so that W = R never means that one is in
 * flight.
 */
export function maxMessageSize(capacity: number): number {
  return Math.min(MAX_MESSAGE_SIZE, capacity - HEADER_SIZE - MAX_SKIPPED - 1);
}

/** Where a message begins that comes next at `index`: not in the last bytes. */
export function messageStart(index: number, capacity: number): number {
  return capacity - index < HEADER_SIZE ? 0 : index;
}

/** Where a message of `size` bytes with its header ends that begins at `start`. */
export function messageEnd(start: number, size: number, capacity: number): number {
  const end = start + size;
  return end > capacity ? end - capacity : end;
}

/**
 * Throws a RangeError unless `capacity` is a capacity in bytes.
 *
 * @throws {RangeError} if it is not an integer from 9 to `most`
 */
export function checkCapacity(capacity: number, most: number = MAX_CAPACITY): void {
  const limit = Math.min(most, MAX_CAPACITY);
  if (!Number.isInteger(capacity) || capacity < MIN_CAPACITY || capacity > limit) {
    throw new RangeError(
      mustBe("capacity", capacity, `an integer from ${MIN_CAPACITY} to ${limit} bytes`),
    );
  }
}

/** The sizes in bytes of the two segments of a buffer. */
export interface CircularSizes {
  /** The size of the index segment. */
  index: number;
  /** The size of the data segment. */
  data: number;
}

/**
 * The sizes in bytes of the two segments of a buffer whose messages have `capacity` bytes.
 *
 * @throws {RangeError} if it is not an integer from 9 to 2^31 − 257
 *
 * @example
 * ```ts
 * import { circularSizes } from "@ouroboros/log/circular";
 *
 * console.log(circularSizes(1000).data); // 1256
 * ```
 */
export function circularSizes(capacity: number): CircularSizes {
  checkCapacity(capacity);
  return { index: CONTENT_OFFSET + STATE_SIZE, data: CONTENT_OFFSET + capacity };
}
