/**
 * A log made again in another size, with the entries and the numbers of the one before.
 *
 * @module
 */

import type { SegmentIdentity } from "../../../ffi/mod.ts";
import { CorruptLogError } from "../../errors.ts";
import { CONTINUED_HEADER, maxPayloadSize } from "../layout.ts";
import { Reader } from "../reader.ts";
import { Segment } from "../segment.ts";
import { survey } from "../survey.ts";
import { Writer } from "../writer.ts";
import { fence } from "./source.ts";

/** How many entries are copied at a time. */
const BATCH = 4096;

/**
 * Makes a log of zeros in `to` of what is in `from`, to which nobody writes: the newest entries, as many
 * as fit, and after them the number that would have come.
 *
 * @param last how many entries were written to `from`
 * @throws {CorruptLogError} if entries are missing in the middle
 */
export function copyLog(
  from: ArrayBuffer,
  last: number,
  to: ArrayBuffer,
  chunkCount: number,
): void {
  // Of the same life: to readers it is the same log.
  const segment = Segment.format(to, chunkCount, new Segment(from), true);
  const first = firstToCopy(from, maxPayloadSize(segment.end - segment.dataStart), last);
  segment.rowTable()[1] = BigInt(first - 1);
  const writer = Writer.begin(segment, first - 1, { fence });
  const reader = new Reader(from, { strategy: "oldest", fence, after: first - 1 });
  for (let batch = reader.readBatch(BATCH); batch.length > 0; batch = reader.readBatch(BATCH)) {
    for (let i = 0; i < batch.length; i++) {
      if (writer.write(batch.bytes(i)) !== batch.sequenceNumber(i)) throw incomplete(from);
    }
  }
  if (writer.totalEntriesWritten !== last) throw incomplete(from);
}

/** The number of the first entry of `from` from which on all are there and fit. */
function firstToCopy(from: ArrayBuffer, maxEntrySize: number, last: number): number {
  const reader = new Reader(from, { strategy: "oldest", fence });
  let first = last + 1;
  for (let batch = reader.readBatch(BATCH); batch.length > 0; batch = reader.readBatch(BATCH)) {
    first = Math.min(first, batch.sequenceNumber(0));
    for (let i = 0; i < batch.length; i++) {
      if (batch.bytes(i).length > maxEntrySize) first = batch.sequenceNumber(i) + 1;
    }
  }
  return first;
}

function incomplete(from: ArrayBuffer): CorruptLogError {
  return new CorruptLogError("entries are missing between others", from.byteLength);
}

/** Says at the end of the log, to which nobody writes any more, that the one in `next` continues it. */
export function markContinued(buffer: ArrayBuffer, next: SegmentIdentity): void {
  const segment = new Segment(buffer);
  const { end } = survey(segment, fence);
  // What a reader sees there is not committed, as before; where there is no room it goes without.
  if (end.reason === "open" && end.offset + 4 <= segment.end) {
    Atomics.store(segment.words, end.offset >>> 2, continuedBy(next));
  }
}

/** The mark at the end of a log that another one continues; `undefined` if none does. */
export function continuationOf(segment: Segment): number | undefined {
  const { end } = survey(segment, fence);
  const isMark = end.reason === "open" && (end.header & CONTINUED_HEADER) === CONTINUED_HEADER;
  return isMark ? end.header : undefined;
}

/** The mark of a log that is continued in that segment: 29 bits of what tells it from others. */
export function continuedBy({ device, inode, created }: SegmentIdentity): number {
  let hash = 0;
  for (const value of [device, inode, created]) {
    for (const word of [value >>> 0, Math.floor(value / 2 ** 32) >>> 0]) {
      hash = Math.imul(hash ^ word, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
  }
  return CONTINUED_HEADER | (hash >>> 3);
}
