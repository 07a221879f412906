/// <reference lib="dom" />
/** The entry that a link leads to. */

import type { EntryRow } from "../messages.ts";
import { formatCount } from "./format.ts";
import type { Link } from "./link.ts";
import type { Source } from "./source.ts";

/** How many entries are shown before it, and after it. */
const AROUND = 200;

/** What a link leads to. */
export interface Linked {
  /** The entry, if it is there, and those around it. */
  rows: EntryRow[];
  /** What they are, or why they are not there. */
  remark: string;
}

/** Asks for the entry of a link, and those around it. */
export async function findLinked(
  { log, seq, segment }: Link,
  source: Source,
): Promise<Linked> {
  const answer = await source.around(log, seq, AROUND);
  if (answer === undefined) return { rows: [], remark: "the server does not answer" };
  if (answer.found === undefined) return { rows: [], remark: answer.refusal.message };
  const { entries, oldest, newest, segment: found } = answer.found;
  const what = `entry ${formatCount(seq)}`;
  if (segment !== "" && segment !== found) {
    return { rows: [], remark: `${what} was in another log of this name, which is gone` };
  }
  const range = newest === 0
    ? "the log is empty"
    : `the log has ${formatCount(oldest)} to ${formatCount(newest)}`;
  const remark = seq < oldest
    ? `${what} is not kept any more: ${range}`
    : seq > newest
    ? `${what} is not written yet: ${range}`
    : `the entries around ${formatCount(seq)}; Resume shows what comes now`;
  const rows = entries.map(({ seq, text, base64, bytes, source }): EntryRow => [
    seq,
    text ?? base64 ?? "",
    bytes ?? null,
    source,
  ]);
  return { rows, remark };
}
