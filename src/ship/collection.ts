/**
 * The entries of several logs in one file, each with the log and the number that it has there.
 *
 * The file is a log of version 1, so everything that reads a log reads it. Where its entries are from stands
 * behind the last one, where no reader looks:
 *
 * ```text
 * ├─ log of version 1 ──── … ─┬─ a mark ───┬─ head: JSON ──────────┬─ numbers ──── … ─┬─ footer ──────────────┤
 * │ entries 1, 2, 3, …        │ the end    │ {"sources":[…],       │ a varint or two  │ magic, offset of the  │
 * │                           │            │  "missing":[…]}       │ an entry         │ head, its size, count │
 * ```
 *
 * The varint of an entry is twice the place of its source in the head, plus 1 if another varint follows:
 * by how much its number is more than that of the source's entry before, where that is not 1.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { PartialFile } from "../../ffi/mod.ts";
import { COLLECTED_HEADER, dataOffset, entrySize, HEADER_SIZE } from "../log/layout.ts";
import { fence, type LogSource as LogSourceBytes } from "../log/native/source.ts";
import { type LogMemory, type LogTarget, openMemory } from "../log/native/target.ts";
import { UnpackedFile } from "../log/native/unpacked_file.ts";
import { Segment } from "../log/segment.ts";
import { steadySurvey } from "../log/survey.ts";
import { Writer } from "../log/writer.ts";
import {
  type CollectedGap,
  Collection,
  FOOTER_SIZE,
  type Head,
  HEAD_ROOM,
  MAGIC,
  MOST_SOURCES,
} from "./collected.ts";
import type { LogSource } from "./message.ts";

const CHUNK_COUNT = 16;
/** The size in bytes of the varints of most entries, and of all that are larger. */
const NUMBERS_ROOM = 4;
const MORE_ROOM = 1 << 16;
/** The largest varints of an entry. */
const LARGEST = 20;
/**
 * How much of the head sources may take, in bytes; the rest is for gaps. The most sources fit, unless their
 * names are of what JSON escapes, which takes six bytes a character.
 */
const SOURCES_ROOM = HEAD_ROOM * 7 / 8;
const LONGEST_NAME = 256;
const HEAD_START = '{"sources":[';

/** Makes such a file. */
export class CollectionWriter implements Disposable {
  /** How many entries are in it. */
  entries = 0;
  readonly #file: PartialFile;
  readonly #writer: Writer;
  readonly #sources: LogSource[] = [];
  /** The number of the last entry of each source. */
  readonly #lasts: number[] = [];
  readonly #missing: CollectedGap[] = [];
  #sourcesSize = sizeOf({ sources: [], missing: [] });
  #gapsSize = 0;
  readonly #numbers: Uint8Array;
  #used = 0;
  /** How many bytes of entries there are, and may be. */
  #size = dataOffset(CHUNK_COUNT, 1);
  readonly #end: number;

