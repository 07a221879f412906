/**
 * Bytes that a command reads: of a file, or of standard input; compressed or not.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import process from "node:process";
import { type Compression, compressionOf } from "../../compression/kinds.ts";
import { hasMagic } from "../../log/native/look.ts";
import { MOST_UNPACKED, STANDARD_INPUT, UnpackedFile } from "../../log/native/unpacked_file.ts";
import { formatSize } from "../../base/sizes.ts";

/** How many bytes are read at once. */
const PIECE = 65536;
/** How many bytes of standard input are kept, to see what it is. */
const LOOK = 1 << 20;

/** Bytes that can be read from their start. */
export interface SourceBytes {
  /** What it is called in messages. */
  readonly name: string;
  /** How many there are; 0 if that is not known. */
  readonly size: number;
  /** How many of them were read. */
  readonly done: number;
  /** How they are compressed. */
  readonly compression: Compression | undefined;
  /** Whether a log is in it. */
  readonly isLog: boolean;
  /** Gives all of it; each piece is valid until the next one. */
  pieces(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Gives enough of it to see what it is; all can be read after that. */
  firstPieces(): Iterable<Uint8Array>;
}

/** The bytes of a file. */
export class FileBytes implements SourceBytes {
  readonly name: string;
  readonly size: number;
  readonly compression: Compression | undefined;
  readonly isLog: boolean;
  done = 0;
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
    this.name = JSON.stringify(path);
    this.size = statSync(path).size;
    const pieces = this.pieces();
    this.compression = compressionOf(pieces.next().value ?? new Uint8Array(0));
    // Closes the file.
    pieces.return(undefined);
    this.isLog = hasMagic({ path });
  }

  /**
   * Looks at the file.
   *
   * @throws {RangeError} if it is something else
   */
  static open(path: string): FileBytes {
    if (!statSync(path).isFile()) {
      throw new RangeError(
        `${
          JSON.stringify(path)
        } is not a file: name a saved log, a file of lines, or - for standard input`,
      );
    }
    return new FileBytes(path);
  }

  *pieces(): Generator<Uint8Array> {
    const descriptor = openSync(this.#path, "r");
    try {
      const piece = new Uint8Array(PIECE);
      for (this.done = 0;;) {
        const count = readSync(descriptor, piece, 0, PIECE, null);
        if (count === 0) return;
        this.done += count;
        yield piece.subarray(0, count);
      }
    } finally {
      closeSync(descriptor);
    }
  }

  firstPieces(): Generator<Uint8Array> {
    return this.pieces();
  }
}

/** The bytes of standard input, which can be read once. */
export class PipedBytes implements SourceBytes {
  readonly name = "standard input";
  readonly size = 0;
  readonly done = 0;
  readonly #rest: AsyncIterator<Uint8Array>;
  readonly #head: Uint8Array[] = [];

  private constructor(rest: AsyncIterator<Uint8Array>) {
    this.#rest = rest;
  }

  /** Reads the start of it. */
  static async open(): Promise<PipedBytes> {
    refuseTerminal();
    const bytes = new PipedBytes(process.stdin[Symbol.asyncIterator]());
    for (let size = 0; size < LOOK;) {
      const { value, done } = await bytes.#rest.next();
      if (done) break;
      bytes.#head.push(value);
      size += value.length;
    }
    return bytes;
  }

  get compression(): Compression | undefined {
    return compressionOf(this.#start);
  }

  get isLog(): boolean {
    return UnpackedFile.holdsLog(this.#start);
  }

  firstPieces(): Iterable<Uint8Array> {
    return this.#head;
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    yield* this.#head;
    yield* { [Symbol.asyncIterator]: () => this.#rest };
  }

  /**
   * All of it.
   *
   * @throws {RangeError} if it is more than a log in memory may have
   */
  async all(): Promise<Uint8Array> {
    return await collect(this.pieces());
  }

  get #start(): Uint8Array {
    return this.#head.length === 1 ? this.#head[0] : Buffer.concat(this.#head);
  }
}

/**
 * Reads a log from standard input, for all who open `{ path: "-" }`.
 *
 * @throws {RangeError} if it is too large, or typed
 */
export async function keepStandardInput(): Promise<void> {
  refuseTerminal();
  UnpackedFile.keepStandardInput(await collect(process.stdin));
}

function refuseTerminal(): void {
  if (process.stdin.isTTY) {
    throw new RangeError(
      `"${STANDARD_INPUT}" is standard input, and that is a terminal: pipe a saved log into it`,
    );
  }
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces) {
    all.push(piece);
    size += piece.length;
    if (size > MOST_UNPACKED) {
      throw new RangeError(
        `standard input has more than ${formatSize(MOST_UNPACKED)}: ` +
          "write it to a file, and read that",
      );
    }
  }
  return Buffer.concat(all);
}
