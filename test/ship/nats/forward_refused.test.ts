/** What ends a forwarding: who is not let in, what makes no sense, what others throw or close. */

import assert from "node:assert/strict";
import test from "node:test";
import { ShmLogReader } from "../../../mod.ts";
import { ClosedError, NatsRefusedError } from "../../../src/errors.ts";
import { forward, type ForwardOptions, NatsLink } from "../../../src/ship/carriers/nats/mod.ts";
import { newLog, options } from "../../support/forwarding.ts";
import { jetstreamClient } from "../../support/jetstream.ts";
import { NatsServer, natsTest } from "../../support/nats_server.ts";

natsTest("wrong credentials, no stream, no JetStream, other subjects: an error", async () => {
  await using server = await NatsServer.start({ auth: { user: "a", password: "b" } });
  await using bare = await NatsServer.start({ jetstream: false });
  using log = newLog();
  const attempt = (servers: string, more: Partial<ForwardOptions>) =>
    forward(log.reader, { servers, stream: "LOGS", user: "a", password: "b", ...more });
  await assert.rejects(attempt(server.url, { password: "c" }), NatsRefusedError);
  await assert.rejects(attempt(server.url, {}), {
    name: "StreamUnusableError",
    message: /there is no stream "LOGS"/,
  });
  await assert.rejects(attempt(bare.url, { createStream: true }), /has no JetStream/);
  const create = { createStream: { subjects: ["other.>"] } };
  await assert.rejects(attempt(server.url, create), /takes other\.>, but not "logs\./);
  // It was made all the same; and now that subjects overlap, another can't be.
  const overlap = { stream: "TWO", createStream: { subjects: ["other.x"] }, subject: "other.x" };
  await assert.rejects(attempt(server.url, overlap), /subjects overlap/);
  await assert.rejects(attempt(server.url, { stream: "a.b" }), RangeError);
});

natsTest("a stream that will never take, or acknowledge, anything is an error", async () => {
  await using server = await NatsServer.start();
  await using link = await NatsLink.open({ servers: server.url });
  const { streams } = await jetstreamClient.jetstreamManager(link.client);
  await streams.add({ name: "SEALED", subjects: ["sealed.>"] });
  await streams.update("SEALED", { sealed: true } as object);
  await streams.add({ name: "DEAF", subjects: ["deaf.>"], no_ack: true });
  await streams.add({ name: "COPY", mirror: { name: "SEALED" } });
  using log = newLog();
  for (const [stream, reason] of [["SEALED", /sealed/], ["DEAF", /no_ack/], ["COPY", /filled/]]) {
    const options = { link, stream: stream as string, subject: `${stream}.x`.toLowerCase() };
    await assert.rejects(forward(log.reader, options), {
      name: "StreamUnusableError",
      message: reason as RegExp,
    });
  }
});

natsTest("a user who may not publish there ends it with the reason", async () => {
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
  using other = ShmLogReader.open(log.writer.name, { strategy: "oldest" });
  await using forbidden = await forward(other, {
    servers: server.url,
    user: "some",
    password: "p",
    stream: "LOGS",
  });
  await assert.rejects(forbidden.done, {
    name: "NatsRefusedError",
    message: /Permissions Violation for Publish to "logs\./i,
  });
  await assert.rejects(forbidden.flush(), NatsRefusedError);
  // Who may publish and ask nothing gets along.
  using third = ShmLogReader.open(log.writer.name, { strategy: "oldest" });
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

natsTest("what a callback throws ends it with that, and not the connection", async () => {
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

natsTest("a server that lets us in no longer ends it with the reason", async () => {
  await using server = await NatsServer.start({ auth: { token: "old" } });
  using log = newLog();
  await using link = await NatsLink.open({ servers: server.url, token: "old" });
  await using forwarding = await forward(log.reader, options(server, { link }));
  log.write(10);
  await forwarding.flush();
  await server.stop();
  server.configure({ auth: { token: "new" } });
  await server.restart();
  await assert.rejects(forwarding.done, NatsRefusedError);
  assert.ok(await link.closed instanceof NatsRefusedError);
  await assert.rejects(link.renew(), ClosedError);
});

natsTest("when the reader is closed under it, it ends with that", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  await using forwarding = await forward(log.reader, options(server));
  log.reader.close();
  await assert.rejects(forwarding.done, ClosedError);
});

natsTest("a connection that is closed can't be used", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  const link = await NatsLink.open({ servers: server.url });
  await using forwarding = await forward(log.reader, options(server, { link }));
  await link.close();
  assert.ok(link.isClosed);
  await assert.rejects(forwarding.done, ClosedError);
  await assert.rejects(forward(log.reader, options(server, { link })), ClosedError);
});

natsTest("what onGap throws at the start ends it with that, and nothing stays", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  log.write(3);
  const state = `${server.folder}/state`;
  for (let time = 0; time < 2; time++) {
    await using forwarding = await forward(
      log.reader,
      options(server, {
        from: "new",
        state,
        onGap: () => {
          throw new Error("mine");
        },
      }),
    );
    await assert.rejects(forwarding.done, /mine/);
  }
});

natsTest("a signal ends the wait for a server that stands still", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  await using link = await NatsLink.open({ servers: server.url });
  server.freeze(true);
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = forward(log.reader, options(server, { link, signal }));
  controller.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
  server.freeze(false);
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
    // Not when a server is there to ask.
    { stream: "a.b" },
    { stream: undefined as unknown as string },
    // A timer would take that for no time at all.
    { ackTimeout: Infinity },
    { closeTimeout: Infinity },
    { maxSleep: NaN },
    { inboxPrefix: "a b" },
    { domain: "a.b" },
    { createStream: { maxBytes: NaN } },
    { createStream: { maxAge: -1 } },
    { createStream: { duplicateWindow: Infinity } },
    { createStream: { replicas: 0 } },
  ];
  for (const more of bad) {
    const signal = AbortSignal.timeout(10_000);
    await assert.rejects(forward(log.reader, { stream: "S", signal, ...more }), RangeError);
  }
  for (
    const more of [{ tooLarge: "x" }, { from: "x" }, {
      createStream: { discard: "x" },
    }] as unknown as Partial<ForwardOptions>[]
  ) {
    await assert.rejects(forward(log.reader, { stream: "S", ...more }), TypeError);
  }
});
