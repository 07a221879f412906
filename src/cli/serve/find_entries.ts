/**
 * Questions about what is in a log: the last entries that match, the first ones after a place, those
 * around a number. Answers are bounded.
 *
 * @module
 */

import type { EntryBatch } from "../../log/batch.ts";
import type { Entry } from "../../log/entry.ts";
import type { LogTarget } from "../../log/native/target.ts";
import type { LogLevel } from "../../records/level.ts";
import { recognizeRecord } from "../../records/recognize.ts";
import { toIsoTime } from "../../records/time.ts";
import { entryObject } from "../output/format.ts";
import { ReceivedLog } from "../output/received_log.ts";
import type { EntryFilter } from "./entry_filter.ts";
import { levelOf } from "./level_of.ts";
import { LineFinder } from "./line_finder.ts";
import { placeOf } from "./place.ts";
import type { DecodedEntry } from "./row.ts";
import { scan, type Scanned } from "./scan.ts";

/** How many entries an answer has at most. */
export const MOST_ENTRIES = 10_000;
/** How many bytes of entries an answer has at most, unless a single one is larger. */
const MOST_BYTES: number = 4 << 20;
/** Of a longer entry an answer has so many bytes. */
const MOST_OF_ENTRY: number = 256 << 10;
/** How many entries are looked at first for the last ones, and how many times more after each look. */
const FIRST_RANGE = 16_384;
const RANGE_GROWTH = 4;
/** How many entries before those that are asked for are looked at for the beginning of the first line. */
const LEAD = 64;

/** An entry of an answer, or a line of several; what is no UTF-8 is in Base64. */
export interface FoundEntry {
  /** Its number; of a line the one of its last entry. */
  seq: number;
  text?: string;
  base64?: string;
  /** The time that the entry says, in ISO 8601; as a number outside of its years. */
  time?: string;
  /** Its level. */
  level?: LogLevel;
  /** Its length in bytes, if it is longer than what is here. */
  bytes?: number;
  /** The log of another machine that it is from. */
  source?: string;
}

/** Which entries are looked for: the last, the first after a place, or those around a number. */
export type Which =
  | { last: number }
  | { after: number; limit: number }
  | { around: number; context: number };

/** A question. */
export interface Question {
  filter: EntryFilter;
  which: Which;
  /** Only in this segment. */
  segment?: string | undefined;
  signal: AbortSignal;
}

/** An answer. */
export interface Found {
  /** Which segment has the name. */
  segment: string;
  /** The numbers of the oldest entry that is kept, and of the newest. */
  oldest: number;
  newest: number;
  /** The oldest first. */
  entries: FoundEntry[];
  /** Ask after this place for what comes after these entries. */
  next: string;
  /** Whether there may be more that match: of the last ones before these, of others after them. */
  isMore: boolean;
}

/**
 * Answers a question about a log.
 *
 * @returns `undefined` if the log of that name is not in that segment
 * @throws {OuroborosError} if there is no such log, or it can't be read
 */
export async function findEntries(
  target: LogTarget,
  { which, ...question }: Question,
): Promise<Found | undefined> {
  using received = ReceivedLog.open(target);
  const search = new Search(target, question, received);
  if ("last" in which) return search.last(which.last);
  if ("after" in which) return search.first(which.after, which.limit);
  const { around, context } = which;
  const before = await search.last(context, around - 1);
  const after = await search.first(around - 1, context + 1);
  // Unless another log has taken the name between the two.
  if (before === undefined || after?.segment !== before.segment) return undefined;
  return { ...after, entries: [...before.entries, ...after.entries] };
}

class Search {
  readonly #target: LogTarget;
  readonly #question: Omit<Question, "which">;
  readonly #received: ReceivedLog | undefined;

  constructor(
    target: LogTarget,
    question: Omit<Question, "which">,
    received: ReceivedLog | undefined,
  ) {
    this.#target = target;
    this.#question = question;
    this.#received = received;
  }

