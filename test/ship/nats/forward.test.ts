/** Forwarding to a real server: what is in the stream is what was in the log. */

import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ShmLogReader, ShmLogWriter } from "../../../mod.ts";
import { forward, NatsLink } from "../../../src/ship/carriers/nats/mod.ts";
import { testFolder } from "../../support/folder.ts";
import { newLog, onlySource, options, until } from "../../support/forwarding.ts";
import { jetstreamClient } from "../../support/jetstream.ts";
import { NatsServer, natsTest } from "../../support/nats_server.ts";
import { assertComplete, entryText, messagesOf, received } from "../../support/nats_stream.ts";
import { uniqueName } from "../../support/runtime.ts";

const folder = testFolder("forward");

natsTest("each entry is a message, in order, with its bytes and where it comes from", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  log.write(1000);
  log.writer.write(new Uint8Array([0, 255, 13, 10, 128]));
  log.writer.write("");
  const before = Date.now();
  await using forwarding = await forward(log.reader, options(server, { host: "web-1.example" }));
  await forwarding.flush();
  const stats = await forwarding.close();
  const messages = await messagesOf(server.url, "LOGS");
  assert.equal(messages.length, 1002);
  const decoder = new TextDecoder();
  for (const [i, message] of messages.entries()) {
    assert.ok(message.kind === "entry");
    assert.equal(message.sequenceNumber, i + 1);
    assert.equal(message.host, "web-1.example");
    assert.equal(message.name, log.writer.name);
    assert.ok(message.time >= before && message.time <= Date.now());
    if (i < 1000) assert.equal(decoder.decode(message.payload), entryText(i + 1));
  }
  assert.deepEqual([...(messages[1000] as { payload: Uint8Array }).payload], [
    0,
    255,
    13,
    10,
    128,
  ]);
  assert.equal((messages[1001] as { payload: Uint8Array }).payload.length, 0);
  const { device, inode, created } = log.reader.position;
  assert.equal(
    messages[0].segment,
    [device, inode, created].map((number) => number.toString(16)).join("-"),
  );
  const { sent, acknowledged, gaps, duplicates, lagEntries, inFlight, position } = stats;
  assert.deepEqual([sent, acknowledged, gaps, duplicates], [1002, 1002, 0, 0]);
  assert.deepEqual([lagEntries, inFlight, position.sequenceNumber], [0, 0, 1002]);
});

natsTest("the subject is made of host, name and segment, and a new stream takes it", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  log.write(1);
  await using link = await NatsLink.open({ servers: server.url });
  const { jetstreamManager } = jetstreamClient;
  const manager = await jetstreamManager(link.client);
  for (const [stream, subject] of [["A", undefined], ["B", "x.{name}.{segment}"]] as const) {
    await using forwarding = await forward(log.reader, {
      stream,
      ...subject && { subject },
      host: "h",
      link,
      createStream: { maxBytes: 1 << 20, maxAge: 60_000, discard: "new", maxMessages: 5 },
    });
    if (stream === "A") await forwarding.flush();
    await forwarding.close();
  }
  const { config, state } = await manager.streams.info("A", { subjects_filter: ">" });
  assert.deepEqual(config.subjects, ["logs.*.*"]);
  assert.deepEqual([config.max_bytes, config.max_msgs, config.discard], [1 << 20, 5, "new"]);
  assert.deepEqual([config.max_age, config.duplicate_window], [60e9, 60e9]);
  assert.deepEqual(Object.keys(state.subjects ?? {}), [`logs.h.${log.writer.name.slice(1)}`]);
  assert.deepEqual((await manager.streams.info("B")).config.subjects, ["x.*.*"]);
  assert.equal(link.isConnected, true, "a link that is shared stays open");
});

natsTest("entries written meanwhile follow, and flush() waits for those before it", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  await using forwarding = await forward(log.reader, options(server));
  await forwarding.flush();
  for (let round = 1; round <= 5; round++) {
    log.write(50);
    await forwarding.flush();
    assert.equal(forwarding.stats.acknowledged, 50 * round);
  }
  assertComplete((await onlySource(server)).source, 250);
});

