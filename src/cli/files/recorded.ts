/**
 * What was recorded, entry by entry: of a log, or of lines in a file.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { MAGIC } from "../../log/layout.ts";
import { ShmLogReader } from "../../log/native/shm_log_reader.ts";
import type { LogTarget } from "../../log/native/target.ts";
import { harmlessJson } from "../output/harmless.ts";
import { LineSplitter } from "./lines.ts";
import { isNoteInText, type Said, saidBy } from "./recorded_line.ts";

/** How many bytes are read at once. */
const PIECE = 65536;
/** Longer lines are no entries: no log takes them. */
const MOST = 2 ** 31;
const OPENING = 0x7b;
const HASH = 0x23;
/** How many bytes of a file tell whether it is JSON of ours. */
const LOOK = 1 << 20;

/** An entry of a recording; valid until the next one. */
export interface RecordedEntry {
  bytes: Uint8Array;
  /** How much of the recording is read with it, in the unit of {@linkcode Recorded.total}. */
  done: number;
}

/** What lines are: entries as they are, or as `-o json` writes them. */
export type RecordedFormat = "text" | "json";

/** A recording. */
export interface Recorded {
  /** How much there is. */
  total: number;
  /** What the total counts. */
  unit: "entries" | "bytes";
  /** What the lines of a file are. */
  format?: RecordedFormat;
  /** Gives all of its entries, as often as it is called. */
  entries(): Generator<RecordedEntry>;
}

/**
 * Opens a recording: a log, or a file of lines, which may be JSON as `tail -o json` writes it; unless
 * `format` says whether they are, that is what the first ones say.
 *
 * @throws {RangeError} if it is neither, like a pipe, which can't be read more than once
 */
export function openRecorded(target: LogTarget, format?: RecordedFormat): Recorded {
  if (typeof target !== "string" && !statSync(target.path).isFile()) {
    throw new RangeError(
      `${JSON.stringify(target.path)} is not a file: name a saved log, or a file of lines`,
    );
  }
  if (typeof target === "string" || isLog(target.path)) return logOf(target);
  return fileOf(target.path, format ?? (isJson(target.path) ? "json" : "text"));
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
        strategy: "oldest",
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

function fileOf(path: string, format: RecordedFormat): Recorded {
  const { size } = statSync(path);
  const payloadOf = format === "json" ? payloadOfJson : payloadOfText;
  return {
    total: size,
    unit: "bytes",
    format,
    *entries() {
      for (const { bytes: line, done } of linesOf(path)) {
        const bytes = payloadOf(line);
        if (bytes !== undefined) yield { bytes, done };
      }
    },
  };
}

interface Line {
  bytes: Uint8Array;
  /** Whether it has an end, or is followed by one that has. */
  isWhole: boolean;
  done: number;
}

function* linesOf(path: string): Generator<Line> {
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
      for (const bytes of found) yield { bytes, isWhole: count > 0, done };
      found.length = 0;
      if (count === 0) return;
    }
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Whether a file is what `-o json` writes: each of its first lines as it writes them, byte by byte, and
 * with numbers that rise. Of an application that writes the same itself nothing tells it.
 */
function isJson(path: string): boolean {
  const last = new Map<string, number>();
  let entries = 0;
  let done = 0;
  for (const line of linesOf(path)) {
    if (!line.isWhole || (done += line.bytes.length + 1) > LOOK) break;
    const said = saidBy(textOf(line.bytes));
    if (said === undefined || !isExact(said, line.bytes)) return false;
    if (said.kind === "note") {
      // Another log of the name, or another part of one.
      if ("reopened" in said.object) last.clear();
      continue;
    }
    const { host, log, segment, seq } = said.object;
    const source = JSON.stringify([host, log, segment]);
    if ((seq as number) <= (last.get(source) ?? -1)) return false;
    last.set(source, seq as number);
    entries++;
  }
  return entries > 0;
}

function isExact({ object }: Said, line: Uint8Array): boolean {
  return harmlessJson(JSON.stringify(object)) === harmlessJson(textOf(line).trimEnd());
}

/** What was written, by a line of `-o json`; undefined for a line about the entries. */
function payloadOfJson(line: Uint8Array): Uint8Array | undefined {
  const said = line[0] === OPENING ? saidBy(textOf(line)) : undefined;
  if (said === undefined) return line;
  if (said.kind === "note") return undefined;
  const { text, base64 } = said.object;
  return typeof text === "string" ? Buffer.from(text) : Buffer.from(base64 as string, "base64");
}

/** The same for a line of text. */
function payloadOfText(line: Uint8Array): Uint8Array | undefined {
  return line[0] === HASH && isNoteInText(textOf(line.subarray(0, 200))) ? undefined : line;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
