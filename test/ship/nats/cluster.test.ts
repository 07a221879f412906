/**
 * A cluster of three servers, of which the one that leads is killed; and domains of JetStream.
 *
 * CLUSTER: whether the cluster is tested; its elections take from 10 to 30 seconds.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { StreamUnusableError } from "../../../src/errors.ts";
import { forward, NatsLink, receive } from "../../../src/ship/carriers/nats/mod.ts";
import { newLog, until } from "../../support/forwarding.ts";
import { jetstreamClient } from "../../support/jetstream.ts";
import { NatsCluster } from "../../support/nats_cluster.ts";
import { NatsServer, natsTest, needsNatsServer } from "../../support/nats_server.ts";
import { entryText } from "../../support/nats_stream.ts";
import { slowness } from "../../support/runtime.ts";

const skip = needsNatsServer;
const timeout = 120_000 * slowness;

test("the server that leads is killed: all is forwarded and received, once and in order", {
  skip: skip || process.env.CLUSTER === undefined && "elections take their time: CLUSTER=1",
  timeout,
}, async (t) => {
  await using cluster = await NatsCluster.start(3);
  using log = newLog();
  log.write(500);
  const quick = { stream: "LOGS", maxReconnectDelay: 100 };
  await using forwarding = await forward(log.reader, {
    ...quick,
    servers: cluster.url,
    ackTimeout: 500,
    createStream: { replicas: 3 },
  });
  await forwarding.flush();
  const leader = await leaderOf(cluster);
  // It hears of the others from the one that it knows.
  const reception = receive({ ...quick, servers: leader.url, consumer: "all" });
  const texts: string[] = [];
  const reading = (async () => {
    for await (const item of reception) {
      texts.push(item.kind === "entry" ? item.text : `${item.count} missing: ${item.reason}`);
      if (texts.length === 1500) break;
    }
  })();
  await until(() => texts.length >= 500);
  await leader.stop("SIGKILL");
  log.write(500);
  await forwarding.flush();
  await until(() => texts.length >= 1000);
  await leader.restart();
  log.write(500);
  await forwarding.flush();
  await reading;
  assert.deepEqual(texts, Array.from({ length: 1500 }, (_, i) => entryText(i + 1)));
  const { resent, duplicates } = forwarding.stats;
  t.diagnostic(`${resent} sent again, ${duplicates} of them in the stream already`);
});

/** What comes of it when it does not throw any more. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StreamUnusableError)) throw error;
      await sleep(20);
    }
  }
}

/** The server that leads the stream. */
async function leaderOf(cluster: NatsCluster) {
  await using link = await NatsLink.open({ servers: cluster.url });
  const manager = await jetstreamClient.jetstreamManager(link.client);
  const { cluster: found } = await manager.streams.info("LOGS");
  const leader = cluster.named(found?.leader ?? "");
  assert.ok(leader);
  return leader;
}

natsTest("through a leaf node, to and from the domain of another server", async () => {
  let leafPort = 0;
  await using hub = await NatsServer.start({
    jetstream: false,
    config: (port) => `leafnodes { listen: "127.0.0.1:${leafPort = port}" }`,
  });
  await using leaf = await NatsServer.start({ jetstream: false });
  const restarted = async (server: NatsServer, config: string) => {
    await server.stop();
    const folder = JSON.stringify(join(server.folder, "store"));
    server.configure({
      jetstream: false,
      config: config.replace("FOLDER", `store_dir: ${folder}`),
    });
    await server.restart();
  };
  const listen = `leafnodes { listen: "127.0.0.1:${leafPort}" }`;
  await restarted(hub, `jetstream { FOLDER, domain: hub }\n${listen}`);
  const remotes = `remotes: [{ url: "nats-leaf://127.0.0.1:${leafPort}" }]`;
  await restarted(leaf, `jetstream { FOLDER, domain: leaf }\nleafnodes { ${remotes} }`);
  using log = newLog();
  log.write(300);
  await using link = await NatsLink.open({ servers: leaf.url });
  const there = { link, stream: "LOGS", domain: "hub" };
  // The leaf has not found its hub yet, perhaps.
  const forwarding = await eventually(() => forward(log.reader, { ...there, createStream: true }));
  await forwarding.flush();
  await forwarding.close();
  for (const consumer of [{}, { consumer: "all" }]) {
    const texts: string[] = [];
    for await (const item of receive({ ...there, ...consumer, follow: false })) {
      texts.push(item.kind === "entry" ? item.text : item.reason);
    }
    assert.deepEqual(texts, Array.from({ length: 300 }, (_, i) => entryText(i + 1)));
  }
  const manager = await jetstreamClient.jetstreamManager(link.client, { domain: "hub" });
  while ((await manager.consumers.info("LOGS", "all")).ack_floor.stream_seq < 300) await sleep(5);
});
