/**
 * Logs whose bytes can't be mapped: of compressed files, and of standard input.
 *
 * @module
 */

import { statSync } from "node:fs";
import process from "node:process";
import type { MappedFile, SegmentIdentity } from "../../../ffi/mod.ts";
import { formatSize } from "../../base/sizes.ts";
import { type Compression, compressionOf } from "../../compression/kinds.ts";
import { TooLargeError, unpack, type Unpacked } from "../../compression/unpack.ts";
import { UnsupportedLogError } from "../../errors.ts";
import { MAGIC } from "../layout.ts";

/** How large an unpacked log may be, in bytes: a small file may be made to unpack to very much. */
export const MOST_UNPACKED: number = 2 ** 28;
/** How many bytes of a compressed file show what is in it: of zstd the largest block, and more. */
const HEAD: Readonly<Record<Compression, number>> = { gzip: 2 ** 12, zstd: 2 ** 17 + 64 };
/** The path of a log that came by standard input. */
export const STANDARD_INPUT = "-";

/** What damage of a compressed log is reported to; a program may put its own in. */
export const archives: { onDamage: (message: string) => void } = {
  onDamage: (message) => process.emitWarning(message),
};

/** The newest of what was unpacked: commands open a log several times. */
const images = new Map<string, Unpacked>();

let standardInput: UnpackedFile | undefined;

/** A log as it was before it was compressed, in memory of our own. It can be read only. */
export class UnpackedFile implements Disposable {
  readonly #file: MappedFile | undefined;
  readonly #compression: Compression | undefined;
  #given: Uint8Array | undefined;
  #image: Uint8Array | undefined;
  #isDamaged = false;

  private constructor(file: MappedFile | undefined, packed: Compression | undefined) {
    this.#file = file;
    this.#compression = packed;
  }

