/**
 * Lines that are too large for an entry, split into several, and put together again.
 *
 * A part of a text is `[part 1/3 of 5321 bytes] …`; a part of a JSON object is a JSON object, too:
 * `{"part":1,"parts":3,"bytes":5321,"text":"…"}`. `bytes` is the size of the whole line. The parts of
 * a line have consecutive sequence numbers.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { isJsonObject, unitsThatFit } from "./truncate.ts";

/** What the head of a part takes at most, in bytes. */
const PART_HEAD_ROOM = 72;

const TEXT_HEAD = /^\[part (\d{1,9})\/(\d{1,9}) of (\d{1,12}) bytes\] /;

/**
 * The size of the largest line that is split into entries of at most `max` bytes, of a log whose entries may
 * have `most`. Parts have heads, and JSON in JSON takes twice the room at worst: so they never take more than
 * 60 % of the log.
 */
export function mostInParts(max: number, most: number): number {
  return Math.max(max, Math.floor(most / 4 * ((max - PART_HEAD_ROOM) / max)));
}

/** Splits `text` into parts of at most `max` bytes (128 at least). */
export function split(text: string, max: number): string[] {
  const isJson = isJsonObject(text);
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    let piece = text.slice(at, at + unitsThatFit(text, at, max - PART_HEAD_ROOM));
    if (isJson) {
      let room = max - PART_HEAD_ROOM;
      while (Buffer.byteLength(JSON.stringify(piece)) - 2 > max - PART_HEAD_ROOM) {
        room >>= 1;
        piece = text.slice(at, at + unitsThatFit(text, at, room));
      }
    }
    pieces.push(piece);
    at += piece.length;
  }
  const bytes = Buffer.byteLength(text);
  const parts = pieces.length;
  return pieces.map((piece, i) =>
    isJson
      ? JSON.stringify({ part: i + 1, parts, bytes, text: piece })
      : `[part ${i + 1}/${parts} of ${bytes} bytes] ${piece}`
  );
}

/** An entry of a log as far as it matters here. */
export interface TextEntry {
  /** Its number. */
  readonly sequenceNumber: number;
  /** Its payload as text. */
  readonly text: string;
}

/** A line, which may have been split over several entries. */
export interface JoinedEntry {
  /** The number of its entry: of the last one, if there are several. */
  sequenceNumber: number;
  /** The line. If parts are missing, what there is of it. */
  text: string;
  /** How many entries there were. */
  entries: number;
  /** Whether nothing is missing. */
  isComplete: boolean;
}

/**
 * Puts together what a sink with `oversized: "split"` has split. Other entries are unchanged. If the
 * first parts were lost, or the last ones never written, the rest is put together.
 *
 * @example
 * ```ts
 * import { joinParts, EntrySink } from "@ouroboros/log/sinks";
 * import { Reader, segmentSize, Writer } from "@ouroboros/log";
 *
 * const memory = new ArrayBuffer(segmentSize(4, 65536));
 * const writer = Writer.create(memory, { chunkCount: 4 });
 * const sink = new EntrySink({ writer, maxEntrySize: 1024, oversized: "split" });
 * sink.write("x".repeat(5000));
 *
 * for (const { text, entries } of joinParts(new Reader(memory))) {
 *   console.log(text.length, entries); // 5000 6
 * }
 * ```
 */
export function* joinParts(entries: Iterable<TextEntry>): IterableIterator<JoinedEntry> {
  const joiner = new Joiner();
  for (const entry of entries) yield* joiner.push(entry);
  yield* joiner.end();
}

/**
 * Does the same as {@linkcode joinParts} to entries that are still to come.
 *
 * @example
 * ```ts
 * import { joinPartsAsync } from "@ouroboros/log/sinks";
 * import { ShmLogReader, ShmLogWriter } from "@ouroboros/log";
 *
 * using writer = ShmLogWriter.create("/doc-join", { size: "256KiB", unlinkOnClose: true });
 * using reader = ShmLogReader.open("/doc-join");
 * writer.write("not split");
 * for await (const entry of joinPartsAsync(reader.follow())) {
 *   console.log(entry.text); // not split
 *   break;
 * }
 * ```
 */
export function joinPartsAsync(
  entries: AsyncIterable<TextEntry>,
): AsyncIterableIterator<JoinedEntry> {
  const source = entries[Symbol.asyncIterator]();
  const items = joined({ [Symbol.asyncIterator]: () => source });
  const leave = items.return.bind(items);
  const fail = items.throw.bind(items);
  // A generator that waits would only look at these when the next entry comes: the source is to end.
  items.return = async (value) => (await Promise.all([leave(value), source.return?.()]))[0];
  items.throw = async (error) => (await Promise.all([fail(error), source.return?.()]))[0];
  return items;
}

async function* joined(
  entries: AsyncIterable<TextEntry>,
): AsyncGenerator<JoinedEntry, void, undefined> {
  const joiner = new Joiner();
  for await (const entry of entries) yield* joiner.push(entry);
  yield* joiner.end();
}

interface Part {
  part: number;
  parts: number;
  bytes: number;
  text: string;
}

/** Collects the parts of one line. */
class Joiner {
  #texts: string[] = [];
  #first: Part | undefined;
  #last: Part | undefined;
  #lastNumber = 0;

  *push({ sequenceNumber, text }: TextEntry): IterableIterator<JoinedEntry> {
    const part = parsePart(text);
    if (part === undefined || !this.#isNext(part, sequenceNumber)) yield* this.end();
    if (part === undefined) yield { sequenceNumber, text, entries: 1, isComplete: true };
    else {
      this.#first ??= part;
      this.#last = part;
      this.#lastNumber = sequenceNumber;
      this.#texts.push(part.text);
      if (part.part === part.parts) yield* this.end();
    }
  }

  /** What is there, if there is something. */
  *end(): IterableIterator<JoinedEntry> {
    const { length } = this.#texts;
    if (this.#first === undefined || length === 0) return;
    const text = this.#texts.join("");
    const { parts, bytes } = this.#first;
    const isComplete = length === parts && Buffer.byteLength(text) === bytes;
    this.#texts = [];
    this.#first = undefined;
    this.#last = undefined;
    yield { sequenceNumber: this.#lastNumber, text, entries: length, isComplete };
  }

  #isNext({ part, parts, bytes }: Part, sequenceNumber: number): boolean {
    const last = this.#last;
    return last !== undefined && part === last.part + 1 && parts === last.parts &&
      bytes === last.bytes && sequenceNumber === this.#lastNumber + 1;
  }
}

function parsePart(text: string): Part | undefined {
  const head = TEXT_HEAD.exec(text);
  if (head !== null) {
    const [part, parts, bytes] = head.slice(1).map(Number);
    return checkPart({ part, parts, bytes, text: text.slice(head[0].length) });
  }
  if (!text.startsWith('{"part":')) return undefined;
  try {
    return checkPart(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** A line that a stranger wrote may only look like a part. */
function checkPart(part: Part): Part | undefined {
  const numbers = [part.part, part.parts, part.bytes];
  if (!numbers.every(Number.isSafeInteger) || typeof part.text !== "string") return undefined;
  return part.part >= 1 && part.part <= part.parts ? part : undefined;
}
