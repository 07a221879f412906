/** Receivers whose server is killed, stands still, forgets, or does not let them in. */

import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { headers } from "@nats-io/nats-core";
import { setTimeout as sleep } from "node:timers/promises";
import { ClosedError, NatsRefusedError } from "../../../src/errors.ts";
import { NatsLink } from "../../../src/ship/carriers/nats/connect.ts";
import { receive } from "../../../src/ship/carriers/nats/receive.ts";
import { testFolder } from "../../support/folder.ts";
import { jetstreamClient } from "../../support/jetstream.ts";
import { Publisher, sourceOf } from "../../support/nats_publisher.ts";
import { NatsServer, natsTest } from "../../support/nats_server.ts";
import { ReceiveTests, untilAsked } from "../../support/receiving.ts";

const tests = new ReceiveTests();
const a = sourceOf("a");
const folder = testFolder("receive");

natsTest("a stream that is deleted under the receiver ends it with an error", async () => {
  const stream = await tests.newStream();
  await tests.publisher.entries(stream, a, [1]);
  const failed = assert.rejects(tests.received({ stream }, 2), {
    name: "StreamUnusableError",
    message: /there is no stream "S\d+"/,
  });
  await untilAsked(tests.publisher, stream);
  await tests.publisher.jsm.streams.delete(stream);
  await failed;
});

natsTest("what can't be received from is an error that says why", async () => {
  const stream = await tests.newStream();
  await assert.rejects(tests.received({ stream: "NONE" }), {
    name: "StreamUnusableError",
    message: 'there is no stream "NONE"',
  });
  await tests.publisher.jsm.consumers.add(stream, {
    durable_name: "push",
    deliver_subject: "x",
    ack_policy: "explicit",
  });
  await assert.rejects(tests.received({ stream, consumer: "push" }), /"push" pushes its messages/);
  await tests.publisher.jsm.consumers.add(stream, { durable_name: "none", ack_policy: "none" });
  await assert.rejects(
    tests.received({ stream, consumer: "none" }),
    /does not keep what is acknow/,
  );
  await tests.publisher.jsm.consumers.add(stream, { durable_name: "all", ack_policy: "explicit" });
  const subject = `${stream}.a`;
  await assert.rejects(
    tests.received({ stream, consumer: "all", subject }),
    /is of subject ">", not/,
  );
  for (
    const options of [
      { stream: "a b" },
      { stream, subject: "a..b" },
      { stream, subject: ">.a" },
      { stream, consumer: "a.b" },
      { stream, maxHold: -1 },
      { stream, window: 0 },
      { stream, inboxPrefix: "a b" },
      { stream, domain: "a b" },
      { stream, from: { streamSequence: 0 } },
    ]
  ) assert.throws(() => receive(options), RangeError, JSON.stringify(options));
  assert.throws(() => receive({ stream, state: "x" }), TypeError);
  const once = receive({ servers: tests.server.url, stream, follow: false });
  for await (const _ of once);
  await assert.rejects(once.batches().next(), /only once/);
});

natsTest("the server stalls for a while, and continues", async () => {
  await using own = await NatsServer.start();
  await using there = await Publisher.open(own.url);
  await there.stream("F");
  await there.entries("F", a, { from: 1, to: 10 });
  const all = tests.received({ servers: own.url, stream: "F", consumer: "c" }, 20);
  await untilAsked(there, "F");
  own.freeze(true);
  await sleep(3000);
  own.freeze(false);
  await there.entries("F", a, { from: 11, to: 20 });
  const { words, summary } = await all;
  assert.equal(words, Array.from({ length: 20 }, (_, i) => `a${i + 1}`).join(" "));
  assert.equal(summary.gaps, 0);
});

