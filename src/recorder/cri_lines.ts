/**
 * What a program prints, as entries in the format of container runtimes (CRI).
 *
 * @module
 */

import type { CriStream } from "../records/cri.ts";

/** What takes entries. */
export interface EntryTarget {
  /** The size of the largest entry in bytes. */
  readonly maxEntrySize: number;
  /** Takes an entry; its bytes are valid during the call. */
  write(entry: Uint8Array): unknown;
}

/** How to make entries of lines. */
export interface CriLinesOptions {
  /** Makes another text of that of a line, before it is recorded. */
  mask?: (text: string) => string;
  /** The largest part of a line in bytes. Default 64 KiB, or what an entry of the log has room for. */
  maxPart?: number;
}

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const FULL = 0x46;
const PART = 0x50;
/** `2026-11-29T20:00:00.123456789Z stderr F `. */
const HEAD_SIZE = 40;
const TAG = 38;
/** What the largest entry of a log must have room for, in bytes: a head, and the longest character. */
const LEAST_ENTRY: number = HEAD_SIZE + 4;
/** How many bytes are taken at once. */
const ROOM = 1 << 18;
const MAX_PART = 1 << 16;
/** How long a line may be that is masked: as a whole, so that nothing is missed at the edge of a part. */
const MAX_MASKED = 1 << 20;
/** What is not recorded before the end of what is masked of a longer line: something secret may end after it. */
const MASKED_EDGE = 4096;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Throws if a log is too small for lines with a head. */
export function checkEntrySize({ maxEntrySize }: Pick<EntryTarget, "maxEntrySize">): void {
  if (maxEntrySize >= LEAST_ENTRY) return;
  throw new RangeError(
    `the entries of the log have at most ${maxEntrySize} bytes, and a line with its time needs ` +
      `${LEAST_ENTRY} or more: choose another log`,
  );
}

/**
 * Makes entries of the bytes of one stream. They are made in place, before the bytes of the line: so
 * a line costs one copy, that into the log.
 */
export class CriLines {
  readonly #target: EntryTarget;
  readonly #mask: ((text: string) => string) | undefined;
  readonly #maxPart: number;
  /** How much of a line is kept until its end comes. */
  readonly #most: number;
  readonly #clock: HeadClock = new HeadClock();
  readonly #head: Uint8Array;
  /** Room for a head, for what is kept of a line, and for new bytes. */
  readonly #buffer: Uint8Array;
  readonly #from: number;
  /** How many bytes before `#from` are kept. */
  #kept = 0;
  /** How many bytes of a line that is too long to be masked are not recorded. */
  #skipped = 0;
  #isSkipping = false;

  /**
   * Makes entries of a stream's lines.
   *
   * @throws {RangeError} if the entries of the log are too small for that
   */
  constructor(target: EntryTarget, stream: CriStream, options: CriLinesOptions = {}) {
    checkEntrySize(target);
    this.#target = target;
    this.#mask = options.mask;
    const { maxPart = MAX_PART } = options;
    this.#maxPart = Math.min(maxPart, target.maxEntrySize - HEAD_SIZE);
    this.#most = this.#mask === undefined ? this.#maxPart : MAX_MASKED;
    this.#head = encoder.encode(`${"0".repeat(30)} ${stream} F `);
    this.#from = HEAD_SIZE + this.#most;
    this.#buffer = new Uint8Array(this.#from + ROOM);
  }

  /** Where the next bytes of the stream are to be put: then call {@linkcode CriLines.take}. */
  get room(): Uint8Array {
    return this.#buffer.subarray(this.#from);
  }

  /** Takes the bytes that were put into the room. */
  take(count: number): void {
    this.#clock.stamp(this.#head);
    const end = this.#from + count;
    const bytes = this.#buffer.subarray(0, end);
    let start = this.#from - this.#kept;
    // In what is kept is no line end.
    let newline = bytes.indexOf(NEWLINE, this.#from);
    while (newline >= 0) {
      const hasReturn = newline > start && bytes[newline - 1] === CARRIAGE_RETURN;
      this.#line(start, hasReturn ? newline - 1 : newline);
      start = newline + 1;
      newline = bytes.indexOf(NEWLINE, start);
    }
    this.#keep(start, end);
  }

  /** Takes bytes that are elsewhere. */
  push(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; at += ROOM) {
      const part = piece.subarray(at, at + ROOM);
      this.#buffer.set(part, this.#from);
      this.take(part.length);
    }
  }

