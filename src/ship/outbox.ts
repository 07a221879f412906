/**
 * Messages on their way to a stream: many at once, each until the server has said that it has it.
 *
 * @module
 */

import type { Carrier, Refusal } from "./outbox_options.ts";
import type { GapReason } from "./message.ts";
import { type Lane, OutMessage, PayloadMemory } from "./out_message.ts";
import type { OutboxCounts, OutboxOptions } from "./outbox_options.ts";
import { Overdue } from "./overdue.ts";

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
 * taken. So the stream gets them in order but for what was refused, or lost, between others.
 */
export class Outbox {
  /** What was counted. */
  readonly counts: OutboxCounts = { sent: 0, resent: 0, duplicates: 0, refused: 0, truncated: 0 };
  readonly #carrier: Carrier;
  readonly #options: OutboxOptions;
  readonly #ring: OutMessage[];
  readonly #mask: number;
  readonly #memory = new PayloadMemory();
  readonly #overdue: Overdue;
  /** The first ticket that is not settled, the next one to send, and the next one to give out. */
  #first = 0;
  #unsent = 0;
  #next = 0;
  #bytes = 0;
  #attempt = 1;
  /** How many of this attempt are not answered, and how many may be. */
  #open = 0;
  #most: number;
  #hasFailed = false;
  #pause = FIRST_PAUSE;
  #refusal: Refusal | undefined;
  #isLooking = false;
  #isClosed = false;
  #pauseTimer: ReturnType<typeof setTimeout> | undefined;
  #watchTimer: ReturnType<typeof setInterval> | undefined;
  readonly #waiters = new Waiters();

