/**
 * The memory that a structure lives in: a buffer, or a view of a part of one.
 *
 * @module
 */

import { mustBe } from "./base/arguments.ts";

/**
 * Memory for a log or another structure: an `ArrayBuffer`, a `SharedArrayBuffer`, or a view like the
 * `Buffer` that `readFileSync` gives. A view must begin at a multiple of 8 bytes of its buffer.
 */
export type MemoryLike = ArrayBufferLike | ArrayBufferView;

const sizeOfBuffer = getterOf(ArrayBuffer.prototype);
const sizeOfShared = typeof SharedArrayBuffer === "undefined"
  ? undefined
  : getterOf(SharedArrayBuffer.prototype);

/**
 * All bytes of `memory`.
 *
 * @throws {TypeError} if it is no memory
 * @throws {RangeError} if it is a view that does not begin at a multiple of 8 bytes
 */
export function bytesOf(what: string, memory: MemoryLike): Uint8Array {
  if (isBuffer(memory)) return new Uint8Array(memory);
  if (!ArrayBuffer.isView(memory)) {
    throw new TypeError(
      mustBe(what, memory, "an ArrayBuffer, a SharedArrayBuffer, or a view like a Uint8Array"),
    );
  }
  const { buffer, byteOffset, byteLength } = memory;
  if (byteOffset % 8 !== 0) {
    throw new RangeError(
      `${what} is a view from byte ${byteOffset} of its buffer on, but must begin at a multiple of 8: ` +
        `give a copy, like bytes.slice()`,
    );
  }
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The whole words of `bytes`, which {@linkcode bytesOf} gave. */
export function wordsOf(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
}

/** `bytes` for words at any offset. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * The number of a u64's two words, exact up to 2^53. A small one stays a small integer: engines walk
 * a log with those several times faster than with what arithmetic on 2^32 leaves.
 */
export function wideNumber(low: number, high: number): number {
  return high === 0 ? low >>> 0 : (high >>> 0) * 2 ** 32 + (low >>> 0);
}

/** Throws a TypeError unless `memory` is a buffer, of whatever realm, and no view. */
export function checkBuffer(what: string, memory: unknown, or: string = ""): void {
  if (isBuffer(memory)) return;
  const hint = ArrayBuffer.isView(memory) ? ": give its buffer" : "";
  throw new TypeError(mustBe(what, memory, `an ArrayBuffer or a SharedArrayBuffer${or}`) + hint);
}

/** Whether `buffer` may be shared with other threads. */
export function isSharedBuffer(buffer: ArrayBufferLike): boolean {
  return hasSize(sizeOfShared, buffer);
}

function isBuffer(value: unknown): value is ArrayBufferLike {
  return hasSize(sizeOfBuffer, value) || hasSize(sizeOfShared, value);
}

/** Whether `getter` takes `value` for one of its kind: a getter of the engine is not deceived. */
function hasSize(getter: (() => number) | undefined, value: unknown): boolean {
  try {
    return getter?.call(value) !== undefined;
  } catch {
    return false;
  }
}

function getterOf(prototype: object): () => number {
  return Object.getOwnPropertyDescriptor(prototype, "byteLength")!.get!;
}
