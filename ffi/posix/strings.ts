/**
 * Names and strings as the calls of Linux and macOS take them.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/**
 * A name with its `/`, checked.
 *
 * @throws {RangeError} if it is empty, `.` or `..`, too long, or contains a slash or a NUL
 */
export function posixName(name: string, maxLength: number): string {
  const bare = name.startsWith("/") ? name.slice(1) : name;
  const shown = JSON.stringify(name);
  if (bare === "") throw new RangeError(`name ${shown} is empty`);
  if (bare.includes("/")) {
    throw new RangeError(
      `name ${shown} contains a slash: only the path of a file may, like { path: ${shown} }`,
    );
  }
  if (bare.includes("\0")) throw new RangeError(`name ${shown} contains a NUL`);
  if (bare === "." || bare === "..") throw new RangeError(`name ${shown} is reserved`);
  const length = new TextEncoder().encode(bare).length;
  if (length > maxLength) {
    throw new RangeError(`name of ${length} bytes exceeds the maximum of ${maxLength}`);
  }
  return `/${bare}`;
}

/** The bytes of a text in UTF-8, and the zero at its end. */
export function cString(text: string): Uint8Array {
  return Buffer.from(`${text}\0`, "utf8");
}
