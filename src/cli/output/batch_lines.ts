/**
 * Lines of whole batches of entries, whichever thread makes them.
 *
 * @module
 */

import pc from "picocolors";
import type { EntryBatch } from "../../log/batch.ts";
import { copyInto } from "../../read_into.ts";
import { isVitalsAt } from "../../records/vitals.ts";
import { type EntryFormat, entryPrinter } from "./format.ts";
import type { LineBytes } from "./line_bytes.ts";
import { plainJson } from "./plain_json.ts";
import { PlainPretty } from "./plain_pretty.ts";
import { type Colors, PrettyPrinter } from "./pretty.ts";

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

/** What the thread says first; then a block of lines for each of entries. */
export const READY = "ready";

const LINE_FEED = 10;

/**
 * What prints all entries of a batch. Those that are plain are never made text of: it gives how many were
 * not, and took several times as long.
 */
export function batchPrinter(
  { format, isTerminal, hasColors, vitals }: ThreadOptions,
  lines: LineBytes,
): (batch: EntryBatch) => number {
  const colors = pc.createColors(hasColors);
  const print = entryPrinter(format, lines, { isTerminal, colors });
  const printPlain = format === "json"
    ? plainJson
    : format === "raw"
    ? asItIs
    : format === "text"
    ? isTerminal ? () => false : asLine
    : plainPretty(colors);
  return (batch) => {
    const { bytes, bounds, length } = batch.block;
    const first = batch.sequenceNumber(0);
    let texts: string[] | undefined;
    let count = 0;
    for (let i = 0; i < length; i++) {
      const start = bounds[2 * i];
      const end = bounds[2 * i + 1];
      if (!vitals && isVitalsAt(bytes, start, end)) continue;
      if (printPlain(lines, bytes, start, end, first + i)) continue;
      texts ??= batch.texts();
      print(batch.share(i), undefined, undefined, texts[i]);
      count++;
    }
    return count;
  };
}

/** Writes the bytes of an entry, whatever they are: a terminal must not get them so. */
function asItIs(lines: LineBytes, bytes: Uint8Array, start: number, end: number): true {
  lines.room(end - start);
  copyInto(lines.bytes, lines.length, bytes, start, end);
  lines.length += end - start;
  return true;
}

/** The same, and a line end. */
function asLine(lines: LineBytes, bytes: Uint8Array, start: number, end: number): true {
  asItIs(lines, bytes, start, end);
  lines.room(1);
  lines.bytes[lines.length++] = LINE_FEED;
  return true;
}

function plainPretty(colors: Colors): typeof plainJson {
  const pretty = new PlainPretty(new PrettyPrinter(colors));
  return (lines, bytes, start, end) => pretty.print(lines, bytes, start, end);
}
