/** `tail` of a log that was received from other machines: where each line is from. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { afterEach, beforeEach } from "node:test";
import { SharedMemory } from "../../ffi/mod.ts";
import { saveLog, ShmLogWriter } from "../../mod.ts";
import { Origins } from "../../src/ship/origins.ts";
import { writeInto } from "../../src/ship/receive_into.ts";
import { Reception } from "../../src/ship/reception.ts";
import { runCli, startCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { MemoryReceiveCarrier, MemoryStream } from "../support/memory_receiver.ts";
import { OtlpCollector } from "../support/otlp_collector.ts";
import { entryOf, gapOf, sourceNumber } from "../support/receive_conformance.ts";
import { needsLastingNames } from "../support/platform.ts";
import { endWatch, savedIn, startWatch } from "../support/watching.ts";
import { slowness, uniqueName } from "../support/runtime.ts";

const folder = testFolder("received");
const timeout = 60_000 * slowness;
const [one, two] = [sourceNumber(1), sourceNumber(22)];
let name: string;
let stream: MemoryStream;

beforeEach(() => {
  name = uniqueName("received");
  stream = new MemoryStream();
});
afterEach(() => {
  for (const each of [name, `${name}.origin`]) SharedMemory.unlink(each);
});

/** Receives into the log what is in the stream, and goes on with `signal`. */
function receiveAll(signal?: AbortSignal) {
  const options = { follow: signal !== undefined, ...signal && { signal } };
  return writeInto(
    name,
    { chunkSize: 4096, chunkCount: 4 },
    (lasts) => new Reception(new MemoryReceiveCarrier(stream), options, { isOldest: true, lasts }),
  );
}

function tail(...args: string[]): string[] {
  const { code, stdout, stderr } = runCli(["tail", "--all", ...args]);
  assert.equal(code, 0, stderr);
  return stdout.trimEnd().split("\n");
}

test("tail prints where the lines of a received log are from", {
  skip: needsLastingNames,
  timeout,
}, async () => {
  stream.put(entryOf(one, 1), entryOf(two, 1), gapOf(one, 2, 8), entryOf(one, 9));
  await receiveAll();
  // In columns, as wide as the widest name until then.
  assert.deepEqual(tail(name), [
    "host1/app | host1 1",
    "host22/app | host22 1",
    "host1/app  | host1 9",
  ]);
  assert.deepEqual(tail(name, "--no-prefix"), ["host1 1", "host22 1", "host1 9"]);
  const common = { log: "/app", segment: "1a-2b-3c" };
  assert.deepEqual(tail(name, "-o", "json").map((line) => JSON.parse(line)), [
    { seq: 1, text: "host1 1", source: { host: "host1", ...common, seq: 1 } },
    { seq: 2, text: "host22 1", source: { host: "host22", ...common, seq: 1 } },
    { seq: 3, text: "host1 9", source: { host: "host1", ...common, seq: 9 } },
  ]);
  // Beside others it begins with its own name, too.
  using other = ShmLogWriter.create(uniqueName("plain"), { unlinkOnClose: true });
  other.write("plain");
  const lines = tail(name, other.name);
  assert.ok(lines.some((line) => /^\S+ +\| host1\/app +\| host1 9$/.test(line)), lines.join("\n"));
  assert.ok(lines.some((line) => line.startsWith(other.name) && line.endsWith("| plain")));
});

test("tail -f prints where lines are from that come", { timeout }, async () => {
  const end = new AbortController();
  stream.put(entryOf(one, 1));
  const receiving = receiveAll(end.signal);
  const cli = startCli(["tail", "-f", "--all", name]);
  await cli.until((text) => text.includes("host1/app | host1 1"));
  stream.put(entryOf(two, 1));
  await cli.until((text) => text.includes("host22/app | host22 1"));
  cli.signal("SIGINT");
  assert.equal((await cli.ended()).code, 0);
  end.abort();
  await receiving;
});

