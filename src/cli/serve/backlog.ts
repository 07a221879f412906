/**
 * The last entries of a log that match a filter, found without holding up anything else.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import { ShmLogReader } from "../../log/native/shm_log_reader.ts";
import type { ShmLogReaderOptions } from "../../log/native/reader_options.ts";
import type { LogTarget } from "../../log/native/target.ts";
import type { ReceivedLog } from "../output/log_names.ts";
import type { EntryFilter } from "./entry_filter.ts";
import type { EntryRow } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { segmentOf } from "./place.ts";
import { rowOf } from "./row.ts";

/** How long the search works before it lets others work, in milliseconds. */
const SLICE = 8;

/** Which entries to look for. */
export interface BacklogOptions {
  filter: EntryFilter;
  /** In which segment. Another one may have the name by now, and is reported as soon as it is seen. */
  segment: string;
  /** Only those after this number. */
  after: number;
  /** Only those up to this number. */
  upTo: number;
  /** The last so many, but no more than an outbox takes. */
  most: number;
  /** Ends the search early, without an error. */
  signal: AbortSignal;
  /** Where the entries are from, if they were received from other machines. */
  received?: ReceivedLog | undefined;
  /** How the log is read. */
  copyMode: ShmLogReaderOptions["copyMode"];
  /** Told now and then how far it is, from 0 to 1. */
  onProgress?: (done: number) => void;
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
  const { filter, segment, after, upTo, most, signal, received, copyMode, onProgress } = options;
  const kept = new Outbox(most);
  let matched = 0;
  using reader = ShmLogReader.open(target, { strategy: "oldest", onDamage: "skip", copyMode });
  if (segmentOf(reader.position) !== segment) return { rows: [], left: 0 };
  const first = Math.max(reader.lastSequenceNumber, after);
  let sliceEnd = performance.now() + SLICE;
  while (!signal.aborted && reader.lastSequenceNumber < upTo) {
    const batch = reader.readBatch();
    if (batch.length === 0) break;
    const rows: EntryRow[] = [];
    for (let i = 0; i < batch.length; i++) {
      const number = batch.sequenceNumber(i);
      if (number <= after) continue;
      if (number > upTo) break;
      if (filter.isEmpty) {
        matched++;
        // Known not to be among the last: not worth decoding.
        if (number <= upTo - most) continue;
      }
      const entry = { number, text: batch.text(i), bytes: batch.byteLength(i) };
      if (!filter.isEmpty) {
        if (!filter.matches(entry.text)) continue;
        matched++;
      }
      rows.push(rowOf({ ...entry, source: received?.of(number).label }));
    }
    kept.push(rows);
    if (performance.now() < sliceEnd) continue;
    onProgress?.((reader.lastSequenceNumber - first) / Math.max(upTo - first, 1));
    await setImmediate();
    sliceEnd = performance.now() + SLICE;
  }
  const rows = kept.take();
  return { rows, left: matched - rows.length };
}
