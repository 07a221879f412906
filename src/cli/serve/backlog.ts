/**
 * The last entries of a log that match a filter, as rows for a page.
 *
 * @module
 */

import type { LogTarget } from "../../log/native/target.ts";
import type { ReceivedLog } from "../output/log_names.ts";
import type { EntryFilter } from "./entry_filter.ts";
import type { EntryRow } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { QuickLook } from "./quick_look.ts";
import { type DecodedEntry, rowOf, wholeLines } from "./row.ts";
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
  let matched = 0;
  let time = -Infinity;
  const lines = wholeLines<DecodedEntry>();
  const add = (entry: DecodedEntry, rows: EntryRow[]) => {
    if (!filter.isEmpty) {
      const isMatch = filter.matches(entry.text, time);
      time = filter.time;
      if (!isMatch) return;
    }
    matched++;
    rows.push(rowOf({ ...entry, source: received?.of(entry.number).label }));
  };
  const look = new QuickLook(filter);
  await scan(target, options, (batch, from, to) => {
    const rows: EntryRow[] = [];
    look.begin(batch);
    for (let i = from; i < to; i++) {
      // The rest of a line may be anything.
      if (lines.size === 0) i = look.next(i, to);
      if (i === to) break;
      const number = batch.sequenceNumber(i);
      // Known not to be among the last: not worth decoding.
      if (filter.isEmpty && number <= upTo - most) {
        matched++;
        continue;
      }
      const line = lines.take({ number, text: batch.text(i), bytes: batch.byteLength(i) });
      if (line !== undefined) add(line, rows);
    }
    kept.push(rows);
  });
  const unfinished: EntryRow[] = [];
  for (const line of lines.rest()) add(line, unfinished);
  kept.push(unfinished);
  const rows = kept.take();
  return { rows, left: matched - rows.length };
}
