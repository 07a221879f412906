/**
 * The last entries of a log that match a filter, as rows for a page.
 *
 * @module
 */

import type { LogTarget } from "../../log/native/target.ts";
import type { ReceivedLog } from "../output/received_log.ts";
import type { EntryFilter } from "./entry_filter.ts";
import type { EntryRow } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { rowOf } from "./row.ts";
import { RowFinder } from "./row_finder.ts";
import { scan, type ScanOptions } from "./scan.ts";

/** Which entries to look for. */
export interface BacklogOptions extends ScanOptions {
  filter: EntryFilter;
  /** Only those up to this number. */
  upTo: number;
  /** The last so many, but no more than an outbox takes. */
  most: number;
  /** Where the entries are from, if they were received from other machines. */
  received?: ReceivedLog | undefined;
}

/** What was found. */
export interface Backlog {
  /** The last ones that match, the oldest first. */
  rows: EntryRow[];
  /** How many others matched. */
  left: number;
}

/** Searches what is in a log now. */
export async function findBacklog(target: LogTarget, options: BacklogOptions): Promise<Backlog> {
  const { filter, upTo, most, received } = options;
  const kept = new Outbox(most);
  const finder = new RowFinder({
    filter,
    sourceOf: received && ((number) => received.of(number).label),
    rowOf,
  });
  let matched = 0;
  const keep = (rows: EntryRow[]) => {
    matched += rows.length;
    kept.push(rows);
  };
  await scan(target, options, (batch, from, to) => {
    // Known not to be among the last: not worth decoding.
    const first = filter.isEmpty ? upTo - most + 1 - batch.sequenceNumber(0) : 0;
    const start = Math.min(Math.max(from, first), to);
    matched += start - from;
    keep(finder.find(batch, start, to));
  });
  keep(finder.rest());
  const rows = kept.take();
  return { rows, left: matched - rows.length };
}
