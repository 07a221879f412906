/**
 * Messages on their way to a stream: many at once, each until the server has said that it has it.
 *
 * @module
 */

import type { GapReason, MessageEncoder } from "./message.ts";

/** What messages are sent by. */
export interface Carrier {
  /** Whether there is somebody at the other end. */
  readonly isConnected: boolean;
  /** The largest message in bytes, headers included. */
  readonly mostBytes: number;
  /** Sends a message. The answer comes back with the same ticket and attempt. */
  publish(
    subject: string,
    headers: Uint8Array,
    payload: Uint8Array,
    attempt: number,
    ticket: number,
  ): void;
}

/** Why a message was not taken. */
export interface Refusal {
  /** The server's number of the reason; 0 if nobody was there to take it. */
  readonly code: number;
  /** The server's words. */
  readonly description: string;
}

/** How much may be on its way, and what to do about what is not taken. */
export interface OutboxOptions {
  /** The most messages. */
  maxMessages: number;
  /** The most bytes of payloads, unless it is a single one. */
  maxBytes: number;
  /** After how many milliseconds without any answer everything is sent again. */
  ackTimeout: number;
  /** What becomes of a message that is larger than the server takes. */
  tooLarge: "gap" | "truncate";
  /** Told of each message, in order, as soon as it and all before it are in the stream. */
  onSettled: (message: OutMessage) => void;
  /** Told that the stream takes nothing at the moment, and why; `undefined`: it does again. */
  onRefused: (refusal: Refusal | undefined) => void;
  /** Told that no answer comes; to look whether the connection is alive. It is sent again afterwards. */
  onSilence: () => Promise<void>;
}

/** A segment, for which there is an encoder. */
export interface Lane {
  /** Makes its messages. */
  readonly encoder: MessageEncoder;
  /** Which segment it is. */
  readonly identity: { device: number; inode: number; created: number };
}

/** A message on its way. The outbox uses the same ones again and again. */
export class OutMessage {
  /** Its place in the order of all. */
  ticket = -1;
  /** Its segment. */
  lane: Lane | undefined;
  /** The number of the entry, or of the first one of a gap. */
  from = 0;
  /** The same, or the number of the last one of a gap. */
  to = 0;
  /** Why it is a gap; `undefined`: it is an entry. */
  reason: GapReason | undefined;
  /** The bytes of the entry, as long as it is not stored. */
  payload: Uint8Array = NOTHING;
  /** How many they are. */
  size = 0;
  /** How many bytes it had, if it was cut. */
  cutFrom: number | undefined;
  /** When it was read, in milliseconds since 1970. */
  time = 0;
  /** Whether the server has it. */
  isStored = false;
  /** In which attempt it was sent last; 0: not yet. */
  attempt = 0;
  /** Whether that was answered. */
  isAnswered = true;
}

/** What was counted. */
export interface OutboxCounts {
  /** Messages that were sent, each once. */
  sent: number;
  /** Messages that were sent again. */
  resent: number;
  /** Messages of which the server said that it had them already. */
  duplicates: number;
  /** Answers that were refusals. */
  refused: number;
  /** Entries that were cut. */
  truncated: number;
}

const NOTHING: Uint8Array = new Uint8Array(0);
/** The size of the pieces of memory that payloads are copied to. */
const BLOCK = 1 << 18;
/** A payload from this size on gets memory of its own. */
const LARGE = BLOCK / 8;
/** The first pause after a refusal, and the longest, in milliseconds. */
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 2000;
/** The most bytes of the line in the headers that says that an entry was cut. */
const CUT_LINE = 40;
/** The stream takes no message of that size (`JSStreamMessageExceedsMaximumErr`). */
const TOO_LARGE = 10054;

/**
 * Sends messages in order, and again what is not acknowledged.
 *
 * Each message has a ticket, a number that grows. Sending goes in attempts: when one fails (a refusal,
 * silence, another connection) nothing new is sent until all of it is answered, or given up; then the
 * next attempt begins with the first message that is not in the stream, alone, and goes on when it is
 * taken. So the stream gets them in order but for what was refused between others.
 */
export class Outbox {
  /** What was counted. */
  readonly counts: OutboxCounts = { sent: 0, resent: 0, duplicates: 0, refused: 0, truncated: 0 };
  readonly #carrier: Carrier;
  readonly #options: OutboxOptions;
  readonly #ring: OutMessage[];
  readonly #mask: number;
  /** The first ticket that is not settled, the next one to send, and the next one to give out. */
  #first = 0;
  #unsent = 0;
  #next = 0;
  #bytes = 0;
  #block = NOTHING;
  #used = 0;
  #attempt = 1;
  /** How many of this attempt are not answered, and how many may be. */
  #open = 0;
  #most: number;
  #hasFailed = false;
  #pause = FIRST_PAUSE;
  #refusal: Refusal | undefined;
  #lastAnswer = 0;
  #isLooking = false;
  #isClosed = false;
  #pauseTimer: ReturnType<typeof setTimeout> | undefined;
  #watchTimer: ReturnType<typeof setInterval> | undefined;
  #waiting: { fits: () => boolean; resolve: () => void }[] = [];