  /** The first `limit` that match after a number. */
  async first(after: number, limit: number): Promise<Found | undefined> {
    const entries: FoundEntry[] = [];
    let bytes = 0;
    const lines = this.#lines(after, (entry, size) => {
      entries.push(entry);
      bytes += size;
    });
    const isFull = () => entries.length >= limit || bytes >= MOST_BYTES;
    const from = Math.max(after - LEAD, 0);
    const scanned = await scan(
      this.#target,
      { ...this.#question, after: from },
      (batch, from, to) => lines.take(batch, from, to, isFull),
    );
    if (scanned === undefined) return undefined;
    const reached = Math.max(scanned.reached, after);
    if (reached >= scanned.newest) lines.end();
    return answer(scanned, entries, reached, reached < scanned.newest);
  }

  /**
   * The last `count` that match, up to a number. Looks at the end of the log first, and further back as
   * far as it must.
   */
  async last(count: number, upTo: number = Infinity): Promise<Found | undefined> {
    const { signal, filter } = this.#question;
    const whole = await scan(this.#target, { ...this.#question, upTo: 0 }, () => {});
    if (whole === undefined) return undefined;
    const { segment, oldest, newest } = whole;
    const last = Math.min(upTo, newest);
    let end = last;
    let found: FoundEntry[] = [];
    let isMore = false;
    // An entry without a time has that of one before it, wherever that is.
    let range = filter.isTimed ? Infinity : filter.isEmpty ? count : FIRST_RANGE;
    while (end >= oldest && found.length < count && !isMore && !signal.aborted) {
      const after = Math.max(end - range, oldest - 1);
      const part: FoundEntry[] = [];
      let bytes = 0;
      const lines = this.#lines(after, (entry, size) => {
        part.push(entry);
        bytes += size;
      });
      const from = Math.max(after - LEAD, oldest - 1);
      const scanned = await scan(this.#target, { after: from, upTo: end, segment, signal }, (
        batch,
        from,
        to,
      ) => {
        lines.take(batch, from, to);
        if (bytes <= MOST_BYTES) return;
        isMore = trim(part, count) || isMore;
        bytes = 0;
      });
      if (scanned === undefined) return undefined;
      // Elsewhere the rest is found by those that come after it.
      if (end === newest) lines.end();
      found = [...part, ...found];
      isMore = trim(found, count) || isMore;
      end = after;
      range *= RANGE_GROWTH;
    }
    return answer(whole, found, Math.max(last, oldest - 1), isMore || end >= oldest);
  }

  /** Calls `add` with what matches after a number, and its size in bytes. */
  #lines(
    after: number,
    add: (entry: FoundEntry, size: number) => void,
  ): {
    take(batch: EntryBatch, from: number, to: number, isFull?: () => boolean): number | undefined;
    end(): void;
  } {
    const { filter } = this.#question;
    const received = this.#received;
    const sourceOf = received && ((number: number) => received.of(number).label);
    const lines = new LineFinder(filter, sourceOf);
    let time = -Infinity;
    const see = (line: DecodedEntry, plain?: () => Entry) => {
      if (line.number <= after) return;
      const source = filter.asksLog ? sourceOf?.(line.number) : undefined;
      const isMatch = filter.matches(line.text, time, source);
      time = filter.time;
      if (isMatch) add(this.#entry(line, plain), line.bytes);
    };
    return {
      take: (batch, from, to, isFull) =>
        lines.find(batch, from, to, (line, i) => {
          if (line !== undefined) return see(line);
          const number = batch.sequenceNumber(i);
          if (number <= after) return;
          const entry = { number, text: batch.text(i), bytes: batch.byteLength(i) };
          see(entry, () => batch.entry(i));
        }, isFull),
      end() {
        for (const line of lines.rest()) see(line);
      },
    };
  }

  /** An entry as it is, or a line of several. */
  #entry({ number: seq, text, bytes }: DecodedEntry, plain?: () => Entry): FoundEntry {
    const record = recognizeRecord(text);
    const level = levelOf(record, text);
    const time = record?.time === undefined
      ? undefined
      : toIsoTime(record.time, record.nanoseconds);
    const source = this.#received?.of(seq).label;
    return {
      ...bytes > MOST_OF_ENTRY
        ? { seq, text: text.slice(0, MOST_OF_ENTRY), bytes }
        : plain === undefined
        ? { seq, text }
        : entryObject(plain()),
      ...time !== undefined && { time },
      ...level !== undefined && { level },
      ...source !== undefined && { source },
    };
  }
}

function answer(
  { segment, oldest, newest }: Scanned,
  entries: FoundEntry[],
  reached: number,
  isMore: boolean,
): Found {
  return { segment, oldest, newest, entries, next: placeOf(reached, segment), isMore };
}

/** Forgets the first of more than so many entries, or bytes; returns whether there were any. */
function trim(entries: FoundEntry[], most: number): boolean {
  let [start, size] = [entries.length, 0];
  while (start > 0 && entries.length - start < most) {
    const { text, base64 } = entries[start - 1];
    size += (text ?? base64 ?? "").length;
    if (size > MOST_BYTES && start < entries.length) break;
    start--;
  }
  entries.splice(0, start);
  return start > 0;
}
