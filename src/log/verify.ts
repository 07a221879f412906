/**
 * Whether a log is sound: a walk along everything in it.
 *
 * @module
 */

import { type Fence, fullFence } from "../fence.ts";
import { rowWord } from "./layout.ts";
import type { ReaderOptions } from "./reader_options.ts";
import { markedTotal } from "./resume.ts";
import { type Row, Segment } from "./segment.ts";
import { belief, type ChunkRow, survey, walk } from "./survey.ts";

/** How often a log is looked at before what is wrong with it is believed. */
const ATTEMPTS = 4;

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
  /** How many entries were found whole. */
  entries: number;
  /** How many bytes they take, with headers and padding. */
  bytesUsed: number;
  /** The sequence number of the oldest of them, or 0. */
  firstSequenceNumber: number;
  /** The sequence number of the newest of them, or how many were ever written if there is none. */
  lastSequenceNumber: number;
  /** How many chunks were walked along. */
  chunksChecked: number;
  /** How many chunks the writer overwrote during the walk: nothing can be said of those. */
  chunksOvertaken: number;
  /** What contradicts the format. */
  damage: Damage[];
  /** Where numbers are missing, the oldest first. */
  gaps: SequenceGap[];
}

/** A chunk that was walked along, and held still. */
interface Checked {
  row: ChunkRow;
  entries: number;
  bytesUsed: number;
  damage: Damage[];
}

/**
 * Walks along every entry of a log and checks headers, rows and sequence numbers, without changing
 * anything. A writer may be at work meanwhile: what it overwrites is not taken for damage.
 *
 * The format has no checksums: payloads that somebody changed can't be told from those that were
 * written.
 *
 * @throws {UnsupportedLogError} if it is not a log of version 1
 * @throws {CorruptLogError} if its header contradicts its size
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
  memory: ArrayBufferLike,
  options: Pick<ReaderOptions, "fence" | "load"> = {},
): Verification {
  const fence = options.fence ?? fullFence;
  const segment = new Segment(memory, options.load);
  // A table that was copied while a row was restarted looks like one with a gap. Not again and again.
  for (let attempt = 1;; attempt++) {
    const found = look(segment, fence);
    if ((found.isIntact && found.gaps.length === 0) || attempt === ATTEMPTS) return found;
  }
}

function look(segment: Segment, fence: Fence): Verification {
  const { rows } = survey(segment, fence);
  rows.sort((a, b) => a.token - b.token);
  const looks = rows.map((row) => checkChunk(segment, fence, row, rowAfter(segment, fence, row)));
  // The reference overwrites entries whose row it leaves: by now the table may not believe it any more.
  const isBad = looks.some((chunk) => chunk !== undefined && chunk.damage.length > 0);
  const isBelieved = belief(isBad ? survey(segment, fence).rows : rows);
  const chunks = looks.map((chunk) => {
    const isDamage = chunk !== undefined && chunk.damage.length > 0;
    return isDamage && !isBelieved(chunk.row) ? undefined : chunk;
  });
  const checked = chunks.filter((chunk) => chunk !== undefined);
  const damage = [...badRows(segment, fence), ...checked.flatMap((chunk) => chunk.damage)];
  const gaps: SequenceGap[] = [];
  for (let i = 1; i < chunks.length; i++) {
    const [before, chunk] = [chunks[i - 1], chunks[i]];
    if (before === undefined || chunk === undefined || before.damage.length > 0) continue;
    const { index, token } = chunk.row;
    const after = before.row.token + before.entries;
    if (token > after) gaps.push({ after, missing: token - after, chunk: index });
    else if (token < after) {
      const what = `row ${index} says that ${token} entries come before it, but ${after} do`;
      damage.push({ offset: rowWord(index) * 4, chunk: index, what });
    }
  }
  const oldest = checked.find((chunk) => chunk.entries > 0);
  const newest = checked.at(-1);
  return {
    isIntact: damage.length === 0,
    entries: checked.reduce((sum, chunk) => sum + chunk.entries, 0),
    bytesUsed: checked.reduce((sum, chunk) => sum + chunk.bytesUsed, 0),
    firstSequenceNumber: oldest === undefined ? 0 : oldest.row.token + 1,
    lastSequenceNumber: newest === undefined
      ? markedTotal(segment) ?? 0
      : newest.row.token + newest.entries,
    chunksChecked: checked.length,
    chunksOvertaken: chunks.length - checked.length,
    damage,
    gaps,
  };
}

/** The row after `row` if it is of the same lap: a chunk that begins where this one ends. */
function rowAfter(segment: Segment, fence: Fence, row: ChunkRow): ChunkRow | undefined {
  const index = row.index + 1;
  if (index === segment.chunkCount) return undefined;
  const next = segment.readRow(index, fence, { offset: 0, token: 0, committed: false });
  fence(); // the row before the headers, of which it tells how far they go
  if (!next.committed || next.token <= row.token || !segment.isPlausible(next)) return undefined;
  return { ...next, index };
}

/** Walks along a chunk, up to `next` if that is the one behind it; undefined if it was overwritten. */
function checkChunk(
  segment: Segment,
  fence: Fence,
  row: ChunkRow,
  next: ChunkRow | undefined,
): Checked | undefined {
  const found = walk(segment, row.offset, next?.offset ?? segment.end);
  const header = segment.words[found.offset >>> 2] >>> 0;
  fence(); // the headers before the rows
  if (!isUnchanged(segment, fence, row)) return undefined;
  if (next !== undefined && !isUnchanged(segment, fence, next)) return undefined;
  const { entries, offset, reason } = found;
  const expected = next === undefined ? undefined : next.token - row.token;
  let what: string | undefined;
  if (next !== undefined && offset !== next.offset) {
    what = `${headerText(header)} after ${entries} of ${expected} entries; ` +
      `chunk ${next.index} begins at offset ${next.offset}`;
  } else if (expected !== undefined && entries !== expected) {
    what = `${entries} entries where ${expected} are expected`;
  } else if (reason === "damage") {
    what = `${headerText(header)} after ${entries} entries`;
  }
  const damage = what === undefined ? [] : [{ offset, chunk: row.index, what }];
  return { row, entries, bytesUsed: offset - row.offset, damage };
}

function headerText(header: number): string {
  return `header 0x${header.toString(16).padStart(8, "0")} is not an entry within the log`;
}

/** Rows that say that they are committed and can't be true. */
function badRows(segment: Segment, fence: Fence): Damage[] {
  const damage: Damage[] = [];
  for (let index = 0; index < segment.chunkCount; index++) {
    const row: Row = { offset: 0, token: 0, committed: false };
    segment.readRow(index, fence, row);
    if (!row.committed || segment.isPlausible(row)) continue;
    const what = segment.damagedRow(index, row).message;
    damage.push({ offset: rowWord(index) * 4, chunk: index, what });
  }
  return damage;
}

/** Whether a row says what it said: then its chunk was not overwritten in between. */
function isUnchanged(segment: Segment, fence: Fence, row: ChunkRow): boolean {
  const now = segment.readRow(row.index, fence, { offset: 0, token: 0, committed: false });
  return now.committed && now.offset === row.offset && now.token === row.token;
}
