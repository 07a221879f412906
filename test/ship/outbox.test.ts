/** What is on its way: windows, refusals, silence, connections that end; with a server that is made up. */

import assert from "node:assert/strict";
import test from "node:test";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { bytes, FakeSender, lane, outboxOn } from "../support/fake_carrier.ts";

test("messages are sent at once, and are settled in order however answers come", () => {
  const sender = new FakeSender();
  const { outbox, settled } = outboxOn(sender);
  for (let i = 1; i <= 3; i++) outbox.addEntry(lane, i, bytes(i), 0);
  assert.equal(sender.ids, "1 2 3");
  outbox.acknowledged(1, 1, false);
  outbox.acknowledged(1, 2, true);
  assert.deepEqual(settled, []);
  outbox.acknowledged(1, 0, false);
  assert.deepEqual(settled.map(({ from }) => from), [1, 2, 3]);
  assert.deepEqual([outbox.pending, outbox.counts.sent, outbox.counts.duplicates], [0, 3, 1]);
  outbox.close();
});

test("the bytes are copied: the reader's memory may change", () => {
  const sender = new FakeSender();
  sender.isConnected = false;
  const { outbox } = outboxOn(sender);
  const memory = bytes(3);
  outbox.addEntry(lane, 1, memory, 0);
  memory.fill(0);
  sender.isConnected = true;
  outbox.connected();
  assert.deepEqual(sender.sent[0].bytes, bytes(3));
  outbox.close();
});

test("the window is kept, by count and by bytes, and one that is larger goes alone", async () => {
  const sender = new FakeSender();
  const { outbox } = outboxOn(sender);
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
  const sender = new FakeSender();
  const { outbox, settled, refusals } = outboxOn(sender);
  for (let i = 1; i <= 3; i++) outbox.addEntry(lane, i, bytes(1), 0);
  outbox.refused(1, 0, { kind: "later", description: "full" });
  outbox.addEntry(lane, 4, bytes(1), 0);
  outbox.acknowledged(1, 1, false);
  assert.equal(sender.ids, "1 2 3");
  outbox.refused(1, 2, { kind: "later", description: "full" });
  await until(() => sender.sent.length > 3);
  assert.equal(sender.ids, "1 2 3 1");
  outbox.acknowledged(2, 0, false);
  // Entry 2 is there by now.
  assert.equal(sender.ids, "1 2 3 1 3 4");
  outbox.acknowledged(2, 2, false);
  outbox.acknowledged(2, 3, false);
  assert.deepEqual(settled.map(({ from }) => from), [1, 2, 3, 4]);
  assert.deepEqual(refusals, ["full", undefined]);
  assert.deepEqual(outbox.counts, { sent: 4, resent: 2, duplicates: 0, truncated: 0, rejected: 0 });
  outbox.close();
});

test("without a connection nothing is sent; with the next one what has no answer is sent again", () => {
  const sender = new FakeSender();
  const { outbox, settled } = outboxOn(sender);
  for (let i = 1; i <= 2; i++) outbox.addEntry(lane, i, bytes(1), 0);
  sender.isConnected = false;
  outbox.disconnected();
  outbox.addEntry(lane, 3, bytes(1), 0);
  // An answer that was under way.
  outbox.acknowledged(1, 0, false);
  assert.equal(sender.ids, "1 2");
  sender.isConnected = true;
  outbox.connected();
  assert.equal(sender.ids, "1 2 2");
  // A late one of the connection before counts, and takes nothing from the new one.
  outbox.acknowledged(1, 1, false);
  assert.equal(sender.ids, "1 2 2 3");
  outbox.acknowledged(2, 1, true);
  outbox.acknowledged(2, 2, false);
  assert.deepEqual(settled.map(({ from }) => from), [1, 2, 3]);
  outbox.close();
});

test("after silence all is sent again, from the first that has no answer", async () => {
  const sender = new FakeSender();
  let silences = 0;
  const { outbox, settled } = outboxOn(sender, {
    ackTimeout: 20,
    onSilence: () => Promise.resolve(void silences++),
  });
  for (let i = 1; i <= 3; i++) outbox.addEntry(lane, i, bytes(1), 0);
  outbox.acknowledged(1, 0, false);
  outbox.acknowledged(1, 2, false);
  await until(() => sender.sent.length > 3);
  assert.ok(silences > 0);
  const { id, attempt, ticket } = sender.sent.at(-1)!;
  assert.equal(id, "2");
  outbox.acknowledged(attempt, ticket, false);
  assert.equal(settled.length, 3);
  outbox.close();
});

