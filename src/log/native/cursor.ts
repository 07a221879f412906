/**
 * The place of a reader in a log, to continue there later, in another process or after a reboot.
 *
 * @module
 */

import type { SegmentIdentity } from "../../../ffi/mod.ts";
import { mustBe } from "../../base/arguments.ts";

/**
 * A place in a log: after one entry of one segment. It is plain data that can be kept as JSON. In version 2
 * `created` also stands for the id of the log: one that was restarted in place is another log.
 *
 * @example
 * ```ts
 * import { type Cursor, ShmLogReader, ShmLogWriter } from "@ouroboros/log";
 *
 * using writer = ShmLogWriter.create("/doc-cursor", { size: "256KiB", unlinkOnClose: true });
 * writer.writeMany(["one", "two"]);
 * using first = ShmLogReader.open("/doc-cursor");
 * first.read();
 * const kept = JSON.stringify(first.position);
 *
 * const after: Cursor = JSON.parse(kept);
 * using second = ShmLogReader.open("/doc-cursor", { after });
 * console.log(second.read()?.text, second.continuation); // two { isSameSegment: true, lostEntries: 0 }
 * ```
 */
export interface Cursor extends SegmentIdentity {
  /** The number of the last entry that was read or lost; 0 for the start of the log. */
  readonly sequenceNumber: number;
}

/** What happened to a log since a cursor was taken. */
export interface Continuation {
  /**
   * Whether it is the segment of the cursor, with its entries. If not, the reader starts at the oldest
   * entry of this one: all of them are new to it. Two segments may look the same: where the system does
   * not say when a segment was created, as Linux before 5.18 does not for shared memory, one of another
   * boot; and a file that was restored in place from a backup, see "Backups" in the guide
   * [Security](src/guides/security.md).
   */
  readonly isSameSegment: boolean;
  /** How many entries were overwritten since then, up to the moment of opening. */
  readonly lostEntries: number;
}

const NUMBERS = ["device", "inode", "created", "sequenceNumber"] as const;

/**
 * Throws unless `value`, which may come from a file, is a cursor.
 *
 * @throws {TypeError} if it is not
 */
export function checkCursor(value: unknown): asserts value is Cursor {
  for (const key of NUMBERS) {
    const number = (value as Partial<Cursor> | null)?.[key];
    if (!Number.isSafeInteger(number) || (key === "sequenceNumber" && Number(number) < 0)) {
      const message = mustBe(`cursor.${key}`, number, "an integer of at least 0");
      throw new TypeError(`${message}: give the position of a reader`);
    }
  }
}

/**
 * What tells a log from others: its segment and, in version 2, its id. All that keeps a place in a log
 * keeps these three numbers, so the id is folded into one of them.
 */
export function identityOf(
  segment: SegmentIdentity,
  bufferId: bigint | undefined,
): SegmentIdentity {
  if (bufferId === undefined) return segment;
  const created = BigInt(segment.created) ^ bufferId ^ (bufferId >> 53n);
  return { ...segment, created: Number(BigInt.asUintN(53, created)) };
}

/**
 * Whether a cursor was taken in that segment. Never in one of which nothing is known: on macOS another
 * program's segment has no identity.
 */
export function isCursorOf(cursor: Cursor, { device, inode, created }: SegmentIdentity): boolean {
  return (device !== 0 || inode !== 0) &&
    cursor.device === device && cursor.inode === inode && cursor.created === created;
}
