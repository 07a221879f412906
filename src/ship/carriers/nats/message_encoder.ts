/**
 * How the messages of a source are made, byte by byte.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { createCipheriv, createHmac } from "node:crypto";
import type { Outgoing } from "../../carrier.ts";
import type { LogSource } from "../../message.ts";
import { HEADERS, headerText } from "./message.ts";
import { DEFAULT_SUBJECT, subjectOf } from "./subject.ts";

const encoder = new TextEncoder();
/** How many bytes of headers are made in one piece of memory, which is never used again. */
const BLOCK = 65536;
/** Room for a number, and for the lines that say that an entry was cut, and what was left out before it. */
const MOST_DIGITS = 16;
const RARE_LINES = 128;

/** The size of an id in characters, and in bytes of the cipher: 96 bits in base64. */
const ID_SIZE = 16;
const ID_BYTES = 12;
/** How many are made at once, of how many blocks of the cipher. */
const PAGE = 4096;
const NOTHING = new Uint8Array(PAGE * ID_BYTES);
const CIPHER_BLOCK = 16;
const BLOCKS = NOTHING.length / CIPHER_BLOCK;

/**
 * Makes the ids of a source's messages, by which the server knows what it has already.
 *
 * It knows them for all publishers of a stream together. An id that others could guess would let them
 * take it first, on a subject of their own, and the entry would never reach the stream. So an id is made
 * of a key that only the forwarder has. It is the same whenever the forwarder sends that entry, also
 * after a restart (the key is in its state file), and tells nothing about the next ones.
 */
export class MessageIds {
  readonly #secret: Uint8Array;
  readonly #source: string;
  readonly #key: Uint8Array;
  #page = new Uint8Array(0);
  #pageNumber = -1;

  constructor(secret: Uint8Array, { host, name, segment }: LogSource) {
    this.#secret = secret;
    this.#source = JSON.stringify([host, name, segment]);
    this.#key = this.#hash("entries").subarray(0, CIPHER_BLOCK);
  }

  write(sequenceNumber: number, target: Uint8Array, at: number): void {
    const place = sequenceNumber % PAGE;
    const number = (sequenceNumber - place) / PAGE;
    if (number !== this.#pageNumber) this.#turnTo(number);
    const from = place * ID_SIZE;
    for (let i = 0; i < ID_SIZE; i++) target[at + i] = this.#page[from + i];
  }

  /** Of a message that says more than that there is an entry: that is a part of it. */
  of(what: string): string {
    return this.#hash(what).subarray(0, ID_BYTES).toString("base64");
  }

  /** Makes a page of ids: what AES in counter mode makes of nothing, from the page's first block on. */
  #turnTo(number: number): void {
    const counter = new Uint8Array(CIPHER_BLOCK);
    new DataView(counter.buffer).setBigUint64(8, BigInt(number) * BigInt(BLOCKS));
    const bytes = createCipheriv("aes-128-ctr", this.#key, counter).update(NOTHING);
    this.#page = new TextEncoder().encode(bytes.toString("base64"));
    this.#pageNumber = number;
  }

  #hash(what: string): Buffer {
    return createHmac("sha256", this.#secret).update(`${this.#source} ${what}`).digest();
  }
}

/**
 * Makes the headers of one source's messages. Those of an entry are put together from bytes that are
 * the same in all of them: a forwarder does this a hundred thousand times a second.
 */
export class MessageEncoder {
  readonly subject: string;
  readonly #ids: MessageIds;
  readonly #origin: string;
  readonly #before = encoder.encode(`NATS/1.0\r\n${HEADERS.id}: `);
  readonly #between = encoder.encode(`\r\n${HEADERS.sequenceNumber}: `);
  readonly #after: Uint8Array;
  /** How many bytes of the headers are always as many. */
  readonly #fixed: number;
  #block = new Uint8Array(0);
  #used = 0;
  #time = -1;
  #timeLine: Uint8Array = new Uint8Array(0);

