/**
 * Entries around those that are selected, and how many of these: `-A`, `-B`, `-C` and `--head`.
 *
 * @module
 */

import type { Item } from "./items.ts";

/** What is printed beside the entries that are selected. */
export interface ContextOptions {
  /** How many entries before each, and after it. */
  before: number;
  after: number;
  /** Only the first so many. */
  head?: number;
}

/** Chooses from items in their order, of one log or of several that are merged. */
export class Context {
  readonly #before: number;
  readonly #after: number;
  readonly #head: number;
  /** The last items, which may come before one that is selected, and perhaps some before these. */
  #earlier: Item[] = [];
  /** Whether something was left out since the last item that was chosen. */
  #hasGap = false;
  /** How many more are chosen after the last one that is selected. */
  #rest = 0;
  #count = 0;

  /** Chooses by its options. */
  constructor({ before, after, head = Infinity }: ContextOptions) {
    this.#before = before;
    this.#after = after;
    this.#head = head;
  }

  /** Whether nothing more is chosen, whatever comes. */
  get isDone(): boolean {
    return this.#count >= this.#head && this.#rest === 0;
  }

  /** What is chosen of some items, the next ones of all. */
  *chosen(items: Iterable<Item>): Generator<Item> {
    if (this.isDone) return;
    for (const item of items) {
      if (item.entry === undefined) yield item;
      else if (item.isContext || this.#count >= this.#head) yield* this.#around(item);
      else yield* this.#selected(item);
      if (this.isDone) return;
    }
  }

  /** What is chosen around the last so many that are selected. */
  *last(items: Iterable<Item>, count: number): Generator<Item> {
    const groups: Item[][] = [];
    let group = -1;
    for (const item of this.chosen(items)) {
      if (item.entry === undefined && item.notice === undefined && !item.isBreak) {
        // A moment to look at signals.
        yield item;
        continue;
      }
      if (count === 0) continue;
      if (group !== this.#count) groups.push([]);
      group = this.#count;
      groups.at(-1)!.push(item);
      // Many at once: of a long array V8 moves all that is left.
      if (groups.length > 2 * count) groups.splice(0, groups.length - count);
    }
    let isFirst = true;
    for (const item of count === 0 ? [] : groups.slice(-count).flat()) {
      if (!(isFirst && item.isBreak)) yield item;
      isFirst = false;
    }
  }

  *#selected(item: Item): Generator<Item> {
    this.#count++;
    // As grep does, between two groups of lines.
    if (this.#hasGap && this.#count > 1 && this.#before + this.#after > 0) {
      yield { ...item, entry: undefined, record: undefined, isBreak: true };
    }
    yield* this.#earlier.slice(-this.#before);
    this.#earlier = [];
    this.#hasGap = false;
    this.#rest = this.#after;
    yield item;
  }

  *#around(item: Item): Generator<Item> {
    if (this.#rest > 0) {
      this.#rest--;
      yield item;
    } else if (this.#before === 0) this.#hasGap = true;
    else if (this.#earlier.push(item) > this.#before) {
      this.#hasGap = true;
      // As above.
      if (this.#earlier.length > 2 * this.#before) this.#earlier.splice(0, this.#before);
    }
  }
}
