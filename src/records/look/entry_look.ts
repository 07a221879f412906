/**
 * A look at the bytes of many entries, which rules out most of those that can't match before anything is
 * decoded or parsed. Runs in a browser, too.
 *
 * @module
 */

import type { LogLevel } from "../level.ts";
import { JsonLevel } from "./json_level.ts";
import { type Needles, NeedleSearch } from "./needles.ts";

/** What an entry must have to match, as far as its bytes can tell. */
export interface Needs {
  /** Of each of these it must contain one text. */
  readonly needles: readonly Needles[];
  /** Whether it may match with such a level; without it any may. */
  readonly isLevel?: ((level: LogLevel) => boolean) | undefined;
}

/** Entries in one block of memory. */
export interface Block {
  readonly bytes: Uint8Array;
  /** Start and end of each entry. */
  readonly bounds: Int32Array;
  /** How many there are. */
  readonly length: number;
}

const { Buffer: buffers } = globalThis as {
  Buffer?: {
    from(
      bytes: ArrayBufferLike,
      offset: number,
      length: number,
    ): { toString(as: "latin1"): string };
  };
};
const decoder = new TextDecoder("latin1");

/** Text in which each byte is a character. Of all decoders that of `Buffer` is the quickest; browsers have none. */
function bytesAsText(bytes: Uint8Array): string {
  if (buffers === undefined) return decoder.decode(bytes);
  return buffers.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** Says which entries of a block may match. An entry that it rules out does not; of others it says nothing. */
export class EntryLook {
  readonly #searches: readonly NeedleSearch[];
  readonly #isLevel: Needs["isLevel"];
  readonly #levels = new JsonLevel();
  #block: Block = { bytes: new Uint8Array(0), bounds: new Int32Array(0), length: 0 };

  /** Rules out what has not these. */
  constructor({ needles, isLevel }: Needs) {
    this.#searches = needles.map((each) => new NeedleSearch(each));
    this.#isLevel = isLevel;
  }

  /** Whether anything can be ruled out. */
  get isUseful(): boolean {
    return this.#searches.length > 0 || this.#isLevel !== undefined;
  }

  /** Begins with the entries of a block. */
  begin(block: Block): void {
    this.#block = block;
    if (this.#searches.length === 0 || block.length === 0) return;
    const end = block.bounds[2 * block.length - 1];
    const text = bytesAsText(block.bytes.subarray(0, end));
    for (const search of this.#searches) search.begin(text);
  }

  /** The first entry from `index` on that may match; the number of entries if no other may. */
  next(index: number): number {
    const { length } = this.#block;
    for (; index < length; index++) {
      index = this.#withNeedles(index);
      if (index >= length || this.#mayHaveLevel(index)) return index;
    }
    return length;
  }

  /** The first entry from `index` on that contains what it must. */
  #withNeedles(index: number): number {
    const { bounds, length } = this.#block;
    const searches = this.#searches;
    // Until all of them agree on an entry.
    for (let agreed = 0, i = 0; agreed < searches.length && index < length; agreed++) {
      const place = searches[i].next(bounds[2 * index]);
      if (bounds[2 * index + 1] <= place) {
        while (index < length && bounds[2 * index + 1] <= place) index++;
        agreed = 0;
      }
      i = (i + 1) % searches.length;
    }
    return index;
  }

  #mayHaveLevel(index: number): boolean {
    if (this.#isLevel === undefined) return true;
    const { bytes, bounds } = this.#block;
    const level = this.#levels.of(bytes, bounds[2 * index], bounds[2 * index + 1]);
    return level === undefined || this.#isLevel(level);
  }
}
