/** A file with entries, taken apart: a saved log, one of several logs, or lines that were recorded. */

import { compilerFence } from "../../../fence.ts";
import { decodeText } from "../../../decode_text.ts";
import { EntryBatch } from "../../../log/batch.ts";
import { cutOffInWords, cutOffOf } from "../../../log/cut_off.ts";
import { MAGIC } from "../../../log/layout.ts";
import { Reader } from "../../../log/reader.ts";
import { Segment } from "../../../log/segment.ts";
import { Collection } from "../../../ship/collected.ts";
import { isNoteInText, saidBy } from "../../files/recorded_line.ts";
import { oneLine, sourceLabel } from "../../output/harmless.ts";
import type { EntriesAtOnce } from "../quick_look.ts";

/** The largest file, unpacked, in bytes: browsers have no more memory for one. */
const MOST_BYTES = 1 << 30;
/** How many lines are looked at together. */
const LINES_AT_ONCE = 4096;
/** How many of the first lines tell whether they are JSON of ours. */
const LOOK = 20;
/** How much of the start of a file tells whether it is text, in bytes. */
const START = 4096;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const OPENING = 0x7b;
const HASH = 0x23;

/** A file that was read. */
export interface SavedFile {
  name: string;
  /** All entries, in their order. */
  batches: readonly EntriesAtOnce[];
  /** How many there are. */
  entries: number;
  /** How many could not be read, because they are damaged. */
  lost: number;
  /** What is missing of it, as a sentence, if it was cut off. */
  missing?: string;
  /** The logs that they are from, if the file says so, and how many entries of each there are. */
  sources: ReadonlyMap<string, number>;
  /** Which of them an entry is from. */
  sourceOf?: (sequenceNumber: number) => string | undefined;
}

/**
 * Reads a file, packed or not.
 *
 * @throws {Error} if there are no entries in it that anybody could read
 */
export async function readSaved(name: string, file: Blob): Promise<SavedFile> {
  let bytes = await bytesOf(file);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = await unpacked(bytes);
  const word = bytes.length < 8 ? 0n : new DataView(bytes.buffer).getBigUint64(0, true);
  if (word === MAGIC) return savedLog(name, bytes);
  if (Number(word & 0xffffffffn) === 0xfd2fb528) {
    throw new Error("browsers can't unpack zstd: unzstd it first");
  }
  if (bytes.subarray(0, START).includes(0)) throw new Error("it is neither a log nor text");
  return recordedLines(name, bytes);
}

async function bytesOf(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  if (file.size > MOST_BYTES) throw tooLarge();
  return new Uint8Array(await file.arrayBuffer());
}

/** What was packed by gzip, as far as it is whole. */
async function unpacked(packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const reader = stream.getReader();
  const pieces: BlobPart[] = [];
  let size = 0;
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      size += piece.value.length;
      if (size > MOST_BYTES) break;
      pieces.push(piece.value);
    }
  } catch (error) {
    // It was cut: what came before can be read.
    if (size === 0) throw error;
  }
  await reader.cancel().catch(() => {});
  if (size > MOST_BYTES) throw tooLarge();
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

function tooLarge(): Error {
  return new Error("it has more than 1 GiB: save a part of it (--since, --where)");
}

function savedLog(name: string, bytes: Uint8Array<ArrayBuffer>): SavedFile {
  // Nobody else has this memory: there is no order to keep, and no WebAssembly to keep it with.
  const reader = new Reader(bytes.buffer, {
    strategy: "oldest",
    onDamage: "skip",
    fence: compilerFence,
  });
  const batches: EntryBatch[] = [];
  for (;;) {
    const batch = reader.readBatch(undefined, new EntryBatch());
    if (batch.length === 0) break;
    batches.push(batch);
  }
  const cutOff = cutOffOf(new Segment(bytes.buffer), compilerFence);
  const file = {
    name,
    batches,
    entries: batches.reduce((sum, { length }) => sum + length, 0),
    lost: reader.lostEntries,
    ...cutOff !== undefined && { missing: cutOffInWords(cutOff) },
  };
  const collection = collectionIn(bytes);
  if (collection === undefined) return { ...file, sources: new Map() };
  const labels = new Map(collection.sources.map((source) => [source, sourceLabel(source)]));
  const sourceOf = (sequenceNumber: number) => {
    const source = collection.of(sequenceNumber)?.source;
    return source && labels.get(source);
  };
  const sources = new Map<string, number>();
  for (let number = 1; number <= file.entries; number++) count(sources, sourceOf(number));
  return { ...file, sources, sourceOf };
}

