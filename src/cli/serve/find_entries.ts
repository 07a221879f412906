/**
 * Questions about what is in a log: the last entries that match, the first ones after a place, those
 * around a number. Answers are bounded.
 *
 * @module
 */

import type { EntryBatch } from "../../log/batch.ts";
import type { LogTarget } from "../../log/native/target.ts";
import type { LogLevel } from "../../records/level.ts";
import { recognizeRecord } from "../../records/recognize.ts";
import { toIsoTime } from "../../records/time.ts";
import { entryObject } from "../output/format.ts";
import { ReceivedLog } from "../output/received_log.ts";
import type { EntryFilter } from "./entry_filter.ts";
import { levelOf } from "./level_of.ts";
import { placeOf } from "./place.ts";
import { QuickLook } from "./quick_look.ts";
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

/** An entry of an answer; what is no UTF-8 is in Base64. */
export interface FoundEntry {
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
    const { filter } = this.#question;
    const entries: FoundEntry[] = [];
    let [bytes, time] = [0, -Infinity];
    const look = new QuickLook(filter);
    const scanned = await scan(this.#target, { ...this.#question, after }, (batch, from, to) => {
      look.begin(batch);
      for (let i = look.next(from, to); i < to; i = look.next(i + 1, to)) {
        if (entries.length >= limit || bytes >= MOST_BYTES) return i;
        const text = this.#matching(batch, i, time);
        time = filter.time;
        if (text === undefined) continue;
        entries.push(this.#entry(batch, i, text));
        bytes += batch.byteLength(i);
      }
    });
    if (scanned === undefined) return undefined;
    return answer(scanned, entries, scanned.reached, scanned.reached < scanned.newest);
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
    const look = new QuickLook(filter);
    // An entry without a time has that of one before it, wherever that is.
    let range = filter.isTimed ? Infinity : FIRST_RANGE;
    while (end >= oldest && found.length < count && !isMore && !signal.aborted) {
      const after = Math.max(end - range, oldest - 1);
      const part: FoundEntry[] = [];
      let [bytes, time] = [0, -Infinity];
      const scanned = await scan(this.#target, { after, upTo: end, segment, signal }, (
        batch,
        from,
        to,
      ) => {
        // Known not to be among the last.
        const first = filter.isEmpty ? last - count + 1 - batch.sequenceNumber(0) : 0;
        look.begin(batch);
        for (let i = look.next(Math.max(from, first), to); i < to; i = look.next(i + 1, to)) {
          const text = this.#matching(batch, i, time);
          time = filter.time;
          if (text === undefined) continue;
          part.push(this.#entry(batch, i, text));
          bytes += batch.byteLength(i);
        }
        if (bytes <= MOST_BYTES) return;
        isMore = trim(part, count) || isMore;
        bytes = 0;
      });
      if (scanned === undefined) return undefined;
      found = [...part, ...found];
      isMore = trim(found, count) || isMore;
      end = after;
      range *= RANGE_GROWTH;
    }
    isMore ||= end >= oldest || (filter.isEmpty && last - count >= oldest);
    return answer(whole, found, Math.max(last, oldest - 1), isMore);
  }

  /** The text of an entry that matches. */
  #matching(batch: EntryBatch, index: number, time: number): string | undefined {
    const text = batch.text(index);
    const { filter } = this.#question;
    const source = filter.asksLog
      ? this.#received?.of(batch.sequenceNumber(index)).label
      : undefined;
    return filter.matches(text, time, source) ? text : undefined;
  }

  #entry(batch: EntryBatch, index: number, text: string): FoundEntry {
    const size = batch.byteLength(index);
    const record = recognizeRecord(text);
    const level = levelOf(record, text);
    const time = record?.time === undefined
      ? undefined
      : toIsoTime(record.time, record.nanoseconds);
    const source = this.#received?.of(batch.sequenceNumber(index)).label;
    return {
      ...size <= MOST_OF_ENTRY
        ? entryObject(batch.entry(index))
        : { seq: batch.sequenceNumber(index), text: text.slice(0, MOST_OF_ENTRY), bytes: size },
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
