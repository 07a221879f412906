/**
 * Death and silence of all that takes part: kill -9 of forwarder, server and writer, networks that are
 * cut or stand still. In the end entries and gaps are all that was written, each once, in order.
 *
 * KILLS: how many more processes to kill.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test, { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../ffi/mod.ts";
import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { forward, NatsLink } from "../../src/nats/mod.ts";
import { runCli, startCli } from "../support/cli.ts";
import { jetstreamClient } from "../support/jetstream.ts";
import { NatsServer, needsNatsServer } from "../support/nats_server.ts";
import {
  assertComplete,
  entryText,
  messagesOf,
  reallyReceived,
  received,
} from "../support/nats_stream.ts";
import { needsLastingNames } from "../support/platform.ts";
import { baseSeed, Random } from "../support/random.ts";
import { slowness, startChild, uniqueName } from "../support/runtime.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";

const KILLS = Number(process.env.KILLS ?? 6);
const skip = needsNatsServer || needsLastingNames;
const timeout = 60_000 * slowness + 1000 * KILLS;
const folder = mkdtempSync(join(tmpdir(), "ouroboros-kills-"));
const names: string[] = [];
after(() => {
  rmSync(folder, { recursive: true });
  for (const name of names) SharedMemory.unlink(name);
});

function newName(): string {
  const name = uniqueName("kills");
  names.push(name);
  return name;
}

async function startWriter(
  name: string,
  how: "resume" | "replace",
  rate: number,
  chunkSize: number,
) {
  const args = [name, how, rate, chunkSize, 8];
  const child = startChild(new URL("children/writer.ts", import.meta.url), args);
  assert.equal(await child.nextLine(), "ready");
  return child;
}

test(
  `kill -9 of forwarder, server and writer at random moments (SEED=${baseSeed})`,
  { skip, timeout },
  async (t) => {
    const random = new Random(baseSeed);
    const name = newName();
    await using server = await NatsServer.start();
    // 128 KiB at up to 2 MB/s: it laps while the server is away.
    let writer = await startWriter(name, "resume", 20, 16384);
    const args = ["forward", name, "--to", server.url, "--stream", "LOGS", "--host", "test"];
    args.push("--create-stream", "--state", join(folder, "state"), "--summary", "0");
    let forwarder = startCli(args);
    const kills = { forwarder: 0, server: 0, writer: 0 };
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        // So that all of them get their turn.
        const whom = (["forwarder", "server", "writer"] as const)[(kill + (kill / 3 | 0)) % 3];
        kills[whom]++;
        await sleep(random.below(kill % 2 === 0 ? 100 : 500));
        if (whom === "forwarder") {
          forwarder.process.kill("SIGKILL");
          await forwarder.ended();
          await sleep(random.below(100));
          forwarder = startCli(args);
        } else if (whom === "server") {
          await server.stop("SIGKILL");
          await sleep(random.below(150));
          await server.restart();
        } else {
          await writer.kill();
          await sleep(random.below(50));
          writer = await startWriter(name, "resume", 20, 16384);
        }
      }
      await sleep(300);
    } finally {
      await writer.kill();
      forwarder.process.kill("SIGKILL");
      await forwarder.ended();
    }
    using reader = ShmLogReader.open(name);
    const total = reader.inspect().lastSequenceNumber;
    const last = runCli([...args, "--once"]);
    assert.equal(last.code, 0, last.stderr);
    const messages = await messagesOf(server.url, "LOGS");
    const sources = [...received(messages).values()];
    assert.equal(sources.length, 1);
    assertComplete(sources[0], total);
    const [real] = (await reallyReceived(server.url, "LOGS")).values();
    assertComplete(real, total);
    t.diagnostic(
      `${JSON.stringify(kills)}: ${total} written, ${sources[0].entries.length} entries and ` +
        `${sources[0].gaps.length} gaps (${sources[0].lost}) in ${messages.length} messages`,
    );
  },
);

test("kill -9 of a writer, and new segments that take over, while the server comes and goes", {
  skip,
}, async (t) => {
  const name = newName();
  await using server = await NatsServer.start();
  let writer = await startWriter(name, "replace", 5, 65536);
  using reader = ShmLogReader.open(name, { strategy: "lowest" });
  await using forwarding = await forward(reader, {
    servers: server.url,
    stream: "LOGS",
    createStream: true,
    maxReconnectDelay: 100,
  });
  // One that stays with each segment tells how far it got.
  const witnesses = [ShmLogReader.open(name)];
  try {
    for (let round = 0; round < 3; round++) {
      await sleep(100);
      if (round === 1) await server.stop("SIGKILL");
      await writer.kill();
      writer = await startWriter(name, "replace", 5, 65536);
      witnesses.push(ShmLogReader.open(name));
      await sleep(50);
      if (round === 1) await server.restart();
      // Else it may come and go without having been seen.
      while (reader.position.inode !== witnesses.at(-1)!.position.inode) await sleep(10);
    }
    await writer.kill();
    await forwarding.flush();
    await forwarding.close();
    const totals = witnesses.map((witness) => witness.inspect().lastSequenceNumber);
    const sources = [...received(await messagesOf(server.url, "LOGS")).values()];
    assert.equal(sources.length, totals.length);
    for (const [i, source] of sources.entries()) assertComplete(source, totals[i]);
    const real = [...(await reallyReceived(server.url, "LOGS")).values()];
    for (const [i, source] of real.entries()) assertComplete(source, totals[i]);
    t.diagnostic(`${totals.join(" + ")} entries of ${sources.length} segments`);
  } finally {
    await writer.kill();
    for (const witness of witnesses) witness.close();
  }
});

test(
  `a network that is cut or stands still, again and again (SEED=${baseSeed})`,
  { skip, timeout },
  async (t) => {
    const random = new Random(baseSeed);
    await using server = await NatsServer.start();
    await using proxy = await TcpProxy.start(server.port);
    const name = newName();
    using writer = ShmLogWriter.create(name, { chunkSize: 16384, chunkCount: 8 });
    using reader = ShmLogReader.open(name, { strategy: "lowest" });
    await using forwarding = await forward(reader, {
      servers: proxy.url,
      stream: "LOGS",
      createStream: true,
      maxReconnectDelay: 50,
      ackTimeout: 100,
      connectTimeout: 300,
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
    using writer = ShmLogWriter.create(newName(), { chunkSize: 65536, chunkCount: 64 });
    using reader = ShmLogReader.open(writer.name, { strategy: "lowest" });
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

test(
  "a day in fast motion: quiet nights, busy hours, restarts, a full stream",
  { skip, timeout },
  async (t) => {
    const random = new Random(baseSeed);
    await using server = await NatsServer.start();
    const state = join(folder, "day");
    let refusals = 0;
    const name = newName();
    const make = () =>
      ShmLogWriter.create(name, {
        chunkSize: 16384,
        chunkCount: 8,
        ifExists: "resume",
        unlinkOnClose: false,
      });
    let writer = make();
    const start = async () => {
      const reader = ShmLogReader.open(name, { strategy: "lowest" });
      const forwarding = await forward(reader, {
        servers: server.url,
        stream: "LOGS",
        // Not by bytes: version 2.9.10 forgets some of the oldest when that limit is reached.
        createStream: { maxMessages: 2500, discard: "new" },
        closeTimeout: 200,
        state,
        maxReconnectDelay: 50,
        onTrouble: ({ type }) => type === "refused" && refusals++,
      });
      return { reader, forwarding };
    };
    let { reader, forwarding } = await start();
    // An hour is 40 ms. At 3 the server is restarted, at 9 the writer, at 15 the forwarder, and in the
    // evening somebody sees that the stream is full.
    for (let hour = 0; hour < 24; hour++) {
      const isBusy = hour >= 8 && hour < 20;
      const count = isBusy ? 300 + random.below(900) : random.below(20);
      for (let i = 0; i < count; i++) {
        writer.write(entryText(writer.totalEntriesWritten + 1));
        if (i % 200 === 199) await sleep(1);
      }
      if (hour === 3) {
        await server.stop();
        await server.restart();
      } else if (hour === 9) {
        writer.close();
        writer = make();
      } else if (hour === 15) {
        await forwarding.close();
        reader.close();
        ({ reader, forwarding } = await start());
      } else if (hour === 19) await enlarge(server.url, 4000);
      await sleep(40);
    }
    while (forwarding.stats.lagEntries > 0) {
      await sleep(50);
      if (forwarding.stats.refusal !== undefined) await enlarge(server.url, 4000);
    }
    await forwarding.close();
    reader.close();
    const total = writer.totalEntriesWritten;
    writer.close();
    const [source] = received(await messagesOf(server.url, "LOGS")).values();
    assertComplete(source, total);
    const [real] = (await reallyReceived(server.url, "LOGS")).values();
    assertComplete(real, total);
    assert.ok(refusals > 0, "the stream was full");
    t.diagnostic(`${total} written, ${source.entries.length} entries, ${source.lost} lost in gaps`);
  },
);

/** Lets the stream have more messages. */
async function enlarge(url: string, messages: number): Promise<void> {
  await using link = await NatsLink.open({ servers: url });
  const { jetstreamManager } = jetstreamClient;
  const { streams } = await jetstreamManager(link.client);
  const { config } = await streams.info("LOGS");
  await streams.update("LOGS", { max_msgs: config.max_msgs + messages });
}
