/** An outbox, and another side that is made up: it says nothing by itself. */

import assert from "node:assert/strict";
import type { Outgoing, Sender } from "../../src/ship/carrier.ts";
import type { Lane, OutMessage } from "../../src/ship/out_message.ts";
import { Outbox, type OutboxOptions } from "../../src/ship/outbox.ts";

/** The segment that messages are of. */
export const lane: Lane = {
  source: { host: "h", name: "/a", segment: "1-2-3" },
  identity: { device: 1, inode: 2, created: 3 },
  order: 0,
  rewinds: 0,
};

/** A message that was sent. */
export interface Sent {
  id: string;
  bytes: Uint8Array;
  reason: string | undefined;
  cutFrom: number | undefined;
  attempt: number;
  ticket: number;
}

/** Remembers what was sent. */
export class FakeSender implements Sender {
  isConnected = true;
  most = Infinity;
  readonly sent: Sent[] = [];

  mostBytes({ cutFrom }: Outgoing): number {
    // That an entry was cut has to be said, too.
    return cutFrom === undefined ? this.most : this.most - 10;
  }

  send({ from, to, reason, bytes, cutFrom, attempt, ticket }: Outgoing): void {
    const id = reason === undefined ? `${from}` : `gap/${from}-${to}`;
    this.sent.push({ id, bytes: bytes.slice(), reason, cutFrom, attempt, ticket });
  }

  checkAlive = () => Promise.resolve();
  close = () => Promise.resolve();

  get ids(): string {
    return this.sent.map(({ id }) => id).join(" ");
  }
}

/** An outbox on a sender, and what becomes of it. */
export function outboxOn(sender: Sender | undefined, options: Partial<OutboxOptions> = {}) {
  const settled: {
    from: number;
    to: number;
    reason: string | undefined;
    filtered: number;
  }[] = [];
  const refusals: (string | undefined)[] = [];
  const outbox = new Outbox({
    maxMessages: 4,
    maxBytes: 1000,
    ackTimeout: 60_000,
    tooLarge: "gap",
    onSettled: ({ from, to, reason, filtered }: OutMessage) =>
      settled.push({ from, to, reason, filtered }),
    onRefused: (refusal) => refusals.push(refusal?.description),
    onSilence: () => Promise.resolve(),
    onFailed: (error) => assert.fail(String(error)),
    ...options,
  });
  if (sender !== undefined) outbox.begin(sender);
  return { outbox, settled, refusals };
}

/** The bytes of an entry of that length. */
export const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(65);
