/**
 * A look at a log of so many chunks that an object for each would take too long, and too much memory:
 * neighbors as one.
 *
 * @module
 */

import { SegmentNotFoundError } from "../../errors.ts";
import type { ChunkInfo, LogInfo } from "../../log/inspect.ts";
import { CHUNK_COUNT_WORD } from "../../log/layout.ts";
import type { LogOutline } from "../../log/outline.ts";
import { lookAt } from "../../log/native/look.ts";
import { type LogTarget, openMemory } from "../../log/native/target.ts";

/** From how many chunks on. */
const MANY = 10_000;
/** How many are left: more than the eye can tell apart. */
const FEW = 96;

/** What is in a log in groups of chunks, and how many chunks of what size there are in truth. */
export interface LargeLook {
  info: LogInfo;
  chunks: { chunkCount: number; chunkSize: number };
}

/** Whether a log has so many chunks. */
export function isLarge(target: LogTarget): boolean {
  using memory = openMemory(target, "read");
  const word = new Uint32Array(new ArrayBuffer(4));
  memory.read(new Uint8Array(word.buffer), 4 * CHUNK_COUNT_WORD);
  return word[0] >= MANY;
}

/** What is in a log of very many chunks; `undefined` if it is gone. */
export function largeLook(target: LogTarget): LargeLook | undefined {
  try {
    using memory = openMemory(target, "read");
    return inGroups(lookAt(memory, target));
  } catch (error) {
    if (error instanceof SegmentNotFoundError) return undefined;
    throw error;
  }
}

/** The same as `inspect()` would find, but for damage, with neighboring chunks as one. */
export function inGroups(found: LogOutline): LargeLook {
  const { chunkCount, segmentSize, chunkSize } = found;
  const size = Math.ceil(chunkCount / FEW);
  const chunks: ChunkInfo[] = [];
  for (let first = 0; first < chunkCount; first += size) {
    chunks.push(groupOf(found, chunks.length, first, Math.min(first + size, chunkCount)));
  }
  const info: LogInfo = {
    version: found.version,
    bufferId: found.bufferId?.toString(),
    isFinished: found.isFinished,
    segmentSize,
    chunkCount: chunks.length,
    chunkSize: Math.floor(chunkSize * chunkCount / chunks.length),
    maxEntrySize: 0,
    chunks,
    firstSequenceNumber: found.entries > 0 ? found.total - found.entries + 1 : 0,
    lastSequenceNumber: found.total,
    entries: found.entries,
    bytesUsed: found.bytes,
    damage: [],
    damageCount: 0,
  };
  return { info, chunks: { chunkCount, chunkSize } };
}

/** The chunks from `first` up to `end` as one, which ends where the newest of them does. */
function groupOf(found: LogOutline, index: number, first: number, end: number): ChunkInfo {
  const { offsets, tokens, chunkEntries, chunkBytes } = found;
  let [oldest, newest] = [-1, -1];
  for (let i = first; i < end; i++) {
    if (offsets[i] === 0) continue;
    if (oldest < 0) oldest = i;
    if (newest < 0 || tokens[i] > tokens[newest]) newest = i;
  }
  if (newest < 0) return { index, state: "empty", offset: 0, token: 0, entries: 0, bytesUsed: 0 };
  return {
    index,
    state: found.newest >= first && found.newest < end ? "current" : "full",
    offset: offsets[oldest],
    token: tokens[newest],
    entries: chunkEntries[newest],
    bytesUsed: offsets[newest] + chunkBytes[newest] - offsets[oldest],
  };
}
