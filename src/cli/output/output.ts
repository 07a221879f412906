/**
 * Standard output, or a file, in large pieces.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { standardOutput } from "./standard_output.ts";

/** How many bytes are collected before they should be flushed. */
const PIECE = 65536;

/** Whoever read our output has closed it: `| head` does. The command ends, without a word. */
export class ClosedPipeError extends Error {}

/** Collects bytes, and writes them out when it is asked to, at the speed of whoever reads them. */
export class Output {
  readonly #stream: Writable;
  readonly #isFile: boolean;
  #piece: Uint8Array = new Uint8Array(PIECE);
  #length = 0;
  #error: Error | undefined;

  private constructor(stream: Writable, isFile: boolean) {
    this.#stream = stream;
    this.#isFile = isFile;
    // Without a listener an error would end the process.
    stream.on("error", (error) => this.#fail(error));
  }

  /** Standard output. */
  static standard(): Output {
    return new Output(standardOutput(), false);
  }

  /** A file, which is made anew. */
  static async file(path: string): Promise<Output> {
    const stream = createWriteStream(path);
    await new Promise<void>((resolve, reject) =>
      stream.once("open", () => resolve()).once("error", reject)
    );
    return new Output(stream, true);
  }

  /** Whether so much is collected that it is time to flush. */
  get isFull(): boolean {
    return this.#length >= PIECE;
  }

  /** Adds bytes, or text as UTF-8. */
  write(data: Uint8Array | string): void {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    const length = this.#length + bytes.length;
    if (length > this.#piece.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#piece.length));
      larger.set(this.#piece.subarray(0, this.#length));
      this.#piece = larger;
    }
    this.#piece.set(bytes, this.#length);
    this.#length = length;
  }

  /**
   * Writes out what was collected, and waits until the other side can take more.
   *
   * @throws {ClosedPipeError} if nobody reads it any more
   */
  async flush(): Promise<void> {
    if (this.#length > 0) {
      const piece = this.#piece.subarray(0, this.#length);
      // The stream keeps this piece until it is written.
      await this.#settled((done) => this.#stream.write(piece, done));
      this.#length = 0;
    }
    if (this.#error !== undefined) throw this.#error;
  }

  /** Flushes, and closes a file. Standard output stays open. */
  async close(): Promise<void> {
    await this.flush();
    if (this.#isFile) await this.#settled((done) => this.#stream.end(done));
    if (this.#error !== undefined) throw this.#error;
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.#error ??= error.code === "EPIPE" ? new ClosedPipeError(error.message) : error;
  }

  /** Waits for an action of the stream; its error, if any, is kept for the end of `flush()`. */
  #settled(action: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve) => {
      this.#stream.once("error", resolve);
      action((error) => {
        // The event comes later, perhaps after all has ended well.
        if (error) this.#fail(error);
        this.#stream.removeListener("error", resolve);
        resolve();
      });
    });
  }
}
