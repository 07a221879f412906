/**
 * The parts of a compressed file that are whole by themselves: frames of zstd, members of gzip.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type Compression, compressionOf, zlib } from "./kinds.ts";

/** What is wrong with compressed bytes. */
export class UnpackError extends Error {}

/** What the extra field of our members says: their length, in bytes. */
const FIELD = [0x4f, 0x42];
/** The flag of gzip for an extra field. */
const EXTRA = 4;
/** The header of our members: that of gzip, the length of the field, its name, its length, and it. */
const HEADER = 10 + 2 + 2 + 2 + 4;

/**
 * Compresses bytes into a part of a file that is whole by itself. Parts one after the other are a file
 * that every program for gzip, or zstd, reads. Our members of gzip say how long they are, so that it is
 * quick to find where a file that was cut off was whole last.
 */
export function packUnit(compression: Compression, bytes: Uint8Array): Uint8Array {
  if (compression === "zstd") {
    const { ZSTD_c_checksumFlag } = zlib().constants;
    return zlib().zstdCompressSync(bytes, { params: { [ZSTD_c_checksumFlag]: 1 } });
  }
  const plain = zlib().gzipSync(bytes);
  const unit = Buffer.alloc(plain.length + HEADER - 10);
  plain.copy(unit, 0, 0, 10);
  unit[3] = EXTRA;
  unit.writeUInt16LE(HEADER - 12, 10);
  unit.set(FIELD, 12);
  unit.writeUInt16LE(4, 14);
  unit.writeUInt32LE(unit.length, 16);
  plain.copy(unit, HEADER, 10);
  return unit;
}

/** What comes next in a part. */
type Step = (header: readonly number[]) => void;

/**
 * Finds where parts end, without unpacking them. All readers of zstd but the newest stop after the first
 * frame, or say nothing of a last one that is cut off: so we must know.
 */
export class UnitSplitter {
  /** How many bytes are in whole parts so far. */
  whole = 0;
  /** Whether the last part has not ended. */
  isInside = false;
  readonly #compression: Compression;
  #seen = 0;
  #header: number[] = [];
  #wanted = 0;
  #step: Step = () => {};
  #skip = 0;
  #hasChecksum = false;

  /** For members of gzip only those of {@linkcode packUnit}. */
  constructor(compression: Compression) {
    this.#compression = compression;
    this.#begin();
  }

  /**
   * Takes the next bytes of the file, and gives them in pieces that belong to one part each.
   *
   * @throws {UnpackError} if they are not of such a file
   */
  *push(piece: Uint8Array): Generator<{ bytes: Uint8Array; isEnd: boolean }> {
    let start = 0;
    for (let at = 0; at < piece.length;) {
      this.isInside = true;
      if (this.#skip > 0) {
        const count = Math.min(this.#skip, piece.length - at);
        at += count;
        this.#skip -= count;
      } else {
        this.#header.push(piece[at++]);
        if (this.#header.length === this.#wanted) {
          const header = this.#header;
          this.#header = [];
          this.#step(header);
        }
      }
      if (this.#skip > 0 || this.#wanted > 0) continue;
      this.#begin();
      this.whole = this.#seen + at;
      yield { bytes: piece.subarray(start, at), isEnd: true };
      start = at;
    }
    this.#seen += piece.length;
    if (start < piece.length) yield { bytes: piece.subarray(start), isEnd: false };
  }

  #begin(): void {
    this.isInside = false;
    if (this.#compression === "gzip") this.#want(HEADER, (header) => this.#gzip(header));
    else this.#want(4, (magic) => this.#zstd(magic));
  }

  #want(count: number, step: Step): void {
    this.#wanted = count;
    this.#step = step;
  }

  /** The rest of the part has so many bytes. */
  #end(count: number): void {
    this.#skip = count;
    this.#wanted = 0;
  }

  #gzip(header: readonly number[]): void {
    const isOurs = compressionOf(Uint8Array.from(header)) === "gzip" && header[3] === EXTRA &&
      header[12] === FIELD[0] && header[13] === FIELD[1];
    const length = Buffer.from(header).readUInt32LE(16);
    if (!isOurs || length <= HEADER) throw new UnpackError("not a file of `record`");
    this.#end(length - HEADER);
  }

  #zstd(magic: readonly number[]): void {
    if (compressionOf(Uint8Array.from(magic)) !== "zstd") {
      throw new UnpackError("something else follows");
    }
    if (magic[0] !== 0x28) {
      this.#want(4, (size) => this.#end(Buffer.from(size).readUInt32LE(0)));
      return;
    }
    this.#want(1, ([descriptor]) => {
      const isSingle = (descriptor & 0x20) !== 0;
      this.#hasChecksum = (descriptor & 4) !== 0;
      const sizes = [isSingle ? 1 : 0, 2, 4, 8];
      this.#skip = [0, 1, 2, 4][descriptor & 3] + sizes[descriptor >>> 6] + (isSingle ? 0 : 1);
      this.#want(3, (block) => this.#block(block));
    });
  }

  #block([a, b, c]: readonly number[]): void {
    const word = a | b << 8 | c << 16;
    // A block of one byte that repeats has only this one.
    const size = (word >>> 1 & 3) === 1 ? 1 : word >>> 3;
    if ((word & 1) === 0) this.#skip = size;
    else this.#end(size + (this.#hasChecksum ? 4 : 0));
  }
}
