/**
 * Standard output, or a file, in large pieces.
 *
 * @module
 */

import { createWriteStream } from "node:fs";
import process from "node:process";
import type { Writable } from "node:stream";
import { isReaderGone, translateFsError } from "../../../ffi/system_error.ts";
import { LineBytes } from "./line_bytes.ts";
import { standardOutput } from "./standard_output.ts";

/** How many bytes are collected before they should be flushed. */
const PIECE = 65536;

/** How long the reader of our output may take for the rest after Ctrl-C, in milliseconds. */
const GRACE = 250;

/**
 * The reader of our output has closed it, as `| head` does, or takes nothing after Ctrl-C. The command
 * ends, without a word.
 */
export class ClosedPipeError extends Error {}

/** Collects bytes, and writes them out when it is asked to, at the speed of their reader. */
export class Output {
  readonly #stream: Writable;
  readonly #what: string;
  readonly #isFile: boolean;
  readonly #signal: AbortSignal | undefined;
  readonly #lines = new LineBytes();
  #error: Error | undefined;

  private constructor(stream: Writable, path?: string, signal?: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
    this.#what = path === undefined ? "standard output" : `file "${path}"`;
    this.#isFile = path !== undefined;
    // Without a listener an error would end the process.
    stream.on("error", (error) => this.#fail(error));
  }

  /** Standard output. After an abort of `signal` no flush waits for long. */
  static standard(signal?: AbortSignal): Output {
    return new Output(standardOutput(), undefined, signal);
  }

  /** Prints a short text to standard output, and waits until it is written. */
  static async print(text: string): Promise<void> {
    const output = new Output(process.stdout);
    output.write(text);
    await output.flush();
  }

  /** A new file. If it did not exist, no other user may read it, as with a log. */
  static async file(path: string): Promise<Output> {
    const stream = createWriteStream(path, { mode: 0o600 });
    await new Promise<void>((resolve, reject) =>
      stream.once("open", () => resolve()).once("error", reject)
    );
    return new Output(stream, path);
  }

  /** Whether so much is collected that it is time to flush. */
  get isFull(): boolean {
    return this.#lines.size >= PIECE;
  }

  /** Adds bytes, or text as UTF-8. */
  write(data: Uint8Array | string): void {
    this.#lines.write(data);
  }

  /**
   * Writes out what was collected, and waits until the other side can take more.
   *
   * @throws {ClosedPipeError} if nobody reads it any more, or nothing of it after the abort
   * @throws {NoSpaceError} if there is no room for it
   */
  async flush(): Promise<void> {
    const piece = this.#lines.take();
    // The stream keeps this piece until it is written.
    if (piece.length > 0) await this.#settled((done) => this.#stream.write(piece, done));
    if (this.#error !== undefined) throw this.#error;
  }

  /** Flushes, and closes a file. Standard output stays open. */
  async close(): Promise<void> {
    await this.flush();
    if (this.#isFile) await this.#settled((done) => this.#stream.end(done));
    if (this.#error !== undefined) throw this.#error;
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.#error ??= isReaderGone(error)
      ? new ClosedPipeError(error.message)
      : translateFsError("write", this.#what, error) as Error;
  }

  /** Waits for an action of the stream; its error, if any, is kept for the end of `flush()`. */
  #settled(action: (done: (error?: Error | null) => void) => void): Promise<void> {
    if (this.#error !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const signal = this.#signal;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const done = () => {
        clearTimeout(timer);
        this.#stream.removeListener("error", done);
        signal?.removeEventListener("abort", hurry);
        resolve();
      };
      const hurry = () => {
        timer = setTimeout(() => {
          this.#error ??= new ClosedPipeError("nobody takes the output");
          done();
        }, GRACE);
      };
      this.#stream.once("error", done);
      if (signal?.aborted) hurry();
      else signal?.addEventListener("abort", hurry, { once: true });
      try {
        action((error) => {
          // The event comes later, perhaps after all has ended well.
          if (error) this.#fail(error);
          done();
        });
      } catch (error) {
        // Deno's standard output throws.
        this.#fail(error as Error);
        done();
      }
    });
  }
}
