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

/** All messages of a stream, in its order. */
export async function messagesOf(servers: string, stream: string): Promise<LogMessage[]> {
  await using link = await NatsLink.open({ servers });
  const { jetstream, jetstreamManager } = jetstreamClient;
  const manager = await jetstreamManager(link.client);
  const { state } = await manager.streams.info(stream);
  const messages: LogMessage[] = [];
  if (state.messages === 0) return messages;
  const consumer = await jetstream(link.client).consumers.get(stream);
  const all = await consumer.consume({ max_messages: 2000 });
  for await (const message of all as AsyncIterable<JsMsg>) {
    const { subject } = message;
    const said = decodeMessage(message.headers, message.data.slice());
    assert.ok(said, `${subject} is one of ours`);
    messages.push(said);
    if (message.seq >= state.last_seq) break;
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

/** What a message says: what was left out before it, and itself. */
export function deliveredBy(
  { from, to, reason, filtered = 0, truncatedFrom, bytes: payload }: {
    from: number;
    to: number;
    reason?: string | undefined;
    filtered?: number;
    truncatedFrom?: number;
    bytes: Uint8Array;
  },
): Delivered[] {
  const itself: Delivered = reason === undefined
    ? { kind: "entry", from, to, payload, ...truncatedFrom !== undefined && { truncatedFrom } }
    : { kind: "gap", from, to, reason };
  if (filtered === 0) return [itself];
  return [{ kind: "gap", from: from - filtered, to: from - 1, reason: "filtered" }, itself];
}

/** One source by the plainest receiver there is: each number once, in order, up to a hole. */
export class ReceivedSource {
  readonly delivered: Delivered[] = [];
  /** The last number that was delivered. */
  readonly last: number = 0;

  constructor(messages: readonly Delivered[]) {
    const sorted = messages.toSorted((a, b) => a.from - b.from);
    const entries = sorted.filter(({ kind }) => kind === "entry");
    const gaps = sorted.filter(({ kind }) => kind === "gap");
    for (let e = 0, g = 0;;) {
      const next = this.last + 1;
      while (entries[e]?.from < next) e++;
      while (gaps[g]?.to < next) g++;
      // An entry that is there is no part of a gap.
      if (entries[e]?.from === next) this.delivered.push(entries[e]);
      else if (gaps[g]?.from <= next) {
        const to = Math.min(gaps[g].to, (entries[e]?.from ?? Infinity) - 1);
        this.delivered.push({ ...gaps[g], from: next, to });
      } else return;
      this.last = this.delivered.at(-1)!.to;
    }
  }

  get entries(): Delivered[] {
    return this.delivered.filter(({ kind }) => kind === "entry");
  }

  get gaps(): Delivered[] {
    return this.delivered.filter(({ kind }) => kind === "gap");
  }

  /** How many entries the gaps are of. */
  get lost(): number {
    return this.gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  }
}

/** What a receiver makes of messages: by segment. */
export function received(messages: readonly LogMessage[]): Map<string, ReceivedSource> {
  const all = Map.groupBy(messages, ({ segment }) => segment);
  return new Map([...all].map(([segment, messages]) => [
    segment,
    new ReceivedSource(messages.flatMap((message) => {
      if (message.kind === "gap") return deliveredBy({ ...message, bytes: new Uint8Array() });
      const { sequenceNumber: from, payload: bytes } = message;
      return deliveredBy({ ...message, from, to: from, bytes });
    })),
  ]));
}

/** What the receiver of the library makes of a stream, by segment: each number once, and in order. */
export async function reallyReceived(
  servers: string,
  stream: string,
): Promise<Map<string, ReceivedSource>> {
  const all = new Map<string, Delivered[]>();
  for await (const item of receive({ servers, stream, follow: false })) {
    const { segment } = item.source;
    let items = all.get(segment);
    if (items === undefined) all.set(segment, items = []);
    const one: Delivered = item.kind === "gap" ? item : {
      ...{ kind: "entry", from: item.sequenceNumber, to: item.sequenceNumber, payload: item.bytes },
    };
    assert.equal(one.from, (items.at(-1)?.to ?? 0) + 1, "each once, and in order");
    items.push(one);
  }
  return new Map([...all].map(([segment, items]) => [segment, new ReceivedSource(items)]));
}

/** The bytes of an entry of the tests: they follow from its number. */
export function entryText(sequenceNumber: number): string {
  return `entry ${sequenceNumber} ${"x".repeat(sequenceNumber % 61)}`;
}

/** A question to the entries of the tests, and whether the answer for a number is yes. */
export const MATCHES = "/^entry \\d*[27] /";
export function isMatch(sequenceNumber: number): boolean {
  return sequenceNumber % 5 === 2;
}

/** Checks a long list by the first difference: to show all of them took gigabytes. */
export function assertSameList<T>(actual: readonly T[], expected: readonly T[]): void {
  const at = expected.findIndex((one, i) => one !== actual[i]);
  if (at >= 0) assert.deepEqual([at, actual[at]], [at, expected[at]]);
  assert.equal(actual.length, expected.length);
}

/** Checks that entries and gaps of a source are all that was written, once and in order. */
export function assertComplete(
  source: ReceivedSource | undefined,
  written: number,
  textOf: (sequenceNumber: number) => string = entryText,
): void {
  assert.ok(source, "there is such a source");
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

/**
 * Checks that the only source of a stream has all that was written, by both receivers; gives what became
 * of it, in words.
 */
export async function assertAllThere(
  servers: string,
  stream: string,
  written: number,
): Promise<string> {
  const messages = await messagesOf(servers, stream);
  const [source, ...others] = received(messages).values();
  assert.equal(others.length, 0);
  assertComplete(source, written);
  const [real] = (await reallyReceived(servers, stream)).values();
  assertComplete(real, written);
  const { entries, gaps, lost } = source;
  return `${written} written, ${entries.length} entries and ${gaps.length} gaps (${lost}) in ` +
    `${messages.length} messages`;
}
