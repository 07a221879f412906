/**
 * kill -9 of forwarder, collector and writer at random moments: in the end records and gaps are all that was
 * written, and what came twice has the same number.
 *
 * KILLS: how many processes to kill.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test, { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../../ffi/mod.ts";
import { ShmLogReader } from "../../../mod.ts";
import { startCli } from "../../support/cli.ts";
import { entryText, ReceivedSource } from "../../support/nats_stream.ts";
import { messageOf, OtlpCollector, type TakenRecord } from "../../support/otlp_collector.ts";
import { needsLastingNames } from "../../support/platform.ts";
import { baseSeed, Random } from "../../support/random.ts";
import { startChild, uniqueName } from "../../support/runtime.ts";

const KILLS = Number(process.env.KILLS ?? 9);
const options = { skip: needsLastingNames, timeout: 60_000 + 2000 * KILLS };
const folder = mkdtempSync(join(tmpdir(), "ouroboros-otlp-kills-"));
const name = uniqueName("otlp-kills");
after(() => {
  rmSync(folder, { recursive: true });
  SharedMemory.unlink(name);
});

async function startWriter() {
  // 128 KiB at up to 2 MB/s: it laps while the collector is away.
  const args = [name, "resume", 20, 16384, 8];
  const child = startChild(new URL("../nats/children/writer.ts", import.meta.url), args);
  assert.equal(await child.nextLine(), "ready");
  return child;
}

test(`kill -9 of forwarder, collector and writer (SEED=${baseSeed})`, options, async (t) => {
  const random = new Random(baseSeed);
  let collector = await OtlpCollector.start();
  const { port, url } = collector;
  /** What collectors that are gone had taken. */
  const records: TakenRecord[] = [];
  let writer = await startWriter();
  const args = ["forward", name, "--to", `otlp+${url}`, "--hostname", "test"];
  args.push("--state", join(folder, "state"), "--summary", "0");
  let forwarder = startCli(args);
  const kills = { forwarder: 0, collector: 0, writer: 0 };
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      const whom = (["forwarder", "collector", "writer"] as const)[(kill + (kill / 3 | 0)) % 3];
      kills[whom]++;
      // It must have begun.
      const before = records.length + collector.records.length;
      for (let i = 0; i < 200 && records.length + collector.records.length === before; i++) {
        await sleep(20);
      }
      await sleep(random.below(kill % 2 === 0 ? 100 : 500));
      if (whom === "forwarder") {
        forwarder.process.kill("SIGKILL");
        await forwarder.ended();
        await sleep(random.below(100));
        forwarder = startCli(args);
      } else if (whom === "collector") {
        // In the middle of requests: some are taken, and their answers are lost.
        records.push(...collector.records);
        assert.deepEqual(collector.complaints, []);
        await collector[Symbol.asyncDispose]();
        await sleep(random.below(150));
        collector = await OtlpCollector.start({ port });
      } else {
        await writer.kill();
        await sleep(random.below(50));
        writer = await startWriter();
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
  const last = await startCli([...args, "--once"]).ended();
  assert.equal(last.code, 0, last.stderr);
  records.push(...collector.records);
  assert.deepEqual(collector.complaints, []);
  await collector[Symbol.asyncDispose]();

  const messages = records.map(messageOf);
  assert.equal(new Set(messages.map(({ source }) => source.segment)).size, 1);
  const source = new ReceivedSource(messages.map(({ from, to, reason, bytes }) => ({
    ...{ kind: reason === undefined ? "entry" : "gap", from, to, payload: bytes },
  })));
  assert.equal(source.last, total);
  const decoder = new TextDecoder();
  for (const { from, payload } of source.entries) {
    assert.equal(decoder.decode(payload), entryText(from));
  }
  assert.equal(source.entries.length + source.lost, total);
  const repeated = messages.length - source.delivered.length;
  t.diagnostic(
    `${JSON.stringify(kills)}: ${total} written, ${messages.length} sent, ${repeated} repeated, ` +
      `${source.gaps.length} gaps of ${source.lost} entries`,
  );
});
