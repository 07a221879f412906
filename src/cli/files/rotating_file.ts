/**
 * A file of lines that starts again when it is large, and keeps some of the files before.
 *
 * @module
 */

import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { resolve } from "node:path";
import { FileLock } from "../../../ffi/mod.ts";
import { translateFsError } from "../../../ffi/system_error.ts";
import { type Compression, compressionOf, endingOf } from "../../compression/kinds.ts";
import { packUnit, UnitSplitter, UnpackError } from "../../compression/units.ts";
import { SystemCallError, WriterLockedError } from "../../errors.ts";
import { renamePatiently } from "../../place_file.ts";

/** How many bytes are collected before they are written. */
const PIECE = 65536;
/** The same where they are compressed: the more, the less is left of them. */
const BLOCK = 1 << 18;
const NEWLINE = 10;
// A user who may not read the log may not read what is recorded of it.
const MODE = 0o600;

/** When to start a new file. */
export interface RotationOptions {
  /** The size in bytes from which on a new file begins; default: never. */
  maxSize?: number;
  /**
   * How many files of before are kept, as `path.1`, the newest, `path.2` and so on; of `app.txt.gz`
   * as `app.txt.1.gz`.
   */
  keep: number;
  /** How the lines are compressed, in blocks that are whole by themselves. Default: they are not. */
  compress?: Compression;
}

/**
 * Appends lines to a file. What `flush()` has returned for is with the system: a process that is
 * killed loses none of it. All calls block: nothing is read while the disk is busy, and nothing is
 * forgotten.
 */
export class RotatingFile implements Disposable {
  readonly path: string;
  readonly #maxSize: number;
  readonly #keep: number;
  #descriptor: number;
  /** Keeps other recorders from the file; a device has no lock. */
  #lock: FileLock | undefined;
  #size = 0;
  readonly #compression: Compression | undefined;
  #piece: Uint8Array;
  #length = 0;
  #isSynced = true;

