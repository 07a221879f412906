/**
 * How many records have which values, and how large these are, in bounded memory.
 *
 * @module
 */

import { type Field, numberOf, textOf } from "./question/field.ts";
import { Quantiles } from "./quantiles.ts";
import type { LogRecord } from "./record.ts";

/** So many groups have a row of their own; the others are counted together. */
const MOST_GROUPS = 100_000;
/** So many, if each has quantiles. */
const MOST_MEASURED = 5000;
/** Quantiles of a group that is one of several are exact up to so many values. */
const MOST_EXACT = 200;
/** Longer values are cut. */
const MOST_CHARACTERS = 256;
/** So many intervals have a row of their own although nothing happened in them. */
const MOST_EMPTY = 10_000;
/** Between the values of a group; no value has it in it. */
const BETWEEN = "\0";

/** What to sum up. */
export interface SummaryOptions {
  /** Fields whose values make a group. */
  by?: readonly Field[];
  /** The field whose values are measured. */
  of?: Field;
  /** How long an interval is, in milliseconds; without it time does not matter. Intervals begin at multiples of it since 1970. */
  every?: number;
}

/** Records that have the same values. */
export interface Group {
  /** The values; `undefined`: the record has no such field. `other` groups have none. */
  readonly values: readonly (string | undefined)[];
  /** When its interval begins, in milliseconds since 1970; `undefined` without intervals, and of the rest. */
  readonly start: number | undefined;
  /** Whether it is all of those for which there was no room. */
  readonly isRest: boolean;
  /** How many records. */
  count: number;
  /** What was measured. */
  readonly measured: Quantiles | undefined;
}

/** Counts and measures records. */
export class Summary {
  readonly #by: readonly Field[];
  readonly #of: Field | undefined;
  readonly #every: number | undefined;
  readonly #groups = new Map<string, Group>();
  readonly #mostGroups: number;
  #rest: Group | undefined;
  #unmeasured = 0;
  #untimed = 0;
  readonly #missing: Set<Field>;

  /** Sums up by its options. */
  constructor({ by = [], of, every }: SummaryOptions) {
    this.#by = by;
    this.#missing = new Set(by);
    this.#of = of;
    this.#every = every;
    this.#mostGroups = of === undefined ? MOST_GROUPS : MOST_MEASURED;
  }

  /** How many records have no number in the field that is measured. */
  get unmeasured(): number {
    return this.#unmeasured;
  }

  /** How many records belong to no interval, because nothing is known of their time. */
  get untimed(): number {
    return this.#untimed;
  }

  /** The fields that make groups, and that no record has; none without records. */
  get missing(): string[] {
    return this.#groups.size === 0 ? [] : [...this.#missing].map(({ name }) => name);
  }

  /**
   * Adds a record, or a line of other text, of a time in milliseconds since 1970 if that matters, and of a log.
   */
  add(record: LogRecord | undefined, text: string, time: number = -Infinity, log?: string): void {
    if (this.#every !== undefined && !Number.isFinite(time)) {
      this.#untimed++;
      return;
    }
    let value: number | undefined;
    if (this.#of !== undefined) {
      value = numberOf(this.#of.first(record, text, log));
      if (value === undefined) {
        this.#unmeasured++;
        return;
      }
    }
    const group = this.#groupOf(record, text, time, log);
    group.count++;
    if (value !== undefined) group.measured?.add(value);
  }

  /**
   * The groups: by time if there are intervals, then those with the most records first; what there was no
   * room for comes last. Intervals of all records have a group although they are empty, unless too many are.
   */
  groups(): Group[] {
    const groups = [...this.#groups.values(), ...this.#emptyGroups()].sort((one, other) =>
      (one.start ?? 0) - (other.start ?? 0) || other.count - one.count
    );
    return this.#rest === undefined ? groups : [...groups, this.#rest];
  }

  /** The intervals between others in which there is nothing. */
  #emptyGroups(): Group[] {
    const every = this.#every;
    if (every === undefined || this.#by.length > 0 || this.#rest !== undefined) return [];
    const starts = new Set<number>();
    for (const { start } of this.#groups.values()) starts.add(start!);
    let [first, last] = [Infinity, -Infinity];
    for (const start of starts) {
      first = Math.min(first, start / every);
      last = Math.max(last, start / every);
    }
    // A clock that was wrong once makes millions.
    if (last - first - starts.size >= MOST_EMPTY) return [];
    const empty: Group[] = [];
    for (let at = Math.round(first); at < last; at++) {
      const start = at * every;
      if (starts.has(start)) continue;
      empty.push({ values: [], start, isRest: false, count: 0, measured: undefined });
    }
    return empty;
  }

  #groupOf(record: LogRecord | undefined, text: string, time: number, log?: string): Group {
    const every = this.#every;
    const start = every === undefined ? undefined : Math.floor(time / every) * every;
    const values = this.#by.map((field) => {
      const value = field.first(record, text, log);
      if (value === undefined) return undefined;
      this.#missing.delete(field);
      return cut(textOf(value));
    });
    const key = [start, ...values.map((value) => value === undefined ? "" : `=${value}`)].join(
      BETWEEN,
    );
    let group = this.#groups.get(key);
    if (group !== undefined) return group;
    if (this.#groups.size >= this.#mostGroups) {
      return this.#rest ??= this.#newGroup([], undefined, true);
    }
    group = this.#newGroup(values, start, false);
    this.#groups.set(key, group);
    return group;
  }

  #newGroup(
    values: readonly (string | undefined)[],
    start: number | undefined,
    isRest: boolean,
  ): Group {
    const isOnly = this.#by.length === 0 && this.#every === undefined;
    const measured = this.#of && new Quantiles(isOnly ? undefined : MOST_EXACT);
    return { values, start, isRest, count: 0, measured };
  }
}

function cut(text: string): string {
  const short = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  return short.replaceAll(BETWEEN, "\u2400");
}
