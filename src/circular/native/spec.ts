/**
 * What a circular buffer in shared memory is called, and how large it is.
 *
 * @module
 */

import { checkCapacity, DEFAULT_MAX_CAPACITY } from "../layout.ts";
import { checkOptions, number, text } from "../../base/options.ts";

/** The names of a buffer's segments, and its size: the same for all processes that use it. */
export interface CircularBufferSpec {
  /** The name of the segment with the indices, with or without its `/`. */
  indexName: string;
  /** The name of the segment with the messages. */
  dataName: string;
  /** How many bytes hold messages, with 4 bytes for each: from 9 to `maxCapacity`. */
  capacity: number;
  /** The largest capacity that is let through. Default 50 MiB, as in the original. */
  maxCapacity?: number;
}

/**
 * Throws unless the spec can be.
 *
 * @throws {RangeError} if the capacity is out of its bounds, or both names are the same
 */
export function checkSpec(spec: CircularBufferSpec): void {
  checkOptions("CircularBufferSpec", spec, {
    indexName: text,
    dataName: text,
    capacity: number,
    maxCapacity: number,
  });
  checkCapacity(spec.capacity, spec.maxCapacity ?? DEFAULT_MAX_CAPACITY);
  if (spec.indexName === spec.dataName) {
    throw new RangeError(`index and data segment have the same name, "${spec.indexName}"`);
  }
}

/** The name of the semaphore that the writer holds. */
export function writerSemaphore(spec: CircularBufferSpec): string {
  return `${spec.dataName}-writer`;
}
