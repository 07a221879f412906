/** What the process is doing, as entries of a sink. */

import assert from "node:assert/strict";
import test from "node:test";
import { Reader, segmentSize, ShmLogWriter, Writer } from "../../mod.ts";
import { EntrySink } from "../../src/sinks/mod.ts";
import { recognizeRecord } from "../../src/records/recognize.ts";
import { runCli } from "../support/cli.ts";
import { isQemu } from "../support/platform.ts";
import { runtimeName, uniqueName } from "../support/runtime.ts";

// deno-lint-ignore no-explicit-any
type Entry = Record<string, any>;

test("vitals are an entry each interval, with what this runtime knows", async () => {
  const memory = new ArrayBuffer(segmentSize(4, 65536));
  const writer = Writer.create(memory, { chunkCount: 4 });
  using _sink = new EntrySink({ writer, vitals: "100ms" });
  const reader = new Reader(memory);
  const next = async (): Promise<Entry> => {
    for (;;) {
      const entry = reader.read();
      if (entry !== undefined) return JSON.parse(entry.text);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const first = await next();
  assert.equal(first.logger, "ouroboros.vitals");
  assert.equal(recognizeRecord(JSON.stringify(first))?.level, "debug");
  // In qemu a process does not know how large it is.
  for (const name of [...isQemu ? [] : ["rss"], "heapUsed", "heapTotal", "uptimeMs"]) {
    assert.ok(first[name] > 0, `${name} is ${first[name]}`);
  }
  assert.ok(first.cpuUserMs >= 0 && first.cpuSystemMs >= 0 && first.external >= 0);
  assert.match(first.msg, /^cpu .*, memory \d+ MiB, heap \d+ MiB$/);
  const isNode = runtimeName === "node";
  for (const name of ["gc", "loopUtilization", "heapLimit"]) assert.equal(name in first, isNode);

  // The event loop stands still.
  const end = performance.now() + 300;
  while (performance.now() < end);
  const after = [await next(), await next()];
  const most = Math.max(...after.map(({ loopDelayMs }) => loopDelayMs.max));
  assert.ok(most >= 150, `late by ${most} ms at most`);
  assert.ok(after.some(({ cpuUserMs }) => cpuUserMs > 0));
});

test("an interval that is not one is refused", () => {
  const writer = Writer.create(new ArrayBuffer(segmentSize(4, 65536)), { chunkCount: 4 });
  for (const vitals of ["1", "often", "10ms", "-1s"]) {
    assert.throws(() => new EntrySink({ writer, vitals }), RangeError);
  }
  assert.throws(() => new EntrySink({ writer, vitals: 1000 as never }), TypeError);
});

test("tail shows vitals with --vitals only", async () => {
  const name = uniqueName("vitals");
  using writer = ShmLogWriter.create(name, { size: "64KiB", unlinkOnClose: true });
  using _sink = new EntrySink({ writer, vitals: "100ms" });
  writer.write("a line");
  while (writer.totalEntriesWritten < 3) await new Promise((resolve) => setTimeout(resolve, 10));
  const { stdout } = runCli(["tail", name]);
  assert.equal(stdout, "a line\n");
  const { stdout: all } = runCli(["tail", name, "--vitals", "-n", "3"]);
  assert.match(all, /^a line\n.*ouroboros\.vitals.*\n/);
});
