/**
 * kill -9 of a forwarder with a filter, of the receiver, of server and writer: what matches is there exactly
 * once, and nothing that was left out is called lost.
 *
 * KILLS: how many processes to kill.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../../ffi/mod.ts";
import { ShmLogReader } from "../../../mod.ts";
import { Origins } from "../../../src/ship/origins.ts";
import { startCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";
import { Publisher } from "../../support/nats_publisher.ts";
import { NatsServer, natsTest } from "../../support/nats_server.ts";
import {
  assertSameList,
  entryText,
  isMatch,
  MATCHES,
  messagesOf,
  received,
} from "../../support/nats_stream.ts";
import { needsLastingNames } from "../../support/platform.ts";
import { baseSeed, Random } from "../../support/random.ts";
import { startChild, uniqueName } from "../../support/runtime.ts";

const KILLS = Number(process.env.KILLS ?? 5);
const options = { skip: needsLastingNames, timeout: 240_000 + 10_000 * KILLS };
const folder = testFolder("filter-kills");
const [name, into] = [uniqueName("filter-kills"), uniqueName("filter-into")];
after(() => {
  for (const one of [name, into, `${into}.origin`]) SharedMemory.unlink(one);
});

/** So large that nothing is overwritten: then nothing is lost. */
async function startWriter() {
  const args = [name, "resume", 10, 4 << 20, 8];
  const child = startChild(new URL("children/writer.ts", import.meta.url), args);
  assert.equal(await child.nextLine(), "ready");
  return child;
}

natsTest(`kill -9 where a filter leaves entries out (SEED=${baseSeed})`, async (t) => {
  const random = new Random(baseSeed);
  await using server = await NatsServer.start();
  const { url } = server;
  const forward = ["forward", name, "--to", url, "--stream", "LOGS", "--hostname", "test"];
  forward.push("--state", join(folder, "state"), "--where", MATCHES);
  const receive = ["receive", `${url}/LOGS`, "--to", into];
  {
    await using publisher = await Publisher.open(url);
    await publisher.stream("LOGS", { subjects: ["logs.>"], duplicate_window: 120e9 });
  }
  let writer = await startWriter();
  const start = { forwarder: () => startCli(forward), receiver: () => startCli(receive) };
  const running = { forwarder: start.forwarder(), receiver: start.receiver() };
  try {
    while (hasNothing(into)) await sleep(50);
    for (let kill = 0; kill < KILLS; kill++) {
      const whom = (["forwarder", "receiver", "forwarder", "server", "writer"] as const)[kill % 5];
      await sleep(random.below(kill % 2 === 0 ? 200 : 900));
      if (whom === "server") {
        await server.stop("SIGKILL");
        await sleep(random.below(150));
        await server.restart();
      } else if (whom === "writer") {
        await writer.kill();
        writer = await startWriter();
      } else {
        running[whom].process.kill("SIGKILL");
        await running[whom].ended();
        running[whom] = start[whom]();
      }
    }
    await sleep(300);
  } finally {
    await writer.kill();
    for (const one of Object.values(running)) {
      one.process.kill("SIGKILL");
      await one.ended();
    }
  }
  using reader = ShmLogReader.open(name);
  const total = reader.inspect().lastSequenceNumber;
  const ends = [await startCli([...forward, "--once"]).ended()];
  ends.push(await startCli([...receive, "--once"]).ended());
  for (const { code, stderr } of ends) assert.equal(code, 0, stderr);

  const wanted = Array.from({ length: total }, (_, i) => i + 1).filter(isMatch);
  // In the stream: the plainest receiver.
  const [source] = received(await messagesOf(url, "LOGS")).values();
  assert.equal(source.last, total);
  assert.deepEqual([...new Set(source.gaps.map(({ reason }) => reason))], ["filtered"]);
  assertSameList(source.entries.map(({ from }) => from), wanted);
  // In the local log: the receiver that was killed.
  using log = ShmLogReader.open(into, { strategy: "oldest" });
  using origins = Origins.open(into);
  assertSameList([...log].map(({ text }) => text), wanted.map(entryText));
  assert.deepEqual(origins.missing, []);
  assert.equal(origins.of(wanted.length)?.sequenceNumber, wanted.at(-1));
  t.diagnostic(`${KILLS} kills, ${total} written, ${wanted.length} match and arrived once`);
}, options);

function hasNothing(name: string): boolean {
  try {
    using log = ShmLogReader.open(name);
    return log.newestSequenceNumber() === 0;
  } catch {
    return true;
  }
}
