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
import { command, killInTurn, logWriter } from "../../support/kills.ts";
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
import { uniqueName } from "../../support/runtime.ts";

const KILLS = Number(process.env.KILLS ?? 5);
const options = { skip: needsLastingNames, timeout: 240_000 + 10_000 * KILLS };
const folder = testFolder("filter-kills");
const [name, into] = [uniqueName("filter-kills"), uniqueName("filter-into")];
after(() => {
  for (const one of [name, into, `${into}.origin`]) SharedMemory.unlink(one);
});

natsTest(`kill -9 where a filter leaves entries out (SEED=${baseSeed})`, async (t) => {
  await using server = await NatsServer.start();
  const { url } = server;
  const forward = ["forward", name, "--to", url, "--stream", "LOGS", "--hostname", "test"];
  forward.push("--state", join(folder, "state"), "--where", MATCHES);
  const receive = ["receive", `${url}/LOGS`, "--to", into];
  {
    await using publisher = await Publisher.open(url);
    await publisher.stream("LOGS", { subjects: ["logs.>"], duplicate_window: 120e9 });
  }
  {
    // For minutes nothing is overwritten, also on a busy machine: then nothing is lost.
    await using writer = await logWriter(name, 8 << 20, 5);
    await using forwarder = command(forward);
    await using receiver = command(receive);
    while (hasNothing(into)) await sleep(50);
    const mortalServer = { kill: () => server.stop("SIGKILL"), start: () => server.restart() };
    const mortals = [forwarder, receiver, forwarder, mortalServer, writer];
    await killInTurn(new Random(baseSeed), KILLS, mortals);
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
