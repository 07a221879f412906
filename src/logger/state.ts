/**
 * What a logger knows, and how it makes a line of a call.
 *
 * @module
 */

import type { Line } from "../line/line.ts";
import { pieceOf } from "../line/keys.ts";
import { Piece } from "../line/piece.ts";
import { contextOf, contexts } from "./context.ts";
import type { Core } from "./core.ts";
import { addField, addFields, addMembers, addValues } from "./fields.ts";
import type { Formatters, LineSource } from "./line_source.ts";
import type { Key, Style } from "./style.ts";
import type { Front } from "./front.ts";
import { markOf } from "./stringify.ts";
import type { Logger } from "./types.ts";

const CLOSE = 0x7d;

/** One logger's own: a child that changes something has another. */
export class LoggerState implements LineSource {
  readonly core: Core;
  readonly prefix: string | undefined;
  formatters: Formatters;
  #style: Style;
  /** Level, time and bindings. */
  front: Front;
  // Whether a message, or an object, is written without asking anybody.
  #isMessagePlain = false;
  #isObjectPlain = false;
  #isTailPlain = false;
  #nested: Piece | undefined;

  constructor(
    core: Core,
    style: Style,
    formatters: Formatters,
    front: Front,
    prefix: string | undefined,
  ) {
    this.core = core;
    this.#style = style;
    this.formatters = formatters;
    this.front = front;
    this.prefix = prefix;
    this.#nested = core.nestedPiece;
    this.#look();
  }

  /** How its values become JSON. */
  get style(): Style {
    return this.#style;
  }

  set style(style: Style) {
    this.#style = style;
    this.#look();
  }

