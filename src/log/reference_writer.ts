/**
 * What the reference's writer does otherwise than ours, on the same bytes, and how each is answered.
 *
 * In a log of our own writer every committed row is true, and is there before the first entry of its
 * chunk. The reference's writer leaves rows of which neither holds. (Its version 1, which wrote most of
 * the logs that there are; see `.github/ARCHITECTURE.md` for the order of our stores.)
 *
 * | the reference | what a reader sees in between, or always after a crash there | answered by |
 * |---|---|---|
 * | **late rows**: commits the row of a chunk after its first entry | an entry that seems to belong to the chunk before | `isLateRow()`: the row is adopted without its flag; for a writer that resumes, `lateChunk()` |
 * | the same in row 0, at the start of a lap | rows of the lap before whose first bytes are gone | `leaveOutBegun()` |
 * | **token before flag**: gives a row its new token while it still has the flag and the offset of the lap before | old entries under new numbers | `isRestarting()` in a survey, `isOldLap()` at the end of a lap, `isFirstMoving()` |
 * | clears the token of a row that it invalidates before the offset | a chunk that seems to begin with entry 1 | `isHalfCleared()` |
 * | **rows left behind**: estimates which chunks an entry overwrites, and forgets some | a committed row whose bytes are those of newer entries | `leaveOutOverwritten()`; a reader that finds damage there counts it as an overrun |
 * | stores the header of an entry, without its flag, before the payload | bytes that are gone though no entry says so | `reachAt()` |
 * | leaves no count in row 0 while it restarts it | after a crash there: no row, and no number to continue from | `recover()` counts the entries on top of the token |
 * | holds no lock | a writer that lives looks like none | takeover and followers ask for more than the lock |
 *
 * What its readers need of our writer is answered in `Room`: rows are invalidated one entry before they
 * are used again, since they load an offset and a token without a second look.
 *
 * @module
 */

import type { Fence } from "../fence.ts";
import { HEADER_SIZE, LENGTH_MASK } from "./layout.ts";
import type { ChunkRow, Row, Rows, Segment } from "./segment.ts";
import { headerAt, type Walk, walk, type WalkBudget, walkWithin } from "./walk.ts";

/**
 * Late rows: whether `row`, which is not committed, is that of the chunk that begins at `offset`. Its
 * order is token, offset, first entry, and the commit of the row last: that entry tells.
 */
export function isLateRow(segment: Segment, row: Row, offset: number): boolean {
  return !row.committed && row.offset === offset && headerAt(segment, offset) < 0;
}

/** Late rows: the chunk after `newest` that was begun, with entries up to `end`, and not committed. */
export function lateChunk(
  segment: Segment,
  fence: Fence,
  newest: ChunkRow,
  end: Walk,
): ChunkRow | undefined {
  const index = newest.index + 1;
  if (index >= segment.chunkCount) return undefined;
  const row = segment.readRow(index, fence);
  if (row.committed || row.offset <= newest.offset || row.offset >= end.offset) return undefined;
  const before = walk(segment, newest.offset, row.offset);
  if (before.offset !== row.offset || row.token !== newest.token + before.entries) return undefined;
  return { ...row, index };
}

/**
 * Late rows: leaves out those whose bytes the first entry of a lap has overwritten while row 0 is not
 * committed.
 */
export function leaveOutBegun(segment: Segment, { offsets }: Rows): void {
  const { dataStart, end } = segment;
  if (offsets[0] > 0) return;
  const reached = reachAt(segment, dataStart);
  const next = reached - HEADER_SIZE;
  const isBegun = headerAt(segment, dataStart) >= 0 || end - next < HEADER_SIZE ||
    // Until its row is there, that entry is alone: two in a row are of the lap before.
    headerAt(segment, next) === 0;
  if (!isBegun) return;
  for (let index = 1; index < offsets.length; index++) {
    if (offsets[index] < reached) offsets[index] = 0;
  }
}

/**
 * Token before flag: whether the newest row has its new token already and still its old entries.
 *
 * True rows of one lap are contiguous, so the chunk before must end exactly where this one starts,
 * with the right count. Chunk 0 has none before it; there it tells that the entries run into the
 * next chunk of the lap before, mostly chunk 1: a writer that came so far would have taken that row back.
 */