function count(sources: Map<string, number>, source: string | undefined): void {
  if (source !== undefined) sources.set(source, (sources.get(source) ?? 0) + 1);
}

function collectionIn(bytes: Uint8Array): Collection | undefined {
  return Collection.parse(
    bytes.length,
    (position, length) => bytes.subarray(position, position + length),
  );
}

/** Lines, one after the other in one memory. */
class LineBatch implements EntriesAtOnce {
  readonly length: number;
  readonly block: EntriesAtOnce["block"];
  readonly #first: number;

  constructor(bytes: Uint8Array, bounds: readonly number[], first: number) {
    this.length = bounds.length / 2;
    this.#first = first;
    // Where the first one begins: what is before need not be looked at.
    const start = bounds[0] ?? 0;
    const own = bytes.subarray(start, bounds.at(-1) ?? 0);
    this.block = {
      bytes: own,
      bounds: Int32Array.from(bounds, (place) => place - start),
      length: this.length,
    };
  }

  sequenceNumber(index: number): number {
    return this.#first + index;
  }

  byteLength(index: number): number {
    const { bounds } = this.block;
    return bounds[2 * index + 1] - bounds[2 * index];
  }

  text(index: number): string {
    const { bytes, bounds } = this.block;
    return decodeText(bytes.subarray(bounds[2 * index], bounds[2 * index + 1]));
  }
}

function recordedLines(name: string, bytes: Uint8Array): SavedFile {
  const isJson = isRecordedJson(bytes);
  const batches: EntriesAtOnce[] = [];
  const sources = new Map<string, number>();
  const origins: (string | undefined)[] = [];
  let bounds: number[] = [];
  let entries = 0;
  // What was written, where a line has it in quotes.
  let payloads: Uint8Array[] = [];
  const close = () => {
    const count = isJson ? payloads.length : bounds.length / 2;
    if (count === 0) return;
    const first = entries - count + 1;
    batches.push(isJson ? joined(payloads, first) : new LineBatch(bytes, bounds, first));
    [bounds, payloads] = [[], []];
  };
  for (const [start, end] of linesIn(bytes)) {
    if (isJson) {
      const said = saidBy(decodeText(bytes.subarray(start, end)));
      if (said?.kind === "note") continue;
      const { text, base64, host, log } = said?.object ?? {};
      const payload = typeof text === "string"
        ? new TextEncoder().encode(text)
        : typeof base64 === "string"
        ? bytesOfBase64(base64)
        : bytes.subarray(start, end);
      payloads.push(payload);
      if (typeof log === "string") {
        const label = typeof host === "string" ? sourceLabel({ host, name: log }) : log;
        count(sources, origins[entries] = oneLine(label));
      }
    } else {
      const isNote = bytes[start] === HASH &&
        isNoteInText(decodeText(bytes.subarray(start, Math.min(end, start + 200))));
      if (isNote) continue;
      bounds.push(start, end);
    }
    entries++;
    if (entries % LINES_AT_ONCE === 0) close();
  }
  close();
  if (entries === 0) throw new Error("there is nothing in it");
  return {
    name,
    batches,
    entries,
    lost: 0,
    sources,
    ...sources.size > 0 && { sourceOf: (number) => origins[number - 1] },
  };
}

function* linesIn(bytes: Uint8Array): Generator<[start: number, end: number]> {
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found < 0 ? bytes.length : found;
    yield [start, end > start && bytes[end - 1] === RETURN ? end - 1 : end];
    start = end + 1;
  }
}

/** Whether the first lines are what `-o json` writes. */
function isRecordedJson(bytes: Uint8Array): boolean {
  if (bytes[0] !== OPENING) return false;
  let looked = 0;
  for (const [start, end] of linesIn(bytes)) {
    // The last one may have been cut.
    if (looked === LOOK || (looked > 0 && end === bytes.length)) break;
    if (saidBy(decodeText(bytes.subarray(start, end))) === undefined) return false;
    looked++;
  }
  return looked > 0;
}

function joined(payloads: readonly Uint8Array[], first: number): LineBatch {
  const bytes = new Uint8Array(payloads.reduce((sum, { length }) => sum + length, 0));
  const bounds: number[] = [];
  let size = 0;
  for (const payload of payloads) {
    bytes.set(payload, size);
    bounds.push(size, size += payload.length);
  }
  return new LineBatch(bytes, bounds, first);
}

/** The bytes of a text in Base64; none if it is not one. */
export function bytesOfBase64(base64: string): Uint8Array<ArrayBuffer> {
  let binary = "";
  try {
    binary = atob(base64);
  } catch {
    // A line of a stranger.
  }
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
