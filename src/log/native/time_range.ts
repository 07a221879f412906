/**
 * Which entries of a log are of a time: numbers, found by a few looks at a log of any size.
 *
 * @module
 */

import { recognizeRecord } from "../../records/recognize.ts";
import type { EntryBatch } from "../batch.ts";
import { entrySize, HEADER_SIZE } from "../layout.ts";
import type { CopyProgress } from "../snapshot.ts";
import { Reader } from "../reader.ts";
import { inOneLife, Segment } from "../segment.ts";
import { rowOf, survey } from "../survey.ts";
import { totalOf } from "../total.ts";
import { fence, type LogSource } from "./source.ts";

/** A part of a log by time, in milliseconds since 1970, or by its length. */
export interface TimeRange {
  /** The earliest time. */
  since?: number | undefined;
  /** The latest time. */
  until?: number | undefined;
  /** How long before the last entry that has a time. */
  last?: number | undefined;
}

/** Entries that follow each other. */
export interface EntryRange {
  /** The number of the first one. */
  from: number;
  /** The number of the last one; `from - 1` if it is empty. */
  to: number;
  /** Whether nothing in the log has a time: then it is all of it. */
  isUntimed: boolean;
  /** The times that were asked for, if a clock was put back in the log: entries of others may be among them. */
  times?: Moments;
}

/** The earliest time and the latest, in milliseconds since 1970. */
export interface Moments {
  since: number;
  until: number;
}

/** Whether a time is one of these. */
export function isOf(time: number, { since, until }: Moments): boolean {
  return time >= since && time <= until;
}

/** Among how many entries without a time the next one with a time is looked for. */
const LOOK_AHEAD = 4096;

/** How many entries are read one after the other rather than looked at here and there. */
const FEW = 1 << 14;

/** At how many places at most it is looked whether times grow. */
const MOST_PLACES = 64;

function timeOf(batch: EntryBatch, index: number): number | undefined {
  return recognizeRecord(batch.text(index))?.time;
}

/** An entry that has a time. */
interface TimedEntry {
  number: number;
  time: number;
}

/**
 * The entries from the first one at or after the range's beginning to the last one in it, with the
 * entries without a time after that. It takes times to grow from entry to entry.
 *
 * Where a clock was put back, it gives entries too many, and none too few: {@linkcode trimSteps} finds the
 * first and the last. Then `last` begins where that was, if not later, or up to a chunk before it: how much
 * time passed before that nobody knows.
 */
export function entriesOf(source: LogSource, range: TimeRange): EntryRange {
  const looks = new Looks(source);
  const { oldest, newest } = looks;
  const all = { from: oldest, to: newest };
  const end = looks.last();
  if (end === undefined) return { ...all, isUntimed: newest >= oldest };
  const { until = Infinity, last = Infinity } = range;
  const since = Math.max(range.since ?? -Infinity, end.time - last);
  const places = looks.places(end);
  const jump = places.findLastIndex(isJump);
  if (jump >= 0) {
    if (range.since !== undefined || until < Infinity) {
      return {
        ...looks.around(places, since, until),
        isUntimed: false,
        times: { since, until },
      };
    }
    if (last < Infinity) looks.oldest = places[jump].number;
  }
  const from = since === -Infinity
    ? oldest
    : looks.first((time) => time >= since, end) ?? newest + 1;
  const after = until === Infinity ? undefined : looks.first((time) => time > until, end);
  return {
    from,
    to: Math.max(after === undefined ? newest : after - 1, from - 1),
    isUntimed: false,
  };
}

/** A range from its first entry that is of the times that were asked for to its last. */
export interface TrimmedRange extends EntryRange {
  /** How many entries in between are of another time. */
  otherTimes: number;
}

/** Leaves out what is before the first and after the last entry of a time, where a clock was put back; a batch a step. */
export function* trimSteps(
  source: LogSource,
  range: EntryRange,
): Generator<CopyProgress, TrimmedRange> {
  const { from, to, times } = range;
  if (times === undefined) return { ...range, otherTimes: 0 };
  const reader = readerAt(source, from);
  let [first, last] = [from, from - 1];
  let time = -Infinity;
  let others = 0;
  let otherTimes = 0;
  while (reader.lastSequenceNumber < to) {
    const batch = reader.readBatch(to - reader.lastSequenceNumber);
    if (batch.length === 0) break;
    for (let i = 0; i < batch.length && batch.sequenceNumber(i) <= to; i++) {
      time = timeOf(batch, i) ?? time;
      if (!isOf(time, times)) others++;
      else {
        if (last < first) [first, others] = [batch.sequenceNumber(i), 0];
        last = batch.sequenceNumber(i);
        otherTimes = others;
      }
    }
    yield { done: 0, total: to - from + 1 };
  }
  return { ...range, from: first, to: last, otherTimes };
}

/** How many bytes a log of such entries takes behind its table; a batch a step. */
export function* roomSteps(
  source: LogSource,
  { from, to }: EntryRange,
): Generator<CopyProgress, number> {
  const reader = readerAt(source, from);
  let size = 2 * HEADER_SIZE;
  while (reader.lastSequenceNumber < to) {
    const batch = reader.readBatch(to - reader.lastSequenceNumber);
    if (batch.length === 0) break;
    for (let i = 0; i < batch.length; i++) size += entrySize(batch.byteLength(i));
    yield { done: 0, total: to - from + 1 };
  }
  return size;
}

