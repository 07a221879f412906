/** What is on its way to a server that does at random whatever a server may do. */

import assert from "node:assert/strict";
import test from "node:test";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { bytes, FakeCarrier, lane, outboxOn } from "../support/fake_carrier.ts";
import { ReceivedSource } from "../support/nats_stream.ts";
import { baseSeed, Random } from "../support/random.ts";

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
