/** Connections to a real server: who is let in, and what comes back by itself. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { NatsRefusedError } from "../../../src/errors.ts";
import { NatsLink, type NatsStatus } from "../../../src/ship/carriers/nats/connect.ts";
import { forward, receive } from "../../../src/ship/carriers/nats/mod.ts";
import { testFolder } from "../../support/folder.ts";
import { newLog, options } from "../../support/forwarding.ts";
import { TcpProxy } from "../../support/tcp_proxy.ts";
import { certificate, needsOpenssl } from "../../support/certificate.ts";
import { NatsServer, natsTest, needsNatsServer } from "../../support/nats_server.ts";

const skip = needsNatsServer;
const folder = testFolder("tls");

function until(link: NatsLink, type: NatsStatus["type"]): Promise<NatsStatus> {
  return new Promise((resolve) => {
    const forget = link.listen((status) => {
      if (status.type !== type) return;
      forget();
      resolve(status);
    });
  });
}

natsTest("a link comes back after the server was killed and started again", async () => {
  await using server = await NatsServer.start();
  const seen: string[] = [];
  await using link = await NatsLink.open({
    servers: server.url,
    maxReconnectDelay: 100,
    onStatus: ({ type }) => seen.push(type),
  });
  await link.client.flush();
  const lost = until(link, "disconnected");
  await server.stop("SIGKILL");
  await lost;
  assert.equal(link.isConnected, false);
  const back = until(link, "connected");
  await server.restart();
  await back;
  assert.equal(link.isConnected, true);
  await link.client.flush();
  await link.close();
  assert.equal(await link.closed, undefined);
  assert.deepEqual(seen, ["connected", "disconnected", "connected", "closed"]);
});

natsTest("open() waits for a server that is not there yet", async () => {
  await using server = await NatsServer.start();
  await server.stop();
  const retrying = Promise.withResolvers<void>();
  const opening = NatsLink.open({
    servers: server.url,
    maxReconnectDelay: 50,
    onStatus: ({ type }) => type === "retrying" && retrying.resolve(),
  });
  await retrying.promise;
  await server.restart();
  await using link = await opening;
  assert.equal(link.isConnected, true);
});

natsTest("what onStatus throws ends what it is of, and not the process", async () => {
  await using server = await NatsServer.start();
  using log = newLog();
  log.write(1);
  /** Throws at one of the changes. */
  const throwing = (when: NatsStatus["type"]) => ({
    ...{ servers: server.url, stream: "LOGS", createStream: true, maxReconnectDelay: 50 },
    onStatus({ type }: NatsStatus) {
      if (type === when) throw new Error(`thrown at ${when}`);
    },
  });
  const received = async (when: NatsStatus["type"], onItem = () => {}) => {
    const { createStream: _, ...options } = throwing(when);
    for await (const _item of receive(options)) onItem();
  };
  const linkOptions = (when: NatsStatus["type"]) => {
    const { stream: _, createStream: __, ...options } = throwing(when);
    return options;
  };
  // Before it has begun.
  await (await forward(log.reader, options(server))).close();
  await assert.rejects(NatsLink.open(linkOptions("connected")), /thrown at connected/);
  await assert.rejects(forward(log.reader, throwing("connected")), /thrown at connected/);
  await assert.rejects(received("connected"), /thrown at connected/);
  // At its end.
  const closing = await NatsLink.open(linkOptions("closed"));
  await assert.rejects(closing.close(), /thrown at closed/);
  await closing.close();
  await assert.rejects((await forward(log.reader, throwing("closed"))).close(), /thrown at closed/);
  // In between.
  const link = await NatsLink.open(linkOptions("disconnected"));
  const forwarding = await forward(log.reader, throwing("disconnected"));
  const begun = Promise.withResolvers<void>();
  const receiving = received("disconnected", begun.resolve);
  await begun.promise;
  const ends = [forwarding.done, receiving].map((end) => assert.rejects(end, /at disconnected/));
  await server.stop("SIGKILL");
  await Promise.all(ends);
  assert.match(String(await link.closed), /closed: thrown at disconnected/);
  assert.ok(link.isClosed);
  // While it waits for a server.
  await assert.rejects(forward(log.reader, throwing("retrying")), /thrown at retrying/);
});

natsTest("open() ends with its signal", async () => {
  await using server = await NatsServer.start();
  await server.stop();
  const controller = new AbortController();
  const opening = NatsLink.open({
    servers: server.url,
    signal: controller.signal,
    onStatus: () => controller.abort(new Error("enough")),
  });
  await assert.rejects(opening, /enough/);
});

natsTest("open() ends with its signal, though a server accepts and says nothing", async () => {
  await using server = await NatsServer.start();
  await using proxy = await TcpProxy.start(server.port);
  proxy.stall();
  const signal = AbortSignal.timeout(50);
  await assert.rejects(NatsLink.open({ servers: proxy.url, signal, connectTimeout: 500 }));
});

