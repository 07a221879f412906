/** A process is killed while it logs as fast as it can: every line that is there is whole. */

import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import test from "node:test";
import { type LogTarget, ShmLogReader } from "../../mod.ts";
import { createLogger } from "../../src/logger/mod.ts";
import { lastingLog } from "../support/lasting.ts";
import { baseSeed, Random } from "../support/random.ts";
import { startChild } from "../support/runtime.ts";

const logging = new URL("children/logging.ts", import.meta.url);
const KILLS = Number(process.env.KILLS ?? 4);

/** How many lines a log has, and had. */
function written(target: LogTarget): number {
  using reader = ShmLogReader.open(target);
  return reader.inspect().lastSequenceNumber;
}

test(`what a killed process logged is whole, without a gap (seed ${baseSeed})`, async () => {
  const random = new Random(baseSeed);
  using log = lastingLog("logger-kill");
  for (let kill = 0; kill < KILLS; kill++) {
    const child = startChild(logging, [JSON.stringify(log.target)]);
    while (await child.nextLine() !== "logging");
    const started = written(log.target);
    while (written(log.target) < started + 100) await delay(5);
    await delay(random.below(100));
    await child.kill();
    using reader = ShmLogReader.open(log.target, { strategy: "oldest" });
    let last: number | undefined;
    let count = 0;
    for (const { text } of reader) {
      const { n } = JSON.parse(text);
      // One life after the other, each from 1 on; a successor wrote one line.
      if (last !== undefined && n !== 1 && n !== undefined) assert.equal(n, last + 1);
      last = n ?? 0;
      count++;
    }
    assert.ok(count > 10, `${count} lines`);
    using successor = createLogger({ target: log.target, base: null });
    successor.info("successor");
    using newest = ShmLogReader.open(log.target, { strategy: "latest" });
    const latest = [...newest].at(-1);
    assert.equal(JSON.parse(latest?.text ?? "").msg, "successor");
    assert.deepEqual([successor.counts.written, successor.counts.errors], [1, 0]);
  }
});
