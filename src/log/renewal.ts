/**
 * A log of version 2 that is restarted in its memory, while readers may read it.
 *
 * The order is such that no reader can take an entry of one life for one of the other, and that a
 * writer which dies anywhere in between leaves nothing that could be resumed with wrong numbers:
 *
 * | step | a reader that looks then | after a crash then |
 * |---|---|---|
 * | 1. row 0 says that all is restarted (RENEWAL_MARK) | no chunk 0 | restarted once more |
 * | 2. all other rows are invalidated | no chunks | the same |
 * | 3. the first header is zeroed | | the same |
 * | 4. another buffer id | what it has read before does not count any more | the same, with a third id |
 * | 5. row 0 gets token 0 | | the same |
 * | 6. row 0 is committed | a new reader finds an empty log | resumed as an empty log |
 *
 * Readers look at a row, and after it at the id (`Segment.isSameLife`): a reader that has seen a row of the next
 * life, or a byte that it covers, sees the next id.
 *
 * The reference zeroes the table, stores the header with the next id, and commits row 0 last; it leaves
 * no mark. A crash there leaves no committed row, and token 0 in row 0: that is restarted, too.
 *
 * @module
 */

import { UnsupportedLogError } from "../errors.ts";
import type { Fence } from "../fence.ts";
import { BUFFER_ID_WORD, RENEWAL_MARK, RESTART_MARK, ROW_COMMIT_FLAG } from "./layout.ts";
import { Segment } from "./segment.ts";

/**
 * Restarts the log in the memory of `segment`; returns it in its next life.
 *
 * @throws {UnsupportedLogError} if it is of version 1
 */
export function beginAnew(segment: Segment, fence: Fence): Segment {
  const { bytes, words, dataStart, version } = segment;
  if (version === 1) {
    throw new UnsupportedLogError(
      "a log of version 1 can't be restarted in place, because its readers would not notice: replace it",
      version,
    );
  }
  const rows = segment.rowTable();
  Atomics.store(rows, 0, RENEWAL_MARK);
  for (let at = 2; at < rows.length; at += 2) {
    if (rows[at] === 0n && rows[at + 1] === 0n) continue;
    Atomics.store(rows, at, 0n);
    Atomics.store(rows, at + 1, 0n);
  }
  // The rows before any byte that they cover, as in `ChunkRows.invalidate`.
  fence();
  Atomics.store(words, dataStart >>> 2, 0);
  const header = new BigUint64Array(bytes.buffer, bytes.byteOffset, dataStart >>> 3);
  const id = BUFFER_ID_WORD >>> 1;
  Atomics.store(header, id, newBufferId(header[id]));
  // The id before row 0, and before all that is written from now on. Pairs with Segment.isSameLife().
  fence();
  // Its token, too: a reader that is still in the first lap of the old life has token 0, and may have
  // seen the flag of a later lap.
  Atomics.store(rows, 1, 0n);
  Atomics.store(rows, 0, ROW_COMMIT_FLAG | BigInt(dataStart));
  return new Segment(bytes);
}

/** Whether a writer died while it restarted the log: there is nothing to resume. */
export function wasBeingBegun(segment: Segment): boolean {
  if (segment.version === 1) return false;
  const rows = segment.rowTable();
  if (rows[0] === RENEWAL_MARK) return true;
  if (rows[0] >= RESTART_MARK || rows[1] !== 0n) return false;
  for (let at = 2; at < rows.length; at += 2) if (rows[at] >= ROW_COMMIT_FLAG) return false;
  return true;
}

/** A random id that is not 0, nor `before`. */
export function newBufferId(before: bigint = 0n): bigint {
  const id = new BigUint64Array(1);
  do crypto.getRandomValues(id); while (id[0] === 0n || id[0] === before);
  return id[0];
}
