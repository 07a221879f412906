/**
 * A line of JSON that is made in the log itself, byte by byte, and published at once.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { textEncoding } from "../../ffi/mod.ts";
import type { Borrower } from "../log/claim.ts";
import type { Writer } from "../log/writer.ts";
import { viewOf } from "../memory.ts";
import type { TextWriter } from "../log/utf8.ts";
import { NUMBER_ROOM, writeNumber } from "./digits.ts";
import type { Piece } from "./piece.ts";
import { ANY, isPlain, PLAIN, writeShort } from "./text.ts";

/** What a line is written to. */
export interface LineSink {
  /** Where lines can be made in place, if they can. */
  readonly lender: Writer | undefined;
  /** The size of the largest entry in bytes. */
  readonly maxEntrySize: number;
  /** How many bytes are kept of a line at most, in one entry or in several. */
  readonly maxLineSize: number;
  /** Writes a line that was made elsewhere, of which so many bytes were left out. Never throws. */
  write(line: string, omitted?: number): boolean;
  /** Counts a line that was made in place. */
  wrote(): void;
}

/** So many bytes are lent at least: most lines are shorter. */
const USUAL_SIZE = 512;
/** So many bytes of its own a line keeps for the next one. */
const KEPT_SIZE = 65536;
/** Nothing is left out of what is smaller, however little of it is kept. */
const LEAST_LIMIT = 65536;
/** Nothing is added any more when a line is so many times as large as what is kept of it. */
const MOST_SURPLUS = 8;
/** Up to this many characters a loop over them beats a call of the runtime. */
const SHORT_TEXT = Math.max(16, textEncoding.shortText);
/** Bytes that a word store may write after the end. */
const SLACK = 3;

/**
 * Makes one line after another. A line is in the room that the log's writer lends, as long as it fits
 * there and nobody else writes; then it moves to memory of its own, and is written as text in the end.
 *
 * Callers call `begin()`, then any of the methods that add to the line, then `finish()` or `drop()`.
 */
export class Line implements Borrower {
  start = 0;
  end = 0;
  /** Where the next byte goes. */
  at = 0;
  /** Objects that a value is in which is being added. */
  readonly ancestors: (object | undefined)[] = [];
  /** How many of them there are. */
  depth = 0;
  /** How often what is kept of a line is in a value: from 1 on its arrays need no more elements. */
  surplus = 0;
  /** Whether a line is so much larger that nothing more needs to be added. */
  isFull = false;
  /** How many bytes were left out at least. */
  omitted = 0;

  #view: DataView = NOWHERE;
  #bytes: Uint8Array = NO_BYTES;
  #writeText: TextWriter = writeNothing;
  // What says how many bytes are kept of a line, and where the value begins.
  #sink: LineSink | undefined;
  #valueStart = 0;
  // Whether the line is in the lender's room.
  #isLent = false;
  // The last lender, and views of its memory.
  #lender: Writer | undefined;
  #lentView: DataView = NOWHERE;
  #lentText: TextWriter = writeNothing;
  // Memory of its own, and views of it.
  #own: Uint8Array = NO_BYTES;
  #ownView: DataView = NOWHERE;
  #ownText: TextWriter = writeNothing;

