/**
 * What every `readInto()` has in common: the check of the caller's bytes, and the copy.
 *
 * @module
 */

import { byteLength } from "./base/arguments.ts";

/** Up to this many bytes a loop beats a view and a call of `Uint8Array.set`. */
const SHORT = 96;

/**
 * Throws unless `into` is bytes.
 *
 * @throws {TypeError} if it is not a Uint8Array
 */
export function checkInto(into: Uint8Array): void {
  if (!(into instanceof Uint8Array)) byteLength("into", into, "a Uint8Array");
}

/**
 * Throws unless `size` bytes fit.
 *
 * @throws {RangeError} if they do not
 */
export function checkRoom(into: Uint8Array, size: number): void {
  if (size <= into.length) return;
  throw new RangeError(
    `into has ${into.length} bytes, and the next entry needs ${size}: give as many, or call ` +
      `the method that returns an entry of any size; nothing was read`,
  );
}

/** Copies the bytes from `start` to `end` to `at`. Nothing is made for up to 96 bytes, else a view. */
export function copyInto(
  into: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  const length = end - start;
  if (length > SHORT) into.set(source.subarray(start, end), at);
  else for (let i = 0; i < length; i++) into[at + i] = source[start + i];
}
