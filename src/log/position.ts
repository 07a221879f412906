/**
 * Where a reader is in the log, and how it finds its way: into the next chunk, past the end of a
 * lap, and to what is left after the writer overtook it.
 *
 * @module
 */

import { CorruptLogError, OverrunError } from "../errors.ts";
import type { Fence } from "../fence.ts";
import { wideNumber } from "../memory.ts";
import type { EntryBatch } from "./batch.ts";
import type { Ahead } from "./bounds.ts";
import { ChunkChoice, isNewer, type Whereabouts } from "./chunk_choice.ts";
import { COMMIT_FLAG, HEADER_SIZE, ROW_SIZE } from "./layout.ts";
import type { ReadPolicy } from "./reader_options.ts";
import { isFirstMoving, isLateRow, isOldLap } from "./reference_writer.ts";
import type { ChunkRow, Row, Segment } from "./segment.ts";
import { believes } from "./survey.ts";
import { walk } from "./walk.ts";

/** How many times the table is surveyed while the writer changes it, before we give up. */
const ATTEMPTS = 16;

/** How many choices are not believed at first: there is no end to that with a fast writer. */
const MOST_DOUBTS = 2;

/**
 * The result of a step of a reader: `"moved"` to another place, where it is to try again, or `"stay"`
 * where it is: only what was found there can be used.
 */
export type Step = "moved" | "stay";

/** The position of a reader. */
export class Position implements Whereabouts {
  readonly #segment: Segment;
  readonly #fence: Fence;
  readonly #policy: ReadPolicy;
  readonly #choice: ChunkChoice;
  // The chunk that we are in; -1: none yet, or it was taken from us.
  #chunk = -1;
  // Its token: how many entries were written before it.
  #token = -1;
  // Where it starts, in bytes.
  #start = 0;
  // The offset of the next header in bytes.
  #offset = 0;
  // The sequence number of the entry before it.
  #number = 0;
  // The highest number that was delivered or counted as lost; -1: not started.
  #seen = -1;
  // Whether the reader has not come to where it starts yet: it can't be overtaken before.
  #isStarting = true;
  #lost = 0;
  #overruns = 0;
  // The row was a late one when we entered: it has no flag yet.
  #isLate = false;
  #isFinished = false;
  // At which number we wait, how often we have looked there, and whether we seem to be passed by.
  #waitsAt = -1;
  #looks = 0;
  #isSuspect = false;
  readonly #row: Row = { offset: 0, token: 0, committed: false };

  /** Makes a position that is nowhere yet: locate() it. */
  constructor(segment: Segment, fence: Fence, policy: ReadPolicy) {
    this.#segment = segment;
    this.#fence = fence;
    this.#policy = policy;
    this.#choice = new ChunkChoice(segment, fence, policy);
    this.#seen = policy.after;
  }

  /** The offset of the next header in bytes. */
  get offset(): number {
    return this.#offset;
  }

  /** The sequence number of the entry before it. */
  get number(): number {
    return this.#number;
  }

  /** The highest number that was delivered or counted as lost; -1: not started. */
  get seen(): number {
    return this.#seen;
  }

  /** The token of our chunk, or of the last one that we were in. */
  get token(): number {
    return this.#token;
  }

  /** Whether the reader has not come to where it starts yet. */
  get isStarting(): boolean {
    return this.#isStarting;
  }

  /** Whether we have come to the mark of a writer that has finished. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** How many entries are lost. */
  get lost(): number {
    return this.#lost;
  }

  /** How many times the writer overtook us. */
  get overruns(): number {
    return this.#overruns;
  }

  /** Whether we are in a chunk. If not: locate() one. */
  get isInChunk(): boolean {
    return this.#chunk >= 0;
  }

  /** Notes that the reader has come to where it starts: from here on it can be overtaken. */
  started(): void {
    this.#isStarting = false;
  }

