/**
 * What was recorded, entry by entry: of a log, or of lines in a file.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { ShmLogReader } from "../../log/native/shm_log_reader.ts";
import type { LogTarget } from "../../log/native/target.ts";
import { STANDARD_INPUT, UnpackedFile } from "../../log/native/unpacked_file.ts";
import { UnpackError } from "../../compression/units.ts";
import { unpacked } from "../../compression/unpack.ts";
import { batchesUpTo } from "../options/log_targets.ts";
import { harmlessJson } from "../output/harmless.ts";
import { warn } from "../output/warn.ts";
import { FileBytes, PipedBytes, type SourceBytes } from "./source_bytes.ts";
import { LineSplitter } from "./lines.ts";
import { isNoteInText, type Said, saidBy } from "./recorded_line.ts";

/** Longer lines are no entries: no log takes them. */
const MOST = 2 ** 31;
const OPENING = 0x7b;
const HASH = 0x23;
/** How many bytes of a file tell whether it is JSON of ours. */
const LOOK = 1 << 20;

/** An entry of a recording; valid until the next ones. */
export interface RecordedEntry {
  bytes: Uint8Array;
  /** How much of the recording is read with it, in the unit of {@linkcode Recorded.total}. */
  done: number;
}

/** What lines are: entries as they are, or as `-o json` writes them. */
export type RecordedFormat = "text" | "json";

/** A recording. */
export interface Recorded {
  /** How much there is; 0 if that is not known. */
  total: number;
  /** What the total counts. */
  unit: "entries" | "bytes";
  /** What the lines of a file are. */
  format?: RecordedFormat;
  /** Gives all of its entries, some at a time, as often as it is called; of standard input once. */
  entries(): AsyncIterable<RecordedEntry[]> | Iterable<RecordedEntry[]>;
}

/**
 * Opens a recording: a log, or a file of lines, which may be JSON as `tail -o json` writes it; unless
 * `format` says whether they are, that is what the first ones say. Both may be compressed, and come by
 * standard input.
 *
 * @throws {RangeError} if it is neither, like a pipe, which can't be read more than once
 */
export async function openRecorded(
  target: LogTarget,
  format?: RecordedFormat,
): Promise<Recorded> {
  if (typeof target === "string") return logOf(target);
  const source = target.path === STANDARD_INPUT
    ? await PipedBytes.open()
    : FileBytes.open(target.path);
  if (source.isLog) {
    if (source instanceof PipedBytes) UnpackedFile.keepStandardInput(await source.all());
    return logOf(target);
  }
  return linesIn(source, format ?? (await isJson(source) ? "json" : "text"));
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
      for (const batch of batchesUpTo(reader, last)) {
        yield Array.from({ length: batch.length }, (_, i) => ({
          bytes: batch.bytes(i),
          done: ++done,
        }));
      }
    },
  };
}

function linesIn(source: SourceBytes, format: RecordedFormat): Recorded {
  const payloadOf = format === "json" ? payloadOfJson : payloadOfText;
  return {
    total: source.size,
    unit: "bytes",
    format,
    async *entries() {
      const pieces = unpacked(source.pieces(), source.compression);
      for await (const lines of linesOf(pieces, (what) => warn(`${source.name}: ${what}`))) {
        yield lines.map(({ bytes }) => payloadOf(bytes)).filter((bytes) => bytes !== undefined)
          .map((bytes) => ({ bytes, done: source.done }));
      }
    },
  };
}

interface Line {
  bytes: Uint8Array;
  /** Whether it has an end, or is followed by one that has. */
  isWhole: boolean;
}

/**
 * The lines, as they come; valid until the next ones. Where a compressed file is damaged they end with the
 * last whole line before.
 */
async function* linesOf(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  onDamage: (what: string) => void,
): AsyncGenerator<Line[]> {
  let found: Uint8Array[] = [];
  const splitter = new LineSplitter(MOST, (line) => found.push(line));
  const taken = (isWhole: boolean) => {
    const lines = found.map((bytes) => ({ bytes, isWhole }));
    found = [];
    return lines;
  };
  try {
    for await (const piece of pieces) {
      splitter.push(piece);
      if (found.length > 0) yield taken(true);
    }
  } catch (error) {
    if (!(error instanceof UnpackError)) throw error;
    return onDamage(`${error.message}; the lines before that are taken`);
  }
  splitter.end();
  if (found.length > 0) yield taken(false);
}

/**
 * Whether a file is what `-o json` writes: each of its first lines as it writes them, byte by byte, and
 * with numbers that rise. Of an application that writes the same itself nothing tells it.
 */
async function isJson(source: SourceBytes): Promise<boolean> {
  const last = new Map<string, number>();
  let entries = 0;
  let done = 0;
  const pieces = unpacked(source.firstPieces(), source.compression);
  for await (const lines of linesOf(pieces, () => {})) {
    for (const line of lines) {
      if (!line.isWhole || (done += line.bytes.length + 1) > LOOK) return entries > 0;
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