natsTest("wrong credentials are an error at once, and say no password", async () => {
  await using server = await NatsServer.start({ auth: { user: "app", password: "right" } });
  const attempts = [
    { servers: server.url },
    { servers: server.url, user: "app", password: "secret" },
    { servers: `nats://app:secret@127.0.0.1:${server.port}` },
    { servers: server.url, token: "secret" },
  ];
  for (const options of attempts) {
    await assert.rejects(NatsLink.open(options), (error: Error) => {
      assert.ok(error instanceof NatsRefusedError, String(error));
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
  await using _asUser = await NatsLink.open({
    servers: server.url,
    user: "app",
    password: "right",
  });
  await using _inUrl = await NatsLink.open({ servers: `app:right@127.0.0.1:${server.port}` });
  await using _handedThrough = await NatsLink.open({
    servers: server.url,
    client: { user: "app", pass: "right" },
  });
});

natsTest("a token lets in, and a file without credentials does not", async () => {
  await using server = await NatsServer.start({ auth: { token: "tok" } });
  await using _link = await NatsLink.open({ servers: server.url, token: "tok" });
  await using _inUrl = await NatsLink.open({ servers: `nats://tok@127.0.0.1:${server.port}` });
  const creds = new TextEncoder().encode("no credentials");
  await assert.rejects(NatsLink.open({ servers: server.url, creds }), NatsRefusedError);
});

natsTest("renew() gives another connection to the same server", async () => {
  await using server = await NatsServer.start();
  await using link = await NatsLink.open({ servers: server.url });
  const before = link.client;
  await Promise.all([link.renew(), link.renew()]);
  assert.notEqual(link.client, before);
  assert.ok(before.isClosed() && link.isConnected);
  await link.client.flush();
});

natsTest("renew() gives up a server that stands still", async () => {
  await using server = await NatsServer.start();
  await using link = await NatsLink.open({ servers: server.url });
  server.freeze(true);
  // More than the system's buffers take: the client would wait for them to empty.
  for (let i = 0; i < 64; i++) link.client.publish("x", new Uint8Array(500_000));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const renewed = link.renew();
  server.freeze(false);
  await renewed;
  await link.client.flush();
});

test("with TLS a server is trusted by its certificate, and nobody else is", {
  skip: skip || needsOpenssl,
}, async () => {
  const { certFile, keyFile } = certificate(folder, "server");
  const client = certificate(folder, "client");
  await using server = await NatsServer.start({
    config: `tls { cert_file: "${certFile}", key_file: "${keyFile}" }`,
  });
  await assert.rejects(NatsLink.open({ servers: server.url }), NatsRefusedError);
  const other = { caFile: client.certFile };
  await assert.rejects(NatsLink.open({ servers: server.url, tls: other }), NatsRefusedError);
  for (const servers of [server.url, server.url.replace("nats:", "tls:")]) {
    await using link = await NatsLink.open({ servers, tls: { caFile: certFile } });
    await link.client.flush();
  }
  const ca = readFileSync(certFile, "utf8");
  await using handedThrough = await NatsLink.open({
    servers: server.url,
    client: { tls: { ca, host: "127.0.0.1" } as object },
  });
  await handedThrough.client.flush();
  const missing = { caFile: join(folder, "none.pem") };
  await assert.rejects(NatsLink.open({ servers: server.url, tls: missing }), /none\.pem/);
  // Mistakes, and not a server that may come.
  for (const tls of [{ caFile: keyFile }, { ...client, keyFile: certFile }, { certFile }]) {
    await assert.rejects(NatsLink.open({ servers: server.url, tls }), RangeError);
  }
  await using strict = await NatsServer.start({
    config:
      `tls { cert_file: "${certFile}", key_file: "${keyFile}", ca_file: "${client.certFile}", ` +
      "verify: true }",
  });
  const without = { servers: strict.url, tls: { caFile: certFile } };
  await assert.rejects(NatsLink.open(without), /NATS server asks for a certificate of this client/);
  const tls = { caFile: certFile, ...client };
  await using link = await NatsLink.open({ servers: strict.url, tls });
  await link.client.flush();
});

natsTest("a server that does not speak TLS is refused where TLS is asked for", async () => {
  await using server = await NatsServer.start();
  const servers = server.url.replace("nats:", "tls:");
  await assert.rejects(NatsLink.open({ servers }), NatsRefusedError);
});

natsTest("a WebSocket will do", async () => {
  let port = 0;
  await using _server = await NatsServer.start({
    config: (otherPort) => {
      port = otherPort;
      return `websocket { host: "127.0.0.1", port: ${port}, no_tls: true }`;
    },
  });
  await using link = await NatsLink.open({ servers: `ws://127.0.0.1:${port}` });
  await link.client.flush();
});

test("what is no address is a RangeError, and shows no password", async () => {
  for (
    const servers of ["", ",", "http://host", "nats://", "nats://u:secret@", [], "u:secret@:1"]
  ) {
    await assert.rejects(NatsLink.open({ servers }), (error: Error) => {
      assert.ok(error instanceof RangeError, `${servers}: ${error}`);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
  await assert.rejects(
    NatsLink.open({ user: "a", password: "b", creds: new Uint8Array() }),
    RangeError,
  );
  await assert.rejects(NatsLink.open({ maxReconnectDelay: 0 }), RangeError);
  await assert.rejects(NatsLink.open({ connectTimeout: 0 }), RangeError);
  // A timer would take that for no time at all.
  await assert.rejects(NatsLink.open({ connectTimeout: Infinity }), RangeError);
  for (const inboxPrefix of ["", "a b", "a.>", "a..b", "a\r\nPUB x 0"]) {
    await assert.rejects(NatsLink.open({ inboxPrefix }), RangeError, inboxPrefix);
  }
});