  /** Says what the entries of `batch` are, found here: their numbers and their chunk. */
  settle(batch: EntryBatch): void {
    // What was seen before is not given again.
    const skipped = Math.min(Math.max(this.#seen - this.#number, 0), batch.length);
    batch.settle(this.#number + 1, skipped, this.#chunk, this.#token);
  }

  /** Finds out what the next row says. `"moved"`: our chunk is another one, or none. */
  lookAhead(ahead: Ahead): Step {
    const segment = this.#segment;
    const { words } = segment;
    ahead.limit = segment.end;
    ahead.isComplete = false;
    ahead.stale = -1;
    ahead.broken = undefined;
    const next = this.#chunk + 1;
    if (next === segment.chunkCount) return "stay";
    const at = segment.rowWord(next);
    segment.loadRow(next);
    if (tokenAt(words, at) <= this.#token) {
      ahead.stale = words[at] >>> 0;
      return "stay";
    }
    const row = segment.readRow(next, this.#fence, this.#row);
    this.#fence(); // the row before the headers, of which it may tell how far they go
    if (row.token <= this.#token) return "stay";
    if (this.#isEntered(row)) {
      // Chunks that start at the same offset in each lap: it may be ours of a later one.
      if (row.token > this.#seen) this.overrun();
      else this.#adopt(next, row);
      return "moved";
    }
    if (!row.committed) return "stay";
    if (!segment.isPlausible(row)) ahead.broken = segment.damagedRow(next, row);
    // Chunks of one lap follow each other: up to there every entry is complete.
    else if (row.offset > this.#offset) {
      ahead.limit = row.offset;
      ahead.isComplete = true;
    }
    return "stay";
  }

  /** Whether the next chunk still starts at `limit`, and so still proves what is before it. */
  isVouchedFor(limit: number): boolean {
    const index = this.#chunk + 1;
    const { committed, offset, token } = this.#segment.readRow(index, this.#fence, this.#row);
    if (!committed || offset !== limit || token <= this.#token) return false;
    // None is missing before it, so it is its offset that is wrong: the reference gives a row its new
    // token while it still has the flag and the offset of the lap before.
    return token !== this.#number || believes(this.#choice.look(), index, offset, token);
  }

  /** Moves on to the header at `offset`, past `count` entries. */
  advance(offset: number, count: number): void {
    this.#choice.passed(offset - this.#offset);
    this.#offset = offset;
    this.#number += count;
    if (this.#number > this.#seen) this.#seen = this.#number;
  }

  /**
   * No entry is here, and no mark: on to chunk 0 if that says that the lap has ended, and else to where
   * the writer is, if it has passed us by.
   *
   * It may have ended without a mark: where a system gives whole pages, and does not say how many bytes
   * of the last one somebody asked for, the writer's memory ends here and ours is longer. Or the mark is
   * damaged. Then as many entries were written before chunk 0 as we have passed, or more in the laps since.
   * Entries of our chunk would be here: they are committed before chunk 0 is.
   */
  passedBy(): Step {
    const segment = this.#segment;
    const { words } = segment;
    const at = segment.rowWord(0);
    if (segment.isCopy) segment.loadRow(0);
    // Plain, for a reader that has come to the end of the log comes here each time.
    if (words[at + 1] >= 0 || tokenAt(words, at) <= this.#token) return this.#wait();
    const { committed, token } = segment.readRow(0, this.#fence, this.#row);
    if (!committed || token < this.#number || token <= this.#token) return this.#wait();
    if (token === this.#number) return this.wrap();
    this.#fence(); // the row before the header, which may have come since we looked
    segment.load(this.#offset, this.#offset + HEADER_SIZE);
    return words[this.#offset >>> 2] < 0 ? this.#wait() : this.#skip();
  }

  /**
   * Nothing is to be read here yet: `"stay"`, unless there are chunks that were written after ours. What
   * led to them was damaged, and will never come.
   *
   * Looks for them now and then only, since most who wait here have come to the end of the log.
   */
  #wait(): Step {
    if (this.#waitsAt !== this.#number) {
      this.#waitsAt = this.#number;
      this.#looks = 0;
      this.#isSuspect = false;
    }
    const looks = ++this.#looks;
    if (!this.#isSuspect) {
      // At first only at the chunk that comes after chunk 0: that is where a writer is whose row 0 is damaged.
      if (looks === 1 ? !this.#isFirstLeft() : (looks & (looks - 1)) !== 0) return "stay";
    }
    const wasSuspect = this.#isSuspect;
    this.#isSuspect = this.isPassed();
    if (!this.#isSuspect) return "stay";
    if (wasSuspect) return this.#skip();
    // What we saw here may be older than they are: once more, after them.
    return this.#choice.last?.isSteady === true ? "moved" : "stay";
  }

  /**
   * Continues behind our chunk, of which no more can be read; `"stay"` if no chunk comes after it. What is
   * lost on the way was overwritten, as far as we can tell, unless `makeError` says that it is damaged.
   *
   * The reference's writer overwrites entries whose rows it leaves in the table: an intact row does not
   * mean that we were not overtaken. Where the writer is tells.
   */
  #skip(makeError?: () => CorruptLogError): Step {
    const choice = this.#choice;
    const found = choice.lookSteadily();
    this.#fence(); // the entries before our row
    if (!this.isIntact()) return this.overrun();
    if (!found.isSteady) return "stay";
    const isBelieved = this.#isLate || believes(found, this.#chunk, this.#start, this.#token);
    if (!isBelieved || !this.#leadsTo(this.#offset, this.#number)) return this.overrun();
    if (makeError !== undefined && !this.#policy.skipsDamage) throw makeError();
    const isOverrun = makeError === undefined;
    const row = isOverrun ? choice.behind(found, this) : choice.oldestAfter(found, this.#token);
    if (row === undefined) {
      // What it says may only look as if it were current: see isDoubtful().
      if (isFirstMoving(found, found.first)) choice.forget();
      return "stay";
    }
    if (isOverrun) return this.#land(row, 1);
    this.#enter(row.index, row.offset, row.token);
    return "moved";
  }

  /** The lap ends here: on to chunk 0, if the writer went there. */
  wrap(): Step {
    const segment = this.#segment;
    const row = segment.readRow(0, this.#fence, this.#row);
    if (!row.committed || !isNewer(row, this)) {
      return this.isIntact() ? this.#wait() : this.overrun();
    }
    if (row.token > this.#seen) return this.overrun();
    if (!segment.isPlausible(row)) return this.damaged(() => segment.damagedRow(0, row));
    const { offset, token } = row;
    if (isOldLap(segment, this.#fence, offset, token, this.#row)) return "stay";
    this.#enter(0, offset, token);
    return "moved";
  }

  /** Our chunk was overwritten, or is about to be: on to what is left. `"stay"`: nothing is, yet. */
  overrun(): Step {
    this.#chunk = -1;
    return this.locate();
  }

  /**
   * Finds the chunk to start in, or to continue in. `"stay"`: there is no such chunk, or the log was
   * restarted in place, and its rows belong to another life.
   */
  locate(): Step {
    const choice = this.#choice;
    let again = 0;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      if (!this.#segment.isSameLife(this.#fence)) return "stay";
      const { last } = choice;
      const row = choice.choose(this);
      if (again < MOST_DOUBTS && choice.isDoubtful(row, last, this.#token)) {
        choice.forget();
        again++;
        attempt--;
        continue;
      }
      if (row === undefined) return "stay";
      choice.confirm();
      // The survey looked at a table in motion: what it chose must still be there, in the same life.
      const { offset, token, committed } = this.#segment.readRow(row.index, this.#fence, this.#row);
      const isThere = committed && offset === row.offset && token === row.token;
      if (!isThere || !this.#segment.isSameLife(this.#fence)) {
        choice.forget();
        continue;
      }
      return this.#land(row, attempt);
    }
    return "stay";
  }

  /** Continues in the chunk of `row`. If that is not the next one, we were overtaken, `times` times. */
  #land(row: ChunkRow, times: number): Step {
    const lost = this.#enter(row.index, row.offset, row.token);
    if (lost === 0) return "moved";
    this.#overruns += times;
    if (this.#policy.onOverrun === "throw" && !this.#isStarting) {
      throw new OverrunError(
        `the writer overtook this reader: ${lost} entries before entry ${
          row.token + 1
        } are lost. ` +
          `Read on from there; larger or more chunks give a reader more time`,
        lost,
      );
    }
    return "moved";
  }

  /** Notes that there is nothing more to read. */
  caughtUp(): void {
    this.#choice.caughtUp();
  }

  /** Whether there is a chunk that was begun after what we passed: a finish mark here is damage then. */
  isPassed(): boolean {
    if (this.#isFinished || !(this.#choice.isCurrent() || this.#isRowNewer())) return false;
    const { newest } = this.#choice.lookSteadily();
    return newest !== undefined && this.#isAfter(newest.token);
  }

  /** Whether a row says that it is newer than ours, believed or not: a survey takes much longer. */
  #isRowNewer(): boolean {
    const { words, tableStart, dataStart, load } = this.#segment;
    load(tableStart, dataStart);
    for (let at = tableStart >>> 2; at < dataStart >>> 2; at += ROW_SIZE >>> 2) {
      if (words[at + 1] < 0 && this.#isAfter(tokenAt(words, at))) return true;
    }
    return false;
  }

  /** Whether row 1 says so. */
  #isFirstLeft(): boolean {
    const segment = this.#segment;
    if (segment.chunkCount === 1) return false;
    if (segment.isCopy) segment.loadRow(1);
    const at = segment.rowWord(1);
    return segment.words[at + 1] < 0 && this.#isAfter(tokenAt(segment.words, at));
  }

  /** Whether a chunk with this token begins behind what we passed, of ours or of one that we run into. */
  #isAfter(token: number): boolean {
    return token > this.#token && token >= this.#number;
  }

  /** Notes that here is the mark of a writer that has finished. */
  finished(): void {
    this.#isFinished = true;
  }

  /** Whether the row after ours is in truth our chunk, with or without its commit. */
  #isEntered(row: Row): boolean {
    // With more entries before it than we have seen it is one of a later lap, or will be.
    if (!this.#segment.isPlausible(row) || row.token > this.#number) return false;
    if (!row.committed) return isLateRow(this.#segment, row, this.#offset);
    return row.offset <= this.#offset;
  }

  /** Goes to the start of chunk `index`; returns how many entries were lost on the way. */
  #enter(index: number, offset: number, token: number): number {
    this.#chunk = index;
    this.#start = offset;
    this.#token = token;
    this.#isLate = false;
    this.#isSuspect = false;
    this.#offset = offset;
    this.#number = token;
    const lost = this.#seen < 0 ? 0 : Math.max(token - this.#seen, 0);
    this.#lost += lost;
    this.#seen = Math.max(this.#seen, token);
    return lost;
  }

  /**
   * Makes the next chunk ours, which starts where we are, or before: then we stay there, if its entries
   * lead here. If not, what we went by was forged, and we begin at its start: nothing is given twice. A
   * forged table has no end of such rows: there we stay, too.
   */
  #adopt(index: number, row: Row): void {
    const { offset, token, committed } = row;
    const [here, position] = [this.#offset, this.#number];
    this.#enter(index, offset, token);
    this.#isLate = !committed;
    if (offset < here && (this.#choice.isCircle() || this.#leadsTo(here, position))) {
      this.#offset = here;
      this.#number = position;
    }
  }

  /**
   * Whether our row still says what it said when we entered, in the same life of the buffer: nothing of
   * it was overwritten.
   *
   * First the row, then the id: chunk 0 begins every life with the same row. If we saw that of the next
   * one, we see its id, too.
   */
  isIntact(): boolean {
    const { words } = this.#segment;
    const at = this.#segment.rowWord(this.#chunk);
    this.#segment.loadRow(this.#chunk);
    const high = words[at + 1];
    if (this.#isLate && high < 0) this.#isLate = false;
    return wideNumber(words[at], high & ~COMMIT_FLAG) === this.#start &&
      (high < 0 || this.#isLate) && tokenAt(words, at) === this.#token &&
      this.#isSameLife(at);
  }

  /**
   * Whether our row, whose first word is `at`, still has its flag, and the log is in the same life. The
   * reference clears a table before it changes the id: of a later lap we may have seen the flag before
   * that, and after it a token of 0, as the first lap has it.
   */
  #isSameLife(at: number): boolean {
    const segment = this.#segment;
    if (segment.version === 1) return true;
    this.#fence(); // the token before the flag
    segment.loadRow(this.#chunk);
    const isFlagged = segment.words[at + 1] < 0 || this.#isLate;
    return segment.isSameLife(this.#fence) && isFlagged;
  }

  /** Whether the entries of our chunk lead to that place: what we went by may have been forged. */
  #leadsTo(place: number, number: number): boolean {
    const { offset, entries } = walk(this.#segment, this.#start, place);
    return offset === place && entries === number - this.#token;
  }

  /** What damaged() does, about the header here, which is no entry within `limit`. */
  damagedHeader(limit: number): Step {
    const header = this.#segment.words[this.#offset >>> 2] >>> 0;
    return this.damaged(() =>
      new CorruptLogError(
        `header 0x${header.toString(16)} at offset ${this.#offset} of chunk ${this.#chunk} ` +
          `is not an entry within ${limit - this.#offset} bytes`,
        this.#offset,
      )
    );
  }

  /** Throws what `makeError` makes, or continues behind the damage (`"moved"`), unless we were overtaken. */
  damaged(makeError: () => CorruptLogError): Step {
    // Before an error: again. It ends the reading, so that it costs no more than once.
    if (!this.#policy.skipsDamage) this.#choice.forget();
    return this.#skip(makeError);
  }
}

/** The token of the row whose first word is `at`, as plain loads see it. */
function tokenAt(words: Int32Array, at: number): number {
  return wideNumber(words[at + 2], words[at + 3]);
}
