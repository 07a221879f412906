/** What a writer of a log did, store by store. */

import { segmentSize, Writer } from "../../mod.ts";
import type { Expected } from "./checked_reader.ts";
import { Journal, Replay, type Store } from "./journal.ts";
import { payloadOf, type Random } from "./random.ts";

/** What a writer did, store by store. */
export interface History extends Expected {
  chunkCount: number;
  chunkSize: number;
  size: number;
  image: Int32Array;
  stores: Store[];
}

/** Records entries of up to `most` bytes, written in all ways there are. */
export function makeHistory(
  random: Random,
  chunkCount: number,
  chunkSize: number,
  most: number,
  writes: number,
): History {
  const size = segmentSize(chunkCount, chunkSize);
  const memory = new ArrayBuffer(size);
  // Full of what looks committed: create() must clear it.
  new Uint8Array(memory).fill(0xff);
  const writer = Writer.create(memory, { chunkCount, chunkSize });
  const journal = new Journal(memory);
  const lengths: number[] = [];
  const nextPayload = (limit: number) => {
    const length = random.below(Math.min(limit, most, writer.maxEntrySize) + 1);
    lengths.push(length);
    return payloadOf(lengths.length, length);
  };
  for (let i = 0; i < writes; i++) {
    const action = random.below(9);
    if (action === 0) {
      const room = Math.floor((writer.maxEntrySize + 4) / 3) - 8;
      const batch = room < 0 ? [] : [nextPayload(room), nextPayload(room), nextPayload(room)];
      journal.record(() => writer.writeMany(batch));
    } else if (action === 1) {
      journal.record(() => {
        const claim = writer.claim(Math.min(most, writer.maxEntrySize));
        claim.bytes.fill(0xff);
        if (random.below(3) === 0) {
          claim.abort();
          return writer.totalEntriesWritten;
        }
        const payload = nextPayload(claim.bytes.length);
        claim.bytes.set(payload);
        return claim.commit(payload.length);
      });
    } else if (action === 2) {
      journal.record(() => writeLent(writer, new Uint8Array(memory), random, nextPayload));
    } else {
      const payload = nextPayload(most);
      journal.record(() => writer.write(payload));
    }
  }
  return { chunkCount, chunkSize, size, image: journal.image, stores: journal.stores, lengths };
}

/** Makes an entry in place, gives up, or is interrupted by another write. */
function writeLent(
  writer: Writer,
  bytes: Uint8Array,
  random: Random,
  nextPayload: (limit: number) => Uint8Array,
): number {
  let hasLeft = false;
  const borrower = { start: 0, end: 0, leave: () => void (hasLeft = true) };
  writer.lend(borrower, random.below(Math.min(16, writer.maxEntrySize) + 1));
  const { start, end } = borrower;
  // Whatever is in the room is nothing until it is committed.
  bytes.fill(0xff, start, end);
  const fate = random.below(4);
  if (fate === 0) return writer.settle(-1);
  if (fate === 1) {
    const total = writer.write(nextPayload(writer.maxEntrySize));
    if (!hasLeft) throw new Error("the borrower was not told");
    return total;
  }
  const payload = nextPayload(end - start);
  bytes.set(payload, start);
  return writer.settle(payload.length);
}

export function replayOf({ image, size, stores }: History): Replay {
  return new Replay(image, size, stores);
}
