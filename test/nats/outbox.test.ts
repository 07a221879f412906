/** What is on its way: windows, refusals, silence, connections that end; with a server that is made up. */

import assert from "node:assert/strict";
import test from "node:test";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { MessageEncoder } from "../../src/nats/message_encoder.ts";
import type { Carrier } from "../../src/nats/carrier.ts";
import type { OutMessage } from "../../src/nats/out_message.ts";
import { Outbox } from "../../src/nats/outbox.ts";
import type { OutboxOptions } from "../../src/nats/outbox_options.ts";
import { ReceivedSource } from "../support/nats_stream.ts";
import { baseSeed, Random } from "../support/random.ts";

const lane = {
  encoder: new MessageEncoder({ host: "h", name: "/a", segment: "1-2-3" }),
  identity: { device: 1, inode: 2, created: 3 },
  order: 0,
};

interface Published {
  id: string;
  payload: Uint8Array;
  headers: string;
  attempt: number;
  ticket: number;
}

class FakeCarrier implements Carrier {
  isConnected = true;
  mostBytes = Infinity;
  readonly published: Published[] = [];
  onPublish: (message: Published) => void = () => {};

  publish(_: string, headers: Uint8Array, payload: Uint8Array, attempt: number, ticket: number) {
    const text = new TextDecoder().decode(headers);
    const message = {
      id: /Nats-Msg-Id: (\S+)/.exec(text)![1].replace("h/1-2-3/", ""),
      payload: payload.slice(),
      headers: text,
      attempt,
      ticket,
    };
    this.published.push(message);
    this.onPublish(message);
  }

  get ids(): string {
    return this.published.map(({ id }) => id).join(" ");
  }
}

function outboxOn(carrier: Carrier, options: Partial<OutboxOptions> = {}) {
  const settled: { from: number; to: number; reason: string | undefined }[] = [];
  const refusals: (string | undefined)[] = [];
  const outbox = new Outbox(carrier, {
    maxMessages: 4,
    maxBytes: 1000,
    ackTimeout: 60_000,
    tooLarge: "gap",
    onSettled: ({ from, to, reason }: OutMessage) => settled.push({ from, to, reason }),
    onRefused: (refusal) => refusals.push(refusal?.description),
    onSilence: () => Promise.resolve(),
    ...options,
  });
  return { outbox, settled, refusals };
}

const bytes = (length: number) => new Uint8Array(length).fill(65);

test("messages are sent at once, and are settled in order however answers come", () => {
  const carrier = new FakeCarrier();
  const { outbox, settled } = outboxOn(carrier);
  for (let i = 1; i <= 3; i++) outbox.addEntry(lane, i, bytes(i), 0);
  assert.equal(carrier.ids, "1 2 3");
  outbox.acknowledged(1, 1, false);
  outbox.acknowledged(1, 2, true);
  assert.deepEqual(settled, []);
  outbox.acknowledged(1, 0, false);
  assert.deepEqual(settled.map(({ from }) => from), [1, 2, 3]);
  assert.deepEqual([outbox.pending, outbox.counts.sent, outbox.counts.duplicates], [0, 3, 1]);
  outbox.close();
});

test("the bytes are copied: the reader's memory may change", () => {
  const carrier = new FakeCarrier();
  carrier.isConnected = false;
  const { outbox } = outboxOn(carrier);
  const memory = bytes(3);
  outbox.addEntry(lane, 1, memory, 0);
  memory.fill(0);
  carrier.isConnected = true;
  outbox.connected();
  assert.deepEqual(carrier.published[0].payload, bytes(3));
  outbox.close();
});

test("the window is kept, by count and by bytes, and one that is larger goes alone", async () => {
  const carrier = new FakeCarrier();
  const { outbox } = outboxOn(carrier);
  outbox.addEntry(lane, 1, bytes(600), 0);
  assert.equal(outbox.hasRoom(400), true);
  assert.equal(outbox.hasRoom(401), false);
  let hasRoom = false;
  const room = outbox.room(5000).then(() => hasRoom = true);
  await turn();
  assert.equal(hasRoom, false);
  outbox.acknowledged(1, 0, false);
  await room;
  assert.equal(outbox.hasRoom(5000), true);
  for (let i = 2; i <= 5; i++) outbox.addEntry(lane, i, bytes(1), 0);
  assert.equal(outbox.hasRoom(0), false);
  outbox.close();
  await outbox.room(0);
});

