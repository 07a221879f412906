/** What is in a stream, and whether it is all that was written: by the plainest receiver there is. */

import assert from "node:assert/strict";
import type { JsMsg } from "@nats-io/jetstream";
import {
  decodeMessage,
  type LogMessage,
  NatsLink,
  receive,
} from "../../src/ship/carriers/nats/mod.ts";
import { jetstreamClient } from "./jetstream.ts";

/** All messages of a stream up to `last`, in its order. */
export async function messagesOf(
  servers: string,
  stream: string,
  options: { last?: number } = {},
): Promise<LogMessage[]> {
  await using link = await NatsLink.open({ servers });
  const { jetstream, jetstreamManager } = jetstreamClient;
  const manager = await jetstreamManager(link.client);
  const { state } = await manager.streams.info(stream);
  const messages: LogMessage[] = [];
  const last = options.last ?? state.last_seq;
  if (state.messages === 0) return messages;
  const consumer = await jetstream(link.client).consumers.get(stream);
  const all = await consumer.consume({ max_messages: 2000 });
  for await (const message of all as AsyncIterable<JsMsg>) {
    const { subject } = message;
    const said = decodeMessage(message.headers, message.data.slice());
    assert.ok(said, `${subject} is one of ours`);
    messages.push(said);
    if (message.seq >= last) break;
  }
  return messages;
}

/** Entries or a gap, as they are delivered. */
export interface Delivered {
  readonly kind: "entry" | "gap";
  readonly from: number;
  readonly to: number;
  readonly reason?: string;
  readonly payload?: Uint8Array;
  readonly truncatedFrom?: number;
}

/** One source as a receiver sees it. */
export class ReceivedSource {
  /** What was delivered: without a hole, each number once. */
  readonly delivered: Delivered[] = [];
  /** How many messages said nothing new. */
  duplicates = 0;
  /** How many had to wait for others. */
  held = 0;
  #last = 0;
  #waiting: Delivered[] = [];

  /** The last number that was delivered. */
  get last(): number {
    return this.#last;
  }

  /** The entries. */
  get entries(): Delivered[] {
    return this.delivered.filter(({ kind }) => kind === "entry");
  }

  /** The gaps. */
  get gaps(): Delivered[] {
    return this.delivered.filter(({ kind }) => kind === "gap");
  }

  /** How many entries the gaps are of. */
  get lost(): number {
    return this.gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  }

  /** What waits for a number that has not come. */
  get waiting(): Delivered[] {
    return this.#waiting;
  }

  take(message: Delivered): void {
    if (message.to <= this.#last) this.duplicates++;
    else if (message.from > this.#last + 1) {
      this.held++;
      this.#waiting.push(message);
    } else {
      this.#deliver(message);
      this.#release();
    }
  }

  #deliver(message: Delivered): void {
    const from = Math.max(message.from, this.#last + 1);
    // An entry that is there is no part of a gap.
    const entry = this.#waiting.filter(({ kind, from }) => kind === "entry" && from > this.#last)
      .reduce((least, { from }) => Math.min(least, from), Infinity);
    const to = message.kind === "gap" ? Math.min(message.to, entry - 1) : message.to;
    if (to >= from) {
      this.delivered.push({ ...message, from, to });
      this.#last = to;
    }
    if (to < message.to) this.#waiting.push({ ...message, from: to + 1 });
  }

  #release(): void {
    for (;;) {
      const next = this.#waiting.filter(({ from }) => from <= this.#last + 1)
        .sort((a, b) => a.kind === b.kind ? 0 : a.kind === "entry" ? -1 : 1)[0];
      if (next === undefined) return;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      if (next.to > this.#last) this.#deliver(next);
      else this.duplicates++;
    }
  }
}

/** What a receiver makes of messages: by segment. */
export function received(messages: readonly LogMessage[]): Map<string, ReceivedSource> {
  const sources = new Map<string, ReceivedSource>();
  for (const message of messages) {
    const key = message.segment;
    const source = sources.get(key) ?? new ReceivedSource();
    sources.set(key, source);
    if (message.kind === "gap") source.take(message);
    else {
      const { sequenceNumber, payload, truncatedFrom } = message;
      source.take({
        kind: "entry",
        from: sequenceNumber,
        to: sequenceNumber,
        payload,
        ...truncatedFrom !== undefined && { truncatedFrom },
      });
    }
  }
  return sources;
}

/** What the receiver of the library makes of a stream: by segment. */
export async function reallyReceived(
  servers: string,
  stream: string,
): Promise<Map<string, ReceivedSource>> {
  const sources = new Map<string, ReceivedSource>();
  for await (const item of receive({ servers, stream, follow: false })) {
    const { segment } = item.source;
    const source = sources.get(segment) ?? new ReceivedSource();
    sources.set(segment, source);
    if (item.kind === "gap") source.take(item);
    else {
      const { sequenceNumber, bytes } = item;
      source.take({ kind: "entry", from: sequenceNumber, to: sequenceNumber, payload: bytes });
    }
  }
  for (const { duplicates, held } of sources.values()) {
    assert.deepEqual([duplicates, held], [0, 0], "each once, and in order");
  }
  return sources;
}

/** The bytes of an entry of the tests: they follow from its number. */
export function entryText(sequenceNumber: number): string {
  return `entry ${sequenceNumber} ${"x".repeat(sequenceNumber % 61)}`;
}

/** Checks that entries and gaps of a source are all that was written, once and in order. */
export function assertComplete(
  source: ReceivedSource | undefined,
  written: number,
  textOf: (sequenceNumber: number) => string = entryText,
): void {
  assert.ok(source, "there is such a source");
  assert.equal(source.waiting.length, 0, `waits for entry ${source.last + 1}`);
  assert.equal(source.last, written);
  let next = 1;
  const decoder = new TextDecoder();
  for (const { kind, from, to, payload } of source.delivered) {
    assert.equal(from, next);
    if (kind === "entry") assert.equal(decoder.decode(payload), textOf(from));
    next = to + 1;
  }
  assert.equal(source.entries.length + source.lost, written);
}
