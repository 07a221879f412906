/** What is received from a real server: in order, once, and what is missing. */

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import test, { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CorruptStateError,
  NatsRefusedError,
  StateLockedError,
  StreamUnusableError,
} from "../../src/errors.ts";
import { receive } from "../../src/nats/receive.ts";
import type { ReceiveOptions } from "../../src/nats/receive_options.ts";
import type { ReceivedItem, ReceiveSummary } from "../../src/nats/received.ts";
import { Publisher, sourceOf, textOf } from "../support/nats_publisher.ts";
import { NatsServer, needsNatsServer } from "../support/nats_server.ts";
import { baseSeed, Random } from "../support/random.ts";
import { slowness } from "../support/runtime.ts";

const skip = needsNatsServer;
/** Under Bun a test has 5 s, if nothing is said. */
const timeout = 30_000 * slowness;
const folder = mkdtempSync(`${tmpdir()}/ouroboros-receive-`);
let server: NatsServer;
let publisher: Publisher;

before(async () => {
  if (skip) return;
  server = await NatsServer.start();
  publisher = await Publisher.open(server.url);
});
after(async () => {
  rmSync(folder, { recursive: true });
  await publisher?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

let streams = 0;

/** A stream of its own for a test. */
async function newStream(config = {}): Promise<string> {
  const stream = `S${streams++}`;
  await publisher.stream(stream, config);
  return stream;
}

/** Receives up to the end of the stream, or until there are so many items; gives them in words. */
async function received(
  options: Partial<ReceiveOptions> & { stream: string },
  count: number = Infinity,
): Promise<{ items: ReceivedItem[]; words: string; summary: ReceiveSummary }> {
  const signal = AbortSignal.timeout(20_000);
  const follow = count !== Infinity;
  const reception = receive({ servers: server.url, follow, signal, ...options });
  const items: ReceivedItem[] = [];
  for await (const item of reception) {
    items.push(item);
    if (items.length >= count) break;
  }
  if (signal.aborted) assert.fail(`20 s, and only ${wordsOf(items)}`);
  return {
    items,
    get words() {
      return wordsOf(items);
    },
    summary: reception.summary,
  };
}

function wordsOf(items: readonly ReceivedItem[]): string {
  return items.map((item) => {
    const { host } = item.source;
    if (item.kind === "gap") return `${host}[${item.from}-${item.to} ${item.reason}]`;
    assert.equal(item.text, textOf(item.source, item.sequenceNumber));
    return `${host}${item.sequenceNumber}`;
  }).join(" ");
}

const [a, b] = [sourceOf("a"), sourceOf("b")];

test(
  "entries come with their bytes, numbers, times and where they are from",
  { skip, timeout },
  async () => {
    const stream = await newStream();
    const odd = { host: "h\u00f6st", name: "/an app%", segment: "1-2-3" };
    await publisher.raw(`${stream}.x`, "\x00\xff", {
      "Ouroboros-Seq": "1",
      "Ouroboros-Time": "1795280400000",
      "Ouroboros-Host": "h%C3%B6st",
      "Ouroboros-Name": "/an%20app%25",
      "Ouroboros-Segment": "1-2-3",
      "Ouroboros-Truncated": "70000",
    });
    const { items } = await received({ stream });
    assert.equal(items.length, 1);
    const [item] = items;
    assert.ok(item.kind === "entry");
    assert.deepEqual(item.source, odd);
    const { sequenceNumber, time, text, truncatedFrom, streamSequence } = item;
    assert.deepEqual(
      { sequenceNumber, time, text, truncatedFrom, streamSequence },
      {
        sequenceNumber: 1,
        time: 1795280400000,
        text: "\x00\u00ff",
        truncatedFrom: 70000,
        streamSequence: 1,
      },
    );
  },
);

test("duplicates, wrong order and gap records of several logs", { skip, timeout }, async () => {
  const stream = await newStream();
  await publisher.entries(stream, a, [1, 2, 2, 1]);
  await publisher.entries(stream, b, [2, 1]);
  await publisher.gap(stream, a, 2, 5);
  await publisher.entries(stream, a, [7, 6]);
  await publisher.gap(stream, b, 3, 4, "too large");
  await publisher.gap(stream, a, 3, 5);
  const { words, summary } = await received({ stream });
  assert.equal(words, "a1 a2 b1 b2 a[3-5 overwritten] a6 a7 b[3-4 too large]");
  assert.deepEqual(summary, {
    entries: 6,
    bytes: 6 * "a says 1".length,
    duplicates: 3,
    gaps: 2,
    missingEntries: 5,
    unexplainedEntries: 0,
    foreignMessages: 0,
    sources: 2,
    held: 0,
  });
});

test("what a stream has forgotten at its start is a gap", { skip, timeout }, async () => {
  const stream = await newStream({ max_msgs: 5 });
  await publisher.entries(stream, a, { from: 1, to: 20_000 });
  await publisher.settled(stream, 20_000);
  const { words } = await received({ stream });
  assert.equal(words, "a[1-19995 not in the stream] a19996 a19997 a19998 a19999 a20000");
});

test("a message that was deleted from the stream is an unexplained gap, after a while", {
  skip,
  timeout,
}, async () => {
  const stream = await newStream();
  await publisher.entries(stream, a, { from: 1, to: 5 });
  await publisher.settled(stream, 5);
  await publisher.jsm.streams.deleteMessage(stream, 3);
  const { words, summary } = await received({ stream, maxHold: 100 }, 5);
  assert.equal(words, "a1 a2 a[3-3 unexplained] a4 a5");
  assert.equal(summary.unexplainedEntries, 1);
  // At the end of the stream nobody waits for what may come.
  assert.equal((await received({ stream })).words, words);
});

test("what is missing comes later, and is waited for", { skip, timeout }, async () => {
  const stream = await newStream();
  await publisher.entries(stream, a, [1, 3, 4]);
  await publisher.entries(stream, b, [1]);
  const all = received({ stream }, 6);
  await sleep(200);
  await publisher.entries(stream, b, [2]);
  await publisher.entries(stream, a, [2]);
  assert.equal((await all).words, "a1 b1 b2 a2 a3 a4");
});

test("no more than the limit is held back", { skip, timeout }, async () => {
  const stream = await newStream();
  await publisher.entries(stream, a, [1, ...Array.from({ length: 100 }, (_, i) => i + 3)]);
  const { words } = await received({ stream, maxHeldMessages: 10 }, 3);
  assert.equal(words, "a1 a[2-2 unexplained] a3");
});

test("messages of others are passed over, and counted", { skip, timeout }, async () => {
  const stream = await newStream();
  await publisher.raw(`${stream}.x`, "no headers of ours");
  await publisher.raw(`${stream}.x`, "x", { "Ouroboros-Seq": "0" });
  const { host, name, segment } = a;
  const fields = { "Ouroboros-Host": host, "Ouroboros-Name": name, "Ouroboros-Segment": segment };
  await publisher.raw(`${stream}.x`, "x", { ...fields, "Ouroboros-Seq": "1e99" });
  await publisher.raw(`${stream}.x`, "x", { ...fields, "Ouroboros-Gap": "9-3" });
  const long = { ...fields, "Ouroboros-Host": "h".repeat(2000), "Ouroboros-Seq": "1" };
  await publisher.raw(`${stream}.x`, "x", long);
  await publisher.entries(stream, a, [1]);
  const { words, summary } = await received({ stream });
  assert.equal(words, "a1");
  assert.equal(summary.foreignMessages, 5);
});

test(
  "only the subjects that are wanted, from where that is wanted",
  { skip, timeout },
  async () => {
    const stream = await newStream();
    await publisher.entries(stream, a, [1, 2]);
    await publisher.entries(stream, b, [1, 2, 3]);
    assert.equal((await received({ stream, subject: `${stream}.b` })).words, "b1 b2 b3");
    assert.equal((await received({ stream, start: { streamSequence: 4 } })).words, "b2 b3");
    const fresh = received({ stream, start: "latest" }, 2);
    await sleep(300);
    await publisher.entries(stream, a, [3]);
    await publisher.entries(stream, b, [4]);
    assert.equal((await fresh).words, "a3 b4");
  },
);

test("a stream without anything for us ends at once", { skip, timeout }, async () => {
  const stream = await newStream();
  assert.equal((await received({ stream })).words, "");
  await publisher.entries(stream, a, [1]);
  assert.equal((await received({ stream, subject: `${stream}.nobody` })).words, "");
});

test(
  "a consumer goes on after what was handled, and nothing is left out",
  { skip, timeout },
  async () => {
    const stream = await newStream();
    const options = { stream, consumer: "c", maxHold: 50 };
    await publisher.entries(stream, a, { from: 1, to: 10 });
    // The fourth one is not handled when the loop is left.
    assert.equal((await received(options, 4)).words, "a1 a2 a3 a4");
    const { words } = await received(options, 2);
    // Without a state file nobody knows what became of those before.
    assert.match(words, /^a\[1-3 before this receiver\] a4$/);
    await publisher.entries(stream, a, [11]);
    assert.equal((await received(options)).items.length, 9);
    const info = await publisher.jsm.consumers.info(stream, "c");
    assert.deepEqual([info.num_pending, info.num_ack_pending, info.ack_floor.stream_seq], [
      0,
      0,
      11,
    ]);
  },
);

test("with a state file nothing is given twice, not even what was not acknowledged", {
  skip,
  timeout,
}, async () => {
  const stream = await newStream();
  const state = `${folder}/state`;
  const options = { stream, consumer: "c", state };
  await publisher.entries(stream, a, { from: 1, to: 10 });
  assert.equal((await received(options, 4)).words, "a1 a2 a3 a4");
  assert.equal((await received(options, 2)).words, "a4 a5");
  // As if no acknowledgement had ever arrived.
  await publisher.jsm.consumers.delete(stream, "c");
  await publisher.entries(stream, a, [11]);
  const { words, summary } = await received(options);
  assert.equal(words, "a5 a6 a7 a8 a9 a10 a11");
  assert.equal(summary.duplicates, 4);
  assert.equal((await received(options)).words, "");
});

test("a state file is of one consumer, and has one owner", { skip, timeout }, async () => {
  const stream = await newStream();
  await publisher.entries(stream, a, [1]);
  const state = `${folder}/owned`;
  await received({ stream, consumer: "c", state });
  await assert.rejects(received({ stream, consumer: "d", state }), CorruptStateError);
  const end = new AbortController();
  const first = receive({ servers: server.url, stream, consumer: "c", state, signal: end.signal });
  const next = first[Symbol.asyncIterator]().next();
  await sleep(100);
  await assert.rejects(received({ stream, consumer: "c", state }), StateLockedError);
  end.abort();
  assert.equal((await next).done, true);
  const bytes = readFileSync(state);
  for (const at of [100, bytes.length / 2 + 100]) bytes[at] ^= 1;
  writeFileSync(state, bytes);
  await assert.rejects(received({ stream, consumer: "c", state }), CorruptStateError);
});

test("a consumer that is deleted under the receiver is made anew, and nothing is lost", {
  skip,
  timeout,
}, async () => {
  const stream = await newStream();
  await publisher.entries(stream, a, { from: 1, to: 3 });
  const all = received({ stream, consumer: "c" }, 6);
  await sleep(300);
  await publisher.jsm.consumers.delete(stream, "c");
  await publisher.entries(stream, a, { from: 4, to: 6 });
  assert.equal((await all).words, "a1 a2 a3 a4 a5 a6");
});

test(
  "a stream that is deleted under the receiver ends it with an error",
  { skip, timeout },
  async () => {
    const stream = await newStream();
    await publisher.entries(stream, a, [1]);
    const failed = assert.rejects(received({ stream }, 2), (error) => {
      assert.ok(error instanceof StreamUnusableError);
      assert.match(error.message, /there is no stream "S\d+"/);
      return true;
    });
    await sleep(200);
    await publisher.jsm.streams.delete(stream);
    await failed;
  },
);

test(
  "a second receiver of a consumer is refused, and the first goes on",
  { skip, timeout },
  async () => {
    const stream = await newStream();
    const first = received({ stream, consumer: "c" }, 3);
    await sleep(200);
    const second = assert.rejects(received({ stream, consumer: "c" }), /used by another receiver/);
    await publisher.entries(stream, a, [1, 2]);
    await second;
    await publisher.entries(stream, a, [3]);
    assert.equal((await first).words, "a1 a2 a3");
  },
);

test("what can't be received from is an error that says why", { skip, timeout }, async () => {
  const stream = await newStream();
  await assert.rejects(received({ stream: "NONE" }), (error) => {
    assert.ok(error instanceof StreamUnusableError);
    assert.equal(error.message, 'there is no stream "NONE"');
    return true;
  });
  await publisher.jsm.consumers.add(stream, {
    durable_name: "push",
    deliver_subject: "x",
    ack_policy: "explicit",
  });
  await assert.rejects(received({ stream, consumer: "push" }), /"push" pushes its messages/);
  await publisher.jsm.consumers.add(stream, { durable_name: "none", ack_policy: "none" });
  await assert.rejects(received({ stream, consumer: "none" }), /does not keep what is acknow/);
  await publisher.jsm.consumers.add(stream, { durable_name: "all", ack_policy: "explicit" });
  const subject = `${stream}.a`;
  await assert.rejects(received({ stream, consumer: "all", subject }), /is of subject ">", not/);
  for (
    const options of [
      { stream: "a b" },
      { stream, subject: "a..b" },
      { stream, subject: ">.a" },
      { stream, consumer: "a.b" },
      { stream, maxHold: -1 },
      { stream, window: 0 },
      { stream, start: { streamSequence: 0 } },
    ]
  ) assert.throws(() => receive(options), RangeError, JSON.stringify(options));
  assert.throws(() => receive({ stream, state: "x" }), TypeError);
  const once = receive({ servers: server.url, stream, follow: false });
  for await (const _ of once);
  await assert.rejects(once.batches().next(), /only once/);
});

test("consumers that others have made are used as they are", { skip, timeout }, async () => {
  const stream = await newStream();
  await publisher.entries(stream, a, { from: 1, to: 6 });
  await publisher.jsm.consumers.add(stream, {
    durable_name: "all",
    ack_policy: "all",
    max_ack_pending: 500,
    ack_wait: 30e9,
  });
  assert.equal((await received({ stream, consumer: "all" }, 4)).words, "a1 a2 a3 a4");
  const { items } = await received({ stream, consumer: "all" });
  assert.equal(wordsOf(items.slice(1)), "a4 a5 a6");
  const { ack_floor, config } = await publisher.jsm.consumers.info(stream, "all");
  assert.deepEqual([ack_floor.stream_seq, config.ack_policy, config.max_ack_pending], [
    6,
    "all",
    500,
  ]);
});

test(
  "what is handled slowly is sent again by the server, and dropped",
  { skip, timeout },
  async () => {
    const stream = await newStream();
    await publisher.entries(stream, a, { from: 1, to: 30 });
    await publisher.jsm.consumers.add(stream, {
      durable_name: "slow",
      ack_policy: "explicit",
      ack_wait: 100e6,
    });
    const reception = receive({ servers: server.url, stream, consumer: "slow" });
    const items: ReceivedItem[] = [];
    for await (const item of reception) {
      items.push(item);
      if (items.length === 20) await sleep(500);
      if (item.kind === "entry" && item.sequenceNumber === 31) break;
      if (items.length === 30) {
        await sleep(500);
        await publisher.entries(stream, a, [31]);
      }
    }
    assert.deepEqual(
      items.map((item) => item.kind === "entry" && item.sequenceNumber),
      Array.from({ length: 31 }, (_, i) => i + 1),
    );
    assert.ok(reception.summary.duplicates > 0);
  },
);

test(
  "a stream that forgets what is acknowledged is none for a consumer",
  { skip, timeout },
  async () => {
    const stream = await newStream({ retention: "interest" });
    await assert.rejects(received({ stream, consumer: "c" }), (error) => {
      assert.ok(error instanceof StreamUnusableError);
      assert.match(error.message, /retention "interest"/);
      return true;
    });
    assert.equal((await received({ stream })).words, "");
  },
);

test("the server stands still for a while, and goes on", { skip, timeout }, async () => {
  await using own = await NatsServer.start();
  await using there = await Publisher.open(own.url);
  await there.stream("F");
  await there.entries("F", a, { from: 1, to: 10 });
  const all = received({ servers: own.url, stream: "F", consumer: "c" }, 20);
  await sleep(200);
  own.freeze(true);
  await sleep(3000);
  own.freeze(false);
  await there.entries("F", a, { from: 11, to: 20 });
  const { words, summary } = await all;
  assert.equal(words, Array.from({ length: 20 }, (_, i) => `a${i + 1}`).join(" "));
  assert.equal(summary.gaps, 0);
});

test("a state file does not hold up a consumer that waits for acknowledgements", {
  skip,
  timeout,
}, async () => {
  const stream = await newStream();
  await publisher.entries(stream, a, { from: 1, to: 500 });
  await publisher.jsm.consumers.add(stream, {
    durable_name: "few",
    ack_policy: "explicit",
    max_ack_pending: 20,
  });
  // Once a second 20 of them: that would be too late.
  const { items } = await received({ stream, consumer: "few", state: `${folder}/few` });
  assert.equal(items.length, 500);
});

test("what was on its way to a receiver that is gone comes again, before all else", {
  skip,
  timeout,
}, async () => {
  const stream = await newStream();
  await publisher.entries(stream, a, { from: 1, to: 6 });
  // Somebody takes all, acknowledges two, and is gone.
  await publisher.jsm.consumers.add(stream, { durable_name: "c", ack_policy: "explicit" });
  const { jetstream } = await import("@nats-io/jetstream");
  const consumer = await jetstream(publisher.client).consumers.get(stream, "c");
  const taken = await consumer.fetch({ max_messages: 6, expires: 1000 });
  let count = 0;
  for await (const message of taken) if (++count <= 2) message.ack();
  await publisher.client.flush();
  await publisher.entries(stream, a, [7]);
  const { words } = await received({ stream, consumer: "c", start: "latest" });
  assert.equal(words, "a3 a4 a5 a6 a7");
});

test("the server is killed and comes back: nothing is lost, nothing comes twice", {
  skip,
  timeout,
}, async () => {
  await using own = await NatsServer.start();
  {
    await using there = await Publisher.open(own.url);
    await there.stream("K");
    await there.entries("K", a, { from: 1, to: 1000 });
    await there.settled("K", 1000);
  }
  const all = received({ servers: own.url, stream: "K", consumer: "c" }, 3000);
  for (let kill = 1; kill <= 2; kill++) {
    await sleep(150);
    await own.stop("SIGKILL");
    await sleep(100);
    await own.restart();
    await using there = await Publisher.open(own.url);
    // What the server had not on its disk is published again, as a forwarder would.
    const { state } = await there.jsm.streams.info("K");
    await there.entries("K", a, { from: state.last_seq + 1, to: 1000 + 1000 * kill });
    await there.settled("K", 1000 + 1000 * kill);
  }
  const { items, summary } = await all;
  assert.deepEqual(
    items.map((item) => item.kind === "entry" ? item.sequenceNumber : item.reason),
    Array.from({ length: 3000 }, (_, i) => i + 1),
  );
  assert.equal(summary.gaps, 0);
});

test("a server that has lost the end of a stream: what comes then is not taken for old", {
  skip,
  timeout,
}, async () => {
  await using own = await NatsServer.start();
  const publish = async (from: number, to: number) => {
    await using there = await Publisher.open(own.url);
    if (from === 1) await there.stream("L");
    await there.entries("L", a, { from, to });
    await there.settled("L", to - from + 1);
  };
  const options = { servers: own.url, stream: "L", consumer: "c", state: `${folder}/lost` };
  const store = `${own.folder}/store`;
  await publish(1, 5);
  await received(options);
  await own.stop();
  cpSync(store, `${folder}/before`, { recursive: true });
  await own.restart();
  await publish(6, 9);
  const connected = received({ servers: own.url, stream: "L" }, 12);
  assert.equal((await received(options)).words, "a6 a7 a8 a9");
  // As if the disk had not got them before the lights went out.
  await own.stop("SIGTERM");
  const messages = "jetstream/$G/streams/L/msgs";
  rmSync(`${store}/${messages}`, { recursive: true });
  cpSync(`${folder}/before/${messages}`, `${store}/${messages}`, { recursive: true });
  await own.restart();
  // The receiver that was there must see it before there are as many messages again.
  await sleep(300);
  await publish(10, 12);
  assert.equal((await received(options)).words, "a10 a11 a12");
  const { words } = await connected;
  assert.equal(words, Array.from({ length: 12 }, (_, i) => `a${i + 1}`).join(" "));
});

test("wrong credentials are an error, at once", { skip, timeout }, async () => {
  await using own = await NatsServer.start({ auth: { user: "me", password: "secret" } });
  const signal = AbortSignal.timeout(10_000);
  const options = { servers: own.url, stream: "S", user: "me", password: "wrong", signal };
  await assert.rejects(received(options), NatsRefusedError);
  await assert.rejects(received({ ...options, password: "secret" }), StreamUnusableError);
  assert.ok(!signal.aborted);
});

test("a server without JetStream is an error", { skip, timeout }, async () => {
  await using own = await NatsServer.start({ jetstream: false });
  await assert.rejects(received({ servers: own.url, stream: "S" }), /JetStream/i);
});

test(
  "the end by a signal: while there is no server, while nothing comes",
  { skip, timeout },
  async () => {
    const stream = await newStream();
    for (const servers of [server.url, "nats://127.0.0.1:9"]) {
      const signal = AbortSignal.timeout(200);
      for await (const _ of receive({ servers, stream, signal })) assert.fail();
      assert.ok(signal.aborted);
    }
    for await (const _ of receive({ stream, signal: AbortSignal.abort() })) assert.fail();
  },
);

test("a thousand logs at once, in any order", { skip, timeout }, async () => {
  console.log(`seed ${baseSeed}`);
  const random = new Random(baseSeed);
  const stream = await newStream();
  const sources = Array.from({ length: 1000 }, (_, i) => sourceOf(`h${i}`));
  const messages = sources.flatMap((source, i) =>
    [1, 2, 3, 4, 5].map((number) => ({ source, number, at: 1000 * number + 3 * i }))
  );
  for (const message of messages) message.at += random.below(3000);
  messages.sort((one, other) => one.at - other.at);
  for (const { source, number } of messages) await publisher.entries(stream, source, [number]);
  const { items, summary } = await received({ stream });
  const next = new Map(sources.map(({ host }) => [host, 1]));
  for (const { source, kind, ...item } of items) {
    assert.ok(kind === "entry" && "sequenceNumber" in item);
    assert.equal(item.sequenceNumber, next.get(source.host));
    next.set(source.host, item.sequenceNumber + 1);
  }
  assert.deepEqual([summary.entries, summary.sources, summary.gaps], [5000, 1000, 0]);
  // Of more logs than are kept, those are forgotten that were heard of longest ago.
  const { summary: few } = await received({ stream, maxSources: 10, maxHeldMessages: 20 });
  assert.ok(few.sources <= 30, `${few.sources} logs`);
});
