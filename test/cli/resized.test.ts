/** Commands that follow a log while it gets other sizes: nothing is lost by that, and nothing comes twice. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import test from "node:test";
import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { delay } from "../../src/async.ts";
import { Forwarding } from "../../src/ship/forwarding.ts";
import { startCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { lastingLog } from "../support/lasting.ts";
import { MemoryCarrier, MemoryStore } from "../support/memory_carrier.ts";
import { needsLastingNames } from "../support/platform.ts";

const folder = testFolder("resized");

/** Writes lines to a log that gets this size. */
function write(name: string, size: string, from: number, to: number): void {
  using writer = ShmLogWriter.create(name, { size, ifExists: "resume", unlinkOnClose: false });
  for (let i = from; i <= to; i++) writer.write(`line ${i}`);
}

/** Writes 300 lines to a log that is larger, and then smaller, while it is followed. */
async function writeAll(name: string, follows: (last: string) => Promise<unknown>): Promise<void> {
  write(name, "64KiB", 1, 100);
  await follows("line 100\n");
  write(name, "256KiB", 101, 200);
  await follows("line 200\n");
  write(name, "16KiB", 201, 300);
  await follows("line 300\n");
}

const LINES = Array.from({ length: 300 }, (_, i) => `line ${i + 1}\n`).join("");

for (const count of [1, 2]) {
  test(`tail -F of ${count} logs says of no entry of a resized one that it is lost`, {
    skip: needsLastingNames,
  }, async () => {
    using log = lastingLog("resized");
    using other = lastingLog("resized");
    write(log.name, "64KiB", 1, 1);
    write(other.name, "64KiB", 1, 0);
    const names = [log.name, other.name].slice(0, count);
    const tail = startCli(["tail", "-F", "--all", "--no-prefix", ...names]);
    await tail.until((stdout) => stdout === "line 1\n");
    await writeAll(log.name, (last) => tail.until((stdout) => stdout.endsWith(last)));
    tail.signal("SIGINT");
    const { stdout, stderr } = await tail.ended();
    assert.equal(stdout, `line 1\n${LINES}`);
    assert.match(stderr, /the log continues in another size after entry 101\n/);
    assert.match(stderr, /the log continues in another size after entry 201\n/);
    assert.doesNotMatch(stderr, /lost|new log/);
  });
}

test("record -F says of no entry of a resized log that it is lost", {
  skip: needsLastingNames,
}, async () => {
  using log = lastingLog("resized");
  const path = `${folder}/resized.txt`;
  write(log.name, "64KiB", 1, 0);
  const record = startCli(["record", "-F", log.name, path]);
  const recorded = () => existsSync(path) ? readFileSync(path, "utf8") : "";
  await writeAll(log.name, async (last) => {
    while (!recorded().endsWith(last)) await Promise.race([delay(10), record.until(() => false)]);
  });
  record.signal("SIGINT");
  const { stderr } = await record.ended();
  assert.equal(recorded(), LINES);
  assert.match(stderr, /300 entries recorded, 0 lost\n/);
});

test("what is forwarded of a resized log has no entry twice, and none that is lost", {
  skip: needsLastingNames,
}, async () => {
  using log = lastingLog("resized");
  write(log.name, "64KiB", 1, 0);
  using reader = ShmLogReader.open(log.name, { strategy: "oldest" });
  const store = new MemoryStore();
  const said: unknown[] = [];
  const options = { maxSleep: 1, onGap: (gap: unknown) => said.push(gap) };
  await using forwarding = await Forwarding.start(reader, options, new MemoryCarrier(store));
  const texts = () =>
    store.messages.filter(({ reason }) => reason === undefined)
      .map(({ bytes }) => `${new TextDecoder().decode(bytes)}\n`);
  await writeAll(log.name, async (last) => {
    while (texts().at(-1) !== last) await delay(5);
  });
  assert.equal(texts().join(""), LINES);
  assert.deepEqual(
    store.messages.filter(({ reason }) => reason !== undefined)
      .map(({ from, to, reason }) => [from, to, reason]),
    [[1, 100, "resized"], [1, 200, "resized"]],
  );
  const { acknowledged, gaps, lostEntries } = await forwarding.close();
  assert.deepEqual([acknowledged, gaps, lostEntries, said], [300, 0, 0, []]);
});
