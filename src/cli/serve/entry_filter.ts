/**
 * Which entries a page wants to see.
 *
 * @module
 */

import { isAtLeast, type LogLevel } from "../../records/level.ts";
import { recognizeRecord } from "../../records/recognize.ts";
import { levelOf } from "./level_of.ts";

/** What is searched for. */
export interface EntryFilterOptions {
  /** Words that must all be in the text, in any case; with a `-` in front, must not. */
  search?: string;
  /** How important a record must be. An entry without a level is not a record. */
  level?: LogLevel | undefined;
  /** The earliest time, in milliseconds since 1970. */
  since?: number | undefined;
  /** The latest time, in milliseconds since 1970. */
  until?: number | undefined;
}

/** A condition that texts of entries fulfil or not. */
export class EntryFilter {
  readonly #wanted: readonly string[];
  readonly #unwanted: readonly string[];
  readonly #level: LogLevel | undefined;
  readonly #since: number;
  readonly #until: number;
  #time = -Infinity;

  /** Without any option everything matches. */
  constructor({ search = "", level, since, until }: EntryFilterOptions = {}) {
    const { wanted, unwanted } = wordsOf(search);
    this.#wanted = wanted;
    this.#unwanted = unwanted;
    // Everything that has a level has this one at least.
    this.#level = level;
    this.#since = since ?? -Infinity;
    this.#until = until ?? Infinity;
  }

  /** Whether every text matches. */
  get isEmpty(): boolean {
    return this.#wanted.length + this.#unwanted.length === 0 && this.#level === undefined &&
      !this.isTimed;
  }

  /** Whether times matter. */
  get isTimed(): boolean {
    return this.#since > -Infinity || this.#until < Infinity;
  }

  /** The time of the last text that was compared, if that mattered. */
  get time(): number {
    return this.#time;
  }

  /**
   * Whether a text matches. One without a time of its own has that of the entry `before`, or, while a log
   * is followed, that of now.
   */
  matches(text: string, before: number = Date.now()): boolean {
    this.#time = before;
    if (this.isTimed) {
      const time = this.#time = recognizeRecord(text)?.time ?? before;
      if (time < this.#since || time > this.#until) return false;
    }
    if (this.#wanted.length + this.#unwanted.length > 0) {
      const lower = text.toLowerCase();
      for (const word of this.#wanted) if (!lower.includes(word)) return false;
      for (const word of this.#unwanted) if (lower.includes(word)) return false;
    }
    if (this.#level === undefined) return true;
    const level = levelOf(text);
    return level !== undefined && isAtLeast(level, this.#level);
  }
}

/** The words of a search in small letters; what is in double quotes is one word. */
export function wordsOf(search: string): { wanted: string[]; unwanted: string[] } {
  const wanted: string[] = [];
  const unwanted: string[] = [];
  for (const [, minus, quoted, plain] of search.matchAll(/(-?)(?:"([^"]*)"?|(\S+))/g)) {
    const word = (quoted ?? plain).toLowerCase();
    if (word === "") continue;
    (minus === "-" ? unwanted : wanted).push(word);
  }
  return { wanted, unwanted };
}
