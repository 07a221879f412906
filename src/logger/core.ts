/**
 * What a logger and all its children share: the log, and the options that no child changes.
 *
 * @module
 */

import { Line } from "../line/line.ts";
import { Piece } from "../line/piece.ts";
import { type EntrySink, withoutNewline } from "../sinks/entry_sink.ts";
import type { TimeFn } from "./clock.ts";
import { Tails } from "./tails.ts";
import type { LevelComparison, Logger } from "./types.ts";

/** The options that no child changes. */
export interface CoreOptions {
  messageKey: string;
  errorKey: string;
  nestedKey: string | undefined;
  time: TimeFn;
  mixin: ((object: object, level: number, logger: Logger) => object) | undefined;
  merge: ((object: object, mixed: object) => object) | undefined;
  logMethod: LogMethod | undefined;
  streamWrite: ((line: string) => string) | undefined;
  comparison: LevelComparison;
  isCustomOnly: boolean;
}

/** Is called in place of a logging method. */
export type LogMethod = (
  this: Logger,
  // deno-lint-ignore no-explicit-any
  args: any[],
  // deno-lint-ignore no-explicit-any
  method: (...args: any[]) => void,
  level: number,
) => void;

/** What a logger and all its children share. */
export class Core {
  readonly sink: EntrySink;
  readonly messageKey: string;
  /** `,"msg":` */
  readonly messagePiece: Piece;
  /** `,"msg":"some text"}` */
  readonly tails: Tails;
  readonly errorKey: string;
  /** `,"nested":{` */
  readonly nestedPiece: Piece | undefined;
  readonly time: TimeFn;
  readonly mixin: CoreOptions["mixin"];
  readonly merge: (object: object, mixed: object) => object;
  readonly logMethod: LogMethod | undefined;
  readonly comparison: LevelComparison;
  /** Whether pino's levels are not among its own. */
  readonly isCustomOnly: boolean;
  /**
   * One line, and one more for each call that a getter or a serializer makes while a line is being
   * made.
   */
  readonly lines: Line[] = [new Line()];
  /** How many of them are being made. */
  depth = 0;
  readonly #streamWrite: ((line: string) => string) | undefined;

  constructor(sink: EntrySink, options: CoreOptions) {
    this.sink = sink;
    this.messageKey = options.messageKey;
    this.messagePiece = new Piece(`,${JSON.stringify(options.messageKey)}:`);
    this.tails = new Tails(this.messagePiece.text);
    this.errorKey = options.errorKey;
    const { nestedKey } = options;
    if (nestedKey) this.nestedPiece = new Piece(`,${JSON.stringify(nestedKey)}:{`);
    this.time = options.time;
    this.mixin = options.mixin;
    this.merge = options.merge ?? ((object, mixed) => Object.assign(mixed, object));
    this.logMethod = options.logMethod;
    this.#streamWrite = options.streamWrite;
    this.comparison = options.comparison;
    this.isCustomOnly = options.isCustomOnly;
  }

  /** A line for a call within a call. */
  addLine(): Line {
    return this.lines[this.depth] = new Line();
  }

  /** Begins a line, in the log if it can be. */
  begin(line: Line): void {
    line.begin(this.#streamWrite === undefined ? this.sink : undefined);
  }

  /** Publishes a line. */
  finish(line: Line): void {
    if (this.#streamWrite === undefined) line.finish(this.sink);
    else this.sink.write(withoutNewline(this.#streamWrite(line.take() + "\n")));
  }

  /** Gives up a line, and reports why. */
  failed(line: Line, error: unknown): void {
    try {
      line.drop();
      this.sink.report(error);
    } catch {
      // The stack is full: the caller below gets the same error.
    }
  }
}
