/**
 * A reader and a writer that run at the same time, each at its own speed: the real ones, on a clock
 * that is simulated. What the reader loads takes time, and in that time the writer writes.
 *
 * @module
 */

import { type OverrunPolicy, Reader, segmentSize, Writer } from "../../mod.ts";

/** The speeds, and what is written. Times are in nanoseconds. */
export interface Pursuit {
  onOverrun: OverrunPolicy;
  /** The size of a chunk in bytes. There are 16. */
  chunkSize: number;
  /** The size of an entry in bytes. */
  size: number;
  /** How many entries are written in all. */
  entries: number;
  /** How long the writer takes for an entry. */
  write: number;
  /** How long the reader takes for an entry that it copies with others. */
  read: number;
  /** How long it takes to look at a header, or a row, that comes from another core. */
  look: number;
  /** After how much time the reader does not run, for how much. */
  stalls?: { every: number; last: number };
  /** After how many entries the writer pauses until the reader has read all. */
  burst?: number;
}

/** What became of the entries. */
export interface Outcome {
  read: number;
  lost: number;
  overruns: number;
}

/** Lets both run until the reader has read, or lost, all entries. */
export function pursue(options: Pursuit): Outcome {
  const { onOverrun, chunkSize, size, entries, write, look, stalls, burst = Infinity } = options;
  const chunkCount = 16;
  const memory = new ArrayBuffer(segmentSize(chunkCount, chunkSize));
  const writer = Writer.create(memory, { chunkCount, chunkSize });
  const payload = new Uint8Array(size);
  // A batch is looked at twice: once for its headers, once for its bytes.
  const perByte = options.read / (size + 4) / 2;
  let now = 0;
  let due = 0;
  let nextStall = stalls?.every ?? Infinity;
  let written = 0;
  // Nothing is written before the reader is there.
  let limit = 0;
  const pass = (time: number) => {
    now += time;
    if (now > nextStall) {
      now += stalls!.last;
      nextStall = now + stalls!.every;
    }
    for (; due <= now && written < limit; due += write, written++) writer.write(payload);
    if (written === limit) due = now;
  };
  const reader = new Reader(memory, {
    onOverrun,
    load: (from, to) => pass(look + (to - from) * perByte),
  });
  let read = 0;
  while (read + reader.lostEntries < entries) {
    const { length } = reader.readBatch();
    read += length;
    if (length > 0) continue;
    if (written === entries) {
      throw new Error(`${read} read, ${reader.lostEntries} lost, and no more`);
    }
    if (written === limit) limit = Math.min(limit + burst, entries);
    pass(look);
  }
  return { read, lost: reader.lostEntries, overruns: reader.overruns };
}
