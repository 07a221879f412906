/**
 * Lines of container runtimes (CRI) that were too long for an entry, put together again: wherever lines
 * are shown. Runs in a browser, too.
 *
 * @module
 */

import { type CriLine, type CriStream, parseCri } from "./cri.ts";

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
  /** The head of an entry, if it has one. */
  headOf(item: Item): CriLine | undefined;
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
  readonly #lines = new Map<CriStream, Line<Item>>();
  #size = 0;

  /** Puts entries of one log together. */
  constructor(entries: LineParts<Item>) {
    this.#entries = entries;
  }

  /** How much is kept. */
  get size(): number {
    return this.#size;
  }

  /** The entry, or the line of which it is the last part; `undefined` if more of that is to come. */
  take(item: Item): Item | undefined {
    const head = this.#entries.headOf(item);
    if (head === undefined) return item;
    const { stream, isPart, start } = head;
    let line = this.#lines.get(stream);
    if (line === undefined) {
      if (!isPart) return item;
      this.#lines.set(stream, line = { parts: [], size: 0 });
    }
    const size = this.#entries.sizeOf(item);
    line.parts.push({ item, start });
    line.size += size;
    this.#size += size;
    if (isPart && this.#size < this.#entries.most) return undefined;
    this.#lines.delete(stream);
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
