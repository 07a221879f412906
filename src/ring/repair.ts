/**
 * What can be saved of a ring whose bytes contradict the format, or whose lap has no known end.
 *
 * @module
 */

import { CorruptRingError } from "../errors.ts";
import { bytesOf, type MemoryLike, viewOf } from "../memory.ts";
import {
  checkSize,
  endLap,
  ITEM_HEADER_SIZE,
  LAP_ENDED,
  READ_WORD,
  SPARE_SIZE,
  START,
  whyNoRing,
  WRITE_WORD,
} from "./layout.ts";

/** What happened to a ring that was repaired. */
export interface RingRepair {
  /** How many items there are now. */
  items: number;
  /** Whether anything had to be changed. */
  isChanged: boolean;
}

/**
 * Makes a sound ring of `memory`, with all items up to where the damage begins: in a lap whose end is
 * not marked, up to the first length that is 0 or leads past the end; in the newest lap, up to the
 * first one that leads past the write position. With the write position lost it is empty.
 *
 * @throws {CorruptRingError} if it is not a ring, as far as its bytes show: then nothing is changed
 * @throws {RangeError} if the memory is too small for a ring
 *
 * @example
 * ```ts
 * import { repairRing, Ring } from "@ouroboros/log/ring";
 *
 * const memory = new ArrayBuffer(16 + 64 + 1);
 * const ring = Ring.format(memory);
 * for (const item of ["one", "two", "three"]) ring.put(item);
 * new DataView(memory).setInt32(16 + 7, 1000, true); // the length of "two"
 * console.log(repairRing(memory)); // { items: 1, isChanged: true }
 * ```
 */
export function repairRing(memory: MemoryLike): RingRepair {
  const bytes = bytesOf("memory", memory);
  checkSize(bytes.length);
  const view = viewOf(bytes);
  const why = whyNoRing(view);
  if (why !== undefined) {
    throw new CorruptRingError(
      `not a ring: ${why}. Nothing was changed; MemMapRingBuffer.reset(path) makes an empty ring ` +
        `of the file, and what is in it is lost`,
      0,
    );
  }
  const before = bytes.slice();
  const end = bytes.length - SPARE_SIZE;
  let write = positionAt(view, WRITE_WORD, end);
  let read = positionAt(view, READ_WORD, end);
  let items = 0;
  if (write === undefined) {
    // Where the newest items end is not known.
    write = read = START;
  } else if (read === undefined) read = START;
  if (write < read) {
    const isMarked = view.getUint8(end) === LAP_ENDED;
    const tail = walk(view, read, end, isMarked ? -1 : 0, end + SPARE_SIZE);
    items += tail.items;
    if (tail.items === 0) read = START;
    else endLap(view, tail.at, end);
  }
  const head = walk(view, read <= write ? read : START, write, -1, -1);
  items += head.items;
  write = head.at;
  if (read <= write) view.setUint8(end, 0);
  view.setBigInt64(4 * READ_WORD, BigInt(read), true);
  view.setBigInt64(4 * WRITE_WORD, BigInt(write), true);
  const isChanged = bytes.some((byte, index) => byte !== before[index]);
  return { items, isChanged };
}

function positionAt(view: DataView, word: number, end: number): number | undefined {
  const position = view.getBigInt64(4 * word, true);
  if (position === 0n) return START;
  return position >= START && position <= end ? Number(position) : undefined;
}

/** Walks along items up to `limit`, or to a length of `none` or less, or one that leads to `mark`. */
function walk(
  view: DataView,
  at: number,
  limit: number,
  none: number,
  mark: number,
): { at: number; items: number } {
  let items = 0;
  while (limit - at >= ITEM_HEADER_SIZE) {
    const length = view.getInt32(at, true);
    const after = at + ITEM_HEADER_SIZE + length;
    if (length <= none || after > limit || after === mark) break;
    at = after;
    items++;
  }
  return { at, items };
}
