/**
 * The question of `--where`, whose regular expressions never keep a command from seeing Ctrl-C.
 *
 * @module
 */

import type { LogLevel } from "../../records/level.ts";
import { parseQuestion, type Question } from "../../records/question/question.ts";
import type { LogRecord } from "../../records/record.ts";
import { Expression, Undecided } from "./expression.ts";

/** A question that says as a warning of which entries it could not be answered: they are not selected. */
export class Where implements Question {
  readonly text: string;
  readonly fields: readonly string[];
  readonly asksLog: boolean;
  readonly needles: readonly (readonly string[])[];
  readonly levels: ReadonlySet<LogLevel> | undefined;
  readonly #question: Question;
  readonly #expressions: Expression[] = [];
  readonly #undecided = new Undecided("--where");

  /**
   * Compiles a question.
   *
   * @throws {QuestionError} if it can't be understood
   */
  constructor(text: string) {
    this.#question = parseQuestion(text, {
      toMatcher: (regExp) => {
        const expression = new Expression(regExp);
        this.#expressions.push(expression);
        return expression;
      },
    });
    this.text = text;
    this.fields = this.#question.fields;
    this.asksLog = this.#question.asksLog;
    this.needles = this.#question.needles;
    this.levels = this.#question.levels;
  }

  /** Whether the last entry may have taken long. */
  get isSlow(): boolean {
    return this.#expressions.some(({ isSlow }) => isSlow);
  }

  /** Whether the last answer was no because an expression took too long. */
  get isUndecided(): boolean {
    return this.#question.isUndecided;
  }

  /** Whether an entry matches. */
  test(record: LogRecord | undefined, text: string, log?: string): boolean {
    const isMatch = this.#question.test(record, text, log);
    if (this.#question.isUndecided) this.#undecided.add();
    return isMatch;
  }
}