test("after a refusal nothing new goes out until all is answered, then the first one alone", async () => {
  const carrier = new FakeCarrier();
  const { outbox, settled, refusals } = outboxOn(carrier);
  for (let i = 1; i <= 3; i++) outbox.addEntry(lane, i, bytes(1), 0);
  outbox.refused(1, 0, { code: 10077, description: "full" });
  outbox.addEntry(lane, 4, bytes(1), 0);
  outbox.acknowledged(1, 1, false);
  assert.equal(carrier.ids, "1 2 3");
  outbox.refused(1, 2, { code: 10077, description: "full" });
  await until(() => carrier.published.length > 3);
  assert.equal(carrier.ids, "1 2 3 1");
  outbox.acknowledged(2, 0, false);
  // Entry 2 is there by now.
  assert.equal(carrier.ids, "1 2 3 1 3 4");
  outbox.acknowledged(2, 2, false);
  outbox.acknowledged(2, 3, false);
  assert.deepEqual(settled.map(({ from }) => from), [1, 2, 3, 4]);
  assert.deepEqual(refusals, ["full", undefined]);
  assert.deepEqual(outbox.counts, { sent: 4, resent: 2, duplicates: 0, refused: 2, truncated: 0 });
  outbox.close();
});

test("without a connection nothing is sent; with the next one what has no answer is sent again", () => {
  const carrier = new FakeCarrier();
  const { outbox, settled } = outboxOn(carrier);
  for (let i = 1; i <= 2; i++) outbox.addEntry(lane, i, bytes(1), 0);
  carrier.isConnected = false;
  outbox.disconnected();
  outbox.addEntry(lane, 3, bytes(1), 0);
  // An answer that was under way.
  outbox.acknowledged(1, 0, false);
  assert.equal(carrier.ids, "1 2");
  carrier.isConnected = true;
  outbox.connected();
  assert.equal(carrier.ids, "1 2 2");
  // A late one of the connection before counts, and takes nothing from the new one.
  outbox.acknowledged(1, 1, false);
  assert.equal(carrier.ids, "1 2 2 3");
  outbox.acknowledged(2, 1, true);
  outbox.acknowledged(2, 2, false);
  assert.deepEqual(settled.map(({ from }) => from), [1, 2, 3]);
  outbox.close();
});

test("after silence all is sent again, from the first that has no answer", async () => {
  const carrier = new FakeCarrier();
  let silences = 0;
  const { outbox, settled } = outboxOn(carrier, {
    ackTimeout: 20,
    onSilence: () => Promise.resolve(void silences++),
  });
  for (let i = 1; i <= 3; i++) outbox.addEntry(lane, i, bytes(1), 0);
  outbox.acknowledged(1, 0, false);
  outbox.acknowledged(1, 2, false);
  await until(() => carrier.published.length > 3);
  assert.ok(silences > 0);
  const { id, attempt, ticket } = carrier.published.at(-1)!;
  assert.equal(id, "2");
  outbox.acknowledged(attempt, ticket, false);
  assert.equal(settled.length, 3);
  outbox.close();
});

test("an entry that is too large becomes a gap, whoever says so", async () => {
  const carrier = new FakeCarrier();
  carrier.mostBytes = 600;
  const { outbox, settled } = outboxOn(carrier);
  outbox.addEntry(lane, 1, bytes(601), 0);
  assert.equal(carrier.ids, "gap/1-1");
  assert.match(new TextDecoder().decode(carrier.published[0].payload), /"too large"/);
  outbox.acknowledged(1, 0, false);
  // Here the stream does.
  outbox.addEntry(lane, 2, bytes(300), 0);
  outbox.refused(1, 1, { code: 10054, description: "message size exceeds maximum allowed" });
  await until(() => carrier.published.length > 2);
  assert.equal(carrier.ids, "gap/1-1 2 gap/2-2");
  outbox.acknowledged(2, 1, false);
  assert.deepEqual(settled, [
    { from: 1, to: 1, reason: "too large" },
    { from: 2, to: 2, reason: "too large" },
  ]);
  outbox.close();
});