  /** Makes an empty one. */
  constructor(carrier: Carrier, options: OutboxOptions) {
    this.#carrier = carrier;
    this.#options = options;
    this.#overdue = new Overdue(options.ackTimeout);
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
    return this.#waiters.until(() =>
      this.#isClosed || this.pending === 0 ||
      this.pending <= maxMessages * 0.75 && this.#bytes + size <= maxBytes
    );
  }

  /** Waits until all messages that are here by now are settled, or for `close()`. */
  settled(): Promise<void> {
    const last = this.#next;
    return this.#waiters.until(() => this.#isClosed || this.#first >= last);
  }

  /** Adds an entry, of which the bytes are copied, and sends it as soon as possible. */
  addEntry(lane: Lane, sequenceNumber: number, payload: Uint8Array, time: number): void {
    const message = this.#add(lane, sequenceNumber, sequenceNumber, time);
    this.#memory.keep(message, payload);
    this.#bytes += payload.length;
    this.#send();
  }

  /** Adds a gap, and sends it as soon as possible. */
  addGap(lane: Lane, from: number, to: number, reason: GapReason, time: number): void {
    this.#add(lane, from, to, time).reason = reason;
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
    this.#bytes -= message.size;
    message.forget();
    this.#settle();
    if (attempt === this.#attempt && !this.#hasFailed) this.#isTaken();
    this.#goOn();
  }

  /** The server, or the stream, did not take the message. */
  refused(attempt: number, ticket: number, refusal: Refusal): void {
    const message = this.#ring[ticket & this.#mask];
    if (message.ticket !== ticket || message.isStored || attempt !== this.#attempt) return;
    if (this.#isClosed) return;
    this.#answered(message);
    this.counts.refused++;
    this.#hasFailed = true;
    if (refusal.code === TOO_LARGE && message.reason === undefined) {
      // By how much it does not say.
      this.#shrink(message, message.size >> 1);
    } else if (this.#refusal === undefined) {
      this.#refusal = refusal;
      this.#options.onRefused(refusal);
    }
    this.#goOn();
  }

  /** Gives up what is on its way. Acknowledgements that still come are counted. */
  close(): void {
    this.#isClosed = true;
    this.#stopPause();
    clearInterval(this.#watchTimer);
    this.#waiters.look();
  }

  #add(lane: Lane, from: number, to: number, time: number): OutMessage {
    const ticket = this.#next++;
    const message = this.#ring[ticket & this.#mask];
    message.begin(ticket, lane, from, to, time);
    return message;
  }

  #answered(message: OutMessage): void {
    if (message.attempt !== this.#attempt || message.isAnswered) return;
    message.isAnswered = true;
    this.#open--;
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
    if (this.#first !== before) this.#waiters.look();
  }

  /** After an answer: sends on, or begins anew when all are there. */
  #goOn(): void {
    if (!this.#hasFailed) this.#send();
    else if (
      this.#open === 0 && this.#pauseTimer === undefined && !this.#isClosed &&
      this.#carrier.isConnected
    ) {
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
    this.#send();
  }

  /** Sends what may be sent. */
  #send(): void {
    while (
      this.#unsent < this.#next && this.#open < this.#most && !this.#hasFailed &&
      !this.#isClosed && this.#carrier.isConnected
    ) {
      const message = this.#ring[this.#unsent++ & this.#mask];
      if (!message.isStored) this.#transmit(message);
    }
  }

  #transmit(message: OutMessage): void {
    if (message.attempt === 0) this.counts.sent++;
    else this.counts.resent++;
    message.attempt = this.#attempt;
    message.isAnswered = false;
    this.#open++;
    this.#watchTimer ??= setInterval(() => this.#watch(), this.#overdue.interval);
    const { encoder } = message.lane!;
    let headers: Uint8Array;
    let payload: Uint8Array | undefined;
    if (message.reason === undefined) {
      const { mostBytes } = this.#carrier;
      headers = encoder.entryHeaders(message.from, message.time, message.cutFrom);
      if (headers.length + message.size > mostBytes) {
        // The line that says that it was cut needs room, too.
        this.#shrink(message, mostBytes - headers.length - CUT_LINE);
        headers = encoder.entryHeaders(message.from, message.time, message.cutFrom);
      }
      payload = message.bytes;
    }
    if (message.reason !== undefined) {
      ({ headers, payload } = encoder.gap(message.from, message.to, message.reason, message.time));
    }
    this.#carrier.publish(encoder.subject, headers!, payload!, this.#attempt, message.ticket);
  }

  /** Cuts an entry that is too large to so many bytes, or makes it a gap. */
  #shrink(message: OutMessage, length: number): void {
    const { size } = message;
    const wasCut = message.cutFrom !== undefined;
    if (this.#options.tooLarge === "truncate") message.cut(length);
    if (this.#options.tooLarge === "gap" || message.size === 0) message.drop("too large");
    const isCut = message.cutFrom !== undefined;
    this.counts.truncated += Number(isCut) - Number(wasCut);
    this.#bytes -= size - message.size;
  }

  /**
   * Looks whether an answer is overdue. What is first holds up all others, whatever answers come for
   * them: one that is lost (a server that was the leader a moment ago) must not wait until the window
   * is full. After a failure it is the last answer of all that is waited for.
   */
  #watch(): void {
    if (this.#open === 0 || this.#isLooking || !this.#carrier.isConnected) return;
    const awaited = this.#hasFailed ? -this.#open : this.#first;
    if (!this.#overdue.look(this.#attempt, awaited)) return;
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
}

/** Promises that resolve when their condition holds, which is checked at each `look()`. */
class Waiters {
  #waiting: { readonly isSo: () => boolean; readonly resolve: () => void }[] = [];

  /** Waits until `isSo` holds: at once, or at a later look. */
  until(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ isSo, resolve }));
  }

  /** Checks the conditions, and resolves those that hold by now. */
  look(): void {
    if (this.#waiting.length === 0) return;
    this.#waiting = this.#waiting.filter(({ isSo, resolve }) => {
      if (!isSo()) return true;
      resolve();
      return false;
    });
  }
}
