/**
 * Lines of JSON without anything nested, as programs write most of them: where their names and values are,
 * without making anything of them. Runs in a browser, too.
 *
 * @module
 */

import { decodeText } from "../../decode_text.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const [OPEN_OBJECT, CLOSE_OBJECT] = [0x7b, 0x7d];

/** More is left to a parser. */
const MOST_FIELDS = 48;
const MOST_NAMES = 1024;
/** So many digits are exact in a number, and so many may follow "0." without an exponent. */
const MOST_DIGITS = 15;
const MOST_SMALL_DIGITS = 6;

/** Bytes that a string can't have as they are: its end, a backslash, controls. */
const ENDS_STRING = new Uint8Array(256).fill(1, 0, 0x20);
ENDS_STRING[QUOTE] = ENDS_STRING[BACKSLASH] = 1;
const WORDS = ["true", "false", "null"].map((word) => new TextEncoder().encode(word));

/** What a value is. */
export const [STRING, NUMBER, WORD] = [0, 1, 2];

/** The place after an object or a list; -1 if that is something else. */
type EndOfNested = (bytes: Uint8Array, at: number, end: number) => number;

/** A name, and what somebody knows of it. */
interface Name<T> {
  /** `"name":`, which is four bytes at least. */
  readonly bytes: Uint8Array;
  /** How many they are: V8 takes long to ask the array. */
  readonly length: number;
  /** The first four of them, and the last four. */
  readonly head: number;
  readonly tail: number;
  readonly meaning: T;
  /** The number of the last line that has it. */
  line: number;
}

/**
 * Reads such lines, one after the other. Programs write the same names in the same order again and again:
 * so each name is compared with the one that was in its place in the line before. `T` is what names mean.
 */
export class FlatLine<T> {
  /** How many fields the line has. */
  count = 0;
  /** What the name of each means, what its value is, and from where to where: of strings without quotes. */
  readonly meanings: T[] = [];
  readonly kinds: Uint8Array = new Uint8Array(MOST_FIELDS);
  readonly starts: Int32Array = new Int32Array(MOST_FIELDS);
  readonly ends: Int32Array = new Int32Array(MOST_FIELDS);
  readonly #meaningOf: (name: string) => T | undefined;
  readonly #endOfNested: EndOfNested | undefined;
  readonly #names = new Map<string, Name<T> | undefined>();
  readonly #expected: Name<T>[] = [];
  #line = 0;
  #bytes: Uint8Array | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));

  /**
   * `meaningOf` says what a name means; `undefined`: lines with it are left to a parser. With `endOfNested`
   * lines may have objects and lists in them, which count as words.
   */
  constructor(meaningOf: (name: string) => T | undefined, endOfNested?: EndOfNested) {
    this.#meaningOf = meaningOf;
    this.#endOfNested = endOfNested;
  }

