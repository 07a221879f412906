/**
 * The beginnings of lines by level, with the time: what all loggers of a family share that have the same
 * levels.
 *
 * @module
 */

import type { Line } from "../line/line.ts";
import { Piece } from "../line/piece.ts";
import { type Clock, clockOf, type TimeFn } from "./clock.ts";
import type { LevelMapping } from "./types.ts";

/** Gives the object whose members say the level. */
export type LevelFormatter = (label: string, number: number) => object;

/** The beginnings of lines by level. */
export class Heads {
  readonly #time: TimeFn;
  readonly #pieces: Piece[] = [];
  readonly #clocks: (Clock | undefined)[] = [];

  /** The beginnings for these levels. */
  constructor({ labels }: LevelMapping, format: LevelFormatter, time: TimeFn) {
    this.#time = time;
    for (const label of Object.keys(labels)) {
      const level = Number(label);
      const piece = new Piece(JSON.stringify(format(labels[level], level)).slice(0, -1));
      this.#pieces[level] = piece;
      this.#clocks[level] = clockOf(time, piece.text, "");
    }
  }

  /** `{"level":30` */
  piece(level: number): Piece {
    return this.#pieces[level];
  }

  /** Adds `{"level":30,"time":1700000000000` to a line. */
  addTo(line: Line, level: number): void {
    const clock = this.#clocks[level];
    if (clock !== undefined) return line.piece(clock.now());
    // Only a function of the user knows the time.
    line.piece(this.#pieces[level]);
    line.raw(this.#time());
  }

  /** The same with text after it; undefined if only a function of the user knows the time. */
  clockWith(level: number, after: string): Clock | undefined {
    return clockOf(this.#time, this.#pieces[level].text, after);
  }
}
