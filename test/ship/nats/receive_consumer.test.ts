/** Receivers whose place is remembered: by the server, and in a file. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { CorruptStateError, StateLockedError } from "../../../src/errors.ts";
import { NatsLink } from "../../../src/ship/carriers/nats/connect.ts";
import { receive } from "../../../src/ship/carriers/nats/receive.ts";
import { StateFile } from "../../../src/ship/state_file.ts";
import type { ReceivedItem } from "../../../src/ship/received.ts";
import { testFolder } from "../../support/folder.ts";
import { sourceOf } from "../../support/nats_publisher.ts";
import { natsTest } from "../../support/nats_server.ts";
import { ReceiveTests, untilAcknowledged, untilAsked, wordsOf } from "../../support/receiving.ts";

const tests = new ReceiveTests();
const a = sourceOf("a");
const folder = testFolder("receive");

natsTest("a consumer continues after what was handled, and nothing is left out", async () => {
  const stream = await tests.newStream();
  const options = { stream, consumer: "c", maxHold: 50 };
  await tests.publisher.entries(stream, a, { from: 1, to: 10 });
  // The fourth one is not handled when the loop is left.
  assert.equal((await tests.received(options, 4)).words, "a1 a2 a3 a4");
  await untilAcknowledged(tests.publisher, stream, "c", 3);
  const { words } = await tests.received(options, 2);
  // Without a state file nobody knows what became of those before.
  assert.match(words, /^a\[1-3 before this receiver\] a4$/);
  await tests.publisher.entries(stream, a, [11]);
  assert.equal((await tests.received(options)).items.length, 9);
  await untilAcknowledged(tests.publisher, stream, "c", 11);
  const info = await tests.publisher.jsm.consumers.info(stream, "c");
  assert.deepEqual([info.num_pending, info.num_ack_pending, info.ack_floor.stream_seq], [
    0,
    0,
    11,
  ]);
});

natsTest("with a state file nothing is given twice, acknowledged or not", async () => {
  const stream = await tests.newStream();
  const state = `${folder}/state`;
  const options = { stream, consumer: "c", state };
  await tests.publisher.entries(stream, a, { from: 1, to: 10 });
  assert.equal((await tests.received(options, 4)).words, "a1 a2 a3 a4");
  assert.equal((await tests.received(options, 2)).words, "a4 a5");
  // As if no acknowledgement had ever arrived.
  await tests.publisher.jsm.consumers.delete(stream, "c");
  await tests.publisher.entries(stream, a, [11]);
  const { words, summary } = await tests.received(options);
  assert.equal(words, "a5 a6 a7 a8 a9 a10 a11");
  assert.equal(summary.duplicates, 4);
  assert.equal((await tests.received(options)).words, "");
});

natsTest("a state file is of one consumer, and has one owner", async () => {
  const stream = await tests.newStream();
  await tests.publisher.entries(stream, a, [1]);
  const state = `${folder}/owned`;
  await tests.received({ stream, consumer: "c", state });
  await assert.rejects(tests.received({ stream, consumer: "d", state }), CorruptStateError);
  const end = new AbortController();
  const first = receive({
    servers: tests.server.url,
    stream,
    consumer: "c",
    state,
    signal: end.signal,
  });
  const next = first[Symbol.asyncIterator]().next();
  // It has the file as soon as it is asked for something.
  await assert.rejects(tests.received({ stream, consumer: "c", state }), StateLockedError);
  end.abort();
  assert.equal((await next).done, true);
  const bytes = readFileSync(state);
  for (const at of [100, bytes.length / 2 + 100]) bytes[at] ^= 1;
  writeFileSync(state, bytes);
  await assert.rejects(tests.received({ stream, consumer: "c", state }), CorruptStateError);
});

natsTest("a state file that says something else is left alone", async () => {
  const stream = await tests.newStream();
  const state = `${folder}/else`;
  const owner = { stream, consumer: "c" };
  const one = { ...a, last: -1 };
  for (
    const value of [null, 7, owner, { ...owner, sources: [null] }, { ...owner, sources: [one] }]
  ) {
    {
      using file = StateFile.open(state, 1 << 18);
      file.saveNow(value);
    }
    const before = readFileSync(state);
    await assert.rejects(tests.received({ ...owner, state }), CorruptStateError);
    assert.deepEqual(readFileSync(state), before);
  }
});

natsTest("a state file that can't be written ends it, and nothing stays at work", async () => {
  const stream = await tests.newStream();
  await tests.publisher.entries(stream, a, [1]);
  await using link = await NatsLink.open({ servers: tests.server.url });
  const [save, saveNow] = [StateFile.prototype.save, StateFile.prototype.saveNow];
  const fail = () => {
    throw new Error("no space");
  };
  StateFile.prototype.save = StateFile.prototype.saveNow = fail;
  try {
    const receiving = tests.received({ link, stream, consumer: "c", state: `${folder}/full` }, 2);
    await assert.rejects(receiving, /no space/);
  } finally {
    Object.assign(StateFile.prototype, { save, saveNow });
  }
  // Its last request ends, and no other follows.
  const { consumers } = tests.publisher.jsm;
  for (let looks = 0; looks < 20;) {
    looks = (await consumers.info(stream, "c")).num_waiting === 0 ? looks + 1 : 0;
    await sleep(10);
  }
});

natsTest("a consumer that is deleted is made again, and nothing is lost", async () => {
  const stream = await tests.newStream();
  await tests.publisher.entries(stream, a, { from: 1, to: 3 });
  const all = tests.received({ stream, consumer: "c" }, 6);
  await untilAsked(tests.publisher, stream);
  await tests.publisher.jsm.consumers.delete(stream, "c");
  await tests.publisher.entries(stream, a, { from: 4, to: 6 });
  assert.equal((await all).words, "a1 a2 a3 a4 a5 a6");
});

natsTest("a second receiver of a consumer is refused, and the first continues", async () => {
  const stream = await tests.newStream();
  const first = tests.received({ stream, consumer: "c" }, 3);
  await untilAsked(tests.publisher, stream);
  const second = assert.rejects(
    tests.received({ stream, consumer: "c" }),
    /used by another receiver/,
  );
  await tests.publisher.entries(stream, a, [1, 2]);
  await second;
  await tests.publisher.entries(stream, a, [3]);
  assert.equal((await first).words, "a1 a2 a3");
});

natsTest("of two receivers that begin at once one ends with an error", async () => {
  const stream = await tests.newStream();
  const end = new AbortController();
  const numbers: number[][] = [[], []];
  const gaps: Extract<ReceivedItem, { kind: "gap" }>[] = [];
  const receivers = numbers.map(async (given) => {
    const reception = receive({
      ...{ servers: tests.server.url, stream, consumer: "c", signal: end.signal },
    });
    for await (const item of reception) {
      if (item.kind === "entry") given.push(item.sequenceNumber);
      else gaps.push(item);
    }
  });
  const ends = receivers.map((receiver) => receiver.then(() => "", (error) => error.message));
  let loser: string | undefined;
  void Promise.race(ends).then((message) => loser = message);
  let count = 0;
  while (loser === undefined) {
    await tests.publisher.entries(stream, a, [++count]);
    await sleep(20);
  }
  assert.match(loser, /consumer "c" .* is used by another receiver/);
  // What the first had not handled comes again to the other one, and what that had is dropped.
  await tests.publisher.entries(stream, a, [++count]);
  while (!numbers.some((given) => given.at(-1) === count)) await sleep(20);
  const [lost, kept] = numbers[0].at(-1) === count ? numbers.toReversed() : numbers;
  const first = kept[0];
  assert.deepEqual(kept, Array.from({ length: count - first + 1 }, (_, i) => first + i));
  // On a busy machine it may come after entries that the first has handled.
  const before = Array.from({ length: first - 1 }, (_, i) => i + 1);
  assert.deepEqual(lost.slice(0, before.length), before);
  assert.deepEqual(
    gaps.map(({ from, to, reason }) => [from, to, reason]),
    first === 1 ? [] : [[1, first - 1, "before this receiver"]],
  );
  end.abort();
  assert.equal((await Promise.all(ends)).filter((message) => message === "").length, 1);
});

natsTest("consumers that others have made are used as they are", async () => {
  const stream = await tests.newStream();
  await tests.publisher.entries(stream, a, { from: 1, to: 6 });
  await tests.publisher.jsm.consumers.add(stream, {
    durable_name: "all",
    ack_policy: "all",
    max_ack_pending: 500,
    ack_wait: 30e9,
  });
  assert.equal((await tests.received({ stream, consumer: "all" }, 4)).words, "a1 a2 a3 a4");
  await untilAcknowledged(tests.publisher, stream, "all", 3);
  const { items } = await tests.received({ stream, consumer: "all" });
  assert.equal(wordsOf(items.slice(1)), "a4 a5 a6");
  await untilAcknowledged(tests.publisher, stream, "all", 6);
  const { ack_floor, config } = await tests.publisher.jsm.consumers.info(stream, "all");
  assert.deepEqual([ack_floor.stream_seq, config.ack_policy, config.max_ack_pending], [
    6,
    "all",
    500,
  ]);
});

natsTest("what is handled slowly is sent again by the server, and dropped", async () => {
  const stream = await tests.newStream();
  await tests.publisher.entries(stream, a, { from: 1, to: 30 });
  await tests.publisher.jsm.consumers.add(stream, {
    durable_name: "slow",
    ack_policy: "explicit",
    ack_wait: 100e6,
  });
  const reception = receive({ servers: tests.server.url, stream, consumer: "slow" });
  const items: ReceivedItem[] = [];
  const untilSentAgain = async () => {
    const { consumers } = tests.publisher.jsm;
    while ((await consumers.info(stream, "slow")).num_redelivered === 0) await sleep(20);
  };
  for await (const item of reception) {
    items.push(item);
    if (items.length === 20) await untilSentAgain();
    if (item.kind === "entry" && item.sequenceNumber === 31) break;
    if (items.length === 30) await tests.publisher.entries(stream, a, [31]);
  }
  assert.deepEqual(
    items.map((item) => item.kind === "entry" && item.sequenceNumber),
    Array.from({ length: 31 }, (_, i) => i + 1),
  );
  assert.ok(reception.summary.duplicates > 0);
});

natsTest("a stream that forgets what is acknowledged is refused for a consumer", async () => {
  const stream = await tests.newStream({ retention: "interest" });
  await assert.rejects(tests.received({ stream, consumer: "c" }), {
    name: "StreamUnusableError",
    message: /retention "interest"/,
  });
  assert.equal((await tests.received({ stream })).words, "");
});

natsTest("a state file does not hold up a consumer that waits for acknowledgements", async () => {
  const stream = await tests.newStream();
  await tests.publisher.entries(stream, a, { from: 1, to: 500 });
  await tests.publisher.jsm.consumers.add(stream, {
    durable_name: "few",
    ack_policy: "explicit",
    max_ack_pending: 20,
  });
  // Once a second 20 of them: that would be too late.
  const { items } = await tests.received({ stream, consumer: "few", state: `${folder}/few` });
  assert.equal(items.length, 500);
});

natsTest("what was on its way to a receiver that is gone comes again first", async () => {
  const stream = await tests.newStream();
  await tests.publisher.entries(stream, a, { from: 1, to: 6 });
  // Somebody takes all, acknowledges two, and is gone.
  await tests.publisher.jsm.consumers.add(stream, { durable_name: "c", ack_policy: "explicit" });
  const { jetstream } = await import("@nats-io/jetstream");
  const consumer = await jetstream(tests.publisher.client).consumers.get(stream, "c");
  const taken = await consumer.fetch({ max_messages: 6, expires: 1000 });
  let count = 0;
  for await (const message of taken) if (++count <= 2) message.ack();
  await tests.publisher.client.flush();
  await untilAcknowledged(tests.publisher, stream, "c", 2);
  await tests.publisher.entries(stream, a, [7]);
  const { words } = await tests.received({ stream, consumer: "c", from: "new" });
  assert.equal(words, "a3 a4 a5 a6 a7");
});
