/**
 * Lines of container runtimes (CRI) that were too long for an entry, put together again: wherever lines
 * are shown, or asked. Runs in a browser, too.
 *
 * @module
 */

import { type CriLine, parseCri } from "./cri.ts";

/** Where the tag is, from the end of the head on: `F `. */
const TAG = 2;
/** The same from the end of the time on: ` stdout F`. */
const TAG_AFTER_TIME = 8;
/** No head is longer. */
const MOST_HEAD = 64;
const SPACE = 0x20;
const DASH = 0x2d;
const T = 0x54;
const PART = 0x50;
const FULL = 0x46;

/** A part of a line, and where its text begins. */
export interface LinePart<Item> {
  item: Item;
  start: number;
}

/** What is to be known of entries. */
export interface LineParts<Item> {
  /** Whether an entry may be a part of a line, and not its last one: a quick look. */
  mayBePart(item: Item): boolean;
  /** The head of an entry, if it has one. */
  headOf(item: Item): CriLine | undefined;
  /** The log that it is from, in a log of several: lines of each are by themselves. */
  sourceOf?(item: Item): string | undefined;
  /** Its size, as `most` counts it. */
  sizeOf(item: Item): number;
  /** The line of these parts, in the place of the last one; `isWhole` if that ends it. */
  join(parts: readonly LinePart<Item>[], isWhole: boolean): Item;
  /** How much may be kept until the ends come. What is more stays in pieces. */
  most: number;
}

interface Line<Item> {
  parts: LinePart<Item>[];
  size: number;
}

/** Puts the parts of lines together, those of each stream of a log by themselves. */
export class WholeLines<Item> {
  readonly #entries: LineParts<Item>;
  readonly #lines = new Map<string, Line<Item>>();
  #size = 0;

  /** Puts entries of one log together, which it must see in their order. */
  constructor(entries: LineParts<Item>) {
    this.#entries = entries;
  }

  /** How much is kept. */
  get size(): number {
    return this.#size;
  }

