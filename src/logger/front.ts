/**
 * The fronts of lines: level, time and bindings, which all lines of a logger begin with.
 *
 * @module
 */

import type { Line } from "../line/line.ts";
import type { Clock } from "./clock.ts";
import type { Heads } from "./heads.ts";

/** After so many lines of a logger its front is kept in one piece: many children log only a few. */
const FEW = 50;
const NO_CLOCKS: readonly undefined[] = [];

/** Level, time and bindings of a logger. Never changes: other bindings are another front. */
export class Front {
  /** The beginnings of lines by level. */
  readonly heads: Heads;
  // The front of the parent, to which own bindings are added.
  readonly #before: Front | undefined;
  readonly #own: string;
  // All in one piece, by level.
  #clocks: readonly (Clock | undefined)[] = NO_CLOCKS;
  #uses = 0;

  /** A front with bindings: JSON without the braces, with a comma before each member. */
  constructor(heads: Heads, bindings: string, before?: Front) {
    this.heads = heads;
    this.#own = bindings;
    this.#before = before;
  }

  /** All bindings. */
  get bindings(): string {
    return (this.#before?.bindings ?? "") + this.#own;
  }

  /** This front with more bindings. */
  with(bindings: string): Front {
    return bindings === "" ? this : new Front(this.heads, bindings, this);
  }

  /** The front with these bindings, and other levels. */
  on(heads: Heads): Front {
    return new Front(heads, this.bindings);
  }

  /** Adds it to a line. */
  addTo(line: Line, level: number): void {
    const clock = this.#clocks[level] ?? this.#makeClock(level);
    if (clock !== undefined) return line.piece(clock.now());
    if (this.#before === undefined) this.heads.addTo(line, level);
    else this.#before.addTo(line, level);
    if (this.#own !== "") line.raw(this.#own);
  }

  /** All in one piece, once it pays. */
  #makeClock(level: number): Clock | undefined {
    if (++this.#uses <= FEW) return undefined;
    const clocks = this.#clocks.slice();
    clocks[level] = this.heads.clockWith(level, this.bindings);
    this.#clocks = clocks;
    return clocks[level];
  }
}
