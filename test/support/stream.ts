/** A stream of entries that any process can make and check: all follows from the sequence number. */

import { payloadOf, sameBytes } from "./random.ts";

/** The size of entry `sequenceNumber`, from 0 to `most`: mostly small, sometimes all of it. */
export function sizeOf(sequenceNumber: number, most: number): number {
  const hash = Math.imul(sequenceNumber ^ 0x5bd1e995, 0x9e3779b1) >>> 0;
  return hash % (hash % 16 === 0 ? most + 1 : Math.min(most + 1, 200));
}

/** The bytes of entry `sequenceNumber`. */
export function streamEntry(sequenceNumber: number, most: number): Uint8Array {
  return payloadOf(sequenceNumber, sizeOf(sequenceNumber, most));
}

/** Counts what a reader gets, and what is wrong with it. */
export class StreamCheck {
  read = 0;
  wrong = 0;
  notGrowing = 0;
  last = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  take(sequenceNumber: number, bytes: Uint8Array): void {
    this.read++;
    if (sequenceNumber <= this.last) this.notGrowing++;
    this.last = sequenceNumber;
    if (!sameBytes(bytes, streamEntry(sequenceNumber, this.#most))) this.wrong++;
  }
}
