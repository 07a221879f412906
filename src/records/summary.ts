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
/** Between the values of a group; no value has it in it. */
const BETWEEN = "\0";

/** What to sum up. */
export interface SummaryOptions {
  /** Fields whose values make a group. */
  by?: readonly Field[];
  /** The field whose values are measured. */
  of?: Field;
}

/** Records that have the same values. */
export interface Group {
  /** The values; `undefined`: the record has no such field. `other` groups have none. */
  readonly values: readonly (string | undefined)[];
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
  readonly #groups = new Map<string, Group>();
  readonly #mostGroups: number;
  #rest: Group | undefined;
  #unmeasured = 0;

  /** Sums up by its options. */
  constructor({ by = [], of }: SummaryOptions) {
    this.#by = by;
    this.#of = of;
    this.#mostGroups = of === undefined ? MOST_GROUPS : MOST_MEASURED;
  }

  /** How many records have no number in the field that is measured. */
  get unmeasured(): number {
    return this.#unmeasured;
  }

  /** Adds a record, or a line of other text. */
  add(record: LogRecord | undefined, text: string): void {
    let value: number | undefined;
    if (this.#of !== undefined) {
      value = numberOf(this.#of.first(record, text));
      if (value === undefined) {
        this.#unmeasured++;
        return;
      }
    }
    const group = this.#groupOf(record, text);
    group.count++;
    if (value !== undefined) group.measured?.add(value);
  }

  /** The groups, those with the most records first; what there was no room for comes last. */
  groups(): Group[] {
    const groups = [...this.#groups.values()].sort((one, other) => other.count - one.count);
    return this.#rest === undefined ? groups : [...groups, this.#rest];
  }

  #groupOf(record: LogRecord | undefined, text: string): Group {
    const values = this.#by.map((field) => {
      const value = field.first(record, text);
      return value === undefined ? undefined : cut(textOf(value));
    });
    const key = values.map((value) => value === undefined ? "" : `=${value}`).join(BETWEEN);
    let group = this.#groups.get(key);
    if (group !== undefined) return group;
    if (this.#groups.size >= this.#mostGroups) return this.#rest ??= this.#newGroup([], true);
    group = this.#newGroup(values, false);
    this.#groups.set(key, group);
    return group;
  }

  #newGroup(values: readonly (string | undefined)[], isRest: boolean): Group {
    const measured = this.#of === undefined
      ? undefined
      : new Quantiles(this.#by.length > 0 ? MOST_EXACT : undefined);
    return { values, isRest, count: 0, measured };
  }
}

function cut(text: string): string {
  const short = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  return short.replaceAll(BETWEEN, "\u2400");
}