  /** Makes an empty one. */
  constructor(carrier: Carrier, options: OutboxOptions) {
    this.#carrier = carrier;
    this.#options = options;
    this.#most = options.maxMessages;
    let size = 1;
    while (size < options.maxMessages) size *= 2;
    this.#ring = Array.from({ length: size }, () => new OutMessage());
    this.#mask = size - 1;
  }

  /** Whether `close()` was called. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How many messages are not settled. */
  get pending(): number {
    return this.#next - this.#first;
  }

  /** Why the stream takes nothing at the moment, if so. */
  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** Whether there is room for a message of that size in bytes. */
  hasRoom(size: number): boolean {
    if (this.pending >= this.#options.maxMessages) return false;
    return this.pending === 0 || this.#bytes + size <= this.#options.maxBytes;
  }

  /** Waits for room for a message of that size, and then some; or for `close()`. */
  room(size: number): Promise<void> {
    const { maxMessages, maxBytes } = this.#options;
    // A part of the window at a time: to wake somebody for each message would cost more than it.
    return this.#until(() =>
      this.pending === 0 ||
      this.pending <= maxMessages * 0.75 && this.#bytes + size <= maxBytes
    );
  }

  /** Waits until all messages that are here by now are settled, or for `close()`. */
  settled(): Promise<void> {
    const last = this.#next;
    return this.#until(() => this.#first >= last);
  }

  /** Adds an entry, of which the bytes are copied, and sends it as soon as possible. */
  addEntry(lane: Lane, sequenceNumber: number, payload: Uint8Array, time: number): void {
    const message = this.#add(lane, time);
    message.from = message.to = sequenceNumber;
    message.reason = undefined;
    message.payload = this.#copyOf(payload);
    message.size = payload.length;
    this.#bytes += payload.length;
    this.#send();
  }

  /** Adds a gap, and sends it as soon as possible. */
  addGap(lane: Lane, from: number, to: number, reason: GapReason, time: number): void {
    const message = this.#add(lane, time);
    message.from = from;
    message.to = to;
    message.reason = reason;
    this.#send();
  }

  /** The connection is there again, or another: what is not acknowledged is sent again. */
  connected(): void {
    this.#begin();
  }

  /** The connection is lost: nothing is sent until it is there again. */
  disconnected(): void {
    this.#hasFailed = true;
    this.#stopPause();
  }

