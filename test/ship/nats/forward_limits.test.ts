/** What a stream does not take: entries that are too large, or too many, and none for a while. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { ShmLogReader } from "../../../mod.ts";
import { forward } from "../../../src/ship/carriers/nats/mod.ts";
import { newLog, onlySource, options, until } from "../../support/forwarding.ts";
import { Publisher } from "../../support/nats_publisher.ts";
import { NatsServer, natsTest } from "../../support/nats_server.ts";
import { assertComplete, entryText, messagesOf, received } from "../../support/nats_stream.ts";

natsTest("an entry that the server does not take is a gap, or is cut", async () => {
  await using server = await NatsServer.start({ maxPayload: 4096 });
  using log = newLog();
  const text = (n: number) => n % 10 === 5 ? "ä".repeat(3000) : entryText(n);
  for (let i = 1; i <= 100; i++) log.writer.write(text(i));
  await using forwarding = await forward(log.reader, options(server));
  await forwarding.flush();
  await forwarding.close();
  const { source } = await onlySource(server);
  assertComplete(source, 100);
  assert.deepEqual(
    source.gaps.map(({ from, to }) => [from, to]),
    [5, 15, 25, 35, 45, 55, 65, 75, 85, 95].map((n) => [n, n]),
  );
  assert.ok(source.gaps.every(({ reason }) => reason === "too large"));

  using reader = ShmLogReader.open(log.writer.name, { strategy: "oldest" });
  await using cutting = await forward(reader, {
    ...options(server),
    stream: "CUT",
    subject: "cut.{name}",
    tooLarge: "truncate",
  });
  await cutting.flush();
  const [cut] = received(await messagesOf(server.url, "CUT")).values();
  assert.equal(cut.gaps.length, 0);
  assert.equal(cutting.stats.truncated, 10);
  const fifth = cut.entries[4];
  assert.equal(fifth.truncatedFrom, 6000);
  assert.match(new TextDecoder().decode(fifth.payload), /^ä{1500,}$/);
});

natsTest("a stream that takes less than the server: the same", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  for (let i = 1; i <= 20; i++) log.writer.write(i === 7 ? "y".repeat(5000) : entryText(i));
  await using forwarding = await forward(
    log.reader,
    options(server, { createStream: { maxMessageSize: 1000 } }),
  );
  await forwarding.flush();
  // And one that learns it on the way.
  await using admin = await Publisher.open(server.url);
  await admin.jsm.streams.update("LOGS", { max_msg_size: 600 });
  log.writer.write("z".repeat(500));
  log.write(3);
  await forwarding.flush();
  const { source } = await onlySource(server);
  assertComplete(source, 24);
  assert.deepEqual(source.gaps.map(({ from }) => from), [7, 21]);
});

natsTest("a stream that does not take a gap either ends the forwarding, and says why", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  log.writer.write("x".repeat(1000));
  const createStream = { maxMessageSize: 100 };
  const forwarding = await forward(log.reader, options(server, { createStream }));
  await assert.rejects(forwarding.done, {
    name: "StreamUnusableError",
    message:
      /^max_msg_size of stream "LOGS" is 100 bytes, and a message that says which entries are missing takes \d+: raise it to 512 or more$/,
  });
  // One that learns it on the way has the server's words.
  await using admin = await Publisher.open(server.url);
  await admin.jsm.streams.update("LOGS", { max_msg_size: -1 });
  const { reader } = log;
  const other = await forward(reader, { ...options(server), createStream: false });
  await other.flush();
  await admin.jsm.streams.update("LOGS", { max_msg_size: 100 });
  log.writer.write("x".repeat(1000));
  await assert.rejects(other.done, {
    name: "StreamUnusableError",
    message: "not even a message that says that entries are missing is taken: message size " +
      "exceeds maximum allowed",
  });
});

natsTest(
  "a server whose max_payload is too small for a gap is an error that says what to raise",
  async () => {
    for (
      const [maxPayload, message] of [
        [
          200,
          /^max_payload of the NATS server is 200 bytes, and a message .* takes \d{3}: raise it to 512 or more$/,
        ],
        [64, /^max_payload of the NATS server is too small .*: raise it to 4096 or more$/],
      ] as const
    ) {
      await using server = await NatsServer.start({ maxPayload });
      using log = newLog();
      log.writer.write("x".repeat(1000));
      const done = forward(log.reader, options(server)).then(({ done }) => done);
      await assert.rejects(done, { name: "StreamUnusableError", message });
    }
  },
);

natsTest("a full stream that forgets: the newest are there", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  await using forwarding = await forward(
    log.reader,
    options(server, { createStream: { maxMessages: 100, discard: "old" } }),
  );
  log.write(1000);
  await forwarding.flush();
  assert.equal(forwarding.stats.acknowledged, 1000);
  const messages = await messagesOf(server.url, "LOGS");
  assert.deepEqual(
    messages.map((message) => message.kind === "entry" && message.sequenceNumber),
    Array.from({ length: 100 }, (_, i) => 901 + i),
  );
});

natsTest("a full stream that refuses: entries wait, and come when there is room", async () => {
  await using server = await NatsServer.start();
  using log = newLog({ chunkSize: 2048, chunkCount: 4 });
  const troubles: string[] = [];
  await using forwarding = await forward(
    log.reader,
    options(server, {
      createStream: { maxMessages: 50, discard: "new" },
      maxInFlight: 20,
      onTrouble: ({ type, message }) => troubles.push(`${type}: ${message}`),
    }),
  );
  log.write(80);
  await until(() => forwarding.stats.refusal !== undefined);
  const { acknowledged, lagEntries, refusal } = forwarding.stats;
  assert.deepEqual([acknowledged, lagEntries], [50, 30]);
  assert.match(refusal ?? "", /maximum messages exceeded/);
  // More than the log has room for: some are lost, and that is known.
  log.write(1000);
  await using admin = await Publisher.open(server.url);
  await admin.jsm.streams.update("LOGS", { max_msgs: -1 });
  await forwarding.flush();
  const { source } = await onlySource(server);
  assertComplete(source, 1080);
  assert.ok(source.lost > 500, `${source.lost} lost`);
  assert.match(troubles.join("\n"), /^refused: .*\nresumed: /);
  assert.equal(forwarding.stats.refusal, undefined);
});

natsTest("while the server is away the log is the buffer, and what is lost is known", async () => {
  await using server = await NatsServer.start();
  using log = newLog({ chunkSize: 2048, chunkCount: 4 });
  await using forwarding = await forward(log.reader, options(server, { maxInFlight: 50 }));
  log.write(100);
  await forwarding.flush();
  await server.stop("SIGKILL");
  await until(() => !forwarding.stats.isConnected);
  for (let i = 0; i < 20; i++) {
    log.write(100);
    await sleep(1);
  }
  await server.restart();
  await forwarding.flush();
  const { source } = await onlySource(server);
  assertComplete(source, 2100);
  assert.ok(source.lost > 1000, `${source.lost} lost`);
});

natsTest("a stream that is removed and made again: entries wait, and come", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  await using forwarding = await forward(log.reader, options(server));
  log.write(10);
  await forwarding.flush();
  await using admin = await Publisher.open(server.url);
  const { streams } = admin.jsm;
  await streams.delete("LOGS");
  log.write(20);
  await until(() => forwarding.stats.refusal !== undefined);
  assert.equal(forwarding.stats.refusal, "no stream takes the subject");
  await streams.add({ name: "LOGS", subjects: ["logs.>"] });
  await forwarding.flush();
  const messages = await messagesOf(server.url, "LOGS");
  assert.deepEqual(
    messages.map((message) => message.kind === "entry" && message.sequenceNumber),
    Array.from({ length: 20 }, (_, i) => 11 + i),
  );
  // And one that has given its subject to another ends it: what is sent would be elsewhere.
  await streams.delete("LOGS");
  await streams.add({ name: "OTHER", subjects: ["logs.>"] });
  log.write(1);
  await assert.rejects(forwarding.done, {
    name: "StreamUnusableError",
    message: /stream "OTHER" takes "logs\..*" by now, and not "LOGS"/,
  });
});