natsTest("what was overwritten before it could be sent is a gap, with its numbers", async () => {
  await using server = await NatsServer.start();
  using log = newLog({ chunkSize: 1024, chunkCount: 4 });
  log.write(500);
  const gaps: [number, number, string][] = [];
  await using forwarding = await forward(
    log.reader,
    options(server, { onGap: ({ from, to, reason }) => gaps.push([from, to, reason]) }),
  );
  await forwarding.flush();
  const { source } = await onlySource(server);
  assertComplete(source, 500);
  assert.equal(source.gaps.length, 1);
  const [{ from, to, reason }] = source.gaps;
  assert.deepEqual(gaps, [[from, to, reason]]);
  assert.ok(from === 1 && to > 300 && reason === "overwritten");
  assert.equal(forwarding.stats.lostEntries, to);
});

natsTest("several logs share a connection", async () => {
  await using server = await NatsServer.start();
  using one = newLog();
  using two = newLog();
  await using link = await NatsLink.open({ servers: server.url });
  const both = await Promise.all(
    [one, two].map(({ reader }) => forward(reader, options(server, { link }))),
  );
  one.write(300);
  two.write(200);
  await Promise.all(both.map((forwarding) => forwarding.flush()));
  await Promise.all(both.map((forwarding) => forwarding.close()));
  const sources = [...received(await messagesOf(server.url, "LOGS")).values()];
  assert.deepEqual(sources.map(({ last }) => last).sort(), [200, 300]);
  for (const source of sources) assertComplete(source, source.last);
});

natsTest("over a restart of the writer it continues with the new log", async () => {
  await using server = await NatsServer.start();
  const name = uniqueName("nats");
  const make = () =>
    ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize: 4096, chunkCount: 8 });
  let writer = make();
  using reader = ShmLogReader.open(name, { strategy: "oldest" });
  await using forwarding = await forward(reader, options(server));
  const counts = [40, 70, 10];
  for (const [i, count] of counts.entries()) {
    for (let k = 1; k <= count; k++) writer.write(entryText(k));
    if (i === counts.length - 1) break;
    writer.close();
    writer = make();
  }
  using _last = writer;
  await until(() => forwarding.stats.acknowledged >= 50);
  await forwarding.flush();
  await forwarding.close();
  const sources = [...received(await messagesOf(server.url, "LOGS")).values()];
  // The one in the middle may have come and gone unseen.
  const found = sources.map(({ last }) => last);
  assert.deepEqual(found.length === 2 ? [40, 10] : counts, found);
  sources.forEach((source) => assertComplete(source, source.last));
});

natsTest("what can't be read since it is damaged is a gap, too, and says so", async () => {
  await using server = await NatsServer.start();
  const path = join(folder, "damaged.log");
  const text = (n: number) => `${entryText(n)}${"y".repeat(100)}`;
  {
    using writer = ShmLogWriter.create({ path }, { chunkSize: 8192, chunkCount: 8 });
    for (let i = 1; i <= 300; i++) writer.write(text(i));
  }
  using reader = ShmLogReader.open({ path }, { strategy: "oldest", onDamage: "skip" });
  const chunk = reader.inspect().chunks[2];
  const bytes = readFileSync(path);
  const at = bytes.indexOf(`entry ${chunk.token + 20} `) - 4;
  // The length of an entry in the midst of the third chunk.
  bytes.writeUInt32LE(0x7ffffff0, at);
  const descriptor = openSync(path, "r+");
  writeSync(descriptor, bytes, at, 4, at);
  closeSync(descriptor);
  await using forwarding = await forward(reader, options(server));
  await forwarding.flush();
  const { source } = await onlySource(server);
  assertComplete(source, 300, text);
  assert.deepEqual(source.gaps.map(({ reason }) => reason), ["damaged"]);
});

natsTest("a reader that throws when it is overtaken will do", async () => {
  await using server = await NatsServer.start();
  using log = newLog({ chunkSize: 1024, chunkCount: 4 });
  using reader = ShmLogReader.open(log.writer.name, { onOverrun: "throw" });
  await using forwarding = await forward(reader, options(server));
  for (let i = 0; i < 5; i++) {
    log.write(500);
    await forwarding.flush();
  }
  const { source } = await onlySource(server);
  assertComplete(source, 2500);
  assert.ok(source.gaps.length > 0 && source.gaps.every(({ reason }) => reason === "overwritten"));
});

natsTest("a signal ends it as close() does; one that is aborted before is its reason", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  log.write(100);
  const controller = new AbortController();
  const { signal } = controller;
  await using forwarding = await forward(log.reader, options(server, { signal }));
  await forwarding.flush();
  controller.abort(new Error("enough"));
  assert.equal((await forwarding.done).acknowledged, 100);
  await assert.rejects(forward(log.reader, options(server, { signal })), /enough/);
});
