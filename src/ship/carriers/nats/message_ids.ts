/**
 * The ids of messages, by which the server knows what it has already.
 *
 * It knows them for all publishers of a stream together. An id that others could guess would let them
 * take it first, on a subject of their own, and the entry would never reach the stream. So an id is made
 * of a key that only the forwarder has. It is the same whenever the forwarder sends that entry, also
 * after a restart (the key is in its state file), and tells nothing about the next ones.
 *
 * @module
 */

import { createCipheriv, createHmac } from "node:crypto";
import type { LogSource } from "../../message.ts";

/** The size of an id in characters: 96 bits. */
export const ID_SIZE = 16;
/** The size of a block of the cipher, of which there is one for each number. */
const BLOCK = 16;
/** How many numbers are made at once. */
const PAGE = 256;
const NOTHING = new Uint8Array(PAGE * BLOCK);
const CHARACTERS = new TextEncoder().encode(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
);

/** Makes the ids of a source's messages. */
export class MessageIds {
  readonly #secret: Uint8Array;
  readonly #source: string;
  readonly #key: Uint8Array;
  #page: Uint8Array = NOTHING;
  #pageStart = -1;

  /** Makes those of a source, with a key of the forwarder. */
  constructor(secret: Uint8Array, { host, name, segment }: LogSource) {
    this.#secret = secret;
    this.#source = JSON.stringify([host, name, segment]);
    this.#key = this.#hash("entries").subarray(0, BLOCK);
  }

  /** Writes the id of an entry, as ASCII. */
  write(sequenceNumber: number, target: Uint8Array, at: number): void {
    const place = sequenceNumber % PAGE;
    if (sequenceNumber - place !== this.#pageStart) this.#turnTo(sequenceNumber - place);
    writeText(this.#page, place * BLOCK, target, at);
  }

  /** The id of a gap. */
  ofGap(from: number, to: number): string {
    const text = new Uint8Array(ID_SIZE);
    writeText(this.#hash(`${from}-${to}`), 0, text, 0);
    return new TextDecoder().decode(text);
  }

  /** Makes the ids of a page of numbers: the key stream of AES in counter mode, where the number counts. */
  #turnTo(start: number): void {
    const counter = new Uint8Array(BLOCK);
    new DataView(counter.buffer).setBigUint64(8, BigInt(start));
    this.#page = createCipheriv("aes-128-ctr", this.#key, counter).update(NOTHING);
    this.#pageStart = start;
  }

  #hash(what: string): Uint8Array {
    return createHmac("sha256", this.#secret).update(`${this.#source} ${what}`).digest();
  }
}

/** Writes twelve bytes as sixteen characters. */
function writeText(bytes: Uint8Array, from: number, target: Uint8Array, at: number): void {
  for (let i = 0; i < 12; i += 3) {
    const bits = bytes[from + i] << 16 | bytes[from + i + 1] << 8 | bytes[from + i + 2];
    target[at++] = CHARACTERS[bits >> 18];
    target[at++] = CHARACTERS[bits >> 12 & 63];
    target[at++] = CHARACTERS[bits >> 6 & 63];
    target[at++] = CHARACTERS[bits & 63];
  }
}
