/**
 * What a program prints, as it is read: from a pipe, a terminal, or a stream of a runtime.
 *
 * @module
 */

import { close, read as readFile } from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";

/** The bytes of a stream of the program. */
export interface Source {
  /** Reads what is there, at least one byte; 0 at the end. */
  read(into: Uint8Array): Promise<number>;
  /** Reads no more: to the program it is a closed pipe. */
  close(): void;
}

/**
 * What reads a pipe without a thread that is blocked meanwhile: of those Node and Bun have few. Deno has
 * enough of them, and nothing else.
 */
export function sourceOf(descriptor: number): Source {
  const { Bun: bun } = globalThis as { Bun?: { file(descriptor: number): BunFile } };
  if (bun !== undefined) {
    const reader = bun.file(descriptor).stream().getReader();
    return new PieceSource({ next: () => reader.read() }, () => {
      // It has a descriptor of its own.
      void reader.cancel().catch(() => {});
      close(descriptor, () => {});
    });
  }
  if ("Deno" in globalThis) return new DescriptorSource(descriptor);
  return streamSource(new Socket({ fd: descriptor, readable: true, writable: false }));
}

/** The part of Bun's files that is used here. */
interface BunFile {
  stream(): ReadableStream<Uint8Array>;
}

/** A pipe or a terminal, by its descriptor. */
export class DescriptorSource implements Source {
  readonly #descriptor: number;

  /** Reads a descriptor of `node:fs`. */
  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  read(into: Uint8Array): Promise<number> {
    return new Promise<number>((resolve, reject) => {
      readFile(this.#descriptor, into, 0, into.length, null, (error, count) => {
        if (error) reject(error);
        else resolve(count);
      });
    });
  }

  close(): void {
    close(this.#descriptor, () => {});
  }
}

/** What a stream of Node gives. */
export function streamSource(stream: Readable): Source {
  return new PieceSource(stream[Symbol.asyncIterator](), () => stream.destroy());
}

/** What gives the pieces of a stream. */
interface Pieces {
  next(): Promise<{ done?: boolean; value?: Uint8Array | undefined }>;
}

/** A stream that comes in pieces. */
class PieceSource implements Source {
  readonly #pieces: Pieces;
  readonly #close: () => void;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(pieces: Pieces, close: () => void) {
    this.#pieces = pieces;
    this.#close = close;
  }

  async read(into: Uint8Array): Promise<number> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#pieces.next();
      if (done || value === undefined) return 0;
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, into.length);
    into.set(piece);
    this.#rest = this.#rest.subarray(piece.length);
    return piece.length;
  }

  close(): void {
    this.#close();
  }
}
