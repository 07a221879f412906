/**
 * kill -9 of forwarder, collector and writer at random moments: in the end records and gaps are all that was
 * written, and what came twice has the same number.
 *
 * KILLS: how many processes to kill.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import test, { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../../ffi/mod.ts";
import { ShmLogReader } from "../../../mod.ts";
import { startCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";
import { freePort } from "../../support/free_port.ts";
import { command, killInTurn, logWriter, type Mortal } from "../../support/kills.ts";
import type { StoredMessage } from "../../support/memory_carrier.ts";
import {
  assertSameList,
  deliveredBy,
  entryText,
  isMatch,
  MATCHES,
  ReceivedSource,
} from "../../support/nats_stream.ts";
import { messageOf, OtlpCollector } from "../../support/otlp_collector.ts";
import { needsLastingNames } from "../../support/platform.ts";
import { baseSeed, Random } from "../../support/random.ts";
import { uniqueName } from "../../support/runtime.ts";

const KILLS = Number(process.env.KILLS ?? 9);
const options = { skip: needsLastingNames, timeout: 240_000 + 10_000 * KILLS };
const folder = testFolder("otlp-kills");
const names: string[] = [];
after(() => {
  for (const name of names) SharedMemory.unlink(name);
});

test(`kill -9 of forwarder, collector and writer (SEED=${baseSeed})`, options, async (t) => {
  // 128 KiB at up to 2 MB/s: it laps while the collector is away.
  const { messages, source, total } = await killAll("all", 20, 16384);
  const decoder = new TextDecoder();
  for (const { from, payload } of source.entries) {
    assert.equal(decoder.decode(payload), entryText(from));
  }
  assert.equal(source.entries.length + source.lost, total);
  const repeated = messages - source.delivered.length;
  t.diagnostic(
    `${total} written, ${messages} sent, ${repeated} repeated, ${source.gaps.length} gaps of ` +
      `${source.lost} entries`,
  );
});

test(`kill -9 where a filter leaves entries out (SEED=${baseSeed})`, options, async (t) => {
  // For minutes nothing is overwritten, also on a busy machine: then nothing is lost.
  const { messages, source, total } = await killAll("filtered", 5, 8 << 20, "--where", MATCHES);
  const wanted = Array.from({ length: total }, (_, i) => i + 1).filter(isMatch);
  assert.deepEqual([...new Set(source.gaps.map(({ reason }) => reason))], ["filtered"]);
  assertSameList(source.entries.map(({ from }) => from), wanted);
  t.diagnostic(`${total} written, ${wanted.length} match, ${messages} messages`);
});

/** Kills processes, and gives what collectors have taken of a log by then. */
async function killAll(what: string, rate: number, chunkSize: number, ...more: string[]) {
  const kills = more.length === 0 ? KILLS : KILLS * 2 / 3;
  const name = uniqueName(`otlp-kills-${what}`);
  names.push(name);
  // The forwarder must not get the port by asking for it while nobody has it.
  const port = await freePort();
  let collector = await OtlpCollector.start({ port });
  const { url } = collector;
  const messages: StoredMessage[] = [];
  /** Keeps what was taken as messages: as records, it took gigabytes on a busy machine. */
  const keep = () => {
    messages.push(...collector.records.splice(0).map(messageOf));
    collector.requests.length = 0;
  };
  const args = ["forward", name, "--to", `otlp+${url}`, "--hostname", "test"];
  args.push("--state", join(folder, what), "--summary", "0", ...more);
  const mortalCollector: Mortal = {
    // In the middle of requests: some are taken, and their answers are lost.
    async kill() {
      keep();
      assert.deepEqual(collector.complaints, []);
      await collector[Symbol.asyncDispose]();
    },
    async start() {
      collector = await OtlpCollector.start({ port });
    },
  };
  {
    await using writer = await logWriter(name, chunkSize, rate);
    await using forwarder = command(args);
    const mortals = [forwarder, mortalCollector, writer];
    await killInTurn(new Random(baseSeed), kills, mortals, async () => {
      // It must have begun.
      keep();
      for (let i = 0; i < 200 && collector.records.length === 0; i++) await sleep(20);
    });
  }
  using reader = ShmLogReader.open(name);
  const total = reader.inspect().lastSequenceNumber;
  const last = await startCli([...args, "--once"]).ended();
  assert.equal(last.code, 0, last.stderr);
  keep();
  assert.deepEqual(collector.complaints, []);
  await collector[Symbol.asyncDispose]();

  assert.equal(new Set(messages.map(({ source }) => source.segment)).size, 1);
  const source = new ReceivedSource(messages.flatMap(deliveredBy));
  assert.equal(source.last, total);
  return { messages: messages.length, source, total };
}
