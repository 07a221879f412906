/** A carrier in memory: a store of messages, and a network before it that fails by a seed, or on demand. */

import type { Answers, Outgoing, SendCarrier, Sender } from "../../src/ship/carrier.ts";
import type { LogSource } from "../../src/ship/message.ts";
import type { Random } from "./random.ts";

/** A message that is kept. */
export interface StoredMessage {
  readonly source: LogSource;
  readonly from: number;
  readonly to: number;
  readonly reason: string | undefined;
  /** How many entries before it were left out on purpose. */
  readonly filtered: number;
  readonly bytes: Uint8Array;
  readonly cutFrom: number | undefined;
  readonly time: number;
}

/** Keeps each message once, in the order in which they come. */
export class MemoryStore {
  /** What is kept. */
  readonly messages: StoredMessage[] = [];
  /** The largest entry that it takes, in bytes. */
  mostBytes = Infinity;
  /** Whether it refuses all at the moment. */
  isFull = false;
  readonly #known = new Set<string>();

  /** Takes a message; gives whether it was there before. */
  take({ source, from, to, reason, filtered, bytes, cutFrom, time }: Outgoing): boolean {
    const id = JSON.stringify([source, reason !== undefined, from, to, filtered]);
    if (this.#known.has(id)) return true;
    this.#known.add(id);
    this.messages.push({ source, from, to, reason, filtered, bytes: bytes.slice(), cutFrom, time });
    return false;
  }
}

/** Sends to a store, over a network that may be cut or stand still. */
export class MemoryCarrier implements SendCarrier, Sender {
  readonly route = ["memory"];
  readonly store: MemoryStore;
  isConnected = true;
  /** Whether nothing comes through, and nobody notices. */
  isStalled = false;
  readonly #random: Random | undefined;
  #answers!: Answers;
  #waiting: (() => void)[] = [];
  #isClosed = false;

  /** `random`: messages and answers are lost, late, refused and out of order; connections end. */
  constructor(store: MemoryStore, random?: Random) {
    this.store = store;
    this.#random = random;
  }

  checkSource(): void {}

  open(answers: Answers): Promise<Sender> {
    this.#answers = answers;
    return Promise.resolve(this);
  }

  mostBytes({ cutFrom }: Outgoing): number {
    return this.store.mostBytes - (cutFrom === undefined ? 0 : 10);
  }

  send(message: Outgoing): void {
    if (!this.isConnected) throw new Error("sent without a connection");
    const { attempt, ticket, reason, size } = message;
    // Of a hundred that are sent.
    const fate = this.#random?.below(100) ?? 0;
    if (this.isStalled || fate >= 98) return;
    if (this.store.isFull || fate >= 92) {
      const kind = fate === 97 ? "never" : "later";
      const refusal = { kind, description: "full", pause: fate === 96 ? 5 : 0 } as const;
      this.#later(() => this.#answers.refused(attempt, ticket, refusal));
    } else if (reason === undefined && size > this.store.mostBytes) {
      const refusal = { kind: "too large", description: "too large" } as const;
      this.#later(() => this.#answers.refused(attempt, ticket, refusal));
    } else {
      const isDuplicate = this.store.take(message);
      if (fate >= 90) return;
      this.#later(() => this.#answers.acknowledged(attempt, ticket, isDuplicate));
    }
    if (fate === 89) this.cut(this.#random!.below(2) === 0);
  }

  checkAlive(): Promise<void> {
    this.isStalled = false;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting = [];
    return Promise.resolve();
  }

  /** Ends the connection, perhaps with the answers that are on their way. It comes back by `restore()`. */
  cut(isLost: boolean = true): void {
    this.isConnected = false;
    if (isLost) this.#waiting = [];
    queueMicrotask(() => !this.#isClosed && this.#answers.disconnected());
    if (this.#random !== undefined) setTimeout(() => this.restore(), this.#random.below(4));
  }

  /** There is a connection again. */
  restore(): void {
    this.isStalled = false;
    if (this.isConnected || this.#isClosed) return;
    this.isConnected = true;
    this.#answers.connected();
  }

  /** Gives an answer in a moment: in their order, or in another, some much later. */
  #later(answer: () => void): void {
    const place = this.#random?.below(8) === 0
      ? this.#random.below(this.#waiting.length + 1)
      : Infinity;
    this.#waiting.splice(place, 0, answer);
    setTimeout(() => this.#waiting.shift()?.(), this.#random?.below(20) === 0 ? 3 : 0);
  }
}
