/**
 * An entry that was read: a validated copy, with its place in the log.
 *
 * @module
 */

import { decodeText, payloadJson } from "../decode_text.ts";
import { inspectable } from "../base/inspectable.ts";

/** An entry in JSON. */
export interface EntryJson {
  /** The number of the entry. */
  sequenceNumber: number;
  /** The index of the chunk that it was read from. */
  chunkIndex: number;
  /** How many entries were written to the log before that chunk. */
  chunkToken: number;
  /** The payload, if it is UTF-8. */
  text?: string;
  /** The payload, if it is not. */
  base64?: string;
}

/**
 * One entry of a log, copied out of the shared memory and validated after the copy.
 *
 * @example
 * ```ts
 * import { Reader, Writer } from "@ouroboros/log";
 *
 * const memory = new ArrayBuffer(4096);
 * Writer.create(memory, { chunkCount: 4 }).write("hello");
 * const entry = new Reader(memory).read();
 * console.log(entry?.sequenceNumber, entry?.text); // 1 hello
 * ```
 */
export class Entry {
  /** The number of this entry: the first one ever written to the log has number 1. */
  readonly sequenceNumber: number;
  /** The index of the chunk that it was read from. */
  readonly chunkIndex: number;
  /** How many entries were written to the log before that chunk. */
  readonly chunkToken: number;
  /**
   * The payload. The bytes are private memory, shared only with the entries read in the same
   * batch (up to 64 KiB). `entry.bytes.slice()` is a copy that keeps no other entry alive, and that can
   * be transferred to another thread.
   */
  readonly bytes: Uint8Array;

  /** Makes an entry of the bytes `start` to `end` of a private block. Readers do this. */
  constructor(
    block: Uint8Array,
    start: number,
    end: number,
    sequenceNumber: number,
    chunkIndex: number,
    chunkToken: number,
  ) {
    this.sequenceNumber = sequenceNumber;
    this.chunkIndex = chunkIndex;
    this.chunkToken = chunkToken;
    // Of its own, where each can see it: entries with other bytes are other entries. Most readers of an
    // entry look at its bytes, or its text, once.
    this.bytes = block.subarray(start, end);
  }

  /** The size of the payload in bytes. */
  get length(): number {
    return this.bytes.length;
  }

  /** The payload decoded as UTF-8 at each call. Bytes that are not UTF-8 become U+FFFD. */
  get text(): string {
    return decodeText(this.bytes);
  }

  /** What JSON shows of it: the payload as `text`, or in `base64` if it is not UTF-8. */
  toJSON(): EntryJson {
    const { sequenceNumber, chunkIndex, chunkToken, bytes } = this;
    return { sequenceNumber, chunkIndex, chunkToken, ...payloadJson(bytes) };
  }
}

inspectable(Entry, "Entry", ["sequenceNumber", "chunkIndex", "chunkToken", "text"]);