  /**
   * Makes the encoder of a source; `secret` is the key of its message ids.
   *
   * @throws {RangeError} if the template makes no subject
   */
  constructor(source: LogSource, secret: Uint8Array, template: string = DEFAULT_SUBJECT) {
    this.subject = subjectOf(template, source);
    this.#ids = new MessageIds(secret, source);
    this.#origin = `${HEADERS.host}: ${headerText(source.host)}\r\n` +
      `${HEADERS.name}: ${headerText(source.name)}\r\n` +
      `${HEADERS.segment}: ${source.segment}\r\n`;
    this.#after = encoder.encode(`\r\n${this.#origin}`);
    this.#fixed = this.#before.length + ID_SIZE + this.#between.length + this.#after.length;
  }

  headersSize({ from, time, cutFrom, filtered }: Outgoing): number {
    return this.#fixed + digitsOf(from) + this.#timeLineOf(time).length +
      cutLine(cutFrom).length + filteredLine(filtered).length;
  }

  /** The headers of an entry, as bytes that stay as they are. */
  entryHeaders(message: Outgoing): Uint8Array {
    const { from, time, cutFrom, filtered } = message;
    const timeLine = this.#timeLineOf(time);
    const most = this.#fixed + MOST_DIGITS + timeLine.length + RARE_LINES;
    if (this.#used + most > this.#block.length) {
      this.#block = new Uint8Array(Math.max(BLOCK, most));
      this.#used = 0;
    }
    const start = this.#used;
    this.#add(this.#before);
    if (filtered === 0) this.#ids.write(from, this.#block, this.#used);
    else {
      // The server must not take it for a message of that entry that says less: what it leaves unsaid
      // would be taken for lost.
      const id = this.#ids.of(`${from - filtered}+${from}`);
      encoder.encodeInto(id, this.#block.subarray(this.#used));
    }
    this.#used += ID_SIZE;
    this.#add(this.#between);
    this.#addNumber(from);
    this.#add(this.#after);
    if (cutFrom !== undefined || filtered > 0) {
      this.#add(encoder.encode(cutLine(cutFrom) + filteredLine(filtered)));
    }
    this.#add(timeLine);
    return this.#block.subarray(start, this.#used);
  }

  /** A gap: its headers as bytes, and its payload. */
  gap({ from, to, reason, time, filtered }: Outgoing): {
    headers: Uint8Array;
    payload: Uint8Array;
  } {
    const id = this.#ids.of(`${filtered > 0 ? `${from - filtered}+` : ""}${from}-${to}`);
    const headers = encoder.encode(
      `NATS/1.0\r\n${HEADERS.id}: ${id}\r\n${HEADERS.gap}: ${from}-${to}\r\n${this.#origin}` +
        `${filteredLine(filtered)}${HEADERS.time}: ${time}\r\n\r\n`,
    );
    const gap = { from, to, count: to - from + 1, reason };
    return { headers, payload: encoder.encode(JSON.stringify({ gap })) };
  }

  #timeLineOf(time: number): Uint8Array {
    if (time !== this.#time) {
      this.#time = time;
      this.#timeLine = encoder.encode(`${HEADERS.time}: ${time}\r\n\r\n`);
    }
    return this.#timeLine;
  }

  #add(bytes: Uint8Array): void {
    this.#block.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #addNumber(number: number): void {
    const length = digitsOf(number);
    let rest = number;
    for (let at = this.#used + length - 1; at >= this.#used; at--) {
      const digit = rest % 10;
      this.#block[at] = 0x30 + digit;
      rest = (rest - digit) / 10;
    }
    this.#used += length;
  }
}

function cutLine(cutFrom: number | undefined): string {
  return cutFrom === undefined ? "" : `${HEADERS.truncated}: ${cutFrom}\r\n`;
}

function filteredLine(filtered: number): string {
  return filtered === 0 ? "" : `${HEADERS.filtered}: ${filtered}\r\n`;
}

function digitsOf(number: number): number {
  let length = 1;
  for (let power = 10; power <= number; power *= 10) length++;
  return length;
}