  /**
   * Opens the file, and makes it if needed. A last line without its end is ended.
   *
   * @throws {WriterLockedError} if another recorder has it
   * @throws {RangeError} if what is in it is compressed in another way
   */
  constructor(path: string, options: RotationOptions) {
    this.path = resolve(path);
    this.#maxSize = options.maxSize ?? Infinity;
    this.#keep = options.keep;
    this.#compression = options.compress;
    // A block is no larger than a file may be.
    this.#piece = new Uint8Array(
      options.compress === undefined ? PIECE : Math.max(Math.min(BLOCK, this.#maxSize), 1),
    );
    const { descriptor, lock } = open(path, options.maxSize !== undefined);
    this.#descriptor = descriptor;
    this.#lock = lock;
    try {
      this.#size = this.#endCutOff();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Adds a line, without its `\n`. */
  line(bytes: Uint8Array): void {
    const needed = bytes.length + 1;
    const size = this.#size + this.#length;
    if (this.#compression === undefined && size > 0 && size + needed > this.#maxSize) {
      this.flush();
      this.#rotate();
    }
    if (this.#length > 0 && this.#length + needed > this.#piece.length) this.flush();
    if (needed > this.#piece.length) this.#piece = new Uint8Array(needed);
    this.#piece.set(bytes, this.#length);
    this.#piece[this.#length + bytes.length] = NEWLINE;
    this.#length += needed;
  }

  /** Writes out all lines: where they are compressed, in a block. */
  flush(): void {
    if (this.#length === 0) return;
    const piece = this.#piece.subarray(0, this.#length);
    this.#length = 0;
    if (this.#compression === undefined) return this.#append(piece);
    const block = packUnit(this.#compression, piece);
    if (this.#size > 0 && this.#size + block.length > this.#maxSize) this.#rotate();
    this.#append(block);
  }

  /** Writes out all lines, and waits until the disk has them. */
  sync(): void {
    this.flush();
    if (this.#isSynced) return;
    fsyncSync(this.#descriptor);
    this.#isSynced = true;
  }

  /** Continues with the file that has the path now, if the one so far was renamed or removed. */
  reopen(): void {
    this.sync();
    const old = fstatSync(this.#descriptor);
    const there = statSync(this.path, { throwIfNoEntry: false });
    if (there?.dev !== old.dev || there.ino !== old.ino) this.#open(this.path);
  }

  /** Writes out all lines, and closes. May be called twice. */
  close(): void {
    if (this.#descriptor < 0) return;
    try {
      this.flush();
    } finally {
      closeSync(this.#descriptor);
      this.#descriptor = -1;
      this.#lock?.close();
    }
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Ends what a recorder that was killed, or a full disk, cut off: a line, or a block, of which nothing can be
   * read by what comes after it. Gives the size of the file.
   */
  #endCutOff(): number {
    const { size } = fstatSync(this.#descriptor);
    if (size === 0 || !fstatSync(this.#descriptor).isFile()) return size;
    const start = new Uint8Array(4);
    readSync(this.#descriptor, start, 0, 4, 0);
    const found = compressionOf(start);
    const compression = this.#compression;
    if (compression === undefined && found === undefined) {
      const last = new Uint8Array(1);
      readSync(this.#descriptor, last, 0, 1, size - 1);
      if (last[0] === NEWLINE) return size;
      this.#size = size;
      this.#append(Uint8Array.of(NEWLINE));
      return this.#size;
    }
    // Less than a magic may be what is left of a first block.
    if (compression === undefined || found !== compression && size >= 4) {
      throw new RangeError(
        `${this.path} is ${found === undefined ? "not compressed" : `compressed with ${found}`}: ` +
          `choose another file${found === undefined ? "" : `, or --compress ${found}`}`,
      );
    }
    const whole = this.#wholeSize(compression);
    if (whole < size) ftruncateSync(this.#descriptor, whole);
    return whole;
  }

  /** How many bytes of a compressed file are whole blocks. */
  #wholeSize(compression: Compression): number {
    const splitter = new UnitSplitter(compression);
    const piece = new Uint8Array(BLOCK);
    try {
      for (let at = 0;;) {
        const count = readSync(this.#descriptor, piece, 0, piece.length, at);
        if (count === 0) return splitter.whole;
        at += count;
        for (const _ of splitter.push(piece.subarray(0, count)));
      }
    } catch (error) {
      if (!(error instanceof UnpackError)) throw error;
      throw new RangeError(
        `${this.path} was not written by record, or is damaged: choose another file`,
      );
    }
  }

  /** What a file of before is called. */
  #numbered(path: string, number: number): string {
    const ending = this.#compression && endingOf(this.#compression);
    return ending !== undefined && path.endsWith(ending)
      ? `${path.slice(0, -ending.length)}.${number}${ending}`
      : `${path}.${number}`;
  }

  #append(bytes: Uint8Array): void {
    this.#isSynced = false;
    for (let at = 0; at < bytes.length;) {
      let count: number;
      try {
        count = writeSync(this.#descriptor, bytes, at, bytes.length - at);
      } catch (error) {
        throw translateFsError("write", `file "${this.path}"`, error);
      }
      this.#size += count;
      at += count;
    }
  }

  /**
   * Makes room for a new file: each of those before gets the next number, up to the first that is free;
   * if none is, the last one goes.
   */
  #rotate(): void {
    this.sync();
    // A link stays: what it leads to is renamed.
    const path = realPath(this.path);
    if (this.#keep === 0) rmSync(path, { force: true });
    let free = 1;
    while (free < this.#keep && existsSync(this.#numbered(path, free))) free++;
    for (let number = Math.min(free, this.#keep); number > 0; number--) {
      const from = number === 1 ? path : this.#numbered(path, number - 1);
      if (existsSync(from)) renamePatiently(from, this.#numbered(path, number));
    }
    this.#open(path);
  }

  /** Continues with another file. */
  #open(path: string): void {
    const { descriptor, lock } = open(path, this.#maxSize < Infinity);
    closeSync(this.#descriptor);
    this.#lock?.close();
    this.#descriptor = descriptor;
    this.#lock = lock;
    this.#size = this.#endCutOff();
  }
}

/** A path without links; as it is if it leads nowhere. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Opens a file to append to, and takes its lock. */
function open(
  path: string,
  isRotated: boolean,
): { descriptor: number; lock: FileLock | undefined } {
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT;
  const descriptor = openSync(path, flags, MODE);
  try {
    const found = fstatSync(descriptor);
    if (found.isFile()) return { descriptor, lock: lockOf(path) };
    // Windows may open one; nothing can be written to it.
    if (found.isDirectory()) {
      throw Object.assign(new Error("a folder is there"), { code: "EISDIR", path });
    }
    // Renaming a device takes it from all others.
    if (isRotated) {
      throw new RangeError(`${path} is not a file, and can't be rotated: leave out --max-size`);
    }
    return { descriptor, lock: undefined };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Two recorders would mix their lines, and each rename the other's file. */
function lockOf(path: string): FileLock | undefined {
  let lock: FileLock | undefined;
  try {
    lock = FileLock.take(path);
  } catch (error) {
    // A file system without locks, as some of the network are.
    if (error instanceof SystemCallError) return undefined;
    throw error;
  }
  if (lock === undefined) {
    throw new WriterLockedError(`another process records into ${path}: choose another file`);
  }
  return lock;
}
