/** Receiving from memory: what is kept, over a connection that is lost, stalls and repeats by a seed. */

import { setTimeout as sleep } from "node:timers/promises";
import type { LogMessage } from "../../src/ship/message.ts";
import type { Incoming, ReceiveCarrier, Receiver } from "../../src/ship/carrier.ts";
import type { Random } from "./random.ts";

/** Messages in their order, and how far each consumer is. */
export class MemoryStream {
  readonly messages: (LogMessage | "distrusted" | undefined)[] = [];
  /** Which places each consumer has acknowledged. */
  readonly acknowledged = new Map<string, Set<number>>();
  readonly #waiting = new Set<() => void>();

  put(...messages: (LogMessage | "distrusted" | undefined)[]): void {
    this.messages.push(...messages);
    this.wake();
  }

  /** Lets all look again that wait. */
  wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Waits for more messages, or for the time. */
  async more(time: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    const timer = setTimeout(resolve, time);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(resolve);
  }
}

/** A way to such messages. */
export class MemoryReceiveCarrier implements ReceiveCarrier {
  readonly place: { stream: string; consumer: string };
  readonly stream: MemoryStream;
  /** How many messages are taken at most before the first of them is done with. */
  readonly window: number;
  readonly #random: Random | undefined;
  receiver: MemoryReceiver | undefined;

  constructor(
    stream: MemoryStream,
    { consumer = "", window = 64, random }: {
      consumer?: string;
      window?: number;
      random?: Random;
    } = {},
  ) {
    this.stream = stream;
    this.place = { stream: "memory", consumer };
    this.window = window;
    this.#random = random;
  }

  open(signal: AbortSignal): Promise<Receiver> {
    this.receiver = new MemoryReceiver(this, this.#random, signal);
    return Promise.resolve(this.receiver);
  }
}

class MemoryReceiver implements Receiver {
  readonly isNew: boolean;
  readonly firstPlace = 1;
  readonly mostUndone = Infinity;
  /** How many messages were given, those that came again, too. */
  given = 0;
  readonly #carrier: MemoryReceiveCarrier;
  readonly #random: Random | undefined;
  readonly #signal: AbortSignal;
  readonly #last: number;
  #acknowledged: Set<number>;
  #next: number;
  #epoch = 0;
  #floor: number;

  constructor(carrier: MemoryReceiveCarrier, random: Random | undefined, signal: AbortSignal) {
    this.#carrier = carrier;
    this.#random = random;
    this.#signal = signal;
    const { stream, place: { consumer } } = carrier;
    const before = stream.acknowledged.get(consumer);
    this.isNew = before === undefined || before.size === 0;
    this.#acknowledged = consumer === "" ? new Set() : before ?? new Set();
    if (consumer !== "") stream.acknowledged.set(consumer, this.#acknowledged);
    // As a server tells: all before the first that was not acknowledged.
    let floor = 0;
    while (this.#acknowledged.has(floor + 1)) floor++;
    this.#floor = floor;
    this.#next = floor + 1;
    this.#last = stream.messages.length;
    signal.addEventListener("abort", () => stream.wake());
  }

  async take(time: number): Promise<Incoming[]> {
    const { stream } = this.#carrier;
    const end = performance.now() + time;
    while (this.#next > stream.messages.length && !this.#signal.aborted) {
      const left = end - performance.now();
      if (left <= 0) return [];
      await stream.more(left);
    }
    // What is here is given in a later task, as a network does.
    await sleep(0);
    if (this.#signal.aborted) return [];
    const fate = this.#random?.below(16) ?? 16;
    if (fate === 0) this.cut();
    if (fate === 1) await sleep(2);
    const count = Math.min(this.#carrier.window, 1 + (this.#random?.below(20) ?? Infinity));
    const taken: Incoming[] = [];
    // One by itself, as a server does that has waited for long enough.
    if (fate === 2 && this.#next > this.#floor + 1) taken.push(this.#message(this.#floor + 1));
    while (taken.length < count && this.#next <= stream.messages.length) {
      taken.push(this.#message(this.#next++));
    }
    this.given += taken.length;
    return taken;
  }

  done(messages: readonly Incoming[], floor: number): void {
    this.#floor = floor;
    for (const { place, epoch } of messages) {
      // Some acknowledgements are lost with their connection.
      if (epoch === this.#epoch) this.#acknowledged.add(place);
    }
  }

  async refresh(): Promise<void> {}

  isAtEnd(): Promise<boolean> {
    return Promise.resolve(this.#next > this.#last);
  }

  async close(): Promise<void> {}

  /** All comes again that was not done with. */
  cut(): void {
    this.#epoch++;
    this.#next = this.#floor + 1;
    this.#carrier.stream.wake();
  }

  #message(place: number): Incoming {
    const said = this.#carrier.stream.messages[place - 1];
    return { place, epoch: this.#epoch, unpack: () => said };
  }
}