  /**
   * Reads the line from `start` to `end`; `false` if it is something else, or written in another way than
   * by `JSON.stringify()`, or has escapes, a name twice, or a number that would be printed in another way.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    // Some end with a line end.
    while (end > start && isSpace(bytes[end - 1])) end--;
    if (bytes[start] !== OPEN_OBJECT || bytes[end - 1] !== CLOSE_OBJECT) return false;
    const last = end - 1;
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    const view = this.#view;
    const { kinds, starts, ends, meanings } = this;
    const line = ++this.#line;
    let at = start + 1;
    for (let count = 0; count < MOST_FIELDS; count++) {
      let name = this.#expected[count];
      if (name === undefined || !isNameAt(name, bytes, view, at, last)) {
        const other = this.#nameAt(bytes, at, last);
        if (other === undefined) return false;
        this.#expected[count] = name = other;
      }
      if (name.line === line) return false;
      name.line = line;
      meanings[count] = name.meaning;
      at += name.length;
      const first = bytes[at];
      if (first === QUOTE) {
        kinds[count] = STRING;
        starts[count] = ++at;
        while (at < last && ENDS_STRING[bytes[at]] === 0) at++;
        if (at >= last || bytes[at] !== QUOTE) return false;
        ends[count] = at++;
      } else if (first === MINUS || isDigit(first)) {
        kinds[count] = NUMBER;
        starts[count] = at;
        at = endOfNumber(bytes, at);
        if (at < 0) return false;
        ends[count] = at;
      } else {
        kinds[count] = WORD;
        starts[count] = at;
        const isNested = first === OPEN_OBJECT || first === OPEN_LIST;
        at = isNested ? this.#endOfNested?.(bytes, at, last) ?? -1 : endOfWord(bytes, at);
        if (at < 0) return false;
        ends[count] = at;
      }
      if (at === last) {
        this.count = count + 1;
        return true;
      }
      if (at > last || bytes[at] !== COMMA) return false;
      at++;
    }
    return false;
  }

  /** The name at a place, which may be a new one. */
  #nameAt(bytes: Uint8Array, at: number, last: number): Name<T> | undefined {
    if (bytes[at] !== QUOTE) return undefined;
    let end = at + 1;
    // Of ASCII: what is not may be broken.
    while (end < last && ENDS_STRING[bytes[end]] === 0 && bytes[end] < 0x7f) end++;
    if (end + 1 >= last || bytes[end] !== QUOTE || bytes[end + 1] !== 0x3a) return undefined;
    const text = decodeText(bytes.subarray(at + 1, end));
    if (!this.#names.has(text)) {
      if (this.#names.size >= MOST_NAMES) this.#names.clear();
      // Numbers come first in an object, and these two are not names like others.
      const meaning = /^\d|^__proto__$|^$/.test(text) ? undefined : this.#meaningOf(text);
      const name = meaning === undefined ? undefined : {
        bytes: bytes.slice(at, end + 2),
        length: end + 2 - at,
        head: this.#view.getInt32(at),
        tail: this.#view.getInt32(end - 2),
        meaning,
        line: 0,
      };
      this.#names.set(text, name);
    }
    return this.#names.get(text);
  }
}

/** Compares most names by two loads. */
function isNameAt(
  name: Name<unknown>,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  last: number,
): boolean {
  const tail = at + name.length - 4;
  if (tail + 4 > last || view.getInt32(at) !== name.head || view.getInt32(tail) !== name.tail) {
    return false;
  }
  for (let i = 4; i < name.length - 4; i++) if (bytes[at + i] !== name.bytes[i]) return false;
  return true;
}

function isAt(wanted: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

/** The end of true, false or null; -1 if there is something else. A closure would slow the whole loop down. */
function endOfWord(bytes: Uint8Array, at: number): number {
  for (const word of WORDS) if (isAt(word, bytes, at)) return at + word.length;
  return -1;
}

/** The end of a number that is printed as it is written; -1 if it may not be. */
function endOfNumber(bytes: Uint8Array, at: number): number {
  const isNegative = bytes[at] === MINUS;
  if (isNegative) at++;
  const start = at;
  while (isDigit(bytes[at])) at++;
  const digits = at - start;
  const isZero = bytes[start] === ZERO;
  if (digits === 0 || digits > MOST_DIGITS || (isZero && digits > 1)) return -1;
  if (bytes[at] !== DOT) {
    // What has an exponent is left to a parser, by what comes next; and -0 is printed as 0.
    return isNegative && isZero ? -1 : at;
  }
  const fraction = ++at;
  while (isDigit(bytes[at])) at++;
  const places = at - fraction;
  const isExact = places > 0 && bytes[at - 1] !== ZERO && digits + places <= MOST_DIGITS &&
    (!isZero || places <= MOST_SMALL_DIGITS);
  return isExact ? at : -1;
}

function isSpace(byte: number): boolean {
  return byte === 0x0a || byte === 0x20 || byte === 0x0d || byte === 0x09;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}
