/**
 * Checks a whole log for damage.
 *
 * @module
 */

import { type Fence, fullFence } from "../fence.ts";
import type { MemoryLike } from "../memory.ts";
import type { ReaderOptions } from "./reader_options.ts";
import { type ChunkRow, inOneLife, type Row, type Segment } from "./segment.ts";
import {
  behind,
  believes,
  rowOf,
  soundSurvey,
  steadySurvey,
  type Survey,
  writtenTotal,
} from "./survey.ts";
import { walk } from "./walk.ts";
import { callback, checkOptions } from "../base/options.ts";

/** How often a log is looked at before what is wrong with it is believed. */
const ATTEMPTS = 4;
/** How much of the damage, and how many gaps, are described. */
const MOST_DESCRIBED = 1000;

/** Something in a log that contradicts its format. */
export interface Damage {
  /** Where, in bytes from the start of the segment. */
  offset: number;
  /** The index of the chunk. */
  chunk: number;
  /** What, in a sentence. */
  what: string;
}

/**
 * Numbers that are missing between two chunks. That is no damage: entries that are large for their log
 * end a lap early, so that one lap is overwritten while the end of the lap before is still there.
 */
export interface SequenceGap {
  /** The sequence number of the last entry before it. */
  after: number;
  /** How many entries are missing. */
  missing: number;
  /** The index of the chunk that begins behind it. */
  chunk: number;
}

/** What {@linkcode verify} finds. */
export interface Verification {
  /** Whether there is no damage. */
  isIntact: boolean;
  /** Whether its writer has finished it: no entry will come. Always `false` in version 1. */
  isFinished: boolean;
  /** How many entries were found whole. */
  entries: number;
  /** How many bytes they take, with headers and padding. */
  bytesUsed: number;
  /** The sequence number of the oldest of them, or 0. */
  firstSequenceNumber: number;
  /** The sequence number of the newest of them, or how many were ever written if none is left. */
  lastSequenceNumber: number;
  /** How many chunks were checked. */
  chunksChecked: number;
  /** How many chunks the writer overwrote meanwhile; these were not checked. */
  chunksOvertaken: number;
  /** What contradicts the format: the first 1000. */
  damage: Damage[];
  /** How much of the log contradicts the format. */
  damageCount: number;
  /** Where numbers are missing, the oldest first: the first 1000. */
  gaps: SequenceGap[];
  /** At how many places numbers are missing. */
  gapCount: number;
}

/** What was found in the chunks, in their order. */
interface Checked {
  entries: Float64Array;
  bytesUsed: Float64Array;
  states: Uint8Array;
  /** What is wrong with the first ones of those that are damaged, by index. */
  damage: Map<number, Damage>;
  /** The row behind a damaged chunk where that is only not where it says, for the first ones. */
  misplaced: Map<number, ChunkRow>;
}

/** What was found in one chunk. */
interface Chunk {
  entries: number;
  bytesUsed: number;
  damage: Damage | undefined;
  misplaced: ChunkRow | undefined;
}

// The states of a chunk.
const SOUND = 0;
const DAMAGED = 1;
const OVERTAKEN = 2;

/**
 * Checks the headers, rows and sequence numbers of every entry of a log, without changing anything. A
 * writer may be at work meanwhile: what it overwrites does not count as damage.
 *
 * The format has no checksums: a payload that was changed looks like one that was
 * written.
 *
 * @throws {UnsupportedLogError} if it is not a log of version 1 or 2
 * @throws {CorruptLogError} if its header contradicts its size
 * @throws {TypeError} if an option has the wrong type
 *
 * @example
 * ```ts
 * import { verify, Writer } from "@ouroboros/log";
 *
 * const memory = new ArrayBuffer(4096);
 * Writer.create(memory, { chunkCount: 4 }).writeMany(["a", "b"]);
 * console.log(verify(memory).isIntact, verify(memory).entries); // true 2
 *
 * new DataView(memory).setUint32(80, 0x80000003, true); // a length that is not possible
 * console.log(verify(memory).damage[0].offset); // 80
 * ```
 */
export function verify(
  memory: MemoryLike,
  options: Pick<ReaderOptions, "fence" | "load"> = {},
): Verification {
  checkOptions("verify()", options, { fence: callback, load: callback });
  const fence = options.fence ?? fullFence;
  return inOneLife(memory, options.load, fence, (segment) => verificationOf(segment, fence));
}

function verificationOf(segment: Segment, fence: Fence): Verification {
  // A table that was copied while a row was restarted looks like one with a gap. Not again and again.
  for (let attempt = 1;; attempt++) {
    const found = look(segment, fence);
    if ((found.isIntact && found.gapCount === 0) || attempt === ATTEMPTS) return found;
  }
}

function look(segment: Segment, fence: Fence): Verification {
  const found = soundSurvey(segment, fence);
  const checked = checkChunks(segment, fence, found);
  const report: Verification = {
    isIntact: true,
    isFinished: found.end.reason === "finish",
    entries: 0,
    bytesUsed: 0,
    firstSequenceNumber: 0,
    lastSequenceNumber: 0,
    chunksChecked: 0,
    chunksOvertaken: 0,
    damage: [],
    damageCount: 0,
    gaps: [],
    gapCount: 0,
  };
  checkRows(segment, fence, report);
  // How many entries there are up to the end of the chunk before; -1: that is not known.
  let upTo = -1;
  found.order.forEach((index, place) => {
    const token = found.tokens[index];
    const entries = checked.entries[place];
    if (checked.states[place] === OVERTAKEN) {
      report.chunksOvertaken++;
      upTo = -1;
      return;
    }
    report.chunksChecked++;
    report.entries += entries;
    report.bytesUsed += checked.bytesUsed[place];
    if (report.firstSequenceNumber === 0 && entries > 0) report.firstSequenceNumber = token + 1;
    report.lastSequenceNumber = token + entries;
    if (checked.states[place] === DAMAGED) addDamage(report, checked.damage.get(index));
    if (upTo >= 0 && token > upTo) {
      report.gapCount++;
      if (report.gapCount <= MOST_DESCRIBED) {
        report.gaps.push({ after: upTo, missing: token - upTo, chunk: index });
      }
    } else if (token < upTo) {
      const what = `row ${index} says that ${token} entries come before it, but ${upTo} do`;
      addDamage(report, { offset: segment.rowWord(index) * 4, chunk: index, what });
    }
    upTo = checked.states[place] === SOUND ? token + entries : -1;
  });
  if (report.chunksChecked === 0) report.lastSequenceNumber = writtenTotal(found);
  return report;
}

