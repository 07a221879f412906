/**
 * Lines for a sink, one after another; one within another where making one makes another.
 *
 * @module
 */

import { Line, type LineSink } from "./line.ts";

/** What lines are written to. Errors of lines that can't be made are reported to it. */
export interface ReportingSink extends LineSink {
  /** Counts an error. */
  report(error: unknown): void;
}

/** Makes lines of values in a log itself. */
export class Lines<T> {
  readonly #add: (line: Line, value: T) => void;
  readonly #showable: (value: T) => T;
  readonly #lines: Line[] = [];
  #depth = 0;

  /**
   * Lines to which `add` adds a value; where that throws, what `showable` makes of the value, in which
   * nothing throws.
   */
  constructor(add: (line: Line, value: T) => void, showable: (value: T) => T) {
    this.#add = add;
    this.#showable = showable;
  }

  /** Writes the line of a value. Returns whether it is in the log; if not, why is reported. */
  write(sink: ReportingSink, value: T): boolean {
    const line = this.#lines[this.#depth] ??= new Line();
    this.#depth++;
    try {
      line.begin(sink);
      try {
        this.#add(line, value);
      } catch {
        line.drop();
        line.begin(sink);
        this.#add(line, this.#showable(value));
      }
      return line.finish(sink);
    } catch (error) {
      line.drop();
      sink.report(error);
      return false;
    } finally {
      this.#depth--;
    }
  }

  /** The line of a value as text. */
  text(value: T): string {
    const line = new Line();
    line.begin(undefined);
    this.#add(line, value);
    return line.take();
  }
}
