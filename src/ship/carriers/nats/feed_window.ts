/**
 * How many messages may be asked for, so that no more come than there is room for.
 *
 * @module
 */

import type { FeedMessage } from "./feed_message.ts";

/** How many bytes a request may bring, unless a single message may be larger. */
const REQUEST_BYTES = 4 << 20;

/** What has come and is not taken yet, and what is asked for. */
export class FeedWindow {
  readonly #size: number;
  #queue: FeedMessage[] = [];
  #queuedBytes = 0;
  #outstanding = 0;
  #mostBytes = REQUEST_BYTES;

  /** Has room for so many messages. */
  constructor(size: number = 4096) {
    this.#size = size;
  }

  /** Whether nothing has come that is not taken. */
  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** Whether a request is at the server, as far as is known. */
  get isAsking(): boolean {
    return this.#outstanding > 0;
  }

  /** How many bytes a request may bring. */
  get mostBytes(): number {
    return this.#mostBytes;
  }

  /** Begins anew, with nothing; the server takes payloads of so many bytes. */
  begin(maxPayload: number = 1 << 20): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#outstanding = 0;
    this.#mostBytes = Math.max(REQUEST_BYTES, 2 * maxPayload);
  }

  /** A message has come. */
  add(message: FeedMessage, bytes: number): void {
    this.#outstanding--;
    this.#queue.push(message);
    this.#queuedBytes += bytes;
  }

  /** Gives what has come. */
  take(): FeedMessage[] {
    const taken = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    return taken;
  }

  /** How many messages to ask for: none until half of the room is free. */
  ask(): number {
    const room = this.#size - this.#outstanding - this.#queue.length;
    if (room < this.#size / 2 || this.#queuedBytes >= this.#mostBytes) return 0;
    this.#outstanding += room;
    return room;
  }

  /** A request has ended, so many messages short; `undefined`: none is left. */
  ended(left: number | undefined): void {
    this.#outstanding = left === undefined ? 0 : Math.max(0, this.#outstanding - left);
  }
}
