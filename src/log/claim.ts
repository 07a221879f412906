/**
 * Room in the log for an entry that is made in place: a claim, or without an object for each entry a loan.
 *
 * @module
 */

import { ClosedError } from "../errors.ts";
import { inspectable } from "../base/inspectable.ts";
import { mustBe } from "../base/arguments.ts";

/**
 * The payload of the next entry, in the shared memory itself. Readers see it after
 * {@linkcode Claim.commit}. `Symbol.dispose` aborts what was not committed.
 *
 * @example
 * ```ts
 * import { Reader, Writer } from "@ouroboros/log";
 *
 * const memory = new ArrayBuffer(4096);
 * const writer = Writer.create(memory, { chunkCount: 4 });
 * const claim = writer.claim(100);
 * const { written } = new TextEncoder().encodeInto("made in place", claim.bytes);
 * claim.commit(written);
 * console.log(new Reader(memory).read()?.text); // made in place
 * ```
 */
export class Claim implements Disposable {
  #bytes: Uint8Array | undefined;
  readonly #settle: (length: number) => number;

  /** Makes a claim on `bytes`; `settle` publishes that many of them, or none with -1. Writers do this. */
  constructor(bytes: Uint8Array, settle: (length: number) => number) {
    this.#bytes = bytes;
    this.#settle = settle;
  }

  /**
   * The claimed room. It still has the bytes that were there before. Do not use it after `commit()` or
   * `abort()`.
   *
   * @throws {ClosedError} after `commit()` or `abort()`
   */
  get bytes(): Uint8Array {
    return this.#open();
  }

  /**
   * Publishes the entry, with all of the claimed room or a part of it.
   *
   * @param length how many bytes to keep; default: all that were claimed
   * @returns the sequence number of the entry
   * @throws {ClosedError} after `commit()` or `abort()`, and when the writer was closed
   * @throws {RangeError} if `length` is not an integer from 0 to what was claimed; the claim stays open
   */
  commit(length: number = this.#open().length): number {
    const { length: claimed } = this.#open();
    if (!Number.isInteger(length) || length < 0 || length > claimed) {
      throw new RangeError(mustBe("length", length, `an integer from 0 to ${claimed} bytes`));
    }
    this.#bytes = undefined;
    return this.#settle(length);
  }

  /** Releases the room: nothing is published. Does nothing after `commit()` or `abort()`. */
  abort(): void {
    if (this.#bytes === undefined) return;
    this.#bytes = undefined;
    this.#settle(-1);
  }

  /** Aborts what was not committed. */
  [Symbol.dispose](): void {
    this.abort();
  }

  #open(): Uint8Array {
    if (this.#bytes === undefined) {
      throw new ClosedError("the claim was committed or aborted: make another one");
    }
    return this.#bytes;
  }
}

/** Makes an entry in the room that `Writer.lend()` gives, from `start` on. */
export interface Borrower {
  /** Where the payload begins: an offset in the writer's memory, a multiple of 4. */
  start: number;
  /** As far as the payload may reach. */
  end: number;
  /** Called once if the room is needed before it was settled: copies what there is, and leaves. */
  leave(): void;
}

inspectable(Claim, "Claim", ["bytes"]);
