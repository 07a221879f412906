/**
 * How entries spread over time, by their levels: exactly, or by a sample if they are many.
 * Runs in the page, too.
 *
 * @module
 */

import { LEVELS, type LogLevel } from "../../records/level.ts";
import { recognizeRecord } from "../../records/recognize.ts";
import type { EntryFilter } from "./entry_filter.ts";
import { levelOf } from "./level_of.ts";
import { LineFinder } from "./line_finder.ts";
import type { EntriesAtOnce } from "./quick_look.ts";

/** How many samples there are at most. */
const MOST_SAMPLES = 65_536;
/** How many bars there are at most. */
const MOST_BARS = 120;
/** How wide a bar may be, in milliseconds. */
const STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60_000),
  ...[1, 2, 3, 6, 12].map((hours) => hours * 3_600_000),
];
const DAY = 86_400_000;
/** The part of the samples at each end that may be far away from all others. */
const FAR = 0.005;

/** Entries over time. */
export interface Timeline {
  /** When the first bar begins, in milliseconds since 1970, and how long one is. */
  from: number;
  step: number;
  /** How many entries are in each bar, by level; `none`: without one. */
  levels: Partial<Record<LogLevel | "none", number[]>>;
  /** How many entries match; a line of several is one. */
  entries: number;
  /** One in how many was looked at; numbers are multiples of it. */
  stride: number;
  /** How many of those that were looked at have no time, or one far away from all others. */
  outside: number;
}

/** Samples of what is in a log: of each its time and level. */
export class Samples {
  readonly #times: Float64Array = new Float64Array(MOST_SAMPLES);
  readonly #levels: Uint8Array = new Uint8Array(MOST_SAMPLES);
  #length = 0;
  #stride: number;
  #seen = 0;
  #untimed = 0;

  /** Expects about so many entries. */
  constructor(expected: number = 0) {
    this.#stride = Math.max(Math.ceil(expected / MOST_SAMPLES), 1);
  }

  /** Whether the next entry is to be added; the others are only counted. */
  next(): boolean {
    return this.#seen++ % this.#stride === 0;
  }

  /** Adds an entry; one without a time has that of the one before. */
  add(text: string): void {
    const record = recognizeRecord(text);
    const time = record?.time ?? this.#times[this.#length - 1];
    if (time === undefined) {
      this.#untimed++;
      return;
    }
    if (this.#length === MOST_SAMPLES) this.#thin();
    const level = levelOf(record, text);
    this.#times[this.#length] = time;
    this.#levels[this.#length++] = level === undefined ? LEVELS.length : LEVELS.indexOf(level);
  }

  /** Half as many as before. */
  #thin(): void {
    this.#stride *= 2;
    this.#length /= 2;
    for (let i = 0; i < this.#length; i++) {
      this.#times[i] = this.#times[2 * i];
      this.#levels[i] = this.#levels[2 * i];
    }
  }

  /** The bars. */
  timeline(): Timeline {
    const times = this.#times.subarray(0, this.#length);
    const [first, last] = rangeOf(times);
    const step = stepFor(last - first);
    const from = Math.floor(first / step) * step;
    const bars = this.#length === 0 ? 0 : Math.floor((last - from) / step) + 1;
    const levels: Timeline["levels"] = {};
    let outside = this.#untimed;
    for (let i = 0; i < times.length; i++) {
      const bar = Math.floor((times[i] - from) / step);
      if (!(bar >= 0 && bar < bars)) {
        outside++;
        continue;
      }
      const counts = levels[LEVELS[this.#levels[i]] ?? "none"] ??= new Array(bars).fill(0);
      counts[bar] += this.#stride;
    }
    return { from, step, levels, entries: this.#seen, stride: this.#stride, outside };
  }
}

/** From when to when, without the few that are far away from all others: a clock may have been wrong. */
function rangeOf(times: Float64Array): [first: number, last: number] {
  if (times.length === 0) return [0, 0];
  const sorted = times.toSorted();
  const far = Math.floor(sorted.length * FAR);
  const [low, high] = [sorted[far], sorted[sorted.length - 1 - far]];
  const reach = Math.max(high - low, 1000);
  // As far as they are near.
  const first = sorted.find((time) => time >= low - reach) ?? low;
  const last = sorted.findLast((time) => time <= high + reach) ?? high;
  return [first, last];
}

function stepFor(span: number): number {
  const least = span / (MOST_BARS - 1);
  return STEPS.find((step) => step >= least) ?? Math.ceil(least / DAY) * DAY;
}

/** Where an entry is from. */
type SourceOf = (sequenceNumber: number) => string | undefined;

/** Finds how entries that match spread over time, batch by batch. */
export class TimelineFinder {
  readonly #filter: EntryFilter;
  readonly #samples: Samples;
  readonly #sourceOf: SourceOf | undefined;
  readonly #only: string | undefined;
  readonly #lines: LineFinder;
  #time = -Infinity;

  /** Expects about so many entries that match; with `only`, of that source. */
  constructor(filter: EntryFilter, expected: number, sourceOf?: SourceOf, only?: string) {
    this.#filter = filter;
    this.#samples = new Samples(filter.isEmpty ? expected : 0);
    this.#sourceOf = filter.asksLog || only !== undefined ? sourceOf : undefined;
    this.#only = only;
    this.#lines = new LineFinder(filter, sourceOf);
  }

  /** Looks at entries of a batch. */
  take(batch: EntriesAtOnce, from: number, to: number): void {
    this.#lines.find(batch, from, to, (line, i) => {
      this.#add(batch.sequenceNumber(i), () => line?.text ?? batch.text(i));
    });
  }

  #add(number: number, textOf: () => string): void {
    const filter = this.#filter;
    const source = this.#sourceOf?.(number);
    if (this.#only !== undefined && source !== this.#only) return;
    if (filter.isEmpty) {
      if (this.#samples.next()) this.#samples.add(textOf());
      return;
    }
    const text = textOf();
    const isMatch = filter.matches(text, this.#time, source);
    this.#time = filter.time;
    if (isMatch && this.#samples.next()) this.#samples.add(text);
  }

  /** The bars; nothing more is taken. */
  timeline(): Timeline {
    for (const { number, text } of this.#lines.rest()) this.#add(number, () => text);
    return this.#samples.timeline();
  }
}
