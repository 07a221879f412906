/**
 * Messages on their way: many at once, each until the other side has said that it has it.
 *
 * @module
 */

import { StreamUnusableError } from "../errors.ts";
import type { Answers, Refusal, Sender } from "./carrier.ts";
import type { GapReason } from "./message.ts";
import { type Lane, OutMessage, PayloadMemory } from "./out_message.ts";

/** The first pause after a refusal, and the longest of ours, in milliseconds. */
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 2000;
/** How many looks in a row must find the same thing missing, the first one apart. */
const LOOKS = 4;

/** Promises for what becomes so. */
export class Waiting {
  #all: { readonly isSo: () => boolean; readonly resolve: () => void }[] = [];

  /** Waits until `isSo` holds: at once, or at a later look. */
  until(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve) => this.#all.push({ isSo, resolve }));
  }

  look(): void {
    if (this.#all.length === 0) return;
    this.#all = this.#all.filter(({ isSo, resolve }) => {
      if (!isSo()) return true;
      resolve();
      return false;
    });
  }
}

/** How much may be on its way, and what to do about what is not taken. */
export interface OutboxOptions {
  readonly maxMessages: number;
  /** The most bytes of payloads, unless it is a single one. */
  readonly maxBytes: number;
  /** How long the first message that has no answer may wait for it, in ms, until all are sent again. */
  readonly ackTimeout: number;
  readonly tooLarge: "gap" | "truncate";
  /** Called with each message, in order, as soon as it and all before it are stored. */
  readonly onSettled: (message: OutMessage) => void;
  /** Called when nothing is taken, with the reason, and with `undefined` when something is again. */
  readonly onRefused: (refusal: Refusal | undefined) => void;
  /** Called when messages were acknowledged, and thrown away. */
  readonly onRejected?: (count: number, description: string) => void;
  /** Called with a message that was sent once, and that the other side says it had before. */
  readonly onStrangeDuplicate?: (message: OutMessage) => void;
  /** Called when no answer comes, to check the connection. All is sent again afterwards. */
  readonly onSilence: () => Promise<void>;
  /** Called when nothing can be sent, or no answer received, any more. */
  readonly onFailed: (error: unknown) => void;
}

/**
 * Sends messages in order, and again what is not acknowledged.
 *
 * Each message has a ticket, a number that grows. Sending goes in attempts. When one fails (a refusal,
 * silence, another connection) nothing new is sent until all of it is answered, or given up. Then the
 * next attempt begins with the first message that is not stored, alone, and continues when that is
 * taken. So the other side gets them in order, but for what was refused, or lost, between others.
 */
export class Outbox implements Answers {
  /** What was counted: messages that were sent, sent again, known before, cut, thrown away. */
  readonly counts = { sent: 0, resent: 0, duplicates: 0, truncated: 0, rejected: 0 };
  #sender: Sender | undefined;
  readonly #options: OutboxOptions;
  readonly #ring: OutMessage[];
  readonly #mask: number;
  readonly #memory = new PayloadMemory();
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
  /** For how long the other side asks for a pause, in this attempt. */
  #askedPause = 0;
  #refusal: Refusal | undefined;
  #isClosed = false;
  #pauseTimer: ReturnType<typeof setTimeout> | undefined;
  #watchTimer: ReturnType<typeof setInterval> | undefined;
  #isChecking = false;
  /** What was waited for at the last look, and for how many looks that has been so. */
  #awaited = "";
  #looks = 0;
  readonly #waiting = new Waiting();

