/**
 * Where a buffer ends, whatever its last writer has left half done.
 *
 * @module
 */

import { CorruptBufferError } from "../errors.ts";
import type { Fence } from "../fence.ts";
import {
  BASE_INDEX_WORD,
  BASE_SEQUENCE_WORD,
  READ_WORD,
  VERSION_WORD,
  WRITE_WORD,
} from "./layout.ts";
import type { BufferMemory } from "./memory.ts";
import { type Place, walkTo } from "./walk.ts";

/** Where a buffer ends. */
export interface BufferEnd extends Place {
  /** The sequence number up to which bytes may have been overwritten, by a message that is void. */
  dirty: number;
}

/**
 * Finds where the next message goes. There must be no other writer.
 *
 * R = W: the last writer was not within a message. Else it was killed there, and S counts the message,
 * or does not. Ours claimed before: the walk along the headers from there to S tells which; what it
 * claimed may be overwritten, and stays claimed. Of the
 * original that is not to be known: then the message is left out and S moves on by more than the
 * capacity, so that each reader sees that it missed something and starts again.
 *
 * @throws {CorruptBufferError} if an index or the sequence number is impossible
 */
export function findEnd(memory: BufferMemory, fence: Fence): BufferEnd {
  const { capacity } = memory;
  const sequence = memory.readSequence(fence);
  if (sequence < 0 || sequence > Number.MAX_SAFE_INTEGER - 2 * capacity) {
    throw new CorruptBufferError("the sequence number is not below 2^53: remove both segments");
  }
  const read = memory.readIndex(READ_WORD);
  const write = memory.readIndex(WRITE_WORD);
  // What a dead writer has claimed, it, or one before it, may have overwritten.
  const claim = Math.abs(memory.readClaim(fence));
  const dirty = claim - sequence <= capacity ? Math.max(claim, sequence) : sequence;
  if (read === write) return { index: read, sequence, dirty };
  const base = readBase(memory, sequence, fence);
  if (base !== undefined && walkTo(memory, base, sequence)) {
    if (base.index === read || base.index === write) return { ...base, dirty };
  }
  const next = sequence + capacity + 1;
  return { index: write, sequence: next, dirty: next };
}

/**
 * The base of the claim that is in force: what a reader may start from to get to `sequence`. Undefined
 * if there is no claim of that, or it changes right now.
 */
export function readBase(
  memory: BufferMemory,
  sequence: number,
  fence: Fence,
): Place | undefined {
  const { words, capacity } = memory;
  // Pairs with the stores of the version in the writer: the same even one before and after means that
  // what is in between belongs together.
  const version = words[VERSION_WORD];
  if (version === 0 || (version & 1) !== 0) return undefined;
  fence();
  const from = memory.readWide(BASE_SEQUENCE_WORD, fence);
  const index = words[BASE_INDEX_WORD] >>> 0;
  fence();
  if (words[VERSION_WORD] !== version) return undefined;
  fence();
  const claim = memory.readClaim(fence);
  if (from < 0 || from > sequence || sequence - from > capacity) return undefined;
  return sequence <= claim && index <= capacity ? { index, sequence: from } : undefined;
}
