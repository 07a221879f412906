/**
 * The level of a record in JSON, from its bytes.
 *
 * @module
 */

import { decodeText } from "../../decode_text.ts";
import { levelOfSeverityNumber, type LogLevel, toLevel } from "../level.ts";
import { LEVEL } from "../recognize.ts";
import { headOfBytes } from "../whole_lines.ts";
import { FlatLine, STRING } from "./flat_line.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const SMALL_E = 0x65;
const SMALL_U = 0x75;
const T = 0x54;
const [OPEN_OBJECT, CLOSE_OBJECT] = [0x7b, 0x7d];
const [OPEN_LIST, CLOSE_LIST] = [0x5b, 0x5d];

/** Bytes that are no plain part of a string: its end, a backslash, what JSON does not allow in it. */
const ENDS_PLAIN = new Uint8Array(256).fill(1, 0, 0x20);
ENDS_PLAIN[QUOTE] = ENDS_PLAIN[BACKSLASH] = 1;
/** What may stand after a backslash. */
const IS_ESCAPE = tableOf('"\\/bfnrtu');
const IS_HEX = tableOf("0123456789abcdefABCDEF");
const WORDS = ["true", "false", "null"].map((word) => new TextEncoder().encode(word));

/** What is nested deeper is parsed. */
const DEEPEST = 16;
/** No level is longer. */
const MOST_LEVEL = 40;
/** How many ways to write a level are remembered; a program has six. */
const MOST_SPELLINGS = 64;

/** The names of the level of a record that are understood here, in the order in which they count. */
const [FIRST, SECOND, THIRD] = ["level", "severity", "severityNumber"];
/** Names that lead elsewhere; the last one to the record of an export request of OpenTelemetry. */
const OTHERS = [...LEVEL.filter((name) => name !== FIRST && name !== SECOND), "resourceLogs"];

interface Name {
  readonly bytes: Uint8Array;
  /** Which of the names of the level it is; -1: one of the others. */
  readonly rank: number;
}

/** The names, by their lengths: the length tells most others from them. */
const NAMES: Name[][] = [];
for (const name of [FIRST, SECOND, THIRD, ...OTHERS]) {
  (NAMES[name.length] ??= []).push({
    bytes: new TextEncoder().encode(name),
    rank: [FIRST, SECOND, THIRD].indexOf(name),
  });
}
const NONE: readonly Name[] = [];
/** What any other name says. */
const NOTHING = -1;

/** How a level was written, and what it means. */
interface Spelling {
  readonly bytes: Uint8Array;
  readonly level: LogLevel | undefined;
}

/**
 * Tells the level that `recognizeRecord()` would find in a line, without making anything of it: several
 * times faster. The line is read to its end, for what is no JSON, or has a second level, is another record,
 * or none.
 */
export class JsonLevel {
  readonly #spellings: readonly Spelling[][] = [[], [], []];
  /** Most lines, several times faster. */
  readonly #flat = new FlatLine(
    (name) => OTHERS.includes(name) ? undefined : [FIRST, SECOND, THIRD].indexOf(name),
    (bytes, at, end) => endOfValue(bytes, at, end, 0),
  );
  // Where the values under these names are; an end of 0 is nowhere.
  readonly #starts = new Int32Array(3);
  readonly #ends = new Int32Array(3);

  /** The level of the line from `start` to `end`; `undefined` if it has none, or must be parsed. */
  of(bytes: Uint8Array, start: number, end: number): LogLevel | undefined {
    let at = start;
    if (bytes[start + 4] === MINUS && bytes[start + 10] === T) {
      const line = headOfBytes(bytes.subarray(start, end));
      if (line === undefined) return undefined;
      at += line.start;
    }
    if (bytes[at] !== OPEN_OBJECT) return undefined;
    if (this.#flat.read(bytes, at, end)) return this.#levelInFlat(bytes);
    if (!this.#findNames(bytes, at + 1, end)) return undefined;
    // A value that means no level would leave it to the next name, which is rare: then it is parsed.
    const rank = this.#ends.findIndex((end) => end > 0);
    return rank < 0 ? undefined : this.#levelIn(rank, bytes, this.#starts[rank], this.#ends[rank]);
  }

  /** The level in the fields of an object without others in it. */
  #levelInFlat(bytes: Uint8Array): LogLevel | undefined {
    const { count, meanings, kinds, starts, ends } = this.#flat;
    let field = -1;
    for (let i = 0; i < count; i++) {
      const rank = meanings[i];
      if (rank !== NOTHING && (field < 0 || rank < meanings[field])) field = i;
    }
    if (field < 0) return undefined;
    const quote = kinds[field] === STRING ? 1 : 0;
    return this.#levelIn(meanings[field], bytes, starts[field] - quote, ends[field] + quote);
  }

  /** Finds the names in an object; `false` if it is no JSON, or one that must be parsed. */
  #findNames(bytes: Uint8Array, at: number, end: number): boolean {
    this.#ends.fill(0);
    for (;;) {
      at = skipSpace(bytes, at, end);
      if (at >= end || bytes[at] !== QUOTE) return false;
      const start = ++at;
      while (at < end && ENDS_PLAIN[bytes[at]] === 0) at++;
      // Behind an escape may be any name.
      if (at >= end || bytes[at] !== QUOTE) return false;
      const nameEnd = at;
      at = skipSpace(bytes, at + 1, end);
      if (at >= end || bytes[at] !== COLON) return false;
      at = skipSpace(bytes, at + 1, end);
      const valueStart = at;
      at = endOfValue(bytes, at, end, 0);
      if (at < 0) return false;
      for (const name of NAMES[nameEnd - start] ?? NONE) {
        if (!isSame(name.bytes, bytes, start)) continue;
        // Of two the last one counts: that is left to the parser.
        if (name.rank < 0 || this.#ends[name.rank] !== 0) return false;
        this.#starts[name.rank] = valueStart;
        this.#ends[name.rank] = at;
      }
      at = skipSpace(bytes, at, end);
      if (at >= end) return false;
      if (bytes[at] === CLOSE_OBJECT) return skipSpace(bytes, at + 1, end) === end;
      if (bytes[at] !== COMMA) return false;
      at++;
    }
  }

  #levelIn(rank: number, bytes: Uint8Array, start: number, end: number): LogLevel | undefined {
    const spellings = this.#spellings[rank];
    for (const known of spellings) {
      if (known.bytes.length === end - start && isSame(known.bytes, bytes, start)) {
        return known.level;
      }
    }
    if (end - start > MOST_LEVEL) return undefined;
    const spelling = bytes.slice(start, end);
    const value: unknown = JSON.parse(decodeText(spelling));
    const level = rank === 2 ? levelOfSeverityNumber(value) : toLevel(value);
    if (spellings.length < MOST_SPELLINGS) spellings.push({ bytes: spelling, level });
    return level;
  }
}

