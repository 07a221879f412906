/**
 * Networks that are cut or stand still, streams that are full, servers that stand still. In the end
 * entries and gaps are all that was written, each once, in order.
 *
 * KILLS: how many more times, as where processes are killed.
 */

import assert from "node:assert/strict";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { forward, NatsLink } from "../../../src/ship/carriers/nats/mod.ts";
import { newLog, onlySource, until } from "../../support/forwarding.ts";
import { jetstreamClient } from "../../support/jetstream.ts";
import { NatsServer, natsTest } from "../../support/nats_server.ts";
import { assertAllThere, assertComplete } from "../../support/nats_stream.ts";
import { needsLastingNames } from "../../support/platform.ts";
import { baseSeed, Random } from "../../support/random.ts";
import { slowness } from "../../support/runtime.ts";
import { TcpProxy } from "../../support/tcp_proxy.ts";

const KILLS = Number(process.env.KILLS ?? 6);
const options = { skip: needsLastingNames, timeout: 240_000 + 10_000 * KILLS };

natsTest(
  `a network that is cut or stalls, and a full stream (SEED=${baseSeed})`,
  async (t) => {
    const random = new Random(baseSeed);
    await using server = await NatsServer.start();
    await using proxy = await TcpProxy.start(server.port);
    await using link = await NatsLink.open({ servers: server.url });
    const { streams } = await jetstreamClient.jetstreamManager(link.client);
    using log = newLog({ chunkSize: 16384, chunkCount: 8 });
    await using forwarding = await forward(log.reader, {
      servers: proxy.url,
      stream: "LOGS",
      createStream: { discard: "new" },
      maxReconnectDelay: 50,
      ackTimeout: 100,
      connectTimeout: 1000 * slowness,
    });
    const troubles = { cut: 0, stall: 0, full: 0 };
    const rounds = 6 + Math.ceil(KILLS / 3);
    for (let round = 0; round < rounds; round++) {
      for (let i = random.below(30); i > 0; i--) {
        log.write(100);
        await sleep(random.below(2));
      }
      const trouble = (["cut", "stall", "full"] as const)[round % 3];
      troubles[trouble]++;
      if (trouble !== "full") proxy[trouble]();
      else {
        // Not by bytes, and not to less than it has when all has come that is on its way: version 2.9.10
        // forgets some of the oldest then.
        const { state } = await streams.info("LOGS");
        await streams.update("LOGS", { max_msgs: state.messages + 8000 });
      }
      log.write(random.below(4000));
      if (trouble === "full") {
        while (forwarding.stats.refusal === undefined) {
          log.write(100);
          await sleep(1);
        }
        await streams.update("LOGS", { max_msgs: -1 });
      }
      await sleep(random.below(100));
      proxy.restore();
    }
    await forwarding.flush();
    const { resent, duplicates } = await forwarding.close();
    const words = await assertAllThere(server.url, "LOGS", log.writer.totalEntriesWritten);
    assert.ok(proxy.connections > 1);
    t.diagnostic(`${JSON.stringify({ ...troubles, resent, duplicates })}: ${words}`);
  },
  options,
);

natsTest("a server that stands still does not stop the forwarder for good", async () => {
  await using server = await NatsServer.start();
  using log = newLog({ chunkCount: 64 });
  const troubles: string[] = [];
  await using forwarding = await forward(log.reader, {
    servers: server.url,
    stream: "LOGS",
    createStream: true,
    ackTimeout: 50,
    maxReconnectDelay: 50,
    onTrouble: ({ type }) => troubles.push(type),
  });
  server.freeze(true);
  log.write(5000);
  await until(() => troubles.includes("silent"));
  await sleep(200);
  server.freeze(false);
  await forwarding.flush();
  const { source } = await onlySource(server);
  assertComplete(source, 5000);
  assert.equal(source.lost, 0);
}, options);
