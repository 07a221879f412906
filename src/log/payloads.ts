/**
 * The sizes of payloads on their way into a log.
 *
 * @module
 */

import { byteLength } from "../base/arguments.ts";
import type { TextEncoding } from "./utf8.ts";
import { entrySize, HEADER_SIZE } from "./layout.ts";

/**
 * The size of a batch in bytes with its headers. Strings count as three bytes a character where there is
 * room for so much.
 *
 * @param room how many bytes there are without a look at what the strings take
 * @param most the largest payload of one entry
 * @throws {TypeError} if an element is neither text nor bytes
 * @throws {RangeError} if they don't fit into the log together
 */
export function batchSize(
  entries: readonly (Uint8Array | string)[],
  encoding: TextEncoding,
  room: number,
  most: number,
): number {
  let largest = 0;
  for (let i = 0; i < entries.length; i++) {
    const data = entries[i];
    largest += entrySize(typeof data === "string" ? data.length * 3 : lengthOf(data, i));
  }
  if (largest <= room) return largest;
  let size = 0;
  for (let i = 0; i < entries.length; i++) {
    const data = entries[i];
    size += entrySize(typeof data === "string" ? encoding.byteLength(data) : lengthOf(data, i));
  }
  if (size - HEADER_SIZE > most) {
    throw new RangeError(
      `batch of ${size} bytes with headers exceeds the maximum of ` +
        `${most + HEADER_SIZE}: write it in several parts`,
    );
  }
  return size;
}

function lengthOf(data: Uint8Array, index: number): number {
  const length = data instanceof Uint8Array ? data.length : 0;
  return length !== 0 ? length : byteLength(`entries[${index}]`, data);
}
