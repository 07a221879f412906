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

import type { Buffer } from "node:buffer";
import { createCipheriv, createHmac } from "node:crypto";
import type { LogSource } from "../../message.ts";

/** The size of an id in characters, and in bytes of the cipher: 96 bits in base64. */
export const ID_SIZE = 16;
const ID_BYTES = 12;
/** How many are made at once, of how many blocks of the cipher. */
const PAGE = 4096;
const NOTHING = new Uint8Array(PAGE * ID_BYTES);
const BLOCK = 16;
const BLOCKS = NOTHING.length / BLOCK;

/** Makes the ids of a source's messages. */
export class MessageIds {
  readonly #secret: Uint8Array;
  readonly #source: string;
  readonly #key: Uint8Array;
  #page = new Uint8Array(0);
  #pageNumber = -1;

  /** Makes those of a source, with a key of the forwarder. */
  constructor(secret: Uint8Array, { host, name, segment }: LogSource) {
    this.#secret = secret;
    this.#source = JSON.stringify([host, name, segment]);
    this.#key = this.#hash("entries").subarray(0, BLOCK);
  }

  /** Writes the id of an entry, as ASCII. */
  write(sequenceNumber: number, target: Uint8Array, at: number): void {
    const place = sequenceNumber % PAGE;
    const number = (sequenceNumber - place) / PAGE;
    if (number !== this.#pageNumber) this.#turnTo(number);
    const from = place * ID_SIZE;
    for (let i = 0; i < ID_SIZE; i++) target[at + i] = this.#page[from + i];
  }

  /** The id of a gap. */
  ofGap(from: number, to: number): string {
    return this.#hash(`${from}-${to}`).subarray(0, ID_BYTES).toString("base64");
  }

  /** Makes a page of ids: what AES in counter mode makes of nothing, from the page's first block on. */
  #turnTo(number: number): void {
    const counter = new Uint8Array(BLOCK);
    new DataView(counter.buffer).setBigUint64(8, BigInt(number) * BigInt(BLOCKS));
    const bytes = createCipheriv("aes-128-ctr", this.#key, counter).update(NOTHING);
    this.#page = new TextEncoder().encode(bytes.toString("base64"));
    this.#pageNumber = number;
  }

  #hash(what: string): Buffer {
    return createHmac("sha256", this.#secret).update(`${this.#source} ${what}`).digest();
  }
}