  /** Makes an empty one, which takes answers, and sends when it has a sender. */
  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#most = options.maxMessages;
    let size = 1;
    while (size < options.maxMessages) size *= 2;
    this.#ring = Array.from({ length: size }, () => new OutMessage());
    this.#mask = size - 1;
  }

  begin(sender: Sender): void {
    this.#sender = sender;
    this.#send();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get pending(): number {
    return this.#next - this.#first;
  }

  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  hasRoom(size: number): boolean {
    if (this.pending >= this.#options.maxMessages) return false;
    return this.pending === 0 || this.#bytes + size <= this.#options.maxBytes;
  }

  /** Waits for room for a message of that size, and then some; or for `close()`. */
  room(size: number): Promise<void> {
    const { maxMessages, maxBytes } = this.#options;
    // A part of the window at a time: to wake the reader for each message would cost more than it.
    return this.#waiting.until(() =>
      this.#isClosed || this.pending === 0 ||
      this.pending <= maxMessages * 0.75 && this.#bytes + size <= maxBytes
    );
  }

  /** Waits until all messages that are here by now are settled, or for `close()`. */
  settled(): Promise<void> {
    const last = this.#next;
    return this.#waiting.until(() => this.#isClosed || this.#first >= last);
  }

  /**
   * Adds an entry, of which the bytes are copied, and sends it as soon as possible. `filtered`: how many
   * entries directly before it were left out on purpose.
   */
  addEntry(
    lane: Lane,
    sequenceNumber: number,
    payload: Uint8Array,
    time: number,
    filtered: number = 0,
  ): void {
    const message = this.#add(lane, sequenceNumber, sequenceNumber, filtered, time);
    this.#memory.keep(message, payload);
    this.#bytes += payload.length;
    this.#send();
  }

  addGap(
    lane: Lane,
    from: number,
    to: number,
    reason: GapReason,
    time: number,
    filtered: number = 0,
  ): void {
    this.#add(lane, from, to, filtered, time).reason = reason;
    this.#send();
  }

  connected(): void {
    this.#begin();
  }

  disconnected(): void {
    this.#hasFailed = true;
    clearTimeout(this.#pauseTimer);
    this.#pauseTimer = undefined;
  }

  failed(error: unknown): void {
    this.#options.onFailed(error);
  }

  rejected(count: number, description: string): void {
    this.counts.rejected += count;
    this.#options.onRejected?.(count, description);
  }

  acknowledged(attempt: number, ticket: number, isDuplicate: boolean): void {
    const message = this.#ring[ticket & this.#mask];
    if (message.ticket !== ticket || message.isStored) return;
    // An answer that is late counts, too: it is stored.
    this.#answered(message);
    if (isDuplicate) {
      this.counts.duplicates++;
      if (message.sends === 1) this.#options.onStrangeDuplicate?.(message);
    }
    message.isStored = true;
    this.#bytes -= message.size;
    message.forget();
    this.#settle();
    if (attempt === this.#attempt && !this.#hasFailed) this.#isTaken();
    this.#continue();
  }

  refused(attempt: number, ticket: number, refusal: Refusal): void {
    const message = this.#ring[ticket & this.#mask];
    if (message.ticket !== ticket || message.isStored || attempt !== this.#attempt) return;
    if (this.#isClosed) return;
    this.#answered(message);
    this.#hasFailed = true;
    this.#askedPause = Math.max(this.#askedPause, refusal.pause ?? 0);
    const { kind } = refusal;
    if (kind !== "later" && message.reason === undefined) {
      // By how much it is too large is not known.
      if (kind === "too large") this.#shrink(message, message.size >> 1);
      else this.#drop(message, "refused");
    } else if (kind === "too large") {
      // A gap, which can't be made smaller: it would be refused forever.
      const words = "not even a message that says that entries are missing is taken";
      this.#options.onFailed(new StreamUnusableError(`${words}: ${refusal.description}`));
    } else if (this.#refusal === undefined) {
      this.#refusal = refusal;
      this.#options.onRefused(refusal);
    }
    this.#continue();
  }

  /** Gives up what is on its way. Acknowledgements that still come are counted. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#pauseTimer);
    clearInterval(this.#watchTimer);
    this.#waiting.look();
  }

  #add(lane: Lane, from: number, to: number, filtered: number, time: number): OutMessage {
    const ticket = this.#next++;
    const message = this.#ring[ticket & this.#mask];
    message.begin(ticket, lane, from, to, filtered, time);
    return message;
  }

  #answered(message: OutMessage): void {
    if (message.attempt !== this.#attempt || message.isAnswered) return;
    message.isAnswered = true;
    this.#open--;
  }

  #isTaken(): void {
    this.#most = this.#options.maxMessages;
    this.#pause = FIRST_PAUSE;
    if (this.#refusal === undefined) return;
    this.#refusal = undefined;
    this.#options.onRefused(undefined);
  }

  #settle(): void {
    const before = this.#first;
    while (this.#first < this.#next) {
      const message = this.#ring[this.#first & this.#mask];
      if (!message.isStored) break;
      this.#first++;
      this.#options.onSettled(message);
    }
    if (this.#unsent < this.#first) this.#unsent = this.#first;
    if (this.#first !== before) this.#waiting.look();
  }

  /** After an answer: sends on, or begins the next attempt when all are there. */
  #continue(): void {
    if (!this.#hasFailed) return this.#send();
    if (this.#open > 0 || this.#pauseTimer !== undefined || this.#isClosed) return;
    if (!this.#sender?.isConnected) return;
    this.#pauseTimer = setTimeout(() => this.#begin(), Math.max(this.#pause, this.#askedPause));
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
  }

  #begin(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#pauseTimer);
    this.#pauseTimer = undefined;
    this.#attempt++;
    this.#open = 0;
    this.#askedPause = 0;
    this.#hasFailed = false;
    this.#most = 1;
    this.#unsent = this.#first;
    this.#send();
  }

  #send(): void {
    while (
      this.#unsent < this.#next && this.#open < this.#most && !this.#hasFailed &&
      !this.#isClosed && this.#sender?.isConnected
    ) {
      const message = this.#ring[this.#unsent++ & this.#mask];
      if (!message.isStored) this.#transmit(message, this.#sender);
    }
  }

  #transmit(message: OutMessage, sender: Sender): void {
    if (message.sends++ === 0) this.counts.sent++;
    else this.counts.resent++;
    message.attempt = this.#attempt;
    message.isAnswered = false;
    this.#open++;
    this.#watchTimer ??= setInterval(
      () => this.#watch(),
      Math.max(1, this.#options.ackTimeout / LOOKS),
    );
    if (message.reason === undefined) {
      const most = sender.mostBytes(message);
      if (message.size > most) {
        this.#shrink(message, most);
        // The message says that it was cut, which takes room, too.
        if (message.reason === undefined) this.#shrink(message, sender.mostBytes(message));
      }
    }
    sender.send(message);
  }

  /** Cuts an entry that is too large to so many bytes, or makes it a gap. */
  #shrink(message: OutMessage, length: number): void {
    const { size } = message;
    const wasCut = message.cutFrom !== undefined;
    if (this.#options.tooLarge === "truncate") message.cut(length);
    this.#bytes -= size - message.size;
    this.counts.truncated += Number(message.cutFrom !== undefined) - Number(wasCut);
    if (this.#options.tooLarge === "gap" || message.size === 0) this.#drop(message, "too large");
  }

  #drop(message: OutMessage, reason: GapReason): void {
    if (message.cutFrom !== undefined) this.counts.truncated--;
    this.#bytes -= message.size;
    message.drop(reason);
  }

  /**
   * Looks whether an answer is overdue. What is first holds up all others, whatever answers come for
   * them: one that is lost (a server that was the leader a moment ago) must not wait until the window
   * is full. After a failure it is the last answer of all that is waited for.
   *
   * It counts looks, not milliseconds: a process that stood still, or a clock that jumps, is no silence.
   */
  #watch(): void {
    if (this.#open === 0 || this.#isChecking || !this.#sender?.isConnected) return;
    const attempt = this.#attempt;
    const awaited = `${attempt} ${this.#hasFailed ? -this.#open : this.#first}`;
    this.#looks = awaited === this.#awaited ? this.#looks + 1 : 0;
    this.#awaited = awaited;
    if (this.#looks < LOOKS) return;
    this.#isChecking = true;
    this.#hasFailed = true;
    this.#options.onSilence().finally(() => {
      this.#isChecking = false;
      // Unless another connection has begun another one.
      if (attempt === this.#attempt) this.#begin();
    });
  }
}
