/**
 * Compressed bytes as they were: at once within a limit, or piece by piece.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Transform } from "node:stream";
import { checkCompression, type Compression, zlib } from "./kinds.ts";
import { UnitSplitter, UnpackError } from "./units.ts";

/** How many unpacked bytes wait for those who take them, at most some more. */
const HELD = 1 << 20;
/** How exactly the place of damage is found, in compressed bytes. */
const GRAIN = 512;
const CUT_OFF = "it is cut off";

/** What was unpacked. */
export interface Unpacked {
  bytes: Uint8Array;
  /** What is wrong with the rest. */
  damage?: string;
}

/**
 * Unpacks all of a file: of one that is damaged, what comes before the damage.
 *
 * @param most how many bytes may come out
 * @throws {TooLargeError} if it is more
 * @throws {RangeError} if this runtime can't unpack it
 */
export function unpack(compression: Compression, bytes: Uint8Array, most: number): Unpacked {
  checkCompression(compression);
  if (compression === "gzip") return unpackPart("gzip", bytes, most);
  const parts: Uint8Array[] = [];
  let length = 0;
  let damage: string | undefined;
  try {
    for (const { bytes: part, isEnd } of new UnitSplitter("zstd").push(bytes)) {
      const one = unpackPart("zstd", part, most - length);
      parts.push(one.bytes);
      length += one.bytes.length;
      damage = one.damage ?? (isEnd ? undefined : CUT_OFF);
      if (damage !== undefined) break;
    }
  } catch (error) {
    if (!(error instanceof UnpackError) || error instanceof TooLargeError) throw error;
    damage = error.message;
  }
  const all = parts.length === 1 ? parts[0] : Buffer.concat(parts);
  return { bytes: all, ...damage !== undefined && { damage } };
}

/** More comes out of a file than there may be. */
export class TooLargeError extends UnpackError {}

/** Unpacks a part. */
function unpackPart(compression: Compression, bytes: Uint8Array, most: number): Unpacked {
  const whole = unpackStart(compression, bytes, most, true);
  if (whole instanceof Uint8Array) return { bytes: whole };
  // Up to where it can be read nothing is wrong: the damage is in the grain after that.
  const isCut = unpackStart(compression, bytes, most, false);
  if (isCut instanceof Uint8Array) return { bytes: isCut, damage: CUT_OFF };
  let [good, bad] = [0, Math.ceil(bytes.length / GRAIN)];
  let found: Uint8Array = new Uint8Array(0);
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    const start = unpackStart(compression, bytes.subarray(0, middle * GRAIN), most, false);
    if (start instanceof Uint8Array) [good, found] = [middle, start];
    else bad = middle;
  }
  return { bytes: found, damage: whole };
}

/** Unpacks bytes, which are all of a part if `isAll`; else says what is wrong. */
function unpackStart(
  compression: Compression,
  bytes: Uint8Array,
  most: number,
  isAll: boolean,
): Uint8Array | string {
  // What is nothing yet is more than a limit of 0 to some.
  const maxOutputLength = Math.max(most, 1);
  try {
    if (compression === "gzip") {
      const flush = isAll ? {} : { finishFlush: zlib().constants.Z_SYNC_FLUSH };
      return zlib().gunzipSync(bytes, { maxOutputLength, ...flush });
    }
    const flush = isAll ? {} : { finishFlush: zlib().constants.ZSTD_e_flush };
    return zlib().zstdDecompressSync(bytes, { maxOutputLength, ...flush });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") throw new TooLargeError("too large");
    return message;
  }
}

/**
 * Unpacks a file piece by piece, with little memory. All that comes before damage is given first.
 *
 * @throws {UnpackError} where it is damaged
 * @throws {RangeError} if this runtime can't unpack it
 */
export async function* unpackPieces(
  compression: Compression,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  checkCompression(compression);
  if (compression === "gzip") {
    using gunzip = new Unpacker(zlib().createGunzip());
    for await (const piece of pieces) yield* gunzip.push(piece);
    return yield* gunzip.push();
  }
  const splitter = new UnitSplitter("zstd");
  let frame: Unpacker | undefined;
  try {
    for await (const piece of pieces) {
      for (const { bytes, isEnd } of splitter.push(piece)) {
        frame ??= new Unpacker(zlib().createZstdDecompress());
        yield* frame.push(bytes);
        if (!isEnd) continue;
        yield* frame.push();
        frame = undefined;
      }
    }
    if (frame !== undefined) throw new UnpackError(CUT_OFF);
  } finally {
    frame?.[Symbol.dispose]();
  }
}

/** Pieces of a file as they were before it was compressed, if it is. */
export function unpacked(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  compression: Compression | undefined,
): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  return compression === undefined ? pieces : unpackPieces(compression, pieces);
}

/** One stream of zlib, of which nothing is lost when it fails. */
class Unpacker implements Disposable {
  readonly #stream: Transform;
  #pieces: Uint8Array[] = [];
  #held = 0;
  #failure: Error | undefined;
  #wake = () => {};

  constructor(stream: Transform) {
    this.#stream = stream;
    stream.on("data", (piece: Uint8Array) => {
      this.#pieces.push(piece);
      this.#held += piece.length;
      if (this.#held >= HELD) stream.pause();
      this.#wake();
    });
    stream.on("error", (error) => {
      this.#failure = error;
      this.#wake();
    });
  }

  /** Gives what comes out of these bytes, or of the end. */
  async *push(bytes?: Uint8Array): AsyncGenerator<Uint8Array> {
    let isTaken = false;
    const taken = () => {
      isTaken = true;
      this.#wake();
    };
    if (bytes === undefined) this.#stream.once("end", taken).end();
    else this.#stream.write(bytes, taken);
    for (;;) {
      const pieces = this.#pieces;
      this.#pieces = [];
      this.#held = 0;
      if (this.#failure === undefined) this.#stream.resume();
      yield* pieces;
      if (this.#pieces.length > 0) continue;
      if (this.#failure !== undefined) {
        const { code, message } = this.#failure as NodeJS.ErrnoException;
        throw new UnpackError(code === "Z_BUF_ERROR" ? CUT_OFF : message);
      }
      if (isTaken) return;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  [Symbol.dispose](): void {
    this.#stream.destroy();
  }
}
