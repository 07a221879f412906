/**
 * What was recorded, entry by entry: of a log, or of lines in a file.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { MAGIC } from "../../log/layout.ts";
import { ShmLogReader } from "../../shm_log/reader.ts";
import type { LogTarget } from "../../shm_log/target.ts";
import { LineSplitter } from "./lines.ts";

/** How many bytes are read at once. */
const PIECE = 65536;
/** Longer lines are no entries: no log takes them. */
const MOST = 2 ** 31;
const OPENING = 0x7b;
const HASH = 0x23;

/** An entry of a recording; valid until the next one. */
export interface RecordedEntry {
  bytes: Uint8Array;
  /** How much of the recording is read with it, in the unit of {@linkcode Recorded.total}. */
  done: number;
}

/** A recording. */
export interface Recorded {
  /** How much there is. */
  total: number;
  /** What the total counts. */
  unit: "entries" | "bytes";
  /** Gives all of its entries, as often as it is called. */
  entries(): Generator<RecordedEntry>;
}

/**
 * Opens a recording: a log, or a file of lines, which may be JSON as `tail -o json` writes it.
 *
 * @throws {RangeError} if it is neither, like a pipe, which can't be read more than once
 */
export function openRecorded(target: LogTarget): Recorded {
  if (typeof target !== "string" && !statSync(target.path).isFile()) {
    throw new RangeError(`${JSON.stringify(target.path)} is not a file`);
  }
  return typeof target === "string" || isLog(target.path) ? logOf(target) : linesOf(target.path);
}

/** Whether a file begins like a log. */
function isLog(path: string): boolean {
  const descriptor = openSync(path, "r");
  try {
    const start = Buffer.alloc(8);
    return readSync(descriptor, start, 0, 8, 0) === 8 && start.readBigUInt64LE() === MAGIC;
  } finally {
    closeSync(descriptor);
  }
}

function logOf(target: LogTarget): Recorded {
  using log = ShmLogReader.open(target, { onDamage: "skip", copyMode: "auto" });
  const { entries: total, lastSequenceNumber: last } = log.inspect();
  return {
    total,
    unit: "entries",
    *entries() {
      using reader = ShmLogReader.open(target, {
        strategy: "lowest",
        onDamage: "skip",
        copyMode: "auto",
      });
      let done = 0;
      // What a writer adds meanwhile is not part of it.
      while (reader.lastSequenceNumber < last) {
        const batch = reader.readBatch(last - reader.lastSequenceNumber);
        if (batch.length === 0) return;
        for (let i = 0; i < batch.length; i++) yield { bytes: batch.bytes(i), done: ++done };
      }
    },
  };
}

function linesOf(path: string): Recorded {
  const descriptor = openSync(path, "r");
  const { size } = fstatSync(descriptor);
  closeSync(descriptor);
  return { total: size, unit: "bytes", entries: () => lines(path) };
}

function* lines(path: string): Generator<RecordedEntry> {
  const descriptor = openSync(path, "r");
  try {
    const piece = new Uint8Array(PIECE);
    const found: Uint8Array[] = [];
    const splitter = new LineSplitter(MOST, (line) => found.push(line));
    for (let done = 0;;) {
      const count = readSync(descriptor, piece, 0, PIECE, null);
      done += count;
      if (count > 0) splitter.push(piece.subarray(0, count));
      else splitter.end();
      for (const line of found) {
        const bytes = payloadOf(line);
        if (bytes !== undefined) yield { bytes, done };
      }
      found.length = 0;
      if (count === 0) return;
    }
  } finally {
    closeSync(descriptor);
  }
}

/** What a line says was written; undefined for what a recorder says of itself. */
function payloadOf(line: Uint8Array): Uint8Array | undefined {
  if (line[0] === HASH) return isNote(line) ? undefined : line;
  if (line[0] !== OPENING) return line;
  let object: Record<string, unknown>;
  try {
    object = JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.length).toString());
  } catch {
    return line;
  }
  if (Number.isSafeInteger(object.seq)) {
    if (typeof object.text === "string") return Buffer.from(object.text);
    if (typeof object.base64 === "string") return Buffer.from(object.base64, "base64");
  }
  const keys = Object.keys(object).join();
  return keys === "lost,after" || keys === "reopened,after" ? undefined : line;
}

function isNote(line: Uint8Array): boolean {
  return /^# ouroboros: (\d+ entr(y|ies) lost|another log of this name begins) after entry \d+$/
    .test(Buffer.from(line.buffer, line.byteOffset, Math.min(line.length, 200)).toString());
}