  #look(): void {
    const { core, formatters } = this;
    const isSimple = core.mixin === undefined && formatters.log === undefined;
    this.#isObjectPlain = isSimple && this.#nested === undefined;
    this.#isTailPlain = this.#style.isMessagePlain;
    this.#isMessagePlain = isSimple && this.#isTailPlain && this.prefix === undefined;
  }

  /** Logs a message that is text. */
  message(logger: Logger, level: number, text: string): void {
    if (!this.#isMessagePlain) return this.write(logger, level, undefined, this.prefixed(text));
    const { core } = this;
    const line = core.lines[core.depth] ?? core.addLine();
    core.depth++;
    let isBegun = false;
    try {
      core.begin(line);
      isBegun = true;
      this.#addFront(line, level);
      this.#addTail(line, text);
      core.finish(line);
    } catch (error) {
      if (isBegun) this.#addFailure(line, level, text, error);
      core.failed(line, error);
    } finally {
      core.depth--;
    }
  }

  /** Logs an object, and a message that is made already. */
  write(logger: Logger, level: number, given: unknown, message: unknown): void {
    const { core } = this;
    const line = core.lines[core.depth] ?? core.addLine();
    core.depth++;
    let isBegun = false;
    try {
      core.begin(line);
      isBegun = true;
      this.#add(line, logger, level, given, message);
      core.finish(line);
    } catch (error) {
      if (isBegun) this.#addFailure(line, level, message, error);
      core.failed(line, error);
    } finally {
      core.depth--;
    }
  }

  /** Whether an event's values may be written without an object to hold them. */
  get isEventPlain(): boolean {
    return this.#isObjectPlain && this.#isTailPlain;
  }

  /** Logs an event: the members of an object, or values; `tail` is what comes after them. */
  writeEvent(
    level: number,
    keys: readonly Key[],
    tail: Piece,
    object: Record<string, unknown> | undefined,
    a: unknown,
    b: unknown,
    c: unknown,
    d: unknown,
    more: readonly unknown[] | undefined,
  ): void {
    const { core } = this;
    const line = core.lines[core.depth] ?? core.addLine();
    core.depth++;
    let isBegun = false;
    try {
      core.begin(line);
      isBegun = true;
      this.#addFront(line, level);
      if (object === undefined) addValues(line, this, keys, a, b, c, d, more);
      else addMembers(line, this, keys, object);
      line.piece(tail);
      core.finish(line);
    } catch (error) {
      if (isBegun) this.#addFailure(line, level, tail, error);
      core.failed(line, error);
    } finally {
      core.depth--;
    }
  }

  /** A line as text, which is not written. */
  text(logger: Logger, level: number, given: unknown, message: unknown): string {
    const { core } = this;
    const line = core.lines[core.depth] ?? core.addLine();
    core.depth++;
    try {
      line.begin(undefined);
      this.#add(line, logger, level, given, message);
      return line.take();
    } finally {
      core.depth--;
    }
  }

  /** A message with the prefix of the logger. */
  prefixed<T>(message: T): T | string {
    const { prefix } = this;
    return prefix === undefined || message === undefined || message === null
      ? message
      : prefix + message;
  }

  #add(line: Line, logger: Logger, level: number, given: unknown, message: unknown): void {
    if (this.#isObjectPlain) {
      // The usual case.
      this.#addFront(line, level);
      message = this.#addGiven(line, given, message);
    } else message = this.#addFormed(line, logger, level, given, message);
    if (typeof message === "string" && this.#isTailPlain) this.#addTail(line, message);
    else {
      if (message !== undefined) this.#addMessage(line, message);
      line.byte(CLOSE);
    }
  }

  /** Adds level, time, bindings and context. */
  #addFront(line: Line, level: number): void {
    this.front.addTo(line, level);
    if (contexts.areUsed) line.raw(contextOf(this));
  }

  /** Adds a message, and ends the line. */
  #addTail(line: Line, message: string): void {
    const { core } = this;
    const tail = core.tails.get(message);
    if (tail !== undefined) return line.piece(tail);
    line.piece(core.messagePiece);
    line.string(message);
    line.byte(CLOSE);
  }

  /** Adds what was given; gives the message, which an error may bring with it. */
  #addGiven(line: Line, given: unknown, message: unknown): unknown {
    if (given === undefined || given === null) return message;
    if (given instanceof Error) {
      const { errorKey } = this.core;
      addField(line, this, this.#style.key(errorKey), given);
      return message === undefined ? given.message : message;
    }
    if (message === undefined) message = this.#messageOf(given);
    addFields(line, this, given as Record<string, unknown>);
    return message;
  }

  /** The same where there are a mixin, formatters, or a key that all fields are under. */
  #addFormed(
    line: Line,
    logger: Logger,
    level: number,
    given: unknown,
    message: unknown,
  ): unknown {
    const { core } = this;
    this.front.heads.addTo(line, level);
    // deno-lint-ignore no-explicit-any
    let object: any = given;
    if (given === undefined || given === null) object = {};
    else if (given instanceof Error) {
      object = { [core.errorKey]: given };
      if (message === undefined) message = given.message;
    } else if (message === undefined) message = this.#messageOf(given);
    if (core.mixin !== undefined) {
      object = core.merge(object, core.mixin(object, level, logger));
    }
    line.raw(this.front.bindings);
    if (contexts.areUsed) line.raw(contextOf(this));
    if (this.formatters.log !== undefined) object = this.formatters.log(object);
    const nested = this.#nested;
    if (nested === undefined) {
      addFields(line, this, object);
      return message;
    }
    const before = line.length;
    line.piece(nested);
    const open = line.length;
    addFields(line, this, object);
    if (line.length === open) line.cut(before);
    else {
      // The comma before the first one.
      line.takeOut(open);
      line.byte(CLOSE);
    }
    return message;
  }

  // deno-lint-ignore no-explicit-any
  #messageOf(given: any): unknown {
    const { messageKey, errorKey } = this.core;
    if (given[messageKey] !== undefined) return undefined;
    const error = given[errorKey];
    return error ? error.message : undefined;
  }

  #addMessage(line: Line, message: unknown): void {
    const { core } = this;
    const key = this.#style.key(core.messageKey);
    addField(line, this, { ...key, piece: core.messagePiece }, message);
  }

  /** A line that failed says at least that, with the message, or what is made of it already. */
  #addFailure(line: Line, level: number, message: unknown, error: unknown): void {
    try {
      line.cut(0);
      this.#addHead(line, level);
      line.raw(this.front.bindings);
      line.piece(pieceOf("loggerError"));
      line.string(markOf(error));
      const isShown = this.#style.redaction === undefined;
      if (isShown && message instanceof Piece) line.piece(message);
      else {
        if (isShown && typeof message === "string") {
          line.piece(this.core.messagePiece);
          line.string(message);
        }
        line.byte(CLOSE);
      }
      this.core.finish(line);
    } catch {
      // The error itself is reported.
    }
  }

  /** Adds level and time, or at least the level. */
  #addHead(line: Line, level: number): void {
    const { heads } = this.front;
    try {
      heads.addTo(line, level);
    } catch {
      line.cut(0);
      line.piece(heads.piece(level));
    }
  }
}
