/**
 * What is wrong with a question, and where.
 *
 * @module
 */

/** How much of a long question is shown on each side of a mistake. */
const AROUND = 50;
/** Characters that are two columns wide, and those that have none. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/gu;
const NARROW = /\p{M}/gu;

/** A question that can't be understood. */
export class QuestionError extends SyntaxError {
  override readonly name = "QuestionError";
  /** Where the mistake begins and ends, in UTF-16 units of the question. */
  readonly from: number;
  readonly to: number;
  readonly #question: string;

  /** Says what is wrong with a part of a question. */
  constructor(message: string, question: string, from: number, to: number = from) {
    super(message);
    this.#question = question;
    this.from = from;
    this.to = to;
  }

  /** Two lines: the question, or the part of it where the mistake is, and a mark below the place. */
  get pointed(): string {
    const start = this.from > AROUND ? this.from - AROUND : 0;
    const end = Math.min(this.#question.length, Math.max(this.to, this.from) + AROUND);
    const head = `${start > 0 ? "…" : ""}${plain(this.#question.slice(start, this.from))}`;
    const rest = plain(this.#question.slice(this.from, end));
    const line = head + rest + (end < this.#question.length ? "…" : "");
    const place = head.replace(NARROW, "").replace(WIDE, "\u3000").replace(/[^\u3000]/gu, " ");
    const length = Math.max(1, Math.min(this.to - this.from, AROUND));
    return `${line}\n${place}${"^".repeat(length)}`;
  }
}

/** Without what would move the cursor. */
function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069]/g, " ");
}