test("an answer that is lost is missed, though all others come", async () => {
  const sender = new FakeSender();
  const { outbox, settled } = outboxOn(sender, { maxMessages: 1000, ackTimeout: 20 });
  let next = 1;
  outbox.addEntry(lane, next++, bytes(1), 0);
  // From then on one after the other comes and is acknowledged: there is never silence.
  while (sender.sent.filter(({ id }) => id === "1").length < 2) {
    outbox.addEntry(lane, next++, bytes(1), 0);
    const { attempt, ticket } = sender.sent.at(-1)!;
    if (ticket > 0) outbox.acknowledged(attempt, ticket, false);
    await sleep(1);
    assert.ok(next < 1000, "the window is full, and it was not sent again");
  }
  outbox.acknowledged(sender.sent.at(-1)!.attempt, 0, true);
  assert.equal(settled[0].from, 1);
  outbox.close();
});

test("where answers come, in whatever order, nothing is sent twice", async () => {
  const sender = new FakeSender();
  const { outbox } = outboxOn(sender, { maxMessages: 1000, ackTimeout: 40 });
  // Each is acknowledged after the next one.
  for (let i = 0; i < 60; i++) {
    outbox.addEntry(lane, i + 1, bytes(1), 0);
    if (i > 0) outbox.acknowledged(1, i - 1, false);
    await turn();
  }
  assert.equal(outbox.counts.resent, 0);
  outbox.close();
});

test("after close() nothing is sent and nothing is begun, whatever is answered", async () => {
  const sender = new FakeSender();
  const { outbox, settled, refusals } = outboxOn(sender);
  for (let i = 1; i <= 2; i++) outbox.addEntry(lane, i, bytes(1), 0);
  outbox.close();
  outbox.refused(1, 1, { kind: "later", description: "full" });
  outbox.acknowledged(1, 0, false);
  await sleep(50);
  // What is in the stream is known all the same.
  assert.deepEqual([sender.ids, settled.length, refusals], ["1 2", 1, []]);
});

const tooLarge = { kind: "too large", description: "too large" } as const;

test("an entry that is too large, or that is never taken, becomes a gap", async () => {
  const sender = new FakeSender();
  sender.most = 600;
  const { outbox, settled } = outboxOn(sender);
  outbox.addEntry(lane, 1, bytes(601), 0);
  outbox.acknowledged(1, 0, false);
  // Here the other side says so.
  for (const [ticket, refusal] of [tooLarge, { ...tooLarge, kind: "never" } as const].entries()) {
    outbox.addEntry(lane, ticket + 2, bytes(300), 0);
    const { length } = sender.sent;
    outbox.refused(sender.sent.at(-1)!.attempt, ticket + 1, refusal);
    await until(() => sender.sent.length > length);
    outbox.acknowledged(sender.sent.at(-1)!.attempt, ticket + 1, false);
  }
  assert.equal(sender.ids, "gap/1-1 2 gap/2-2 3 gap/3-3");
  assert.deepEqual(settled.map(({ reason }) => reason), ["too large", "too large", "refused"]);
  outbox.close();
});

test("an entry that is too large is cut where that is asked for, between characters", async () => {
  const sender = new FakeSender();
  sender.most = 500;
  const { outbox } = outboxOn(sender, { tooLarge: "truncate" });
  outbox.addEntry(lane, 1, new TextEncoder().encode("ü€😀".repeat(80)), 0);
  const [cut] = sender.sent;
  assert.equal(cut.cutFrom, 720);
  assert.ok(cut.bytes.length <= 490 && cut.bytes.length > 480, `${cut.bytes.length}`);
  new TextDecoder("utf-8", { fatal: true }).decode(cut.bytes);
  outbox.acknowledged(1, 0, false);
  // The other side says no, and not how much it would take; in the end nothing is left of it.
  outbox.addEntry(lane, 2, bytes(4), 0);
  for (let sent = 2; sender.sent.at(-1)!.id === "2"; sent++) {
    outbox.refused(sender.sent.at(-1)!.attempt, 1, tooLarge);
    await until(() => sender.sent.length > sent);
  }
  assert.equal(sender.ids, "1 2 2 2 gap/2-2");
  assert.deepEqual(sender.sent.map(({ cutFrom }) => cutFrom), [720, undefined, 4, 4, undefined]);
  assert.equal(outbox.counts.truncated, 1);
  outbox.close();
});

test("a pause that the other side asks for is kept", async () => {
  const sender = new FakeSender();
  const { outbox } = outboxOn(sender);
  outbox.addEntry(lane, 1, bytes(1), 0);
  const start = performance.now();
  outbox.refused(1, 0, { kind: "later", description: "busy", pause: 120 });
  await until(() => sender.sent.length > 1);
  // A timer may be a moment early.
  assert.ok(performance.now() - start > 115);
  outbox.close();
});

test("a duplicate of what was sent once is strange, one of what was sent again is not", () => {
  const sender = new FakeSender();
  const strange: number[] = [];
  const { outbox } = outboxOn(sender, { onStrangeDuplicate: ({ from }) => strange.push(from) });
  for (let i = 1; i <= 2; i++) outbox.addEntry(lane, i, bytes(1), 0);
  outbox.acknowledged(1, 0, true);
  outbox.connected();
  outbox.acknowledged(2, 1, true);
  assert.deepEqual(strange, [1]);
  outbox.close();
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1);
}
