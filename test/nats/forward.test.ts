/** Forwarding to a real server: what is in the stream is what was in the log. */

import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import {
  ClosedError,
  NatsRefusedError,
  StateLockedError,
  StreamUnusableError,
} from "../../src/errors.ts";
import { forward, type ForwardOptions, NatsLink } from "../../src/nats/mod.ts";
import { jetstreamClient } from "../support/jetstream.ts";
import { NatsServer, needsNatsServer } from "../support/nats_server.ts";
import { assertComplete, entryText, messagesOf, received } from "../support/nats_stream.ts";
import { uniqueName } from "../support/runtime.ts";

const skip = needsNatsServer;
const folder = mkdtempSync(join(tmpdir(), "ouroboros-forward-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

/** A log with a writer and a reader that starts with the oldest entry. */
function newLog(options: { chunkSize?: number; chunkCount?: number } = {}) {
  const { chunkSize = 65536, chunkCount = 16 } = options;
  const writer = ShmLogWriter.create(uniqueName("nats"), { chunkSize, chunkCount });
  const reader = ShmLogReader.open(writer.name, { strategy: "lowest" });
  return {
    writer,
    reader,
    write(count: number): void {
      for (let i = 0; i < count; i++) writer.write(entryText(writer.totalEntriesWritten + 1));
    },
    [Symbol.dispose](): void {
      reader.close();
      writer.close();
    },
  };
}

function options(server: NatsServer, more: Partial<ForwardOptions> = {}): ForwardOptions {
  return {
    servers: server.url,
    stream: "LOGS",
    createStream: true,
    maxReconnectDelay: 100,
    ...more,
  };
}

/** The only source in the stream. */
async function onlySource(server: NatsServer) {
  const messages = await messagesOf(server.url, "LOGS");
  const sources = received(messages);
  assert.equal(sources.size, 1);
  return { messages, source: [...sources.values()][0] };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

test(
  "each entry is a message, in order, with its bytes and where it comes from",
  { skip },
  async () => {
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
  },
);

test(
  "the subject is made of host, name and segment, and a new stream takes it",
  { skip },
  async () => {
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
  },
);

test(
  "entries that are written meanwhile follow, and flush() waits for those before it",
  { skip },
  async () => {
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
  },
);

test(
  "what was overwritten before it could be sent is a gap, with its numbers",
  { skip },
  async () => {
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
  },
);

test("with start: new nothing of before is sent, and the stream says so", { skip }, async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  log.write(100);
  await using forwarding = await forward(log.reader, options(server, { start: "new" }));
  log.write(10);
  await forwarding.flush();
  const { source } = await onlySource(server);
  assertComplete(source, 110);
  assert.deepEqual(source.gaps, [{ ...source.gaps[0], from: 1, to: 100, reason: "not wanted" }]);
});

test("a state file goes on where the forwarder before ended", { skip }, async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  const state = join(folder, `state-${files++}`);
  for (let round = 1; round <= 3; round++) {
    log.write(100);
    using reader = ShmLogReader.open(log.writer.name, { strategy: "lowest" });
    await using forwarding = await forward(reader, options(server, { state, start: "oldest" }));
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

test(
  "a state file of a log that is gone: the new one is sent from its start",
  { skip },
  async () => {
    await using server = await NatsServer.start();
    const state = join(folder, `state-${files++}`);
    const name = uniqueName("nats");
    const troubles: string[] = [];
    for (const count of [30, 20]) {
      using writer = ShmLogWriter.create(name, { chunkSize: 4096, chunkCount: 4 });
      for (let i = 1; i <= count; i++) writer.write(entryText(i));
      using reader = ShmLogReader.open(name, { strategy: "lowest" });
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
  },
);

test(
  "a second forwarder of the same log does no harm: the server has its messages",
  { skip },
  async () => {
    await using server = await NatsServer.start();
    using log = newLog();
    log.write(500);
    using other = ShmLogReader.open(log.writer.name, { strategy: "lowest" });
    await using first = await forward(log.reader, options(server));
    await using second = await forward(other, options(server));
    for (let i = 0; i < 10; i++) {
      log.write(100);
      await sleep(2);
    }
    await Promise.all([first.flush(), second.flush()]);
    const { messages, source } = await onlySource(server);
    assertComplete(source, 1500);
    assert.equal(messages.length, 1500);
    assert.equal(first.stats.duplicates + second.stats.duplicates, 1500);
  },
);

test("several logs share a connection", { skip }, async () => {
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

test(
  "over a restart of the writer it goes on with the new log, and no entry is missing",
  { skip },
  async () => {
    await using server = await NatsServer.start();
    const name = uniqueName("nats");
    const make = () => ShmLogWriter.create(name, { chunkSize: 4096, chunkCount: 8 });
    let writer = make();
    using reader = ShmLogReader.open(name, { strategy: "lowest" });
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
  },
);

test(
  "an entry that the server does not take is a gap, or is cut, and the others come",
  { skip },
  async () => {
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

    using reader = ShmLogReader.open(log.writer.name, { strategy: "lowest" });
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
  },
);

test("a stream that takes less than the server: the same", { skip }, async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  for (let i = 1; i <= 20; i++) log.writer.write(i === 7 ? "y".repeat(5000) : entryText(i));
  await using forwarding = await forward(
    log.reader,
    options(server, { createStream: { maxMessageSize: 1000 } }),
  );
  await forwarding.flush();
  // And one that learns it on the way.
  await using link = await NatsLink.open({ servers: server.url });
  const { jetstreamManager } = jetstreamClient;
  const manager = await jetstreamManager(link.client);
  await manager.streams.update("LOGS", { max_msg_size: 600 });
  log.writer.write("z".repeat(500));
  log.write(3);
  await forwarding.flush();
  const { source } = await onlySource(server);
  assertComplete(source, 24);
  assert.deepEqual(source.gaps.map(({ from }) => from), [7, 21]);
});

test(
  "a full stream that forgets: the newest are there, and the forwarder goes on",
  { skip },
  async () => {
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
  },
);

test(
  "a full stream that refuses: entries wait in the log, and come when there is room",
  { skip },
  async () => {
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
    await using link = await NatsLink.open({ servers: server.url });
    const { jetstreamManager } = jetstreamClient;
    const manager = await jetstreamManager(link.client);
    await manager.streams.update("LOGS", { max_msgs: -1 });
    await forwarding.flush();
    const { source } = await onlySource(server);
    assertComplete(source, 1080);
    assert.ok(source.lost > 500, `${source.lost} lost`);
    assert.match(troubles.join("\n"), /^refused: .*\nresumed: /);
    assert.equal(forwarding.stats.refusal, undefined);
  },
);

test(
  "while the server is away the log is the buffer, and what is lost is known",
  { skip },
  async () => {
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
  },
);

test(
  "wrong credentials, no stream, no JetStream, other subjects: an error at once",
  { skip },
  async () => {
    await using server = await NatsServer.start({ auth: { user: "a", password: "b" } });
    await using bare = await NatsServer.start({ jetstream: false });
    using log = newLog();
    const attempt = (servers: string, more: Partial<ForwardOptions>) =>
      forward(log.reader, { servers, stream: "LOGS", user: "a", password: "b", ...more });
    await assert.rejects(attempt(server.url, { password: "c" }), NatsRefusedError);
    await assert.rejects(attempt(server.url, {}), (error: Error) => {
      assert.ok(error instanceof StreamUnusableError);
      assert.match(error.message, /there is no stream "LOGS"/);
      return true;
    });
    await assert.rejects(attempt(bare.url, { createStream: true }), /has no JetStream/);
    const create = { createStream: { subjects: ["other.>"] } };
    await assert.rejects(attempt(server.url, create), /takes other\.>, but not "logs\./);
    // It was made all the same; and now that subjects overlap, another can't be.
    const overlap = { stream: "TWO", createStream: { subjects: ["other.x"] }, subject: "other.x" };
    await assert.rejects(attempt(server.url, overlap), /subjects overlap/);
    await assert.rejects(attempt(server.url, { stream: "a.b" }), RangeError);
  },
);

test("a user who may not publish there ends it with the reason", { skip }, async () => {
  await using server = await NatsServer.start({
    config: `authorization { users: [
      { user: "all", password: "p" },
      { user: "some", password: "p", permissions: { publish: ["$JS.API.>", "ok.>"] } },
      { user: "only", password: "p", permissions: { publish: ["ok.>"] } },
    ] }`,
  });
  using log = newLog();
  log.write(5);
  await using made = await forward(log.reader, {
    servers: server.url,
    user: "all",
    password: "p",
    stream: "LOGS",
    createStream: { subjects: ["logs.>", "ok.>"] },
  });
  await made.close();
  using other = ShmLogReader.open(log.writer.name, { strategy: "lowest" });
  await using forbidden = await forward(other, {
    servers: server.url,
    user: "some",
    password: "p",
    stream: "LOGS",
  });
  await assert.rejects(forbidden.done, (error: Error) => {
    assert.ok(error instanceof NatsRefusedError);
    assert.match(error.message, /Permissions Violation for Publish to "logs\./i);
    return true;
  });
  await assert.rejects(forbidden.flush(), NatsRefusedError);
  // Who may publish and ask nothing gets along.
  using third = ShmLogReader.open(log.writer.name, { strategy: "lowest" });
  await using allowed = await forward(third, {
    servers: server.url,
    user: "only",
    password: "p",
    stream: "LOGS",
    subject: "ok.{name}",
  });
  await allowed.flush();
  assert.equal(allowed.stats.duplicates + allowed.stats.acknowledged > 4, true);
});

test("what can't be read since it is damaged is a gap, too, and says so", { skip }, async () => {
  await using server = await NatsServer.start();
  const path = join(folder, "damaged.log");
  const text = (n: number) => `${entryText(n)}${"y".repeat(100)}`;
  {
    using writer = ShmLogWriter.create({ path }, { chunkSize: 8192, chunkCount: 8 });
    for (let i = 1; i <= 300; i++) writer.write(text(i));
  }
  using reader = ShmLogReader.open({ path }, { strategy: "lowest", onDamage: "skip" });
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

test("a reader that throws when it is overtaken will do", { skip }, async () => {
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

test("a stream that is removed and made again: entries wait, and come", { skip }, async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  await using forwarding = await forward(log.reader, options(server));
  log.write(10);
  await forwarding.flush();
  await using link = await NatsLink.open({ servers: server.url });
  const { jetstreamManager } = jetstreamClient;
  const { streams } = await jetstreamManager(link.client);
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
  await assert.rejects(forwarding.done, (error: Error) => {
    assert.ok(error instanceof StreamUnusableError);
    assert.match(error.message, /stream "OTHER" takes "logs\..*" by now, and not "LOGS"/);
    return true;
  });
});

test("what a callback throws ends it with that, and not the connection", { skip }, async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  await using link = await NatsLink.open({ servers: server.url });
  await using forwarding = await forward(
    log.reader,
    options(server, {
      link,
      createStream: { maxMessages: 5, discard: "new" },
      onTrouble: () => {
        throw new Error("mine");
      },
    }),
  );
  log.write(10);
  await assert.rejects(forwarding.done, /mine/);
  await assert.rejects(forwarding.flush(), /mine/);
  await link.client.flush();
});

test("a server that lets us in no longer ends it with the reason", { skip }, async () => {
  await using server = await NatsServer.start({ auth: { token: "old" } });
  using log = newLog();
  await using forwarding = await forward(log.reader, options(server, { token: "old" }));
  log.write(10);
  await forwarding.flush();
  await server.stop();
  server.configure({ auth: { token: "new" } });
  await server.restart();
  await assert.rejects(forwarding.done, NatsRefusedError);
});

test(
  "close() gives up after its time when the server is away, and says how much is open",
  { skip },
  async () => {
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
    using reader = ShmLogReader.open(log.writer.name, { strategy: "lowest" });
    await using forwarding = await forward(reader, options(server, { state }));
    await forwarding.flush();
    assertComplete((await onlySource(server)).source, 20);
  },
);

test(
  "a signal ends it as close() does; one that is aborted before is its reason",
  { skip },
  async () => {
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
  },
);

test("when the reader is closed under it, it ends with that", { skip }, async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  await using forwarding = await forward(log.reader, options(server));
  log.reader.close();
  await assert.rejects(forwarding.done, ClosedError);
});

test("options that make no sense are a mistake at once", async () => {
  using log = newLog();
  const bad: Partial<ForwardOptions>[] = [
    { maxInFlight: 0 },
    { maxInFlight: 1.5 },
    { maxInFlight: 1 << 20 },
    { maxInFlightBytes: 0 },
    { ackTimeout: 0 },
    { closeTimeout: -1 },
    { maxSleep: 0 },
    { subject: "a b" },
    { host: "" },
    { servers: "http://x" },
  ];
  for (const more of bad) {
    await assert.rejects(forward(log.reader, { stream: "S", ...more }), RangeError);
  }
  for (const more of [{ tooLarge: "x" }, { start: "x" }] as unknown as Partial<ForwardOptions>[]) {
    await assert.rejects(forward(log.reader, { stream: "S", ...more }), TypeError);
  }
});
