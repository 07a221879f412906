/**
 * What stands at the end of a file with the entries of several logs: where each is from. Runs in a browser,
 * too; `collection.ts` has a picture of the file.
 *
 * @module
 */

import { isLogSource, type LogSource } from "./message.ts";

/** `GOLBFROM` in memory. */
export const MAGIC: bigint = 0x4d4f5246424c4f47n;
/** The size of the footer in bytes. */
export const FOOTER_SIZE = 32;
/** The size of the head at most, in bytes. */
export const HEAD_ROOM: number = 1 << 20;
/** The most sources: so many fit into the head, unless their names are hostile. */
export const MOST_SOURCES = 1024;

/** Entries that are in the log of a source, and not in the file. */
export interface CollectedGap {
  /** The place of the source. */
  readonly source: number;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
  /** The number in the file of the entry before which they are missing. */
  readonly before: number;
}

/** What the head says. */
export interface Head {
  readonly sources: readonly LogSource[];
  readonly missing: readonly CollectedGap[];
}

/** What the end of such a file says. */
export class Collection {
  readonly sources: readonly LogSource[];
  readonly missing: readonly CollectedGap[];
  readonly #places: Uint16Array;
  readonly #numbers: Float64Array;

  private constructor({ sources, missing }: Head, places: Uint16Array, numbers: Float64Array) {
    this.sources = sources;
    this.missing = missing;
    this.#places = places;
    this.#numbers = numbers;
  }

  /**
   * Reads it by `read`, which gives bytes of the file, from a place on; `undefined` if the file is not one
   * of several logs, or not whole. What `read` throws comes through.
   */
  static parse(
    size: number,
    read: (position: number, length: number) => Uint8Array,
  ): Collection | undefined {
    if (size < FOOTER_SIZE) return undefined;
    const { buffer, byteOffset } = read(size - FOOTER_SIZE, FOOTER_SIZE);
    const view = new DataView(buffer, byteOffset, FOOTER_SIZE);
    const [magic, start, headSize, count] = [0, 8, 16, 24].map((at) => view.getBigUint64(at, true));
    const end = BigInt(size - FOOTER_SIZE);
    // An entry takes four bytes at least, and one here.
    const isSound = magic === MAGIC && start + headSize + count <= end && 4n * count <= start &&
      headSize <= HEAD_ROOM;
    if (!isSound) return undefined;
    const rest = read(Number(start), Number(end - start));
    const head = parseHead(new TextDecoder().decode(rest.subarray(0, Number(headSize))));
    if (head === undefined) return undefined;
    return Collection.#decode(head, rest.subarray(Number(headSize)), Number(count));
  }

  static #decode(head: Head, bytes: Uint8Array, count: number): Collection | undefined {
    const places = new Uint16Array(count);
    const numbers = new Float64Array(count);
    const lasts = new Array<number>(head.sources.length).fill(0);
    let at = 0;
    const varint = (): number => {
      let value = 0;
      for (let factor = 1; factor < 2 ** 54; factor *= 0x80) {
        const byte = bytes[at++];
        value += (byte & 0x7f) * factor;
        if (byte < 0x80) return value;
      }
      return NaN;
    };
    for (let i = 0; i < count; i++) {
      const word = varint();
      const place = Math.floor(word / 2);
      const zigzag = word % 2 === 1 ? varint() : 2;
      const step = zigzag % 2 === 0 ? zigzag / 2 : (1 - zigzag) / 2;
      const number = lasts[place] + step;
      if (!Number.isSafeInteger(number)) return undefined;
      places[i] = place;
      numbers[i] = lasts[place] = number;
    }
    return new Collection(head, places, numbers);
  }

  /** Where an entry of the file is from. */
  of(sequenceNumber: number): { source: LogSource; sequenceNumber: number } | undefined {
    const source = this.sources[this.#places[sequenceNumber - 1]];
    return source && { source, sequenceNumber: this.#numbers[sequenceNumber - 1] };
  }
}

function parseHead(text: string): Head | undefined {
  const { sources, missing } = parsed(text);
  const isHead = Array.isArray(sources) && Array.isArray(missing) &&
    sources.length <= MOST_SOURCES && sources.every(isLogSource) &&
    missing.every((gap) =>
      isLogSource(sources[gap?.source]) && typeof gap.reason === "string" &&
      [gap.from, gap.to, gap.before].every(Number.isSafeInteger)
    );
  return isHead ? { sources, missing } : undefined;
}

function parsed(text: string): Partial<Head> {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
