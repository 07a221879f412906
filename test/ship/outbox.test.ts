/** What is on its way: windows, refusals, silence, connections that end; with a server that is made up. */

import assert from "node:assert/strict";
import test from "node:test";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { bytes, FakeCarrier, lane, outboxOn } from "../support/fake_carrier.ts";

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

test("an answer that is lost is missed, though all others come", async () => {
  const carrier = new FakeCarrier();
  const { outbox, settled } = outboxOn(carrier, { maxMessages: 1000, ackTimeout: 20 });
  let next = 1;
  outbox.addEntry(lane, next++, bytes(1), 0);
  // From then on one after the other comes and is acknowledged: there is never silence.
  while (carrier.published.filter(({ id }) => id === "1").length < 2) {
    outbox.addEntry(lane, next++, bytes(1), 0);
    const { attempt, ticket } = carrier.published.at(-1)!;
    if (ticket > 0) outbox.acknowledged(attempt, ticket, false);
    await sleep(1);
    assert.ok(next < 1000, "the window is full, and it was not sent again");
  }
  outbox.acknowledged(carrier.published.at(-1)!.attempt, 0, true);
  assert.equal(settled[0].from, 1);
  outbox.close();
});

test("where answers come, in whatever order, nothing is sent twice", async () => {
  const carrier = new FakeCarrier();
  const { outbox } = outboxOn(carrier, { maxMessages: 1000, ackTimeout: 40 });
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
  const carrier = new FakeCarrier();
  const { outbox, settled, refusals } = outboxOn(carrier);
  for (let i = 1; i <= 2; i++) outbox.addEntry(lane, i, bytes(1), 0);
  outbox.close();
  outbox.refused(1, 1, { code: 10077, description: "full" });
  outbox.acknowledged(1, 0, false);
  await sleep(50);
  // What is in the stream is known all the same.
  assert.deepEqual([carrier.ids, settled.length, refusals], ["1 2", 1, []]);
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

test("what was cut in vain is a gap, and does not count as cut", async () => {
  const carrier = new FakeCarrier();
  const { outbox, settled } = outboxOn(carrier, { tooLarge: "truncate" });
  outbox.addEntry(lane, 1, bytes(4), 0);
  const refusal = { code: 10054, description: "message size exceeds maximum allowed" };
  for (let sent = 1; outbox.counts.sent + outbox.counts.resent === sent; sent++) {
    const { id, attempt } = carrier.published.at(-1)!;
    if (id !== "1") break;
    outbox.refused(attempt, 0, refusal);
    await until(() => carrier.published.length > sent);
  }
  assert.equal(carrier.ids, "1 1 1 gap/1-1");
  assert.equal(outbox.counts.truncated, 0);
  outbox.acknowledged(carrier.published.at(-1)!.attempt, 0, false);
  assert.deepEqual(settled, [{ from: 1, to: 1, reason: "too large" }]);
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

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1);
}
