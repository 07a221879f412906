/** What a writer in the reference's order did, store by store, and what of it is forged. */

import { segmentSize } from "../../mod.ts";
import { HEADER_SIZE, LENGTH_MASK, ROW_SIZE, tableOffset } from "../../src/log/layout.ts";
import { type History, replayOf } from "./history.ts";
import { Journal } from "./journal.ts";
import { payloadOf, type Random, sameBytes } from "./random.ts";
import { ReferenceOrderWriter } from "./reference_order.ts";

/** The sizes of entries: all end on the starts of chunks, some do, or only by chance. */
export type Sizes = "exact" | "often exact" | "any";

/** A history, and what the reference's writer did wrong in it. */
export interface ReferenceHistory extends History {
  /** How often it destroyed the front of the first entry. */
  destroyed: number;
  /**
   * Numbers whose rows once led to other bytes: it had overwritten entries whose row it left, or given
   * the only row of a lap its new token before it took back the flag.
   */
  forged: Set<number>;
}

/** The payload of an entry without top bits, so that no word of it is a row, or a header, that is committed. */
function harmless(sequenceNumber: number, length: number): Uint8Array {
  return payloadOf(sequenceNumber, length).map((byte) => byte & 0x7f);
}

/** Where an entry is. */
interface Place {
  offset: number;
  length: number;
}

/**
 * Records entries of up to `most` bytes, of at least 1, which the reference writes without aborting.
 * With `payload` as it is, it does not destroy any by looking past its table.
 */
export function makeReferenceHistory(
  random: Random,
  chunkCount: number,
  chunkSize: number,
  most: number,
  writes: number,
  sizes: Sizes,
  payload: (sequenceNumber: number, length: number) => Uint8Array = harmless,
): ReferenceHistory {
  const size = segmentSize(chunkCount, chunkSize);
  const memory = new ArrayBuffer(size);
  const writer = new ReferenceOrderWriter(memory, chunkCount, chunkSize);
  const journal = new Journal(memory);
  const places: Place[] = [];
  const exact = [1, 2, 3, 4].map((parts) => chunkSize / parts - HEADER_SIZE)
    .filter((length) => length >= 4 && length % 4 === 0);
  // The same for a whole history: chunks of exactly their size.
  const same = exact[random.below(exact.length)];
  for (let i = 0; i < writes; i++) {
    let length = 1 + random.below(most);
    if (sizes === "exact" || (sizes === "often exact" && random.below(3) > 0)) length = same;
    while (length > 1 && !writer.canWrite(length)) length--;
    if (!writer.canWrite(length)) break;
    journal.record(() => writer.write(payload(writer.total + 1, length), payload === harmless));
    // Published by its header; the row of its chunk may come after it.
    const { stores } = journal;
    const commit = stores.findLastIndex(({ word }) => word === writer.lastOffset >>> 2);
    for (const store of stores.slice(commit)) store.published = writer.total;
    places.push({ offset: writer.lastOffset, length });
  }
  const history = {
    chunkCount,
    chunkSize,
    size,
    image: journal.image,
    stores: journal.stores,
    lengths: places.map(({ length }) => length),
    payload,
  };
  const forged = forgedNumbers(history, places, writer.tokens, payload);
  return { ...history, destroyed: writer.destroyed, forged };
}

/** What committed rows lead to that is not the entry of that number, at any point. */
function forgedNumbers(
  history: History,
  places: Place[],
  tokens: number[],
  payload: (sequenceNumber: number, length: number) => Uint8Array,
): Set<number> {
  const forged = new Set<number>();
  const replay = replayOf(history);
  const bytes = new Uint8Array(replay.memory);
  const words = new Int32Array(replay.memory, 0, history.size >>> 2);
  const payloads = places.map(({ length }, i) => payload(i + 1, length));
  // The token that each row had while it was true.
  const before = new Array(history.chunkCount).fill(-1);
  const rowOf = (index: number) => {
    const at = (tableOffset(1) + ROW_SIZE * index) >>> 2;
    const isCommitted = index < history.chunkCount && words[at + 1] < 0;
    return { isCommitted, offset: words[at] >>> 0, token: words[at + 2] };
  };
  const isRight = (number: number, at: number) => {
    const place = places[number - 1];
    if (place?.offset !== at) return false;
    const begin = at + HEADER_SIZE;
    return sameBytes(bytes.subarray(begin, begin + place.length), payloads[number - 1]);
  };
  for (; replay.position < history.stores.length; replay.step()) {
    const rows = Array.from({ length: history.chunkCount }, (_, index) => rowOf(index));
    for (let index = 0; index < history.chunkCount; index++) {
      const { isCommitted, offset, token } = rows[index];
      // A row that is being cleared has no token, and still its flag.
      if (!isCommitted || (index > 0 && token === 0)) continue;
      // With its new token and still its old entries: a reader can tell that by rows of the same lap.
      const isOld = token >= replay.published || places[token].offset !== offset;
      const since = before[index];
      if (isOld && rows.some((row) => row.isCommitted && row.token > since && row.token < token)) {
        continue;
      }
      if (!isOld) {
        before[index] = token;
        // What a reader is about to copy that has seen the headers: their row does not change.
        const end = Math.min(tokens.find((other) => other > token) ?? Infinity, replay.published);
        for (let number = token + 1; number <= end; number++) {
          if (!isRight(number, places[number - 1].offset)) forged.add(number);
        }
      }
      const next = rowOf(index + 1);
      const end = next.isCommitted && next.token > token ? next.offset : history.size;
      let isSame = true;
      for (let at = offset, number = token + 1; end - at >= HEADER_SIZE; number++) {
        const total = words[at >>> 2] & LENGTH_MASK;
        if (words[at >>> 2] >= 0 || total < HEADER_SIZE || total > end - at) break;
        isSame &&= isRight(number, at) && places[number - 1].length + HEADER_SIZE === total;
        if (!isSame) forged.add(number);
        at += (total + 3) & ~3;
      }
    }
  }
  return forged;
}
