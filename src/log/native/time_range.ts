/**
 * Which entries of a log are of a time: numbers, found by a few looks at a log of any size.
 *
 * @module
 */

import { recognizeRecord } from "../../records/recognize.ts";
import { entrySize, HEADER_SIZE } from "../layout.ts";
import { Reader } from "../reader.ts";
import { inOneLife } from "../segment.ts";
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
}

/** Among how many entries without a time the next one with a time is looked for. */
const LOOK_AHEAD = 4096;

/** An entry that has a time. */
interface TimedEntry {
  number: number;
  time: number;
}

/**
 * The entries from the first one at or after the range's beginning to the last one in it, with the
 * entries without a time after that. It takes times to grow from entry to entry.
 */
export function entriesOf(source: LogSource, range: TimeRange): EntryRange {
  const looks = new Looks(source);
  const { oldest, newest } = looks;
  const all = { from: oldest, to: newest };
  const end = looks.last();
  if (end === undefined) return { ...all, isUntimed: newest >= oldest };
  const { until = Infinity, last = Infinity } = range;
  const since = Math.max(range.since ?? -Infinity, end.time - last);
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

/** How many bytes a log of such entries takes behind its table. */
export function roomOf(source: LogSource, { from, to }: EntryRange): number {
  const reader = readerAt(source, from);
  let size = 2 * HEADER_SIZE;
  while (reader.lastSequenceNumber < to) {
    const batch = reader.readBatch(to - reader.lastSequenceNumber);
    if (batch.length === 0) break;
    for (let i = 0; i < batch.length; i++) size += entrySize(batch.byteLength(i));
  }
  return size;
}

function readerAt({ buffer, load, guard }: LogSource, from: number): Reader {
  return new Reader(buffer, { after: from - 1, onDamage: "skip", load, guard, fence });
}

/** Looks at times here and there in a log. */
class Looks {
  readonly oldest: number;
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

  /** The number of the first entry, up to `end`, whose time fulfils what all later ones do, too. */
  first(test: (time: number) => boolean, end: TimedEntry): number | undefined {
    if (!test(end.time)) return undefined;
    let low = this.oldest;
    let found = end.number;
    for (let high = end.number - 1; low <= high;) {
      const middle = Math.floor((low + high) / 2);
      const [entry] = this.#timed(middle, Math.min(high, middle + LOOK_AHEAD));
      if (entry !== undefined && !test(entry.time)) low = entry.number + 1;
      else {
        if (entry !== undefined) found = entry.number;
        high = middle - 1;
      }
    }
    return found;
  }

  /** The entries from `from` to `to` that have a time. */
  *#timed(from: number, to: number): Generator<TimedEntry> {
    const reader = readerAt(this.#source, from);
    for (let entry = reader.read(); entry !== undefined; entry = reader.read()) {
      const { sequenceNumber: number } = entry;
      if (number > to) return;
      const time = recognizeRecord(entry.text)?.time;
      if (time !== undefined) yield { number, time };
    }
  }
}
