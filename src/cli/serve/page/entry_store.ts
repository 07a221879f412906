/** The entries that the page keeps: the newest ones, bounded in number and in length. */

import type { EntryRow } from "../messages.ts";

/** A row of the list: an entry, or a remark between entries. */
export interface Item {
  /** Its place among all that was ever added. */
  readonly place: number;
  /** The number of the entry; 0 for a remark. */
  readonly number: number;
  readonly text: string;
  /** The length of the entry in bytes, if the text is only a part of it. */
  readonly bytes?: number | undefined;
  /** The log of another machine that the entry is from. */
  readonly source?: string | undefined;
  /** What it was found to be, once it was looked at. */
  shown?: unknown;
}

/** How many rows are kept. */
const MOST_ITEMS = 20_000;
/** How many characters they have together. */
const MOST_CHARACTERS = 24_000_000;

/** A ring of rows. */
export class EntryStore {
  #items: (Item | undefined)[] = new Array(MOST_ITEMS);
  #mostCharacters = MOST_CHARACTERS;
  #first = 0;
  #end = 0;
  #characters = 0;
  #lastNumber = 0;

  /** The place of the oldest row that is kept. */
  get first(): number {
    return this.#first;
  }

  /** The place after the newest row. */
  get end(): number {
    return this.#end;
  }

  /** How many rows are kept. */
  get length(): number {
    return this.#end - this.#first;
  }

  /** The number of the newest entry. */
  get lastNumber(): number {
    return this.#lastNumber;
  }

  /** The row at a place, if it is still kept. */
  at(place: number): Item | undefined {
    return place >= this.#first && place < this.#end
      ? this.#items[place % this.#items.length]
      : undefined;
  }

  /** The first row from a place on, forwards or backwards, that is an entry and no remark. */
  entryFrom(place: number, step: 1 | -1): Item | undefined {
    while (this.at(place)?.number === 0) place += step;
    return this.at(place);
  }

  /** The newest row of the entry of that number, if it is kept. */
  entry(number: number): Item | undefined {
    let place = this.#end - 1;
    while (place >= this.#first && this.at(place)?.number !== number) place--;
    return this.at(place);
  }

  /** Keeps up to so many rows and characters from now on, and forgets what it has. */
  resize(items: number, characters: number): void {
    this.clear();
    this.#items = new Array(items);
    this.#mostCharacters = characters;
  }

  /** Adds entries. */
  add(rows: readonly EntryRow[]): void {
    for (const [number, text, bytes, source] of rows) {
      this.#push({ place: this.#end, number, text, bytes: bytes ?? undefined, source });
      this.#lastNumber = number;
    }
  }

  /** Adds a remark. */
  remark(text: string): void {
    this.#push({ place: this.#end, number: 0, text });
  }

  /** Numbers start again. */
  restart(): void {
    this.#lastNumber = 0;
  }

  /** Forgets everything. */
  clear(): void {
    this.#items.fill(undefined);
    this.#first = this.#end;
    this.#characters = 0;
    this.#lastNumber = 0;
  }

  #push(item: Item): void {
    if (this.length === this.#items.length) this.#shift();
    this.#items[item.place % this.#items.length] = item;
    this.#end++;
    this.#characters += item.text.length;
    while (this.#characters > this.#mostCharacters && this.length > 1) this.#shift();
  }

  #shift(): void {
    const slot = this.#first++ % this.#items.length;
    this.#characters -= this.#items[slot]?.text.length ?? 0;
    this.#items[slot] = undefined;
  }
}