function readerAt({ buffer, load, guard }: LogSource, from: number): Reader {
  return new Reader(buffer, { after: from - 1, onDamage: "skip", load, guard, fence });
}

/** Whether a clock was put back between an entry and the next one that was looked at. */
function isJump({ time }: TimedEntry, index: number, places: readonly TimedEntry[]): boolean {
  return time > places[index + 1]?.time;
}

/** Looks at times here and there in a log. */
class Looks {
  /** The number of the first entry that is looked at. */
  oldest: number;
  readonly newest: number;
  readonly #source: LogSource;

  constructor(source: LogSource) {
    const { buffer, load, guard } = this.#source = source;
    guard?.();
    this.newest = inOneLife(buffer, load, fence, (segment) => totalOf(segment, fence));
    const reader = new Reader(buffer, {
      strategy: "oldest",
      onDamage: "skip",
      load,
      guard,
      fence,
    });
    this.oldest = Math.min(reader.lastSequenceNumber, this.newest) + 1;
  }

  /** The last entry that has a time. */
  last(): TimedEntry | undefined {
    for (let count = 16; count <= 16 * LOOK_AHEAD; count *= 8) {
      const from = Math.max(this.oldest, this.newest - count + 1);
      let last: TimedEntry | undefined;
      for (const entry of this.#timed(from, this.newest)) last = entry;
      if (last !== undefined || from === this.oldest) return last;
    }
    return undefined;
  }

  /** Entries all over the log, from its beginning to `end`. */
  places(end: TimedEntry): TimedEntry[] {
    const starts = this.#chunkStarts(end.number - 1);
    const step = Math.ceil(starts.length / MOST_PLACES);
    const places: TimedEntry[] = [];
    for (let i = 0; i < starts.length; i += step) {
      const [entry] = this.#timed(starts[i], Math.min(end.number - 1, starts[i] + LOOK_AHEAD));
      if (entry !== undefined) places.push(entry);
    }
    return [...places, end];
  }

  /** The entries from the first place behind which one of this time may be to the last such place. */
  around(
    places: readonly TimedEntry[],
    since: number,
    until: number,
  ): Pick<EntryRange, "from" | "to"> {
    const isNear = (place: TimedEntry, index: number) =>
      isJump(place, index, places) ||
      place.time <= until && (places[index + 1] ?? place).time >= since;
    const first = places.findIndex(isNear);
    if (first < 0) return { from: this.newest + 1, to: this.newest };
    return {
      from: first === 0 ? this.oldest : places[first].number,
      to: (places[places.findLastIndex(isNear) + 1]?.number ?? this.newest + 1) - 1,
    };
  }

  /** The number of the first entry, up to `end`, whose time fulfils what all later ones do, too. */
  first(test: (time: number) => boolean, end: TimedEntry): number | undefined {
    if (!test(end.time)) return undefined;
    const isBefore = (from: number, to: number) => {
      const [entry] = this.#timed(from, Math.min(to, from + LOOK_AHEAD));
      return entry !== undefined && !test(entry.time);
    };
    // First by chunks, whose beginnings are found at once.
    const starts = this.#chunkStarts(end.number);
    let chunk = -1;
    for (let next = starts.length; next - chunk > 1;) {
      const middle = (chunk + next) >> 1;
      if (isBefore(starts[middle], end.number)) chunk = middle;
      else next = middle;
    }
    let low = starts[chunk] ?? this.oldest;
    let high = (starts[chunk + 1] ?? end.number) - 1;
    // Each look walks along half a chunk, so the last ones cost more than to read all that is left.
    while (high - low > FEW) {
      const middle = Math.floor((low + high) / 2);
      if (isBefore(middle, high)) low = middle + 1;
      else high = middle - 1;
    }
    return this.#firstFrom(low, end.number, test);
  }

  /** The numbers with which chunks begin, from the oldest to the one that has entry `last`. */
  #chunkStarts(last: number): number[] {
    const found = survey(new Segment(this.#source.buffer, this.#source.load), fence);
    return Array.from(found.order, (index) => rowOf(found, index).token + 1)
      .filter((start) => start >= this.oldest && start <= last)
      .sort((a, b) => a - b);
  }

  /** The same from number `from` on, batch by batch. */
  #firstFrom(from: number, to: number, test: (time: number) => boolean): number {
    const reader = readerAt(this.#source, from);
    while (reader.lastSequenceNumber < to) {
      const batch = reader.readBatch(to - reader.lastSequenceNumber);
      if (batch.length === 0) break;
      for (let last = batch.length - 1; last >= 0; last--) {
        const time = timeOf(batch, last);
        if (time === undefined) continue;
        if (!test(time)) break;
        for (let i = 0; i < last; i++) {
          const earlier = timeOf(batch, i);
          if (earlier !== undefined && test(earlier)) return batch.sequenceNumber(i);
        }
        return batch.sequenceNumber(last);
      }
    }
    return to;
  }

  /** The entries from `from` to `to` that have a time. */
  *#timed(from: number, to: number): Generator<TimedEntry> {
    const reader = readerAt(this.#source, from);
    // Most looks want one entry.
    for (let count = 2; reader.lastSequenceNumber < to; count *= 4) {
      const batch = reader.readBatch(Math.min(count, to - reader.lastSequenceNumber));
      if (batch.length === 0) return;
      for (let i = 0; i < batch.length; i++) {
        const number = batch.sequenceNumber(i);
        if (number > to) return;
        const time = timeOf(batch, i);
        if (time !== undefined) yield { number, time };
      }
    }
  }
}