export function isRestarting(
  segment: Segment,
  rows: Rows,
  newest: number,
  budget: WalkBudget,
): boolean {
  const { offsets, tokens } = rows;
  const [offset, token] = [offsets[newest], tokens[newest]];
  if (newest === 0) {
    let next = 1;
    while (next < offsets.length && offsets[next] === 0) next++;
    if (next === offsets.length || tokens[next] >= token) return false;
    const found = walkWithin(segment, offset, offsets[next], budget);
    return found.reason === "most" || isCommittedAt(segment, found, offsets[next]);
  }
  const [before, tokenBefore] = [offsets[newest - 1], tokens[newest - 1]];
  if (before === 0 || tokenBefore >= token || before >= offset) return false;
  const found = walkWithin(segment, before, offset, budget);
  return found.offset !== offset || found.entries !== token - tokenBefore;
}

/** Whether a walk ended exactly at `next`, and a committed entry is there. */
function isCommittedAt(segment: Segment, found: Walk, next: number): boolean {
  return found.offset === next && walk(segment, next, next + 1).entries === 1;
}

/**
 * Token before flag: whether the chunk at `offset` of row 0, which has the token `token`, still has the
 * entries of the lap before: those run into the next old chunk.
 */
export function isOldLap(
  segment: Segment,
  fence: Fence,
  offset: number,
  token: number,
  row: Row,
): boolean {
  for (let index = 1; index < segment.chunkCount; index++) {
    const next = segment.readRow(index, fence, row);
    if (!next.committed) continue;
    if (next.token >= token || !segment.isPlausible(next)) return false;
    return isCommittedAt(segment, walk(segment, offset, next.offset), next.offset);
  }
  return false;
}

/** Whether a row that is invalidated has lost its token only. Just the first chunk can begin with entry 1. */
export function isHalfCleared(index: number, token: number): boolean {
  return index > 0 && token === 0;
}

/**
 * Token before flag: whether row 0, whose words are `first`, was in the middle of its restart when a
 * survey looked. Once that is done, a lap of entries of one size may look as the lap before did.
 */
export function isFirstMoving({ offsets }: Rows, first: readonly number[]): boolean {
  return offsets[0] === 0 && first[1] < 0;
}

/**
 * Rows left behind: leaves out those whose bytes were overwritten since. `end` is where the entries of
 * chunk `newest` end.
 */
export function leaveOutOverwritten(
  segment: Segment,
  rows: Rows,
  newest: number,
  end: Walk,
  budget: WalkBudget,
): void {
  const { offsets, tokens } = rows;
  let first = newest;
  for (let index = newest - 1; index >= 0; index--) {
    if (tokens[index] < tokens[first] && offsets[index] < offsets[first]) {
      if (offsets[index] > 0) first = index;
    } else offsets[index] = 0;
  }
  let before = newest;
  // Where the entries of that chunk end, once that is asked for.
  let reach = 0;
  // What follows the newest chunk is older.
  let intactFrom = reachAt(segment, end.offset);
  for (let index = newest + 1; index < offsets.length; index++) {
    if (offsets[index] === 0) continue;
    let isIntact = tokens[index] < tokens[first] && offsets[index] >= intactFrom;
    const isOfLapBefore = before !== newest && tokens[index] < tokens[before];
    if (isIntact && isOfLapBefore) {
      // One lap further back: the lap in between must not have come so far.
      if (reach === 0) {
        const found = walkWithin(segment, offsets[before], segment.end, budget);
        reach = found.reason === "most" ? segment.end : found.offset;
      }
      isIntact = reach + HEADER_SIZE <= offsets[index];
    }
    if (isIntact && (before === newest || isOfLapBefore)) {
      // A lap in between may have come so far and have left no row. Chunks are not left empty.
      isIntact = walk(segment, offsets[index], offsets[index] + 1).entries === 1;
    }
    if (!isIntact) {
      offsets[index] = 0;
      continue;
    }
    before = index;
    reach = 0;
    intactFrom = offsets[index] + HEADER_SIZE;
  }
}

/**
 * Up to where a writer that has come to the header at `offset` has overwritten, or may be about to.
 *
 * The header after an entry is zeroed, hence the header's size on top. The reference stores the header
 * of an entry, not committed, before the payload, and leaves rows in the table whose bytes go with it.
 */
function reachAt(segment: Segment, offset: number): number {
  const room = segment.end - offset;
  if (room < HEADER_SIZE) return segment.end;
  const total = headerAt(segment, offset) & LENGTH_MASK;
  const size = total >= HEADER_SIZE && total <= room ? (total + 3) & ~3 : 0;
  return offset + size + HEADER_SIZE;
}
