/** What is received from a real server: in order, once, and what is missing. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import test from "node:test";
import { receive } from "../../../src/ship/carriers/nats/receive.ts";
import { sourceOf } from "../../support/nats_publisher.ts";
import { natsTest } from "../../support/nats_server.ts";
import { ReceiveTests, untilAsked } from "../../support/receiving.ts";

const tests = new ReceiveTests();
const [a, b] = [sourceOf("a"), sourceOf("b")];

natsTest("entries come with their bytes, numbers, times and where they are from", async () => {
  const stream = await tests.newStream();
  const odd = { host: "h\u00f6st", name: "/an app%", segment: "1-2-3" };
  await tests.publisher.raw(`${stream}.h_st.an_app_`, "\x00\xff", {
    "Ouroboros-Seq": "1",
    "Ouroboros-Time": "1795280400000",
    "Ouroboros-Host": "h%C3%B6st",
    "Ouroboros-Name": "/an%20app%25",
    "Ouroboros-Segment": "1-2-3",
    "Ouroboros-Truncated": "70000",
  });
  const { items } = await tests.received({ stream });
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
});

natsTest("duplicates, wrong order and gap records of several logs", async () => {
  const stream = await tests.newStream();
  await tests.publisher.entries(stream, a, [1, 2, 2, 1]);
  await tests.publisher.entries(stream, b, [2, 1]);
  await tests.publisher.gap(stream, a, 2, 5);
  await tests.publisher.entries(stream, a, [7, 6]);
  await tests.publisher.gap(stream, b, 3, 4, "too large");
  await tests.publisher.gap(stream, a, 3, 5);
  const { words, summary } = await tests.received({ stream });
  assert.equal(words, "a1 a2 b1 b2 a[3-5 overwritten] a6 a7 b[3-4 too large]");
  assert.deepEqual(summary, {
    entries: 6,
    bytes: 6 * "a says 1".length,
    duplicates: 3,
    gaps: 2,
    missingEntries: 5,
    filteredEntries: 0,
    unexplainedEntries: 0,
    foreignMessages: 0,
    distrustedMessages: 0,
    sources: 2,
    held: 0,
  });
});

natsTest("what a stream has forgotten at its start is a gap", async () => {
  const stream = await tests.newStream({ max_msgs: 5 });
  await tests.publisher.entries(stream, a, { from: 1, to: 20_000 });
  await tests.publisher.settled(stream, 20_000);
  const { words } = await tests.received({ stream });
  assert.equal(words, "a[1-19995 not in the stream] a19996 a19997 a19998 a19999 a20000");
});

natsTest("a message that was deleted from the stream is an unexplained gap", async () => {
  const stream = await tests.newStream();
  await tests.publisher.entries(stream, a, { from: 1, to: 5 });
  await tests.publisher.settled(stream, 5);
  await tests.publisher.jsm.streams.deleteMessage(stream, 3);
  const { words, summary } = await tests.received({ stream, maxHold: 100 }, 5);
  assert.equal(words, "a1 a2 a[3-3 unexplained] a4 a5");
  assert.equal(summary.unexplainedEntries, 1);
  // At the end of the stream nobody waits for what may come.
  assert.equal((await tests.received({ stream })).words, words);
});

natsTest("messages of others are passed over, and counted", async () => {
  const stream = await tests.newStream();
  await tests.publisher.raw(`${stream}.x`, "no headers of ours");
  const { host, name, segment } = a;
  const fields = { "Ouroboros-Host": host, "Ouroboros-Name": name, "Ouroboros-Segment": segment };
  await tests.publisher.raw(`${stream}.x`, "x", { ...fields, "Ouroboros-Gap": "9-3" });
  const long = { ...fields, "Ouroboros-Host": "h".repeat(2000), "Ouroboros-Seq": "1" };
  await tests.publisher.raw(`${stream}.${"h".repeat(2000)}.app`, "x", long);
  await tests.publisher.entries(stream, a, [1]);
  const { words, summary } = await tests.received({ stream });
  assert.equal(words, "a1");
  assert.equal(summary.foreignMessages, 3);
});

natsTest("only the chosen subjects, from the chosen place", async () => {
  const stream = await tests.newStream();
  await tests.publisher.entries(stream, a, [1, 2]);
  await tests.publisher.entries(stream, b, [1, 2, 3]);
  assert.equal((await tests.received({ stream, subject: `${stream}.b.*` })).words, "b1 b2 b3");
  assert.equal((await tests.received({ stream, from: { streamSequence: 4 } })).words, "b2 b3");
  const fresh = tests.received({ stream, from: "new" }, 2);
  await untilAsked(tests.publisher, stream);
  await tests.publisher.entries(stream, a, [3]);
  await tests.publisher.entries(stream, b, [4]);
  assert.equal((await fresh).words, "a3 b4");
});

natsTest("a stream without anything for us ends at once", async () => {
  const stream = await tests.newStream();
  assert.equal((await tests.received({ stream })).words, "");
  await tests.publisher.entries(stream, a, [1]);
  assert.equal((await tests.received({ stream, subject: `${stream}.nobody` })).words, "");
});

natsTest("what goes from the stream while it is waited for is not waited for in vain", async () => {
  const stream = await tests.newStream();
  await tests.publisher.entries(stream, a, { from: 1, to: 20 });
  await tests.publisher.settled(stream, 20);
  let purged: Promise<unknown> | undefined;
  const reception = receive({ servers: tests.server.url, stream, follow: false, window: 2 });
  let count = 0;
  for await (const _ of reception) {
    count++;
    await (purged ??= tests.publisher.jsm.streams.purge(stream));
  }
  assert.ok(count < 20, `${count} entries`);
});

natsTest("the end by a signal: while there is no server, while nothing comes", async () => {
  const stream = await tests.newStream();
  for (const servers of [tests.server.url, "nats://127.0.0.1:9"]) {
    const signal = AbortSignal.timeout(200);
    for await (const _ of receive({ servers, stream, signal })) assert.fail();
    assert.ok(signal.aborted);
  }
  for await (const _ of receive({ stream, signal: AbortSignal.abort() })) assert.fail();
});

natsTest("return() and throw() end a reception that waits", async () => {
  const { url: servers } = tests.server;
  for (const how of ["items", "batches"] as const) {
    const stream = await tests.newStream();
    await tests.publisher.entries(stream, a, [1]);
    for (const isError of [false, true]) {
      const reception = receive({ servers, stream });
      const items: AsyncGenerator<unknown> = how === "items"
        ? reception[Symbol.asyncIterator]()
        : reception.batches();
      assert.equal((await items.next()).done, false);
      const waiting = items.next();
      await untilAsked(tests.publisher, stream);
      if (isError) await assert.rejects(items.throw(new Error("of the sink")), /of the sink/);
      else assert.deepEqual(await items.return(undefined), { value: undefined, done: true });
      assert.deepEqual(await waiting, { value: undefined, done: true });
    }
  }
});

test("return() and throw() end a reception that is still connecting", async () => {
  // A server that takes connections, and says nothing.
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket.on("error", () => {})));
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const servers = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  for (const isError of [false, true]) {
    const items = receive({ servers, stream: "S" })[Symbol.asyncIterator]();
    const waiting = items.next();
    await once(silent, "connection");
    if (isError) await assert.rejects(items.throw(new Error("of the sink")), /of the sink/);
    else assert.deepEqual(await items.return(undefined), { value: undefined, done: true });
    assert.deepEqual(await waiting, { value: undefined, done: true });
  }
  for (const socket of sockets) socket.destroy();
  silent.close();
});
