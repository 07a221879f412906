/** `ouroboros generate` and `ouroboros dump`. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import test from "node:test";
import { SharedMemory } from "../../ffi/mod.ts";
import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { runCli, startCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { lastingLog } from "../support/lasting.ts";
import { uniqueName } from "../support/runtime.ts";

const folder = testFolder("generate");
const json = `${folder}/records.json`;

interface Records {
  records: { index: number; payload_size: number; payload_hex: string }[];
}

const readRecords = (): Records["records"] => JSON.parse(readFileSync(json, "utf8")).records;

function flags(name: string, values: Record<string, string | number> = {}): (string | number)[] {
  const all = {
    name,
    size: 10240,
    count: 10,
    "min-size": 10,
    "max-size": 100,
    seed: 42,
    interval: 0,
    "json-out": json,
    ...values,
  };
  return ["generate", ...Object.entries(all).flatMap(([flag, value]) => [`--${flag}`, value])];
}

function dumpHex(name: string): string[] {
  const path = `${folder}/dump.hex`;
  const { code, stderr } = runCli(["dump", "--name", name, "--output", path, "--format", "hex"]);
  const rows = readFileSync(path, "utf8").split("\n").slice(0, -1);
  assert.equal(code, 0);
  assert.equal(stderr, `ouroboros: ${rows.length} ${rows.length === 1 ? "entry" : "entries"}\n`);
  return rows;
}

test("generate describes the segment, writes what it says in the file, and dump gives it back", () => {
  const shapes = [
    { size: 100, chunk_target_size: 68, chunk_count: 1, buffer_size: 100 },
    { size: 1103, chunk_target_size: 1071, chunk_count: 1, buffer_size: 1103 },
    { size: 1104, chunk_target_size: 256, chunk_count: 4, buffer_size: 1104 },
    { size: 10240, chunk_target_size: 2540, chunk_count: 4, buffer_size: 10240 },
    { size: 65537, chunk_target_size: 16364, chunk_count: 4, buffer_size: 65536 },
    { size: 20, chunk_target_size: 512, chunk_count: 1, buffer_size: 544 },
  ];
  for (const { size, ...shape } of shapes) {
    using log = lastingLog();
    const { name, target } = log;
    const most = Math.min(100, shape.buffer_size - 80);
    const { code, stdout, stderr } = runCli([
      ...flags(name, { size, "min-size": 1, "max-size": most, count: 20 }),
      "--no-unlink-at-exit",
    ]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^\{\n( {2}"\w+": .*\n){5}\}\n$/);
    const { max_entry_size, ...said } = JSON.parse(stdout);
    const shm_name = typeof target === "string" ? name : `file "${name}"`;
    assert.deepEqual(said, { shm_name, ...shape });
    assert.equal(max_entry_size, shape.chunk_target_size * shape.chunk_count - 4);
    const records = readRecords();
    assert.deepEqual(records.map(({ index }) => index), [...records.keys()]);
    assert.ok(
      records.length === 20 &&
        records.every(({ payload_size: length, payload_hex }) =>
          length >= 1 && length <= most && payload_hex.length === 2 * length
        ),
    );
    const rows = dumpHex(name);
    assert.ok(rows.length > 0);
    assert.deepEqual(rows, records.slice(-rows.length).map(({ payload_hex }) => payload_hex));
  }
});

test("generate gives the same entries for the same seed, and others for another", () => {
  const name = uniqueName();
  const payloads = ["42", "42", "43", String(2n ** 64n - 1n)].map((seed) => {
    assert.equal(runCli(flags(name, { seed })).code, 0);
    assert.ok(!SharedMemory.exists(name));
    return JSON.stringify(readRecords());
  });
  assert.equal(payloads[0], payloads[1]);
  assert.equal(new Set(payloads).size, 3);
});

test("generate is followed live from before its first entry", async () => {
  const name = uniqueName();
  try {
    const running = startCli([
      // All of it fits: who follows may be kept from it for a while.
      ...flags(name, { size: 65536, count: 300, interval: 1000, "initial-delay": 300_000 }),
      "--no-unlink-at-exit",
    ]);
    await running.until((stdout) => stdout.endsWith("}\n"));
    using reader = ShmLogReader.open(name, { strategy: "oldest" });
    const found: string[] = [];
    for await (const entry of reader.follow()) {
      found.push(Array.from(entry.bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""));
      if (entry.sequenceNumber === 300) break;
    }
    assert.equal((await running.ended()).code, 0);
    assert.equal(reader.lostEntries, 0);
    assert.deepEqual(found, readRecords().map(({ payload_hex }) => payload_hex));
  } finally {
    SharedMemory.unlink(name);
  }
});

test("generate refuses a log that is there, with a writer or without, and leaves it and the file", () => {
  using log = lastingLog();
  assert.equal(runCli([...flags(log.name, {}), "--no-unlink-at-exit"]).code, 0);
  const records = readRecords();
  const { code, stdout, stderr } = runCli(flags(log.name, { seed: 2 }));
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /exists already/);
  assert.deepEqual(readRecords(), records);
  using reader = ShmLogReader.open(log.target, { strategy: "latest" });
  assert.equal(reader.inspect().lastSequenceNumber, records.length);
});

test("generate leaves no segment where its file can't be written", () => {
  const name = uniqueName();
  const { code } = runCli([...flags(name, { "json-out": `${folder}/none/x.json` })]);
  assert.equal(code, 1);
  assert.ok(!SharedMemory.exists(name));
});

test("generate removes the segment at SIGINT and still writes the file", async () => {
  const name = uniqueName();
  const running = startCli([
    ...flags(name, { count: 1_000_000, interval: 1000 }),
    "--no-unlink-at-exit",
  ]);
  await running.until((stdout) => stdout.endsWith("}\n"));
  using reader = ShmLogReader.open(name);
  for await (const { sequenceNumber } of reader.follow()) if (sequenceNumber >= 20) break;
  running.signal("SIGINT");
  const { code } = await running.ended();
  assert.equal(code, 0);
  assert.equal(readRecords().length, reader.inspect().lastSequenceNumber);
  reader.close();
  assert.ok(!SharedMemory.exists(name));
});

test("generate refuses sizes that don't fit, and leaves the log that is there", () => {
  const name = uniqueName();
  using log = ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize: 1024, chunkCount: 4 });
  log.write("precious");
  for (
    const [values, pattern] of [
      [{ "max-size": 20_000 }, /--max-size 20000 exceeds the maximum of 10156 bytes/],
      [{ "min-size": 200 }, /--min-size 200 is larger than --max-size 100/],
      [{ size: 33 }, /--size 33 has no room for an entry/],
      [{}, /exists already: "ouroboros remove" removes it/],
    ] as const
  ) {
    const { code, stderr } = runCli(flags(name, values));
    assert.equal(code, 1);
    assert.match(stderr, pattern);
  }
  using reader = ShmLogReader.open(name);
  assert.equal(reader.read()?.text, "precious");
});

test("dump writes text a line by default, and begins where --strategy says", () => {
  using log = ShmLogWriter.create(uniqueName(), {
    unlinkOnClose: true,
    chunkSize: 1004,
    chunkCount: 4,
  });
  for (let i = 1; i <= 100; i++) log.write(`line ${i}`);
  const dump = (...args: string[]) =>
    runCli(["dump", "--name", log.name, "--output", "-", ...args]);
  const all = dump();
  assert.equal(all.stderr, "ouroboros: 100 entries\n");
  assert.match(all.stdout, /^line 1\nline 2\n(line \d+\n){98}$/);
  const latest = dump("--strategy", "latest");
  assert.match(latest.stdout, /^line 85\n/);
  assert.equal(latest.stderr, "ouroboros: 16 entries\n");
});

test("dump and tail give what is intact of a damaged log", () => {
  const path = `${folder}/damaged.log`;
  {
    using log = ShmLogWriter.create({ path }, { chunkSize: 1024, chunkCount: 4 });
    for (let i = 1; i <= 200; i++) log.write(`line ${i}`);
  }
  const bytes = readFileSync(path);
  // The header of the third entry: a length that goes beyond the log.
  bytes.writeUInt32LE(0xfffffff0, 80 + 2 * 12);
  writeFileSync(path, bytes);
  const { code, stdout } = runCli(["dump", "--name", path, "--output", "-"]);
  assert.equal(code, 0);
  assert.match(stdout, /^line 1\nline 2\nline \d\d\n/);
  assert.match(stdout, /\nline 200\n$/);
  const tail = runCli(["tail", path, "--all"]);
  assert.deepEqual([tail.code, tail.stdout], [0, stdout]);
  assert.match(tail.stderr, /^ouroboros: \d+ entries lost\n$/);
  assert.match(runCli(["stat", path]).stdout, /\ndamage: chunk 0: 2 entries up to offset 104, /);
});