  /** The server has the message. */
  acknowledged(attempt: number, ticket: number, isDuplicate: boolean): void {
    const message = this.#ring[ticket & this.#mask];
    if (message.ticket !== ticket || message.isStored) return;
    // An answer that is late counts, too: it is in the stream.
    this.#answered(message);
    if (isDuplicate) this.counts.duplicates++;
    message.isStored = true;
    this.#bytes -= message.payload.length;
    message.payload = NOTHING;
    this.#settle();
    if (attempt === this.#attempt && !this.#hasFailed) this.#isTaken();
    this.#goOn();
  }

  /** The server, or the stream, did not take the message. */
  refused(attempt: number, ticket: number, refusal: Refusal): void {
    const message = this.#ring[ticket & this.#mask];
    if (message.ticket !== ticket || message.isStored || attempt !== this.#attempt) return;
    this.#answered(message);
    this.counts.refused++;
    this.#hasFailed = true;
    if (refusal.code === TOO_LARGE && message.reason === undefined) {
      // By how much it does not say.
      this.#shrink(message, message.payload.length >> 1);
    } else if (this.#refusal === undefined) {
      this.#refusal = refusal;
      this.#options.onRefused(refusal);
    }
    this.#goOn();
  }

  /** Gives up what is on its way. */
  close(): void {
    this.#isClosed = true;
    this.#stopPause();
    clearInterval(this.#watchTimer);
    this.#wake();
  }

  #add(lane: Lane, time: number): OutMessage {
    const message = this.#ring[this.#next & this.#mask];
    message.ticket = this.#next++;
    message.lane = lane;
    message.time = time;
    message.payload = NOTHING;
    message.size = 0;
    message.cutFrom = undefined;
    message.isStored = false;
    message.attempt = 0;
    message.isAnswered = true;
    return message;
  }

  #answered(message: OutMessage): void {
    if (message.attempt !== this.#attempt || message.isAnswered) return;
    message.isAnswered = true;
    this.#open--;
    this.#lastAnswer = performance.now();
  }

  /** The stream takes messages: all that fit. */
  #isTaken(): void {
    this.#most = this.#options.maxMessages;
    this.#pause = FIRST_PAUSE;
    if (this.#refusal === undefined) return;
    this.#refusal = undefined;
    this.#options.onRefused(undefined);
  }

  /** Takes leave of the messages at the front that the server has. */
  #settle(): void {
    const before = this.#first;
    while (this.#first < this.#next) {
      const message = this.#ring[this.#first & this.#mask];
      if (!message.isStored) break;
      this.#first++;
      this.#options.onSettled(message);
    }
    if (this.#unsent < this.#first) this.#unsent = this.#first;
    if (this.#first !== before && this.#waiting.length > 0) this.#wake();
  }

  /** After an answer: sends on, or begins anew when all are there. */
  #goOn(): void {
    if (!this.#hasFailed) this.#send();
    else if (this.#open === 0 && this.#pauseTimer === undefined && this.#carrier.isConnected) {
      this.#pauseTimer = setTimeout(() => {
        this.#pauseTimer = undefined;
        this.#begin();
      }, this.#pause);
      this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
    }
  }

  /** Begins the next attempt. */
  #begin(): void {
    if (this.#isClosed) return;
    this.#stopPause();
    this.#attempt++;
    this.#open = 0;
    this.#hasFailed = false;
    this.#most = 1;
    this.#unsent = this.#first;
    this.#lastAnswer = performance.now();
    this.#send();
  }

  /** Sends what may be sent. */
  #send(): void {
    if (this.#hasFailed || this.#isClosed) return;
    while (this.#unsent < this.#next && this.#open < this.#most && this.#carrier.isConnected) {
      const message = this.#ring[this.#unsent++ & this.#mask];
      if (!message.isStored) this.#transmit(message);
    }
  }

  #transmit(message: OutMessage): void {
    if (message.attempt === 0) this.counts.sent++;
    else this.counts.resent++;
    message.attempt = this.#attempt;
    message.isAnswered = false;
    if (this.#open++ === 0) this.#lastAnswer = performance.now();
    this.#watchTimer ??= setInterval(
      () => this.#watch(),
      Math.max(1, this.#options.ackTimeout / 4),
    );
    const { encoder } = message.lane!;
    let { payload } = message;
    let headers = NOTHING;
    if (message.reason === undefined) {
      const { mostBytes } = this.#carrier;
      headers = encoder.entryHeaders(message.from, message.time, message.cutFrom);
      if (headers.length + payload.length > mostBytes) {
        // The line that says that it was cut needs room, too.
        this.#shrink(message, mostBytes - headers.length - CUT_LINE);
        payload = message.payload;
        headers = encoder.entryHeaders(message.from, message.time, message.cutFrom);
      }
    }
    if (message.reason !== undefined) {
      ({ headers, payload } = encoder.gap(message.from, message.to, message.reason, message.time));
    }
    this.#carrier.publish(encoder.subject, headers, payload, this.#attempt, message.ticket);
  }

  /** Cuts an entry that is too large to so many bytes, or makes it a gap. */
  #shrink(message: OutMessage, length: number): void {
    const { payload } = message;
    const end = this.#options.tooLarge === "truncate" ? wholeText(payload, length) : 0;
    this.#bytes -= payload.length - end;
    message.payload = payload.subarray(0, end);
    message.size = end;
    if (end === 0) message.reason = "too large";
    else {
      if (message.cutFrom === undefined) this.counts.truncated++;
      message.cutFrom ??= payload.length;
    }
  }

  #copyOf(payload: Uint8Array): Uint8Array {
    const { length } = payload;
    if (length >= LARGE) return payload.slice();
    if (this.#used + length > this.#block.length) {
      this.#block = new Uint8Array(BLOCK);
      this.#used = 0;
    }
    const copy = this.#block.subarray(this.#used, this.#used += length);
    copy.set(payload);
    return copy;
  }

  /** Looks whether an answer is overdue. */
  #watch(): void {
    if (this.#open === 0 || this.#isLooking || !this.#carrier.isConnected) return;
    if (performance.now() - this.#lastAnswer < this.#options.ackTimeout) return;
    this.#isLooking = true;
    this.#hasFailed = true;
    const attempt = this.#attempt;
    this.#options.onSilence().finally(() => {
      this.#isLooking = false;
      // Unless another connection has begun another one.
      if (attempt === this.#attempt) this.#begin();
    });
  }

  #stopPause(): void {
    clearTimeout(this.#pauseTimer);
    this.#pauseTimer = undefined;
  }

  #until(fits: () => boolean): Promise<void> {
    if (fits() || this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ fits, resolve }));
  }

  #wake(): void {
    this.#waiting = this.#waiting.filter(({ fits, resolve }) => {
      if (!fits() && !this.#isClosed) return true;
      resolve();
      return false;
    });
  }
}

/** Where to end text, or bytes, of at most `length` bytes, so that no character is torn. */
function wholeText(bytes: Uint8Array, length: number): number {
  let end = Math.max(0, Math.min(length, bytes.length));
  if (end === bytes.length) return end;
  for (let back = 0; back < 3 && end > 0 && (bytes[end] & 0xc0) === 0x80; back++) end--;
  return end;
}