natsTest("the server is killed and comes back: nothing is lost, nothing comes twice", async () => {
  await using own = await NatsServer.start();
  {
    await using there = await Publisher.open(own.url);
    await there.stream("K");
    await there.entries("K", a, { from: 1, to: 1000 });
    await there.settled("K", 1000);
  }
  const all = tests.received({ servers: own.url, stream: "K", consumer: "c" }, 3000);
  for (let kill = 1; kill <= 2; kill++) {
    await sleep(100);
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

natsTest("a server that lost the end of a stream: what is new is not taken for old", async () => {
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
  await tests.received(options);
  await own.stop();
  cpSync(store, `${folder}/before`, { recursive: true });
  await own.restart();
  await publish(6, 9);
  const hasNine = Promise.withResolvers<void>();
  const connected = tests.received({ servers: own.url, stream: "L" }, 12, (item) => {
    if (item.kind === "entry" && item.sequenceNumber === 9) hasNine.resolve();
  });
  assert.equal((await tests.received(options)).words, "a6 a7 a8 a9");
  await hasNine.promise;
  // As if the disk had not got them before the lights went out.
  await own.stop("SIGTERM");
  const messages = "jetstream/$G/streams/L/msgs";
  rmSync(`${store}/${messages}`, { recursive: true });
  cpSync(`${folder}/before/${messages}`, `${store}/${messages}`, { recursive: true });
  await own.restart();
  // There must not be as many messages again before the receiver that was there sees it: nine.
  await publish(10, 12);
  assert.equal((await tests.received(options)).words, "a10 a11 a12");
  const { words } = await connected;
  assert.equal(words, Array.from({ length: 12 }, (_, i) => `a${i + 1}`).join(" "));
});

natsTest("what others may not do on a shared connection does not end a receiver", async () => {
  await using own = await NatsServer.start({
    config: `authorization { users: [
      { user: "all", password: "p" },
      { user: "some", password: "p", permissions: { publish: ["$JS.>"] } },
    ] }`,
  });
  await using all = await NatsLink.open({ servers: own.url, user: "all", password: "p" });
  const jsm = await jetstreamClient.jetstreamManager(all.client);
  await jsm.streams.add({ name: "P", subjects: ["P.>"] });
  await using link = await NatsLink.open({ servers: own.url, user: "some", password: "p" });
  const refused = new Promise<void>((resolve) =>
    link.listen(({ type }) => type === "refused" && resolve())
  );
  const items = tests.received({ link, stream: "P" }, 1);
  await untilAsked({ jsm }, "P");
  link.client.publish("P.forbidden");
  await refused;
  const { host, name, segment } = a;
  const fields = headers();
  for (const [key, value] of Object.entries({ host, name, segment, seq: "1" })) {
    fields.set(`Ouroboros-${key[0].toUpperCase()}${key.slice(1)}`, value);
  }
  all.client.publish("P.a.app", "a says 1", { headers: fields });
  assert.equal((await items).words, "a1");
});

natsTest("a user who may not ask, or not get the answers, gets an error at once", async () => {
  await using own = await NatsServer.start({
    config: `authorization { users: [
      { user: "mute", password: "p", permissions: { publish: ["logs.>"] } },
      { user: "deaf", password: "p", permissions: { subscribe: ["mine.>"] } },
    ] }`,
  });
  for (const user of ["mute", "deaf"]) {
    for (const consumer of [{}, { consumer: "c" }]) {
      const options = { servers: own.url, stream: "P", user, password: "p", ...consumer };
      await assert.rejects(tests.received(options, 1), NatsRefusedError);
    }
  }
});

natsTest("a connection that is closed ends a receiver with that", async () => {
  const stream = await tests.newStream();
  const link = await NatsLink.open({ servers: tests.server.url });
  const meanwhile = assert.rejects(tests.received({ stream, link }, 1), ClosedError);
  await untilAsked(tests.publisher, stream);
  await link.close();
  await meanwhile;
  await assert.rejects(tests.received({ stream, link }, 1), ClosedError);
});

natsTest("a server without JetStream is an error", async () => {
  await using own = await NatsServer.start({ jetstream: false });
  await assert.rejects(tests.received({ servers: own.url, stream: "S" }), /JetStream/i);
});
