/**
 * The bytes of a ring file: the only place with offsets, and with the rule for the end of a lap.
 *
 * ```text
 *  0                8                16                                        16 + capacity
 *  ├────────────────┼────────────────┼──────────────────────────── … ──────────┼───────┐
 *  │ i64: read      │ i64: write     │ items                                   │ spare │
 *  │ position       │ position       │                                         │ byte  │
 *  └────────────────┴────────────────┴──────────────────────────── … ──────────┴───────┘
 *  item  ┌──────────────────┬─────────── … ─┐
 *        │ i32: bytes of    │ payload       │  next item, unaligned
 *        │ the payload      │               │
 *        └──────────────────┴─────────── … ─┘
 * ```
 *
 * All little-endian. Positions are offsets from the start of the file; 0 means 16. Equal positions
 * mean empty, so a full ring leaves at least a byte free. An item is never split: one that does not
 * fit before the spare byte is written at 16, and a new lap begins.
 *
 * ## Where a lap ends
 *
 * The original (mmringbuffer 0.0.2) does not say. Its reader goes from item to item and turns back
 * only behind one that ends with the file, which none ever does: it reads what is left of older laps
 * as items, or fails. So its files can be read for certain while `read <= write`, and those are the
 * situations that it handles.
 *
 * Ours says it, in a state that the original can't read in any case (`write < read`):
 *
 * - behind the last item of the lap, where another header has room, stands the length that leads
 *   exactly to the end of the file, past the spare byte. No item ends there, so it can't be one. (The
 *   original takes it for one item too many, and then continues at 16, where it is right again.) Where
 *   no header has room there is nothing to say;
 * - the spare byte is 1: the last lap was ended by us. Without it a file with `write < read` is one of
 *   the original's, and its end is unknown: an error, which `repair` solves as well as it can.
 *
 * ## Why a kill at any store does no harm
 *
 * A state is (read, write) with the bytes of what lies between them; the rest of the file means
 * nothing. Every operation first writes bytes that mean nothing yet, then moves one position with
 * one store of 32 bits (files are smaller than 4 GiB, the upper halves stay 0), and each state in
 * between is one that could be meant:
 *
 * | operation | stores, each after the one before | what a kill in between leaves |
 * |---|---|---|
 * | put | bytes behind `write`; write | the ring before it |
 * | put, new lap | end of lap, spare byte, bytes at 16; write = 16 + size, which is below read | the ring before it |
 * | put, no room | read, an item further, as often as needed; then as above | the oldest items gone, which they would be in any case |
 * | put, empty, no room up to the end | end of lap at `write`; write = 16; read = 16; then as above | `read` at an end of lap and write = 16: empty |
 * | get | read | the ring before it, or after it |
 *
 * The processor, and so the file, has the stores of a killed process in this order: they are made to
 * one memory, which stays. A crash of the machine is another matter: there `flush` decides.
 *
 * Source of the format: mmringbuffer 0.0.2 of Whisker Labs
 * (https://github.com/whiskerlabs/mmringbuffer).
 *
 * @module
 */

import { mustBe } from "../base/arguments.ts";

/** Word index (offset / 4) of the read position's lower half. */
export const READ_WORD = 0;
/** Word index (offset / 4) of the write position's lower half. */
export const WRITE_WORD = 2;
/** Where the first item goes, in bytes. */
export const START = 16;
/** Bytes of an item's header. */
export const ITEM_HEADER_SIZE = 4;
/** Bytes of the end that no item reaches. */
export const SPARE_SIZE = 1;
/** What the spare byte says when the last lap was ended by us. */
export const LAP_ENDED = 1;
/** The largest file in bytes: positions are words of 32 bits. */
export const MAX_FILE_SIZE = 2 ** 32 - 1;

/**
 * Why a memory can't be a ring, in words; `undefined` if it may be one. The format has no magic, so this
 * is by the positions: those of a ring that was damaged are rarely both gone.
 */
export function whyNoRing(view: DataView): string | undefined {
  const end = view.byteLength - SPARE_SIZE;
  const positions = [READ_WORD, WRITE_WORD].map((word) => view.getBigInt64(4 * word, true));
  const isPossible = (at: bigint) => at === 0n || (at >= START && at <= end);
  if (positions.some((at) => at !== 0n && isPossible(at))) return undefined;
  if (!positions.every(isPossible)) {
    return `its first 16 bytes are ${positions.join(" and ")}, and not two positions up to ${end}`;
  }
  // A new file is zeros. It is looked at as far as tells a file of something else.
  const length = Math.min(view.byteLength - START, 4096);
  const items = new Uint8Array(view.buffer, view.byteOffset + START, length);
  if (items.every((byte) => byte === 0)) return undefined;
  return "it has no positions, but other bytes";
}

/** Says that the lap ends at `at`, where the next item would go; `end` is where the spare byte is. */
export function endLap(view: DataView, at: number, end: number): void {
  if (end - at >= ITEM_HEADER_SIZE) {
    view.setInt32(at, end + SPARE_SIZE - at - ITEM_HEADER_SIZE, true);
  }
  view.setUint8(end, LAP_ENDED);
}

/** The size in bytes of a file for `capacity` bytes of items, their headers of 4 bytes included. */
export function fileSize(capacity: number): number {
  return START + capacity + SPARE_SIZE;
}

/** Throws a RangeError unless a ring can be of that many bytes. */
export function checkSize(size: number): void {
  const least = START + ITEM_HEADER_SIZE + SPARE_SIZE;
  if (size < least || size > MAX_FILE_SIZE) {
    throw new RangeError(`ring of ${size} bytes is not from ${least} to ${MAX_FILE_SIZE} bytes`);
  }
}

/** Throws a RangeError unless `capacity` is one. */
export function checkCapacity(capacity: number): void {
  const most = MAX_FILE_SIZE - START - SPARE_SIZE;
  if (!Number.isInteger(capacity) || capacity < ITEM_HEADER_SIZE || capacity > most) {
    throw new RangeError(
      mustBe("capacity", capacity, `an integer from ${ITEM_HEADER_SIZE} to ${most} bytes`),
    );
  }
}
