/** Where a forwarder begins, and how it goes on where another one ended. */

import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ShmLogReader, ShmLogWriter } from "../../../mod.ts";
import { ClosedError, StateLockedError } from "../../../src/errors.ts";
import { forward, type ForwardTrouble, NatsLink } from "../../../src/ship/carriers/nats/mod.ts";
import { testFolder } from "../../support/folder.ts";
import { newLog, onlySource, options, until } from "../../support/forwarding.ts";
import { jetstreamClient } from "../../support/jetstream.ts";
import { NatsServer, natsTest } from "../../support/nats_server.ts";
import { assertComplete, entryText, messagesOf, received } from "../../support/nats_stream.ts";
import { uniqueName } from "../../support/runtime.ts";

const folder = testFolder("forward");
let files = 0;

natsTest("with from: new nothing of before is sent, and the stream says so", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  log.write(100);
  await using forwarding = await forward(log.reader, options(server, { from: "new" }));
  log.write(10);
  await forwarding.flush();
  const { source } = await onlySource(server);
  assertComplete(source, 110);
  assert.deepEqual(source.gaps, [{ ...source.gaps[0], from: 1, to: 100, reason: "not wanted" }]);
});

natsTest("a state file says nothing until the stream knows what is not wanted", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  const state = join(folder, `state-${files++}`);
  await using link = await NatsLink.open({ servers: server.url });
  const { jetstream, jetstreamManager } = jetstreamClient;
  const { streams } = await jetstreamManager(link.client);
  await streams.add({ name: "LOGS", subjects: ["logs.>"], max_msgs: 1, discard: "new" });
  await jetstream(link.client).publish("logs.full");
  log.write(100);
  for (const count of [0, 10]) {
    log.write(count);
    using reader = ShmLogReader.open(log.writer.name, { strategy: "oldest" });
    await using forwarding = await forward(
      reader,
      options(server, { state, from: "new", closeTimeout: 0 }),
    );
    if (count === 0) await until(() => forwarding.stats.refusal !== undefined);
    else {
      await streams.purge("LOGS");
      await forwarding.flush();
    }
  }
  const { source } = await onlySource(server);
  assert.deepEqual(source.gaps.map(({ from, to }) => [from, to]), [[1, 110]]);
});

natsTest("a state file continues where the forwarder before ended", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  const state = join(folder, `state-${files++}`);
  for (let round = 1; round <= 3; round++) {
    log.write(100);
    using reader = ShmLogReader.open(log.writer.name, { strategy: "oldest" });
    await using forwarding = await forward(reader, options(server, { state, from: "oldest" }));
    await assert.rejects(forward(reader, options(server, { state })), StateLockedError);
    await forwarding.flush();
    const { sent, position } = await forwarding.close();
    assert.deepEqual([sent, position.sequenceNumber], [100, 100 * round]);
  }
  const { messages, source } = await onlySource(server);
  assertComplete(source, 300);
  assert.equal(messages.length, 300);
  for (const more of [{ stream: "OTHER" }, { subject: "logs.{host}.x" }, { host: "other" }]) {
    await assert.rejects(forward(log.reader, options(server, { state, ...more })), RangeError);
  }
});

natsTest("a state file of a log that is gone: the new one is sent from its start", async () => {
  await using server = await NatsServer.start();
  const state = join(folder, `state-${files++}`);
  const name = uniqueName("nats");
  const troubles: string[] = [];
  for (const count of [30, 20]) {
    using writer = ShmLogWriter.create(name, {
      unlinkOnClose: true,
      chunkSize: 4096,
      chunkCount: 4,
    });
    for (let i = 1; i <= count; i++) writer.write(entryText(i));
    using reader = ShmLogReader.open(name, { strategy: "oldest" });
    await using forwarding = await forward(
      reader,
      options(server, { state, onTrouble: ({ type }) => troubles.push(type) }),
    );
    await forwarding.flush();
  }
  const sources = [...received(await messagesOf(server.url, "LOGS")).values()];
  assert.equal(sources.length, 2);
  assertComplete(sources[0], 30);
  assertComplete(sources[1], 20);
  assert.deepEqual(troubles, ["replaced"]);
});