test("an entry that is too large is cut where that is wished, between characters", async () => {
  const carrier = new FakeCarrier();
  carrier.mostBytes = 500;
  const { outbox } = outboxOn(carrier, { tooLarge: "truncate" });
  outbox.addEntry(lane, 1, new TextEncoder().encode("ü€😀".repeat(80)), 0);
  const [{ headers, payload }] = carrier.published;
  assert.match(headers, /\r\nOuroboros-Truncated: 720\r\n/);
  assert.ok(headers.length + payload.length <= 500 && payload.length > 200, `${payload.length}`);
  new TextDecoder("utf-8", { fatal: true }).decode(payload);
  outbox.acknowledged(1, 0, false);
  // The stream says no, and not how much it would take.
  outbox.addEntry(lane, 2, bytes(200), 0);
  const refusal = { code: 10054, description: "message size exceeds maximum allowed" };
  outbox.refused(1, 1, refusal);
  await until(() => carrier.published.length > 2);
  assert.equal(carrier.published[2].payload.length, 100);
  outbox.refused(carrier.published[2].attempt, 1, refusal);
  await until(() => carrier.published.length > 3);
  assert.equal(carrier.published[3].payload.length, 50);
  assert.match(carrier.published[3].headers, /Truncated: 200\r\n/);
  assert.equal(outbox.counts.truncated, 2);
  outbox.close();
});

test(`whatever a server does, all comes to be in the stream (SEED=${baseSeed})`, async () => {
  const random = new Random(baseSeed);
  for (let run = 0; run < 5; run++) await chaos(random);
});

/** A server that refuses, says nothing, answers late and loses its connections, at random. */
async function chaos(random: Random): Promise<void> {
  const carrier = new FakeCarrier();
  const maxMessages = 1 + random.below(40);
  const { outbox, settled } = outboxOn(carrier, { maxMessages, maxBytes: 500, ackTimeout: 15 });
  const stream: string[] = [];
  const known = new Set<string>();
  const answers: (() => void)[] = [];
  let isKind = false;
  carrier.onPublish = ({ id, attempt, ticket }) => {
    if (!carrier.isConnected) assert.fail("sent without a connection");
    const fate = isKind ? 0 : random.below(100);
    if (fate >= 98) return;
    if (fate >= 90) {
      const refusal = { code: 10077, description: "full" };
      answers.push(() => outbox.refused(attempt, ticket, refusal));
      return;
    }
    const isDuplicate = known.has(id);
    if (!isDuplicate) stream.push(id);
    known.add(id);
    // It is stored, and nobody says so.
    if (fate >= 88) return;
    answers.push(() => outbox.acknowledged(attempt, ticket, isDuplicate));
  };
  const total = 300;
  const writing = (async () => {
    for (let i = 1; i <= total;) {
      const isGap = random.below(20) === 0;
      const to = isGap ? Math.min(total, i + random.below(5)) : i;
      const size = random.below(60);
      if (!outbox.hasRoom(size)) await outbox.room(size);
      assert.ok(outbox.hasRoom(size));
      if (isGap) outbox.addGap(lane, i, to, "overwritten", 0);
      else outbox.addEntry(lane, i, bytes(size), 0);
      assert.ok(outbox.pending <= maxMessages);
      i = to + 1;
    }
    await outbox.settled();
  })();
  const start = performance.now();
  let isDone = false;
  writing.then(() => isDone = true, () => isDone = true);
  while (!isDone) {
    isKind ||= performance.now() - start > 80;
    const some = answers.splice(0, 1 + random.below(10));
    // Within a connection answers come in order; some of one before come late.
    for (const answer of some) answer();
    if (!isKind && random.below(60) === 0) {
      carrier.isConnected = false;
      outbox.disconnected();
      if (random.below(2) === 0) answers.length = 0;
      await turn();
      carrier.isConnected = true;
      outbox.connected();
    }
    await (answers.length > 0 ? turn() : sleep(1));
  }
  await writing;
  outbox.close();
  const source = new ReceivedSource();
  for (const id of stream) {
    const [, from, to] = /^(?:gap\/)?(\d+)(?:-(\d+))?$/.exec(id)!;
    source.take({ kind: to ? "gap" : "entry", from: Number(from), to: Number(to ?? from) });
  }
  assert.deepEqual([source.last, source.waiting.length, source.duplicates], [total, 0, 0]);
  let next = 1;
  for (const { from, to } of settled) {
    assert.equal(from, next);
    next = to + 1;
  }
  assert.equal(next, total + 1);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1);
}