  /**
   * Makes a file with room for so many entries that take so many bytes in their logs.
   *
   * @throws {OuroborosError} what `PartialFile.create` throws
   */
  constructor(
    path: string,
    room: { entries: number; bytes: number },
    options: { force?: boolean },
  ) {
    this.#numbers = new Uint8Array(room.entries * NUMBERS_ROOM + MORE_ROOM);
    this.#end = aligned(this.#size + room.bytes) + HEADER_SIZE;
    const size = aligned(this.#end) + HEAD_ROOM + this.#numbers.length + FOOTER_SIZE;
    this.#file = PartialFile.create(path, size, options);
    // The file has zeros: to write them would take as long as all the rest.
    const segment = Segment.format(
      this.#file.buffer,
      CHUNK_COUNT,
      { version: 1, bufferId: undefined },
      true,
    );
    this.#writer = Writer.begin(segment, 0, {});
  }

  /** Adds a source; gives its place, or -1 if there are too many. */
  addSource({ host, name, segment }: LogSource): number {
    const [short, place] = [host, segment].map((text) => text.slice(0, LONGEST_NAME));
    const source = { host: short, name: name.slice(-LONGEST_NAME), segment: place };
    const size = this.#sourcesSize + sizeOf(source);
    if (this.#sources.length === MOST_SOURCES || size > SOURCES_ROOM) return -1;
    this.#sourcesSize = size;
    this.#lasts.push(0);
    return this.#sources.push(source) - 1;
  }

  /** Adds an entry; gives whether there was room. */
  add(source: number, sequenceNumber: number, bytes: Uint8Array): boolean {
    const size = entrySize(bytes.length);
    const isFull = this.#size + size > this.#end - HEADER_SIZE ||
      this.#used + LARGEST > this.#numbers.length;
    if (isFull) return false;
    this.#writer.write(bytes);
    this.#size += size;
    this.entries++;
    const step = sequenceNumber - this.#lasts[source];
    this.#lasts[source] = sequenceNumber;
    this.#varint(2 * source + (step === 1 ? 0 : 1));
    // A log that was restarted counts from 1 again.
    if (step !== 1) this.#varint(step > 0 ? 2 * step : 1 - 2 * step);
    return true;
  }

  /** Notes that entries of a source are missing before the next one, if there is room. */
  addGap(source: number, from: number, to: number, reason: string): void {
    const gap = { source, from, to, reason, before: this.entries + 1 };
    const size = this.#gapsSize + sizeOf(gap);
    if (size > HEAD_ROOM - SOURCES_ROOM) return;
    this.#gapsSize = size;
    this.#missing.push(gap);
  }

  /** Gives the file its name; returns its size in bytes. */
  async finish(): Promise<number> {
    this.#writer.close();
    if (this.entries > 0) new Int32Array(this.#file.buffer)[this.#size >>> 2] = COLLECTED_HEADER;
    const bytes = new Uint8Array(this.#file.buffer);
    const start = aligned(this.#size + HEADER_SIZE);
    const head = new TextEncoder().encode(
      JSON.stringify({ sources: this.#sources, missing: this.#missing } satisfies Head),
    );
    bytes.set(head, start);
    bytes.set(this.#numbers.subarray(0, this.#used), start + head.length);
    const footer = aligned(start + head.length + this.#used);
    const view = new DataView(this.#file.buffer, footer, FOOTER_SIZE);
    [MAGIC, start, head.length, this.entries].forEach((value, i) => {
      view.setBigUint64(8 * i, BigInt(value), true);
    });
    await this.#file.flush();
    this.#file.finish(footer + FOOTER_SIZE);
    return footer + FOOTER_SIZE;
  }

  /** Removes what is not finished. */
  [Symbol.dispose](): void {
    this.#file.close();
  }

  #varint(value: number): void {
    while (value >= 0x80) {
      this.#numbers[this.#used++] = value % 0x80 | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#numbers[this.#used++] = value;
  }
}

/** Reads what the end of a file says; `undefined` if it is not one of several logs, or not whole. */
export function readCollection(path: string): Collection | undefined {
  try {
    using file = openMemory({ path }, "read");
    return collectionIn(file);
  } catch {
    // Not there, or not for us: those who read the log say so.
    return undefined;
  }
}

/** The same of a file that is open, whatever is at its path by now. */
export function collectionIn(file: LogMemory): Collection | undefined {
  try {
    return Collection.parse(
      file.currentSize(),
      (position, length) => bytesAt(file, position, length),
    );
  } catch {
    return undefined;
  }
}

/**
 * Whether a log is a copy that never has a writer: one of several logs, compressed, or from standard input. A
 * copy of one log as it is may be resumed by a writer, so it counts as a log in a file.
 */
export function isSavedCopy(memory: LogMemory): boolean {
  if (memory.isLocked()) return false;
  if (memory instanceof UnpackedFile) return true;
  const size = memory.currentSize();
  if (size < FOOTER_SIZE) return false;
  const word = new Uint8Array(new ArrayBuffer(8));
  return memory.read(word, size - FOOTER_SIZE) === word.length &&
    new DataView(word.buffer).getBigUint64(0, true) === MAGIC;
}

/**
 * Whether a file of several logs has lost its end, so that nothing tells where its entries are from: the head
 * begins behind the last entry, where a log that was not overwritten has zeros only.
 */
export function lacksSources(file: LogMemory, { buffer, load, guard }: LogSourceBytes): boolean {
  guard?.();
  const segment = new Segment(buffer, load);
  if (segment.version !== 1 || segment.chunkCount !== CHUNK_COUNT) return false;
  const { offsets, tokens, end, isSteady } = steadySurvey(segment, fence);
  const isFirstLap = isSteady && offsets[0] > 0 && tokens[0] === 0;
  if (!isFirstLap || end.reason !== "open" || collectionIn(file) !== undefined) return false;
  const start = aligned(end.offset + HEADER_SIZE);
  const there = bytesAt(file, start, Math.max(Math.min(HEAD_START.length, segment.end - start), 0));
  return there.length > 0 && there.every((byte, at) => byte === HEAD_START.charCodeAt(at));
}

/** The same of a log that is not open. */
export function isSavedCopyAt(target: LogTarget): boolean {
  using memory = openMemory(target, "read");
  return isSavedCopy(memory);
}

/** The size of a part of the head in bytes, and of what separates it. */
function sizeOf(part: object): number {
  return Buffer.byteLength(JSON.stringify(part)) + 1;
}

function aligned(offset: number): number {
  return Math.ceil(offset / 8) * 8;
}

function bytesAt(file: LogMemory, position: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(length));
  if (file.read(bytes, position) < length) throw new RangeError("the file became shorter");
  return bytes;
}
