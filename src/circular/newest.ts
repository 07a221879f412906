/**
 * Where a reader starts, beside a writer at work: layout.ts says why that is right.
 *
 * @module
 */

import { CorruptBufferError } from "../errors.ts";
import type { Fence } from "../fence.ts";
import { MAX_SKIPPED, READ_WORD, VERSION_WORD, WRITE_WORD } from "./layout.ts";
import type { BufferMemory } from "./memory.ts";
import { readBase } from "./recovery.ts";
import { type Place, walkTo } from "./walk.ts";

/**
 * Finds where the newest message ends. Undefined: the writer changed that meanwhile; look
 * again.
 *
 * @throws {CorruptBufferError} if an index or the sequence number is impossible
 */
export function findNewest(memory: BufferMemory, fence: Fence): Place | undefined {
  const { words, capacity } = memory;
  const sequence = memory.readSequence(fence);
  fence();
  if (sequence < 0) {
    throw new CorruptBufferError("the sequence number is not below 2^53: remove both segments");
  }
  const base = readBase(memory, sequence, fence);
  if (base !== undefined) {
    const { sequence: from } = base;
    const isThere = walkTo(memory, base, sequence);
    fence();
    const claim = memory.readClaim(fence);
    if (claim >= sequence && claim - from + MAX_SKIPPED <= capacity) {
      if (isThere) return base;
      throw new CorruptBufferError(
        `messages from ${from} on do not lead to message ${sequence}: remove both segments`,
      );
    }
    return undefined;
  }
  // A claim that changes right now: once more.
  if (words[VERSION_WORD] !== 0 && memory.readClaim(fence) >= sequence) return undefined;
  fence();
  // Without claims, in this order: see layout.ts.
  const write = memory.readIndex(WRITE_WORD);
  fence();
  const read = memory.readIndex(READ_WORD);
  fence();
  if (read !== write || memory.readSequence(fence) !== sequence) return undefined;
  return { index: read, sequence };
}
