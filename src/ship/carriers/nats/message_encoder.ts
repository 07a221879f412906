/**
 * How the messages of a source are made, byte by byte.
 *
 * @module
 */

import type { Outgoing } from "../../carrier.ts";
import type { LogSource } from "../../message.ts";
import { HEADERS, headerText } from "./message.ts";
import { ID_SIZE, MessageIds } from "./message_ids.ts";
import { DEFAULT_SUBJECT, subjectOf } from "./subject.ts";

const encoder = new TextEncoder();
/** How many bytes of headers are made in one piece of memory, which is never used again. */
const BLOCK = 65536;
/** Room for a number, and for the line that says that an entry was cut. */
const MOST_DIGITS = 16;
const CUT_LINE = 64;

/**
 * Makes the headers of one source's messages. Those of an entry are put together from bytes that are
 * the same in all of them: a forwarder does this a hundred thousand times a second.
 */
export class MessageEncoder {
  /** Where the messages go. */
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

  /** How many bytes the headers of an entry have. */
  headersSize({ from, time, cutFrom }: Outgoing): number {
    return this.#fixed + digitsOf(from) + this.#timeLineOf(time).length +
      (cutFrom === undefined ? 0 : cutLine(cutFrom).length);
  }

  /** The headers of an entry, as bytes that stay as they are. */
  entryHeaders(message: Outgoing): Uint8Array {
    const { from, time, cutFrom } = message;
    const timeLine = this.#timeLineOf(time);
    const most = this.#fixed + MOST_DIGITS + timeLine.length + CUT_LINE;
    if (this.#used + most > this.#block.length) {
      this.#block = new Uint8Array(Math.max(BLOCK, most));
      this.#used = 0;
    }
    const start = this.#used;
    this.#add(this.#before);
    this.#ids.write(from, this.#block, this.#used);
    this.#used += ID_SIZE;
    this.#add(this.#between);
    this.#addNumber(from);
    this.#add(this.#after);
    if (cutFrom !== undefined) this.#add(encoder.encode(cutLine(cutFrom)));
    this.#add(timeLine);
    return this.#block.subarray(start, this.#used);
  }

  /** A gap: its headers as bytes, and its payload. */
  gap({ from, to, reason, time }: Outgoing): { headers: Uint8Array; payload: Uint8Array } {
    const headers = encoder.encode(
      `NATS/1.0\r\n${HEADERS.id}: ${this.#ids.ofGap(from, to)}\r\n` +
        `${HEADERS.gap}: ${from}-${to}\r\n${this.#origin}${HEADERS.time}: ${time}\r\n\r\n`,
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

function cutLine(cutFrom: number): string {
  return `${HEADERS.truncated}: ${cutFrom}\r\n`;
}

function digitsOf(number: number): number {
  let length = 1;
  for (let power = 10; power <= number; power *= 10) length++;
  return length;
}