  /** The entry, or the line of which it is the last part; `undefined` if more of that is to come. */
  take(item: Item): Item | undefined {
    // All other lines should cost no more than this.
    if (this.#lines.size === 0 && !this.#entries.mayBePart(item)) return item;
    const head = this.#entries.headOf(item);
    if (head === undefined) return item;
    const { stream, isPart, start } = head;
    const source = this.#entries.sourceOf?.(item);
    const key = source === undefined ? stream : `${stream} ${source}`;
    let line = this.#lines.get(key);
    if (line === undefined) {
      if (!isPart) return item;
      this.#lines.set(key, line = { parts: [], size: 0 });
    }
    const size = this.#entries.sizeOf(item);
    line.parts.push({ item, start });
    line.size += size;
    this.#size += size;
    if (isPart && this.#size < this.#entries.most) return undefined;
    this.#lines.delete(key);
    this.#size -= line.size;
    return this.#entries.join(line.parts, !isPart);
  }

  /** What was begun, and has no end. */
  rest(): Item[] {
    const lines = [...this.#lines.values()];
    this.#lines.clear();
    this.#size = 0;
    return lines.map(({ parts }) => this.#entries.join(parts, false));
  }
}

/** An entry, and what is known of its line. */
interface Held<Item, Answer> {
  readonly item: Item;
  /** Of a line that was put together, its parts. */
  readonly parts?: readonly Held<Item, Answer>[];
  answer?: Answer;
  isAnswered: boolean;
}

/** An entry, and the answer of its line. */
export interface AskedEntry<Item, Answer> {
  readonly item: Item;
  readonly answer: Answer;
}

/** What an entry that is held takes besides its text, about, in bytes. */
const HELD_SIZE = 64;

/**
 * Asks lines, and gives entries in their order, each with the answer of its line: all parts of one have the
 * same. What comes after a part is held until its line has its end, or until too much is held: then lines are
 * asked as far as they are there.
 */
export class AskedLines<Item, Answer> {
  readonly #entries: LineParts<Item>;
  readonly #ask: (line: Item) => Answer;
  readonly #lines: WholeLines<Held<Item, Answer>>;
  readonly #held: Held<Item, Answer>[] = [];
  /** How many of these were given. */
  #given = 0;
  #size = 0;

  /** Asks lines of one log by `ask`. */
  constructor(entries: LineParts<Item>, ask: (line: Item) => Answer) {
    this.#entries = entries;
    this.#ask = ask;
    this.#lines = new WholeLines<Held<Item, Answer>>({
      mayBePart: ({ item }) => entries.mayBePart(item),
      headOf: ({ item }) => entries.headOf(item),
      sizeOf: ({ item }) => entries.sizeOf(item),
      sourceOf: ({ item }) => entries.sourceOf?.(item),
      join: (parts, isWhole) => ({
        item: entries.join(parts.map(({ item: { item }, start }) => ({ item, start })), isWhole),
        parts: parts.map(({ item }) => item),
        isAnswered: false,
      }),
      most: entries.most,
    });
  }

  /** How many entries are held. */
  get length(): number {
    return this.#held.length - this.#given;
  }

  /** The entry that is held for longest. */
  get oldest(): Item | undefined {
    return this.#held[this.#given]?.item;
  }

  /** Takes the next entry; then `next()` gives what is known by that. */
  take(item: Item): void {
    const held: Held<Item, Answer> = { item, isAnswered: false };
    this.#held.push(held);
    this.#size += this.#entries.sizeOf(item) + HELD_SIZE;
    const line = this.#lines.take(held);
    if (line !== undefined) this.#answer(line);
    if (this.#size >= this.#entries.most) this.giveUp();
  }

  /** Waits no longer for what has no end: it is asked as far as it is there. */
  giveUp(): void {
    for (const line of this.#lines.rest()) this.#answer(line);
  }

  /** The next entry whose line was asked; `undefined` after the last of these. */
  next(): AskedEntry<Item, Answer> | undefined {
    const first = this.#held[this.#given];
    if (first === undefined || !first.isAnswered) return undefined;
    this.#size -= this.#entries.sizeOf(first.item) + HELD_SIZE;
    // Where parts of two streams alternate, there may always be some that are held.
    if (2 * ++this.#given >= this.#held.length) {
      this.#held.copyWithin(0, this.#given);
      this.#held.length -= this.#given;
      this.#given = 0;
    }
    return { item: first.item, answer: first.answer! };
  }

  #answer(line: Held<Item, Answer>): void {
    const answer = this.#ask(line.item);
    for (const part of line.parts ?? [line]) {
      part.answer = answer;
      part.isAnswered = true;
    }
  }
}

/** The head of such a line in bytes; others cost a look at two of them. */
export function headOfBytes(bytes: Uint8Array): CriLine | undefined {
  if (bytes[4] !== DASH || bytes[10] !== T) return undefined;
  return parseCri(String.fromCharCode(...bytes.subarray(0, MOST_HEAD)));
}

/** Whether the bytes from `start` to `end` may be a part of a line, and not its last one: a quick look. */
export function mayBePart(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start + 4] !== DASH || bytes[start + 10] !== T) return false;
  const space = bytes.indexOf(SPACE, start);
  return space >= 0 && space + TAG_AFTER_TIME < end && bytes[space + TAG_AFTER_TIME] !== FULL;
}

/** The same of a text. */
export function mayBePartText(text: string): boolean {
  if (text[4] !== "-" || text[10] !== "T") return false;
  const space = text.indexOf(" ");
  return space >= 0 && space + TAG_AFTER_TIME < text.length && text[space + TAG_AFTER_TIME] !== "F";
}

/** The bytes of a line. */
export function joinBytes(
  parts: readonly LinePart<{ readonly bytes: Uint8Array }>[],
  isWhole: boolean,
): Uint8Array {
  const texts = parts.map(({ item, start }, i) =>
    i === 0 ? item.bytes : item.bytes.subarray(start)
  );
  const bytes = new Uint8Array(texts.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const text of texts) {
    bytes.set(text, at);
    at += text.length;
  }
  const tag = bytes.lastIndexOf(PART, parts[0].start - TAG);
  if (isWhole && tag >= 0) bytes[tag] = FULL;
  return bytes;
}

/** The text of a line. */
export function joinText(
  parts: readonly LinePart<{ readonly text: string }>[],
  isWhole: boolean,
): string {
  const [{ item: { text: first }, start }] = parts;
  const tag = first.lastIndexOf("P", start - TAG);
  const head = isWhole && tag >= 0 ? `${first.slice(0, tag)}F${first.slice(tag + 1)}` : first;
  return head + parts.slice(1).map(({ item, start }) => item.text.slice(start)).join("");
}