function addDamage(report: Verification, damage: Damage | undefined): void {
  report.isIntact = false;
  report.damageCount++;
  if (damage !== undefined && report.damage.length < MOST_DESCRIBED) report.damage.push(damage);
}

/** Walks along all chunks that can be believed. */
function checkChunks(segment: Segment, fence: Fence, found: Survey): Checked {
  const { length } = found.order;
  const checked: Checked = {
    entries: new Float64Array(length),
    bytesUsed: new Float64Array(length),
    states: new Uint8Array(length),
    damage: new Map(),
    misplaced: new Map(),
  };
  let isBad = false;
  found.order.forEach((index, place) => {
    const chunk = checkChunk(
      segment,
      fence,
      rowOf(found, index),
      behind(found, index),
      index === found.newest?.index,
    );
    if (chunk === undefined) {
      checked.states[place] = OVERTAKEN;
      return;
    }
    checked.entries[place] = chunk.entries;
    checked.bytesUsed[place] = chunk.bytesUsed;
    if (chunk.damage === undefined) return;
    isBad = true;
    checked.states[place] = DAMAGED;
    if (chunk.misplaced !== undefined && checked.misplaced.size < MOST_DESCRIBED) {
      checked.misplaced.set(index, chunk.misplaced);
    }
    if (checked.damage.size < MOST_DESCRIBED) checked.damage.set(index, chunk.damage);
  });
  if (!isBad) return checked;
  // The reference overwrites entries whose row it leaves, and gives a row its new token while it still
  // has its old offset: such rows are not believed by now.
  const now = steadySurvey(segment, fence);
  found.order.forEach((index, place) => {
    if (checked.states[place] !== DAMAGED) return;
    const misplaced = checked.misplaced.get(index);
    if (
      now.isSteady && believes(now, index, found.offsets[index], found.tokens[index]) &&
      (misplaced === undefined || believes(now, index + 1, misplaced.offset, misplaced.token))
    ) return;
    checked.states[place] = OVERTAKEN;
  });
  return checked;
}

/** The row after `row` if it is of the same lap: a chunk that begins where this one ends. */
function rowAfter(segment: Segment, fence: Fence, row: ChunkRow): ChunkRow | undefined {
  const index = row.index + 1;
  if (index === segment.chunkCount) return undefined;
  const next = segment.readRow(index, fence);
  fence(); // the row before the headers, of which it tells how far they go
  if (!next.committed || next.token <= row.token || !segment.isPlausible(next)) return undefined;
  return { ...next, index };
}

/**
 * Walks along a chunk, up to the next row if that is the one behind it, and no further than where
 * `after` begins, a chunk of whatever lap; undefined if it was overwritten.
 */
function checkChunk(
  segment: Segment,
  fence: Fence,
  row: ChunkRow,
  after: ChunkRow | undefined,
  isNewest: boolean,
): Chunk | undefined {
  const next = rowAfter(segment, fence, row);
  const limit = Math.min(next?.offset ?? segment.end, after?.offset ?? segment.end);
  const { entries, offset, reason } = walk(segment, row.offset, limit);
  const header = segment.words[offset >>> 2] >>> 0;
  fence(); // the headers before the rows
  if (!segment.isUnchanged(row, fence)) return undefined;
  if (next !== undefined && !segment.isUnchanged(next, fence)) return undefined;
  const expected = next === undefined ? undefined : next.token - row.token;
  let what: string | undefined;
  if (next !== undefined && offset !== next.offset) {
    what = `${headerText(header)} after ${entries} of ${expected} entries; ` +
      `chunk ${next.index} begins at offset ${next.offset}`;
  } else if (expected !== undefined && entries !== expected) {
    what = `${entries} entries where ${expected} are expected`;
  } else if (reason === "damage" || (reason === "finish" && !isNewest)) {
    what = `${headerText(header)} after ${entries} entries`;
  } else if (offset > limit && after !== undefined && segment.isUnchanged(after, fence)) {
    what = `${entries} entries reach beyond offset ${limit}, where chunk ${after.index} begins`;
  }
  const damage = what === undefined ? undefined : { offset, chunk: row.index, what };
  const misplaced = entries === expected && offset !== next?.offset ? next : undefined;
  return { entries, bytesUsed: offset - row.offset, damage, misplaced };
}

function headerText(header: number): string {
  return `header 0x${header.toString(16).padStart(8, "0")} is not an entry within the log`;
}

/** Finds rows that say that they are committed and can't be true. */
function checkRows(segment: Segment, fence: Fence, report: Verification): void {
  const row: Row = { offset: 0, token: 0, committed: false };
  for (let index = 0; index < segment.chunkCount; index++) {
    segment.readRow(index, fence, row);
    if (!row.committed || segment.isPlausible(row)) continue;
    const what = segment.rowDamage(index, row);
    addDamage(report, { offset: segment.rowWord(index) * 4, chunk: index, what });
  }
}
