/**
 * Entries of a log as parts of lines.
 *
 * @module
 */

import { headOfBytes, joinBytes, type LineParts, mayBePart } from "../../records/whole_lines.ts";
import { Entry } from "../entry.ts";

/** How much of lines without an end is kept, in bytes. */
const MOST_KEPT = 1 << 24;

/** How entries are put together; `sourceOf` says which log one is from, in a log of several. */
export function entryParts(sourceOf?: (entry: Entry) => string | undefined): LineParts<Entry> {
  return {
    mayBePart: ({ bytes }) => mayBePart(bytes, 0, bytes.length),
    headOf: ({ bytes }) => headOfBytes(bytes),
    sizeOf: ({ length }) => length,
    ...sourceOf && { sourceOf },
    /** In the place of its last part. */
    join(parts, isWhole) {
      const bytes = joinBytes(parts, isWhole);
      const { sequenceNumber, chunkIndex, chunkToken } = parts[parts.length - 1].item;
      return new Entry(bytes, 0, bytes.length, sequenceNumber, chunkIndex, chunkToken);
    },
    most: MOST_KEPT,
  };
}

/**
 * When a line of a container runtime was read, in milliseconds with a fraction; 0 of others. It orders lines
 * whose own times are the same.
 */
export function readTimeOf({ bytes }: Entry): number {
  return headOfBytes(bytes)?.time ?? 0;
}
