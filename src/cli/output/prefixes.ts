/**
 * The names of logs at the beginning of lines.
 *
 * @module
 */

import { columnsOf, padded, shortened } from "./columns.ts";
import type { Colors } from "./pretty.ts";

/** Of how many names it is remembered how they look. */
const MOST_NAMES = 4096;
/** The widest name, in columns: of a longer one the beginning. */
const WIDEST = 40;

/** Names in columns of one width, each in a color. */
export class Prefixes {
  readonly #palette: ((text: string) => string)[];
  readonly #prefixes = new Map<string, string>();
  #width = 0;
  #count = 0;

  /** Uses these colors. */
  constructor({ cyan, yellow, green, magenta, blue, red }: Colors) {
    this.#palette = [cyan, yellow, green, magenta, blue, red];
  }

  /** What lines of that name begin with; they become wider with the widest name until now. */
  of(name: string): string {
    let prefix = this.#prefixes.get(name);
    if (prefix === undefined) {
      if (this.#prefixes.size >= MOST_NAMES) this.#prefixes.clear();
      this.#set(name, this.#count++);
      prefix = this.#prefixes.get(name)!;
    }
    return prefix;
  }

  #set(name: string, count: number): void {
    const shown = shortened(name, WIDEST);
    const width = columnsOf(shown);
    if (width > this.#width) {
      this.#width = width;
      const before = [...this.#prefixes.keys()];
      // Each keeps its color.
      before.forEach((other, i) => this.#set(other, count - before.length + i));
    }
    const paint = this.#palette[count % this.#palette.length];
    this.#prefixes.set(name, `${paint(padded(shown, this.#width))} | `);
  }
}