  /** Begins a line for `sink`, or one that is only to be given as text. */
  begin(sink: LineSink | undefined): void {
    const lender = sink?.lender;
    this.#sink = sink;
    this.isFull = false;
    this.omitted = 0;
    if (lender === undefined) {
      this.#settleDown(0, 0, USUAL_SIZE);
      return;
    }
    const most = sink!.maxEntrySize;
    lender.lend(this, most < USUAL_SIZE ? most : USUAL_SIZE);
    if (lender !== this.#lender) this.#know(lender);
    this.#isLent = true;
    if (this.#view !== this.#lentView) {
      this.#view = this.#lentView;
      this.#bytes = lender.memory;
      this.#writeText = this.#lentText;
    }
    const { start } = this;
    this.at = start;
    if (this.end > start + most) this.end = start + most;
  }

  /** Publishes the line. Gives whether it is in the log. */
  finish(sink: LineSink): boolean {
    const lender = this.#lender;
    // A getter may have closed the sink, or made it write to another log.
    if (!this.#isLent || lender === undefined || lender !== sink.lender) {
      return sink.write(this.take(), this.omitted);
    }
    this.#isLent = false;
    lender.settle(this.at - this.start);
    sink.wrote();
    return true;
  }

  /** Ends the line, and gives it as text; nothing is published. */
  take(): string {
    const text = this.#toText();
    this.drop();
    return text;
  }

  /** Gives up the line. */
  drop(): void {
    this.#giveBack();
    this.#forget();
  }

  /** Begins a value, which is added member by member. */
  beginValue(): void {
    this.depth = 0;
    this.surplus = 0;
    this.#valueStart = this.length;
  }

  /** From how many bytes on parts are left out, which are not kept in any case. */
  get limit(): number {
    return Math.max(this.#sink?.maxLineSize ?? Infinity, LEAST_LIMIT);
  }

  /** How many bytes there are so far. */
  get length(): number {
    return this.at - this.start;
  }

  /** Forgets all but the first `length` bytes. */
  cut(length: number): void {
    this.at = this.start + length;
  }

  /** Changes one byte. */
  put(index: number, code: number): void {
    this.#view.setUint8(this.start + index, code);
  }

  /** Takes out one byte. */
  takeOut(index: number): void {
    const at = this.start + index;
    this.#bytes.copyWithin(at, at + 1, this.at);
    this.at--;
  }

  /** Adds bytes that were made before. */
  piece(piece: Piece): void {
    const { length } = piece;
    if (this.at + length + SLACK > this.end) this.#grow(length + SLACK);
    writeWords(this.#view, this.at, piece);
    this.at += length;
  }

  /** Adds one ASCII character. */
  byte(code: number): void {
    if (this.at >= this.end) this.#grow(1);
    this.#view.setUint8(this.at++, code);
  }

  /** Adds text as it is: JSON, made elsewhere. */
  raw(json: string): void {
    let size = json.length * 3;
    if (this.at + size > this.end) {
      size = textEncoding.byteLength(json);
      if (this.at + size > this.end) this.#grow(size);
    }
    const next = json.length <= SHORT_TEXT ? writeShort(this.#view, this.at, json, ANY) : -1;
    this.at = next >= 0 ? next : this.at + this.#writeText(json, this.at, size);
  }

  /** Adds a key with the quote after it, and the rest of a JSON string: all at once. */
  text(key: Piece, text: string): void {
    const { length } = text;
    const size = key.length + length + 1 + SLACK;
    if (this.at + size > this.end) {
      if (length > this.limit) return this.text(key, this.#shortened(text));
      this.#grow(size);
    }
    const view = this.#view;
    const at = this.at + key.length;
    writeWords(view, this.at, key);
    const next = length > SHORT_TEXT ? -1 : writeShort(view, at, text, PLAIN);
    if (next >= 0) {
      view.setUint8(next, 0x22);
      this.at = next + 1;
    } else {
      // It writes the quote itself.
      this.at = at - 1;
      this.#longString(text);
    }
  }

  /** Adds a key and a number that is finite. */
  numeral(key: Piece, value: number): void {
    const size = key.length + NUMBER_ROOM + SLACK;
    if (this.at + size > this.end) this.#grow(size);
    const at = this.at + key.length;
    writeWords(this.#view, this.at, key);
    const next = writeNumber(this.#view, at, value);
    if (next >= 0) this.at = next;
    else {
      this.at = at;
      this.raw(String(value));
    }
  }

  /** Adds a JSON string. */
  string(text: string): void {
    const { length } = text;
    if (length <= SHORT_TEXT) {
      if (this.at + length + 2 > this.end) this.#grow(length + 2);
      const view = this.#view;
      const next = writeShort(view, this.at + 1, text, PLAIN);
      if (next >= 0) {
        view.setUint8(this.at, 0x22);
        view.setUint8(next, 0x22);
        this.at = next + 1;
        return;
      }
    }
    this.#longString(text);
  }

  /** Adds a number that is finite. */
  number(value: number): void {
    if (this.at + NUMBER_ROOM > this.end) this.#grow(NUMBER_ROOM);
    const next = writeNumber(this.#view, this.at, value);
    if (next >= 0) this.at = next;
    else this.raw(String(value));
  }

  /** Moves to memory of its own: the room is needed for something else. */
  leave(): void {
    this.#isLent = false;
    this.#settleDown(this.start, this.at, USUAL_SIZE);
  }

  #longString(text: string): void {
    if (text.length > this.limit) text = this.#shortened(text);
    // A stack, mostly.
    if (text.length > SHORT_TEXT && text.includes("\n")) return this.raw(JSON.stringify(text));
    let size = text.length * 3;
    if (this.at + size + 2 > this.end) {
      size = textEncoding.byteLength(text);
      if (this.at + size + 2 > this.end) this.#grow(size + 2);
    }
    const { at } = this;
    const written = this.#writeText(text, at + 1, size);
    const end = at + 1 + written;
    // Halves of pairs are escaped in JSON; in UTF-8 there is no such thing.
    const isWhole = written === text.length || text.isWellFormed();
    if (!isWhole || !isPlain(this.#view, at + 1, end)) {
      this.raw(JSON.stringify(text));
      return;
    }
    this.#view.setUint8(at, 0x22);
    this.#view.setUint8(end, 0x22);
    this.at = end + 1;
  }

  /** A character takes a byte at least: what is left out here would be later. */
  #shortened(text: string): string {
    const { limit } = this;
    this.omitted += text.length - limit;
    return text.slice(0, limit);
  }

  #grow(bytes: number): void {
    const needed = this.at - this.start + bytes;
    const { limit } = this;
    this.surplus = Math.floor((needed - this.#valueStart) / limit);
    if (needed > MOST_SURPLUS * limit) this.isFull = true;
    this.#giveBack();
    this.#settleDown(this.start, this.at, Math.max(2 * needed, USUAL_SIZE));
  }

  #giveBack(): void {
    if (!this.#isLent) return;
    this.#isLent = false;
    this.#lender?.settle(-1);
  }

  /** Moves what there is from `from` to `to` to memory of its own, of at least `size` bytes. */
  #settleDown(from: number, to: number, size: number): void {
    const length = to - from;
    if (this.#own.length < Math.max(size, length)) {
      const own = new Uint8Array(new ArrayBuffer(Math.max(size, length) + SLACK));
      this.#own = own;
      this.#ownView = viewOf(own);
      this.#ownText = textEncoding.writerInto(own);
    }
    // A log that was closed has no memory any more.
    if (length > 0 && this.#own !== this.#bytes) this.#own.set(this.#bytes.subarray(from, to));
    this.#bytes = this.#own;
    this.#view = this.#ownView;
    this.#writeText = this.#ownText;
    this.start = 0;
    this.at = length;
    this.end = this.#own.length - SLACK;
  }

  /** Keeps no large memory for the next line. */
  #forget(): void {
    if (this.#own.length <= KEPT_SIZE) return;
    this.#own = this.#bytes = NO_BYTES;
    this.#ownView = this.#view = NOWHERE;
  }

  #know(lender: Writer): void {
    this.#lender = lender;
    this.#lentView = viewOf(lender.memory);
    this.#lentText = textEncoding.writerInto(lender.memory);
  }

  #toText(): string {
    const { buffer, byteOffset } = this.#bytes;
    return Buffer.from(buffer, byteOffset + this.start, this.at - this.start).toString();
  }
}

/** By the length of the piece: V8 takes longer to ask the array. */
function writeWords(view: DataView, at: number, { words, length }: Piece): void {
  for (let i = 0; i < length; i += 4) view.setInt32(at + i, words[i >>> 2], true);
}

const NO_BYTES = new Uint8Array(0);
const NOWHERE = viewOf(NO_BYTES);
const writeNothing: TextWriter = () => 0;
