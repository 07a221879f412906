/**
 * The time of a line: its text is kept, and for a new millisecond only the last digits are made again.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import process from "node:process";
import { Piece } from "../line/piece.ts";

/** Gives the member of a line that says the time, with the comma before it: `,"time":1700000000000`. */
export type TimeFn = () => string;

/** Text with the time in it, in bytes. */
export interface Clock {
  /** The text of now. Valid until the next call. */
  now(): Piece;
}

/** Text without a time. */
class Timeless implements Clock {
  readonly #piece: Piece;

  constructor(text: string) {
    this.#piece = new Piece(text);
  }

  now(): Piece {
    return this.#piece;
  }
}

/** Text whose time ends with milliseconds, of which only these are made again mostly. */
class Milliseconds implements Clock {
  readonly #textOf: (time: number) => string;
  // The bytes after the milliseconds.
  readonly #after: number;
  #second = NaN;
  #millisecond = NaN;
  #piece: Piece = new Piece("");
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(textOf: (time: number) => string, after: number) {
    this.#textOf = textOf;
    this.#after = after;
  }

  now(): Piece {
    const now = Date.now();
    const rest = now - this.#second;
    if (rest !== this.#millisecond) this.#move(now, rest);
    return this.#piece;
  }

  #move(now: number, rest: number): void {
    if (rest >= 0 && rest < 1000 && Number.isInteger(rest)) {
      this.#millisecond = rest;
      const bytes = this.#bytes;
      const last = this.#piece.length - this.#after - 1;
      bytes[last] = 48 + rest % 10;
      bytes[last - 1] = 48 + Math.floor(rest / 10) % 10;
      bytes[last - 2] = 48 + Math.floor(rest / 100);
      return;
    }
    this.#piece = new Piece(this.#textOf(now));
    this.#bytes = new Uint8Array(this.#piece.words.buffer);
    // What is no usual time (a test may stop the clock) is made as text each time.
    this.#second = now >= 1e12 && now < 1e13 ? Math.floor(now / 1000) * 1000 : NaN;
    this.#millisecond = now - this.#second;
  }
}

const epoch: TimeFn = () => epochText(Date.now());
const iso: TimeFn = () => isoText(Date.now());
const none: TimeFn = () => "";

function epochText(time: number): string {
  return `,"time":${time}`;
}

function isoText(time: number): string {
  return `,"time":"${new Date(time).toISOString()}"`;
}

const startedAt = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();

/** Functions for the option `timestamp`, as pino has them. */
export interface TimeFunctions {
  /** Milliseconds since 1970. The default. */
  epochTime: TimeFn;
  /** No time. */
  nullTime: TimeFn;
  /** Seconds since 1970. */
  unixTime: TimeFn;
  /** Like `2026-01-01T00:00:00.000Z`. */
  isoTime: TimeFn;
  /** The same with nine decimals, as exact as the clock is. */
  isoTimeNano: TimeFn;
}

/**
 * Functions for the option `timestamp`, as pino has them. `epochTime` and `isoTime` cost least.
 *
 * @example
 * ```ts
 * import { createLogger, stdTimeFunctions } from "@ouroboros/log/logger";
 *
 * const log = createLogger({
 *   target: "/doc-logger-time",
 *   unlinkOnClose: true,
 *   timestamp: stdTimeFunctions.isoTime,
 * });
 * log.info("with a time like 2026-01-01T00:00:00.000Z");
 * log.close();
 * ```
 */
export const stdTimeFunctions: TimeFunctions = {
  epochTime: epoch,
  nullTime: none,
  unixTime: () => `,"time":${Math.round(Date.now() / 1000)}`,
  isoTime: iso,
  isoTimeNano: () => {
    const now = startedAt + process.hrtime.bigint();
    const seconds = new Date(Number(now / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
    return `,"time":"${seconds}.${String(now % 1_000_000_000n).padStart(9, "0")}Z"`;
  },
};

/**
 * What gives the time of lines in bytes, between two texts; undefined if only the function itself knows.
 */
export function clockOf(time: TimeFn, before: string, after: string): Clock | undefined {
  const size = Buffer.byteLength(after);
  switch (time) {
    case epoch:
      return new Milliseconds((now) => before + epochText(now) + after, size);
    case iso:
      // `Z"` is behind the milliseconds.
      return new Milliseconds((now) => before + isoText(now) + after, size + 2);
    case none:
      return new Timeless(before + after);
    default:
      return undefined;
  }
}
