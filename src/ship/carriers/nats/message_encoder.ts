/**
 * How the messages of a log are made, byte by byte.
 *
 * @module
 */

import { HEADERS, headerText } from "./headers.ts";
import type { GapReason, LogSource } from "../../message.ts";
import { DEFAULT_SUBJECT, subjectOf, subjectToken } from "./subject.ts";

const encoder = new TextEncoder();
/** How many bytes of headers are made in one piece of memory, which is never used again. */
const BLOCK = 65536;
/** Room for two decimal numbers of 16 digits, twice. */
const DIGITS = 64;

/**
 * Makes the headers of one source's messages. Those of an entry are put together from bytes that are
 * the same in all of them: a forwarder does this a hundred thousand times a second.
 */
export class MessageEncoder {
  /** Where the messages go. */
  readonly subject: string;
  /** Where the entries come from. */
  readonly source: LogSource;
  readonly #id: string;
  readonly #origin: string;
  readonly #before: Uint8Array;
  readonly #between: Uint8Array;
  readonly #after: Uint8Array;
  #block = new Uint8Array(0);
  #used = 0;
  #time = -1;
  #timeLine: Uint8Array = new Uint8Array(0);

  /**
   * Makes the encoder of a source.
   *
   * @throws {RangeError} if the template makes no subject
   */
  constructor(source: LogSource, template: string = DEFAULT_SUBJECT) {
    this.source = source;
    this.subject = subjectOf(template, source);
    this.#id = `${subjectToken(source.host)}/${source.segment}/`;
    this.#origin = `${HEADERS.host}: ${headerText(source.host)}\r\n` +
      `${HEADERS.name}: ${headerText(source.name)}\r\n` +
      `${HEADERS.segment}: ${source.segment}\r\n`;
    this.#before = encoder.encode(`NATS/1.0\r\n${HEADERS.id}: ${this.#id}`);
    this.#between = encoder.encode(`\r\n${HEADERS.sequenceNumber}: `);
    this.#after = encoder.encode(`\r\n${this.#origin}`);
  }

  /** The headers of an entry as bytes that stay as they are. */
  entryHeaders(sequenceNumber: number, time: number, truncatedFrom?: number): Uint8Array {
    if (time !== this.#time) {
      this.#time = time;
      this.#timeLine = encoder.encode(`${HEADERS.time}: ${time}\r\n\r\n`);
    }
    const more = truncatedFrom === undefined
      ? undefined
      : encoder.encode(`${HEADERS.truncated}: ${truncatedFrom}\r\n`);
    const most = this.#before.length + this.#between.length + this.#after.length +
      this.#timeLine.length + (more?.length ?? 0) + DIGITS;
    if (this.#used + most > this.#block.length) {
      this.#block = new Uint8Array(Math.max(BLOCK, most));
      this.#used = 0;
    }
    const start = this.#used;
    this.#add(this.#before);
    const digits = this.#used;
    this.#addNumber(sequenceNumber);
    const end = this.#used;
    this.#add(this.#between);
    this.#block.copyWithin(this.#used, digits, end);
    this.#used += end - digits;
    this.#add(this.#after);
    if (more !== undefined) this.#add(more);
    this.#add(this.#timeLine);
    return this.#block.subarray(start, this.#used);
  }

  /** A gap: its headers as bytes, and its payload. */
  gap(
    from: number,
    to: number,
    reason: GapReason,
    time: number,
  ): { headers: Uint8Array; payload: Uint8Array } {
    const headers = encoder.encode(
      `NATS/1.0\r\n${HEADERS.id}: ${this.#id}gap/${from}-${to}\r\n` +
        `${HEADERS.gap}: ${from}-${to}\r\n${this.#origin}${HEADERS.time}: ${time}\r\n\r\n`,
    );
    const gap = { from, to, count: to - from + 1, reason };
    return { headers, payload: encoder.encode(JSON.stringify({ gap })) };
  }

  #add(bytes: Uint8Array): void {
    this.#block.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #addNumber(number: number): void {
    let length = 1;
    for (let power = 10; power <= number; power *= 10) length++;
    let rest = number;
    for (let at = this.#used + length - 1; at >= this.#used; at--) {
      const digit = rest % 10;
      this.#block[at] = 0x30 + digit;
      rest = (rest - digit) / 10;
    }
    this.#used += length;
  }
}
