/**
 * Where a page is in a log. Runs in the page, too.
 *
 * @module
 */

import type { Cursor } from "../../log/native/cursor.ts";

/** How a segment is called among all that have its name one after the other. */
export function segmentOf({ device, inode, created }: Omit<Cursor, "sequenceNumber">): string {
  return `${device}-${inode}-${created}`;
}

/** The place after an entry of a segment: the next one that has the name counts from 1 again. */
export function placeOf(number: number, segment: string): string {
  return segment === "" ? String(number) : `${number}.${segment}`;
}

/** How far a page is that has come to `place`, in `segment`: 0 if that is not where it was. */
export function numberIn(segment: string, place: string): number {
  const [, number, other = segment] = /^(\d{1,16})(?:\.([\d-]{1,64}))?$/.exec(place) ?? [];
  return number !== undefined && other === segment ? Number(number) : 0;
}
