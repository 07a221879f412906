/// <reference lib="dom" />
/** Links to an entry, `#log=/app&seq=1234`, and what they lead to. */

import type { EntryRow } from "../messages.ts";
import { formatCount } from "./format.ts";
import type { Source } from "./source.ts";

/** The place that a link leads to. */
export interface Link {
  log: string;
  seq: number;
  /** The segment that the entry was in: another one of that name has other entries. */
  segment: string;
}

/** The part of an address from its `#` on. */
export function hashOf({ log, seq, segment }: Link): string {
  const params = new URLSearchParams({ log, seq: String(seq) });
  if (segment !== "") params.set("segment", segment);
  return `#${params}`;
}

/** The link in such a part; `undefined` if it is not one. */
export function linkOf(hash: string): Link | undefined {
  const params = new URLSearchParams(hash.replace(/^#/, ""));
  const [log, seq] = [params.get("log"), params.get("seq") ?? ""];
  if (log === null || !/^[1-9]\d{0,14}$/.test(seq)) return undefined;
  return { log, seq: Number(seq), segment: params.get("segment") ?? "" };
}

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
