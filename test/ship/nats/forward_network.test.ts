/**
 * Networks that are cut or stand still, and servers that do. In the end entries and gaps are all that was
 * written, each once, in order.
 *
 * KILLS: how many more times, as where processes are killed.
 */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ShmLogReader, ShmLogWriter } from "../../../mod.ts";
import { forward } from "../../../src/ship/carriers/nats/mod.ts";
import { NatsServer, needsNatsServer } from "../../support/nats_server.ts";
import {
  assertComplete,
  entryText,
  messagesOf,
  reallyReceived,
  received,
} from "../../support/nats_stream.ts";
import { needsLastingNames } from "../../support/platform.ts";
import { baseSeed, Random } from "../../support/random.ts";
import { slowness, uniqueName } from "../../support/runtime.ts";
import { TcpProxy } from "../../support/tcp_proxy.ts";

const KILLS = Number(process.env.KILLS ?? 6);
const skip = needsNatsServer || needsLastingNames;
const timeout = 60_000 * slowness + 1000 * KILLS;

test(
  `a network that is cut or stands still, again and again (SEED=${baseSeed})`,
  { skip, timeout },
  async (t) => {
    const random = new Random(baseSeed);
    await using server = await NatsServer.start();
    await using proxy = await TcpProxy.start(server.port);
    using writer = ShmLogWriter.create(uniqueName("network"), {
      unlinkOnClose: true,
      chunkSize: 16384,
      chunkCount: 8,
    });
    using reader = ShmLogReader.open(writer.name, { strategy: "oldest" });
    await using forwarding = await forward(reader, {
      servers: proxy.url,
      stream: "LOGS",
      createStream: true,
      maxReconnectDelay: 50,
      ackTimeout: 100,
      connectTimeout: 300 * slowness,
    });
    const troubles = { cut: 0, stalled: 0 };
    const rounds = 4 + Math.ceil(KILLS / 3);
    for (let round = 0; round < rounds; round++) {
      for (let i = random.below(3000); i > 0; i--) {
        writer.write(entryText(writer.totalEntriesWritten + 1));
        if (i % 100 === 0) await sleep(random.below(2));
      }
      if (round % 2 === 0) {
        troubles.cut++;
        proxy.cut();
      } else {
        troubles.stalled++;
        proxy.stall();
      }
      for (let i = random.below(4000); i > 0; i--) {
        writer.write(entryText(writer.totalEntriesWritten + 1));
      }
      await sleep(random.below(100));
      proxy.restore();
    }
    await forwarding.flush();
    const stats = await forwarding.close();
    const messages = await messagesOf(server.url, "LOGS");
    const [source] = received(messages).values();
    assertComplete(source, writer.totalEntriesWritten);
    const [real] = (await reallyReceived(server.url, "LOGS")).values();
    assertComplete(real, writer.totalEntriesWritten);
    assert.ok(proxy.connections > 1);
    const { resent, duplicates } = stats;
    t.diagnostic(
      `${
        JSON.stringify({ ...troubles, resent, duplicates })
      }: ${writer.totalEntriesWritten} written, ` +
        `${source.entries.length} entries and ${source.gaps.length} gaps (${source.lost})`,
    );
  },
);

test(
  "a server that stands still does not stop the forwarder for good",
  { skip, timeout },
  async () => {
    await using server = await NatsServer.start();
    using writer = ShmLogWriter.create(uniqueName("network"), {
      unlinkOnClose: true,
      chunkSize: 65536,
      chunkCount: 64,
    });
    using reader = ShmLogReader.open(writer.name, { strategy: "oldest" });
    const troubles: string[] = [];
    await using forwarding = await forward(reader, {
      servers: server.url,
      stream: "LOGS",
      createStream: true,
      ackTimeout: 50,
      maxReconnectDelay: 50,
      onTrouble: ({ type }) => troubles.push(type),
    });
    server.freeze(true);
    for (let i = 1; i <= 5000; i++) writer.write(entryText(i));
    while (!troubles.includes("silent")) await sleep(10);
    await sleep(200);
    server.freeze(false);
    await forwarding.flush();
    const [source] = received(await messagesOf(server.url, "LOGS")).values();
    assertComplete(source, 5000);
    assert.equal(source.lost, 0);
  },
);