natsTest("a log that lost its end with its machine is another source", async () => {
  await using server = await NatsServer.start();
  const state = join(folder, `state-${files++}`);
  const path = join(folder, `lost-${files++}.log`);
  const write = (to: number, word: string) => {
    using writer = ShmLogWriter.create({ path }, {
      ...{ chunkSize: 4096, chunkCount: 4, unlinkOnClose: false, ifExists: "resume" },
    });
    while (writer.totalEntriesWritten < to) {
      writer.write(`${word} ${writer.totalEntriesWritten + 1}`);
    }
  };
  const troubles: string[] = [];
  const forwarded = async () => {
    using reader = ShmLogReader.open({ path }, { strategy: "oldest" });
    await using forwarding = await forward(
      reader,
      options(server, { state, onTrouble: ({ type }) => troubles.push(type) }),
    );
    await forwarding.flush();
  };
  write(6, "a");
  const disk = readFileSync(path);
  write(10, "a");
  await forwarded();
  // What the disk had not got yet is gone.
  writeFileSync(path, disk, { flag: "r+" });
  write(8, "b");
  await forwarded();
  write(12, "b");
  await forwarded();
  const [before, after, ...others] = received(await messagesOf(server.url, "LOGS")).values();
  assertComplete(before, 10, (number) => `a ${number}`);
  assertComplete(after, 12, (number) => `${number <= 6 ? "a" : "b"} ${number}`);
  assert.deepEqual([others.length, troubles], [0, ["replaced"]]);
});

natsTest("a second forwarder of the same log does no harm: receivers drop by number", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  log.write(500);
  using other = ShmLogReader.open(log.writer.name, { strategy: "oldest" });
  await using first = await forward(log.reader, options(server));
  await using second = await forward(other, options(server));
  for (let i = 0; i < 10; i++) {
    log.write(100);
    await sleep(2);
  }
  await Promise.all([first.flush(), second.flush()]);
  assertComplete((await onlySource(server)).source, 1500);
});

natsTest("what a killed forwarder has sent is known when the next one sends it", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  log.write(300);
  const path = join(folder, `state-${files++}`);
  const troubles: string[] = [];
  const onTrouble = ({ type }: ForwardTrouble) => void troubles.push(type);
  await using first = await forward(log.reader, options(server, { state: path, onTrouble }));
  await first.flush();
  // As it is on the disk if it is killed before it writes how far it got: the key is there.
  const copy = join(folder, `state-${files++}`);
  copyFileSync(path, copy);
  using reader = ShmLogReader.open(log.writer.name, { strategy: "oldest" });
  await using second = await forward(reader, options(server, { state: copy, onTrouble }));
  await second.flush();
  assert.deepEqual([second.stats.duplicates, troubles], [300, []]);
  // Two with one key: what the first one sends, the second has never sent.
  log.write(100);
  await Promise.all([first.flush(), second.flush()]);
  assert.equal(first.stats.duplicates + second.stats.duplicates, 400);
  await until(() => troubles.includes("duplicate"));
  const { messages, source } = await onlySource(server);
  assertComplete(source, 400);
  assert.equal(messages.length, 400);
});

natsTest("close() gives up after its time, and says how much is open", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  const state = join(folder, `state-${files++}`);
  {
    await using forwarding = await forward(
      log.reader,
      options(server, { state, closeTimeout: 50 }),
    );
    log.write(10);
    await forwarding.flush();
    await server.stop("SIGKILL");
    await until(() => !forwarding.stats.isConnected);
    log.write(10);
    await until(() => forwarding.stats.inFlight > 0);
    const { inFlight, acknowledged } = await forwarding.close();
    assert.deepEqual([inFlight, acknowledged], [10, 10]);
    await assert.rejects(forwarding.flush(), ClosedError);
  }
  await server.restart();
  using reader = ShmLogReader.open(log.writer.name, { strategy: "oldest" });
  await using forwarding = await forward(reader, options(server, { state }));
  await forwarding.flush();
  assertComplete((await onlySource(server)).source, 20);
});
