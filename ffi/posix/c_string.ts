/**
 * Strings as C has them.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** The bytes of a text in UTF-8, and the zero at its end. */
export function cString(text: string): Uint8Array {
  return Buffer.from(`${text}\0`, "utf8");
}