function isSame(wanted: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}

// The functions below return the place after what they read, or -1 if JSON has nothing like it.

function endOfValue(bytes: Uint8Array, at: number, end: number, depth: number): number {
  if (at >= end) return -1;
  const byte = bytes[at];
  if (byte === QUOTE) return endOfString(bytes, at + 1, end);
  if (byte === MINUS || isDigit(byte)) return endOfNumber(bytes, at, end);
  if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
    return depth === DEEPEST ? -1 : endOfItems(bytes, at + 1, end, depth, byte === OPEN_OBJECT);
  }
  for (const word of WORDS) {
    if (end - at >= word.length && isSame(word, bytes, at)) return at + word.length;
  }
  return -1;
}

function endOfString(bytes: Uint8Array, at: number, end: number): number {
  for (;; at++) {
    while (at < end && ENDS_PLAIN[bytes[at]] === 0) at++;
    if (at >= end) return -1;
    if (bytes[at] === QUOTE) return at + 1;
    if (bytes[at] !== BACKSLASH || ++at >= end || IS_ESCAPE[bytes[at]] === 0) return -1;
    if (bytes[at] !== SMALL_U) continue;
    if (at + 4 >= end) return -1;
    for (let i = 0; i < 4; i++) if (IS_HEX[bytes[++at]] === 0) return -1;
  }
}

function endOfNumber(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] === MINUS) at++;
  const start = at;
  at = skipDigits(bytes, at, end);
  // No zero in front of others.
  if (at === start || (bytes[start] === ZERO && at - start > 1)) return -1;
  if (at < end && bytes[at] === DOT) {
    const fraction = ++at;
    at = skipDigits(bytes, at, end);
    if (at === fraction) return -1;
  }
  if (at < end && (bytes[at] | 0x20) === SMALL_E) {
    at++;
    if (at < end && (bytes[at] === PLUS || bytes[at] === MINUS)) at++;
    const exponent = at;
    at = skipDigits(bytes, at, end);
    if (at === exponent) return -1;
  }
  return at;
}

/** Of an object or a list, from after its bracket. */
function endOfItems(
  bytes: Uint8Array,
  at: number,
  end: number,
  depth: number,
  isObject: boolean,
): number {
  const close = isObject ? CLOSE_OBJECT : CLOSE_LIST;
  at = skipSpace(bytes, at, end);
  if (at < end && bytes[at] === close) return at + 1;
  for (;;) {
    if (isObject) {
      if (at >= end || bytes[at] !== QUOTE) return -1;
      at = endOfString(bytes, at + 1, end);
      if (at < 0) return -1;
      at = skipSpace(bytes, at, end);
      if (at >= end || bytes[at] !== COLON) return -1;
      at = skipSpace(bytes, at + 1, end);
    }
    at = endOfValue(bytes, at, end, depth + 1);
    if (at < 0) return -1;
    at = skipSpace(bytes, at, end);
    if (at >= end) return -1;
    if (bytes[at] === close) return at + 1;
    if (bytes[at] !== COMMA) return -1;
    at = skipSpace(bytes, at + 1, end);
  }
}

function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && isSpace(bytes[at])) at++;
  return at;
}

function skipDigits(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && isDigit(bytes[at])) at++;
  return at;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte <= 0x0d && (byte === 0x0a || byte === 0x0d || byte === 0x09));
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}