  /** A file that is open, if it is compressed; it is closed with this. */
  static of(file: MappedFile): UnpackedFile | undefined {
    try {
      const start = new Uint8Array(4);
      file.read(start, 0);
      const compression = compressionOf(start);
      return compression && new UnpackedFile(file, compression);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** What `keepStandardInput()` was given, if that is meant by the path. */
  static given(path: string): UnpackedFile | undefined {
    return path === STANDARD_INPUT ? standardInput : undefined;
  }

  /** Keeps a log, compressed or not, for callers that open `{ path: "-" }`. */
  static keepStandardInput(bytes: Uint8Array): void {
    const compression = compressionOf(bytes);
    const memory = standardInput = new UnpackedFile(undefined, compression);
    if (compression === undefined) memory.#image = aligned(bytes);
    else memory.#given = bytes;
  }

  /** Whether these first bytes are of a log, compressed or not. */
  static holdsLog(start: Uint8Array): boolean {
    const compression = compressionOf(start);
    if (compression === undefined) return isLog(start);
    try {
      return isLog(unpack(compression, start.subarray(0, HEAD[compression]), MOST_UNPACKED).bytes);
    } catch (error) {
      if (error instanceof TooLargeError) return false;
      throw error;
    }
  }

  /** The file itself, unless it came by standard input. */
  get packed(): MappedFile | undefined {
    return this.#file;
  }

  get path(): string {
    return this.#file?.path ?? STANDARD_INPUT;
  }

  get identity(): SegmentIdentity {
    return this.#file?.identity ?? { device: 0, inode: 0, created: 0 };
  }

  /** The whole log. */
  get buffer(): ArrayBuffer {
    return this.#whole().buffer as ArrayBuffer;
  }

  /** The size of the log. */
  get byteLength(): number {
    return this.#whole().length;
  }

  get closed(): boolean {
    return this.#file?.closed ?? false;
  }

  /** Whether it could be unpacked in part only. */
  get isDamaged(): boolean {
    this.#whole();
    return this.#isDamaged;
  }

  /** Nobody cuts it off. */
  currentSize(): number {
    return this.byteLength;
  }

  hasHoles(): boolean {
    return false;
  }

  owner(): number {
    return this.#file?.owner() ?? process.getuid?.() ?? 0;
  }

  isOwn(): boolean {
    return this.#file?.isOwn() ?? true;
  }

  isLocked(): boolean {
    return this.#file?.isLocked() ?? false;
  }

  isCurrent(): boolean {
    return this.#file?.isCurrent() ?? true;
  }

  /** Copies bytes of the log; of the first of them only as much is unpacked as that takes. */
  read(target: Uint8Array, offset: number): number {
    const isStart = offset + target.length <= 8 && this.#image === undefined;
    const bytes = (isStart ? this.#start() : this.#whole()).subarray(offset);
    const part = bytes.subarray(0, target.length);
    target.set(part);
    return part.length;
  }

  close(): void {
    this.#file?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get #what(): string {
    return this.#file === undefined ? "standard input" : `file "${this.path}"`;
  }

  #start(): Uint8Array {
    const compression = this.#compression!;
    return this.#limited(compression, this.#packed(HEAD[compression])).bytes;
  }

  #whole(): Uint8Array {
    if (this.#image === undefined) {
      const { bytes, damage } = this.#remembered();
      this.#image = bytes;
      this.#isDamaged = damage !== undefined;
    }
    return this.#image;
  }

  #remembered(): Unpacked {
    if (this.#given !== undefined) return this.#unpacked(this.#compression!, this.#given);
    const { device, inode } = this.identity;
    const { size, mtimeMs } = statSync(this.path);
    const key = [device, inode, size, mtimeMs].join();
    let image = images.get(key);
    if (image === undefined) {
      image = this.#unpacked(this.#compression!, this.#packed(Infinity));
      images.set(key, image);
      let kept = 0;
      for (const [key, { bytes }] of [...images].reverse()) {
        kept += bytes.length;
        if (kept > MOST_UNPACKED) images.delete(key);
      }
    }
    return image;
  }

  #packed(most: number): Uint8Array {
    if (this.#given !== undefined) return this.#given.subarray(0, most);
    const packed = new Uint8Array(Math.min(most, this.#file!.currentSize()));
    return packed.subarray(0, this.#file!.read(packed, 0));
  }

  #unpacked(compression: Compression, packed: Uint8Array): Unpacked {
    const start = this.#limited(compression, packed.subarray(0, HEAD[compression]));
    if (!isLog(start.bytes)) {
      throw new UnsupportedLogError(
        `compressed with ${compression}, and no log is in it` +
          `${start.bytes.length > 0 ? ': "ouroboros replay" makes one of lines' : ""}`,
      );
    }
    const { bytes, damage } = this.#limited(compression, packed);
    if (damage !== undefined) {
      archives.onDamage(
        `${this.#what}: ${damage}; the first ${formatSize(bytes.length)} of the log are read`,
      );
    }
    return { bytes: aligned(bytes), ...damage !== undefined && { damage } };
  }

  #limited(compression: Compression, packed: Uint8Array): Unpacked {
    try {
      return unpack(compression, packed, MOST_UNPACKED);
    } catch (error) {
      if (!(error instanceof TooLargeError)) throw error;
      throw new UnsupportedLogError(
        `it unpacks to more than ${formatSize(MOST_UNPACKED)}: ` +
          "unpack it to a file, and read that",
      );
    }
  }
}

function isLog(start: Uint8Array): boolean {
  return start.length >= 8 &&
    new DataView(start.buffer, start.byteOffset).getBigUint64(0, true) === MAGIC;
}

/** The same bytes at the start of a buffer of their own. */
function aligned(bytes: Uint8Array): Uint8Array {
  const isOwn = bytes.byteOffset === 0 && bytes.buffer.byteLength === bytes.length;
  // Not by slice(): of a Buffer, which may be a part of a pool, that is no copy.
  return isOwn ? bytes : new Uint8Array(bytes);
}
