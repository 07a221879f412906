/**
 * Lines of whole batches of entries, whichever thread makes them.
 *
 * @module
 */

import pc from "picocolors";
import type { EntryBatch } from "../../log/batch.ts";
import { isVitals } from "../../records/vitals.ts";
import { type EntryFormat, entryPrinter, type Sink } from "./format.ts";

/** How batches are printed. */
export interface ThreadOptions {
  format: EntryFormat;
  isTerminal: boolean;
  hasColors: boolean;
  /** Whether entries about the process itself are printed, too. */
  vitals: boolean;
}

/** A batch as it is sent. */
export interface EntryBlock {
  bytes: Uint8Array;
  bounds: Int32Array;
  firstSequenceNumber: number;
}

/** What the thread says first; then a block of text for each of entries. */
export const READY = "ready";

/** What prints all entries of a batch. */
export function batchPrinter(
  { format, isTerminal, hasColors, vitals }: ThreadOptions,
  sink: Sink,
): (batch: EntryBatch) => void {
  const print = entryPrinter(format, sink, { isTerminal, colors: pc.createColors(hasColors) });
  return (batch) => {
    for (const [i, text] of batch.texts().entries()) {
      if (vitals || !isVitals(text)) print(batch.share(i), undefined, undefined, text);
    }
  };
}