  /** Ends the last line, if it has no line end. */
  end(): void {
    if (this.#kept === 0 && !this.#isSkipping) return;
    this.#clock.stamp(this.#head);
    this.#line(this.#from - this.#kept, this.#from);
    this.#kept = 0;
  }

  /** A line, or the last part of one. */
  #line(start: number, end: number): void {
    if (this.#isSkipping) return this.#endSkipped(end - start);
    if (this.#mask !== undefined) return this.#masked(start, end, FULL);
    this.#parts(this.#buffer, start, end, FULL);
  }

  /** Keeps what is not a whole line yet; records what is too long for that. */
  #keep(start: number, end: number): void {
    if (this.#isSkipping) {
      this.#skipped += end - start;
      start = end;
    } else if (this.#mask === undefined) {
      while (end - start > this.#maxPart) start = this.#part(this.#buffer, start, end);
    } else if (end - start > this.#most) {
      this.#masked(start, start + this.#most, PART, MASKED_EDGE);
      this.#skipped = end - start - this.#most + MASKED_EDGE;
      this.#isSkipping = true;
      start = end;
    }
    this.#kept = end - start;
    this.#buffer.copyWithin(this.#from - this.#kept, start, end);
  }

  #endSkipped(more: number): void {
    const count = this.#skipped + more;
    this.#isSkipping = false;
    const text = `… ${count} bytes more are not recorded: lines over 1 MiB can't be masked`;
    const note = new Uint8Array(HEAD_SIZE + text.length * 3);
    const { written } = encoder.encodeInto(text, note.subarray(HEAD_SIZE));
    this.#parts(note, HEAD_SIZE, HEAD_SIZE + written, FULL);
  }

  /** A line without what must not be recorded, and so many bytes at its end; as it is, if nothing is masked. */
  #masked(start: number, end: number, tag: number, edge: number = 0): void {
    const text = decoder.decode(this.#buffer.subarray(start, end));
    const masked = this.#mask!(text);
    if (masked === text) return this.#parts(this.#buffer, start, end - edge, tag);
    const bytes = encoder.encode(masked);
    const line = new Uint8Array(HEAD_SIZE + bytes.length);
    line.set(bytes, HEAD_SIZE);
    this.#parts(line, HEAD_SIZE, Math.max(HEAD_SIZE, line.length - edge), tag);
  }

  /** Records a line, in parts if it is too long; the last one has that tag. */
  #parts(buffer: Uint8Array, start: number, end: number, tag: number): void {
    while (end - start > this.#maxPart) start = this.#part(buffer, start, end);
    this.#entry(buffer, start, end, tag);
  }

  /** Records a part; returns where the next one begins: not within a character. */
  #part(buffer: Uint8Array, start: number, end: number): number {
    let next = Math.min(start + this.#maxPart, end);
    for (let i = 0; i < 3 && (buffer[next] & 0xc0) === 0x80; i++) next--;
    this.#entry(buffer, start, next, PART);
    return next;
  }

  /** Records an entry; what is before it in the buffer was recorded before. */
  #entry(buffer: Uint8Array, start: number, end: number, tag: number): void {
    const head = this.#head;
    const from = start - HEAD_SIZE;
    // A loop is quicker than set() for so few.
    for (let i = 0; i < HEAD_SIZE; i++) buffer[from + i] = head[i];
    buffer[from + TAG] = tag;
    this.#target.write(buffer.subarray(from, end));
  }
}

/** How far the clock that counts microseconds may be off the one that is set, in milliseconds. */
const DRIFT = 5;

/** The time at the beginning of heads: what has not changed is not made again. */
class HeadClock {
  #offset = performance.timeOrigin;
  #second = NaN;

  /** Puts the time now at the beginning of a head, always of the same one. */
  stamp(head: Uint8Array): void {
    const wall = Date.now();
    const elapsed = performance.now();
    let now = this.#offset + elapsed;
    if (!(Math.abs(now - wall) < DRIFT)) {
      this.#offset = wall - elapsed;
      now = wall;
    }
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      encoder.encodeInto(`${new Date(second * 1000).toISOString().slice(0, 19)}.000000000Z`, head);
    }
    let rest = Math.floor((now - second * 1000) * 1e6);
    for (let i = 28; i > 19; i--) {
      head[i] = 0x30 + rest % 10;
      rest = Math.floor(rest / 10);
    }
  }
}