test("what has no record is from an unknown place: older, removed, or another log", {
  skip: needsLastingNames,
  timeout,
}, async () => {
  {
    // Before anybody received into it.
    using writer = ShmLogWriter.create(name, { unlinkOnClose: false, chunkSize: 4096 });
    writer.write("before");
  }
  stream.put(entryOf(one, 1));
  await receiveAll();
  assert.deepEqual(tail(name), ["? | before", "host1/app | host1 1"]);
  assert.equal(JSON.parse(tail(name, "-o", "json")[0]).source, null);
  using origins = Origins.open(name);
  assert.equal(origins.of(1), undefined);
  // Another log under the name of the one that was received into.
  SharedMemory.unlink(name);
  {
    using writer = ShmLogWriter.create(name, { unlinkOnClose: false });
    writer.write("another");
  }
  assert.deepEqual(tail(name), ["? | another"]);
  SharedMemory.unlink(`${name}.origin`);
  assert.deepEqual(tail(name), ["another"]);
  // A log beside it that says nothing of the sort.
  {
    using writer = ShmLogWriter.create(`${name}.origin`, { unlinkOnClose: false });
    writer.writeMany(["{}", "null", '{"table":1}', "\xff"]);
  }
  assert.deepEqual(tail(name), ["? | another"]);
});

test(
  "what is saved of a received log says where it is from; that, and what is sent on, is asked it",
  {
    skip: needsLastingNames,
    timeout,
  },
  async () => {
    stream.put(entryOf(one, 1), entryOf(two, 1), entryOf(one, 2), entryOf(two, 2));
    await receiveAll();
    const whole = join(folder, "whole.log");
    assert.match(runCli(["save", name, whole]).stderr, /4 entries of 2 logs/);
    assert.equal(tail(whole).at(-1), "host22/app | host22 2");
    const where = ["--where", "log:host22/app"];
    const path = join(folder, "saved.log");
    const saved = runCli(["save", name, path, ...where]);
    assert.match(saved.stderr, /2 entries of 1 log/);
    assert.deepEqual(
      tail(path, "-o", "json").map((line) => JSON.parse(line)),
      [1, 2].map((seq) => ({
        seq,
        text: `host22 ${seq}`,
        source: { host: "host22", log: "/app", segment: "1a-2b-3c", seq },
      })),
    );
    await using collector = await OtlpCollector.start();
    const to = ["--to", `otlp+${collector.url}`, "--protocol", "http/json"];
    const { code, stderr } = await startCli(["forward", name, "--once", ...to, ...where]).ended();
    assert.equal(code, 0, stderr);
    const sent = collector.records.map(({ body }) => body);
    assert.deepEqual(sent.slice(0, 2), ["host22 1", "host22 2"]);
    assert.match(stderr, /2 acknowledged.* 2 filtered/);
  },
);

test("what watch saves of a received log says where it is from, too", {
  skip: needsLastingNames,
  timeout,
}, async () => {
  stream.put(entryOf(one, 1), entryOf(two, 1));
  await receiveAll();
  const dir = join(folder, "watched");
  const watch = await startWatch(name, "--when", "host1", "--save", dir, "--after", "0");
  stream.put(entryOf(one, 2), entryOf(two, 2));
  await receiveAll();
  await watch.untilStderr((stderr) => stderr.includes(" in "));
  await endWatch(watch);
  const [file] = savedIn(dir);
  const path = join(dir, file);
  assert.deepEqual(tail(path).slice(-2), ["host1/app  | host1 2", "host22/app | host22 2"]);
});

test(
  "a log that was saved is not received into",
  { skip: needsLastingNames, timeout },
  async () => {
    stream.put(entryOf(one, 1));
    const path = join(folder, "kept.log");
    {
      using log = ShmLogWriter.create(name, { size: "256KiB" });
      log.write("kept");
    }
    await saveLog(name, path);
    const bytes = readFileSync(path);
    const receiving = writeInto(
      { path },
      {},
      (lasts) => new Reception(new MemoryReceiveCarrier(stream), {}, { isOldest: true, lasts }),
    );
    await assert.rejects(receiving, {
      name: "SegmentExistsError",
      message: /kept\.log" was saved, .*: choose another name$/,
    });
    assert.ok(readFileSync(path).equals(bytes));
    assert.ok(!existsSync(`${path}.origin`));
  },
);
