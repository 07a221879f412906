/**
 * Which entries a page, or a program, wants to see.
 *
 * @module
 */

import { isAtLeast, type LogLevel } from "../../records/level.ts";
import type { Needs } from "../../records/look/entry_look.ts";
import { parseQuestion, type Question } from "../../records/question/question.ts";
import { recognizeRecord } from "../../records/recognize.ts";
import { levelOf } from "./level_of.ts";

/** What is searched for. */
export interface EntryFilterOptions {
  /** A question, as `--where` takes it; "" for none. */
  where?: string;
  /** How important a record must be. An entry without a level is not a record. */
  level?: LogLevel | undefined;
  /** The earliest time, in milliseconds since 1970. */
  since?: number | undefined;
  /** The latest time, in milliseconds since 1970. */
  until?: number | undefined;
  /** The name of the log. */
  log?: string | undefined;
}

/** A condition that texts of entries fulfil or not. */
export class EntryFilter {
  readonly #question: Question | undefined;
  readonly #level: LogLevel | undefined;
  readonly #since: number;
  readonly #until: number;
  readonly #log: string | undefined;
  #time = -Infinity;

  /**
   * Without any option everything matches.
   *
   * @throws {QuestionError} if the question can't be understood
   */
  constructor({ where = "", level, since, until, log }: EntryFilterOptions = {}) {
    this.#question = where.trim() === "" ? undefined : parseQuestion(where);
    // Everything that has a level has this one at least.
    this.#level = level;
    this.#since = since ?? -Infinity;
    this.#until = until ?? Infinity;
    this.#log = log;
  }

  /** Whether every text matches. */
  get isEmpty(): boolean {
    return this.#question === undefined && this.#level === undefined && !this.isTimed;
  }

  /** Whether times matter. */
  get isTimed(): boolean {
    return this.#since > -Infinity || this.#until < Infinity;
  }

  /** Whether it matters which log an entry is from. */
  get asksLog(): boolean {
    return this.#question?.asksLog ?? false;
  }

  /** What an entry must have to match, as far as its bytes can tell. */
  get needs(): Needs {
    const least = this.#level;
    const levels = this.#question?.levels;
    const needles = (this.#question?.needles ?? [])
      .map((texts) => ({ texts, ignoresCase: true, mayBeEscaped: true }));
    if (least === undefined && levels === undefined) return { needles };
    return {
      needles,
      isLevel: (level) =>
        (least === undefined || isAtLeast(level, least)) && (levels?.has(level) ?? true),
    };
  }

  /** The time of the last text that was compared, if that mattered. */
  get time(): number {
    return this.#time;
  }

  /**
   * Whether a text matches. One without a time of its own has that of the entry `before`, or, while a log
   * is followed, that of now. `source` is the log that it is from, if that is another one.
   */
  matches(text: string, before: number = Date.now(), source?: string): boolean {
    this.#time = before;
    if (this.isEmpty) return true;
    // Most texts are not worth parsing.
    if (!this.isTimed && !this.#mayMatch(text)) return false;
    const record = recognizeRecord(text);
    if (this.isTimed) {
      const time = this.#time = record?.time ?? before;
      if (time < this.#since || time > this.#until || !this.#mayMatch(text)) return false;
    }
    if (this.#level !== undefined) {
      const level = levelOf(record, text);
      if (level === undefined || !isAtLeast(level, this.#level)) return false;
    }
    return this.#question?.test(record, text, source ?? this.#log) ?? true;
  }

  /** Whether a text has in it what the question needs; JSON may escape it. */
  #mayMatch(text: string): boolean {
    const needles = this.#question?.needles ?? [];
    if (needles.length === 0) return true;
    const lower = text.toLowerCase();
    return needles.every((some) => some.some((needle) => lower.includes(needle))) ||
      text.includes("\\u");
  }
}
