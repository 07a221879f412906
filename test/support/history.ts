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
    const action = random.below(8);
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
    } else {
      const payload = nextPayload(most);
      journal.record(() => writer.write(payload));
    }
  }
  return { chunkCount, chunkSize, size, image: journal.image, stores: journal.stores, lengths };
}

export function replayOf({ image, size, stores }: History): Replay {
  return new Replay(image, size, stores);
}
