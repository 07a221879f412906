/**
 * Death and silence of all that takes part: kill -9 of forwarder, server and writer, networks that are
 * cut or stand still. In the end entries and gaps are all that was written, each once, in order.
 *
 * KILLS: how many more processes to kill.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../../ffi/mod.ts";
import { ShmLogReader } from "../../../mod.ts";
import { forward } from "../../../src/ship/carriers/nats/mod.ts";
import { runCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";
import { command, killInTurn, logWriter } from "../../support/kills.ts";
import { NatsServer, natsTest } from "../../support/nats_server.ts";
import {
  assertAllThere,
  assertComplete,
  messagesOf,
  reallyReceived,
  received,
} from "../../support/nats_stream.ts";
import { needsLastingNames } from "../../support/platform.ts";
import { baseSeed, Random } from "../../support/random.ts";
import { uniqueName } from "../../support/runtime.ts";

const KILLS = Number(process.env.KILLS ?? 6);
const options = { skip: needsLastingNames, timeout: 240_000 + 10_000 * KILLS };
const folder = testFolder("kills");
const names: string[] = [];
after(() => {
  for (const name of names) SharedMemory.unlink(name);
});

function newName(): string {
  const name = uniqueName("kills");
  names.push(name);
  return name;
}

natsTest(
  `kill -9 of forwarder, server and writer at random moments (SEED=${baseSeed})`,
  async (t) => {
    const name = newName();
    await using server = await NatsServer.start();
    const args = ["forward", name, "--to", server.url, "--stream", "LOGS", "--hostname", "test"];
    args.push("--create-stream", "--state", join(folder, "state"), "--summary", "0");
    {
      // 128 KiB at up to 2 MB/s: it laps while the server is away.
      await using writer = await logWriter(name, 16384, 20);
      await using forwarder = command(args);
      const mortalServer = { kill: () => server.stop("SIGKILL"), start: () => server.restart() };
      await killInTurn(new Random(baseSeed), KILLS, [forwarder, mortalServer, writer]);
    }
    using reader = ShmLogReader.open(name);
    const total = reader.inspect().lastSequenceNumber;
    const last = runCli([...args, "--once"]);
    assert.equal(last.code, 0, last.stderr);
    t.diagnostic(await assertAllThere(server.url, "LOGS", total));
  },
  options,
);

natsTest("kill -9 of a writer, and new segments, while the server comes and goes", async (t) => {
  const name = newName();
  await using server = await NatsServer.start();
  await using writer = await logWriter(name, 65536, 5, "replace");
  using reader = ShmLogReader.open(name, { strategy: "oldest" });
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
      await writer.start();
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
    for (const witness of witnesses) witness.close();
  }
}, options);
