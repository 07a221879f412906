/**
 * Lines of container runtimes (CRI) that were too long for an entry, put together again.
 *
 * @module
 */

import { Entry } from "../../log/entry.ts";
import { type CriLine, type CriStream, parseCri } from "../../records/cri.ts";

/** Where the tag is, from the end of the head on: `F `. */
const TAG = 2;
const FULL = 0x46;
/** No head is longer. */
const MOST_HEAD = 64;
const DASH = 0x2d;
const T = 0x54;
/** How large a line may become, in bytes: what is longer stays in such pieces. */
const MOST = 1 << 24;

interface Line {
  parts: Uint8Array[];
  length: number;
  last: Entry;
}

/** Puts the parts of lines together, those of each stream by themselves. */
export class WholeLines {
  readonly #lines = new Map<CriStream, Line>();

  /** The entry, or the line of which it is the last part; `undefined` if more of that is to come. */
  take(entry: Entry): Entry | undefined {
    const head = headOf(entry);
    if (head === undefined) return entry;
    const { stream, isPart, start } = head;
    const line = this.#lines.get(stream);
    if (line === undefined) {
      if (!isPart) return entry;
      this.#lines.set(stream, { parts: [entry.bytes], length: entry.length, last: entry });
      return undefined;
    }
    const part = entry.bytes.subarray(start);
    line.parts.push(part);
    line.length += part.length;
    line.last = entry;
    if (isPart && line.length < MOST) return undefined;
    this.#lines.delete(stream);
    return joined(line, !isPart);
  }

  /** What was begun, and has no end. */
  rest(): Entry[] {
    const lines = [...this.#lines.values()];
    this.#lines.clear();
    return lines.map((line) => joined(line, false))
      .sort((one, other) => one.sequenceNumber - other.sequenceNumber);
  }
}

/** The head of such a line; other entries cost a look at two bytes. */
function headOf({ bytes }: Entry): CriLine | undefined {
  if (bytes[4] !== DASH || bytes[10] !== T) return undefined;
  return parseCri(String.fromCharCode(...bytes.subarray(0, MOST_HEAD)));
}

/** The line, in the place of its last part. */
function joined({ parts, length, last }: Line, isWhole: boolean): Entry {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  const { sequenceNumber, chunkIndex, chunkToken } = last;
  const entry = new Entry(bytes, 0, length, sequenceNumber, chunkIndex, chunkToken);
  const head = isWhole ? headOf(entry) : undefined;
  if (head !== undefined) bytes[bytes.lastIndexOf(0x50, head.start - TAG)] = FULL;
  return entry;
}
