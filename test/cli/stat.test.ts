/** `ouroboros stat`, `list` and `remove`. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { SharedMemory } from "../../ffi/mod.ts";
import { ShmLogWriter } from "../../mod.ts";
import { runCli } from "../support/cli.ts";
import { needsLastingNames } from "../support/platform.ts";
import { uniqueName } from "../support/runtime.ts";

/** A page, and so as large on all systems. */
const SMALL = { chunkSize: 1004, chunkCount: 4 };

test("list of what is named, and is no log, is an error after the others", () => {
  using log = ShmLogWriter.create(uniqueName(), { unlinkOnClose: true, ...SMALL });
  const file = fileURLToPath(import.meta.url);
  const { code, stdout, stderr } = runCli(["list", `${log.name}-no`, log.name, file]);
  assert.equal(code, 1);
  assert.ok(stdout.includes(`\n${log.name} `), stdout);
  assert.match(stderr, /^ouroboros: no log named ".*-no".*\nouroboros: .*: not a log: .*\n$/);
});

test("stat says what is in a log, in words and as JSON", () => {
  using log = ShmLogWriter.create(uniqueName(), { unlinkOnClose: true, ...SMALL });
  for (let i = 1; i <= 100; i++) log.write(`line ${i}`);
  const { code, stdout } = runCli(["stat", log.name]);
  assert.equal(code, 0);
  assert.match(stdout, /writer {3}alive\n/);
  assert.match(stdout, /there {4}100 entries, 1 to 100, /);
  assert.match(stdout, /\n {4}1 {2}current {4}\d+ {5}84 {7}16 /);
  const info = JSON.parse(runCli(["stat", log.name, "-o", "json"]).stdout);
  assert.deepEqual(
    [info.name, info.writerAlive, info.entries, info.lastSequenceNumber, info.chunks.length],
    [log.name, true, 100, 100, 4],
  );
  assert.deepEqual(info.damage, []);
});

test("stat says in one line how many chunks are empty, and that a writer is dead", {
  skip: needsLastingNames,
}, () => {
  const name = uniqueName();
  const log = ShmLogWriter.create(name, { ...SMALL, unlinkOnClose: false });
  try {
    const rows = () => runCli(["stat", name]).stdout.split("\n").slice(8);
    const states = () => rows().slice(1).map((row) => row.trim().split(/ {2,}/, 2).join(" "));
    assert.deepEqual(states(), ["0 current", "3 chunks are empty", ""]);
    for (let i = 0; i < 5; i++) log.write("x".repeat(600));
    log.close();
    assert.deepEqual(states(), ["0 full", "1 full", "2 current", "1 chunk is empty", ""]);
    assert.match(runCli(["stat", name]).stdout, /\n {2}writer {3}dead\n/);
    assert.equal(JSON.parse(runCli(["stat", name, "--json"]).stdout).chunks.length, 4);
  } finally {
    log.close();
    SharedMemory.unlink(name);
  }
});

test("stat takes several logs, and says which of them it can't read", () => {
  using one = ShmLogWriter.create(uniqueName(), { unlinkOnClose: true, ...SMALL });
  using two = ShmLogWriter.create(uniqueName(), { unlinkOnClose: true, ...SMALL });
  two.write("x");
  const names = [one.name, uniqueName(), two.name];
  const { code, stdout, stderr } = runCli(["stat", ...names]);
  assert.equal(code, 1);
  assert.ok(stdout.indexOf(one.name) < stdout.indexOf(two.name));
  assert.match(stdout, /written {2}1 entry\n/);
  assert.match(
    stderr,
    /^ouroboros: no log named "[^\n]*"ouroboros list" shows those that exist\n$/,
  );
  const json = runCli(["stat", one.name, two.name, "-o", "json"]);
  assert.equal(json.code, 0);
  const [first, second] = json.stdout.split(/(?<=\n\})\n/).map((text) => JSON.parse(text || "{}"));
  assert.deepEqual([first.name, second.name, second.entries], [one.name, two.name, 1]);
});

test("remove takes several logs, and removes those that it can where others are not logs", {
  skip: needsLastingNames,
}, () => {
  const names = [uniqueName(), uniqueName(), uniqueName()];
  for (const name of [names[0], names[2]]) {
    ShmLogWriter.create(name, { ...SMALL, unlinkOnClose: false }).close();
  }
  const { code, stdout, stderr } = runCli(["remove", ...names]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(
    stderr,
    /^ouroboros: no log named "[^\n]*"ouroboros list" shows those that exist\n$/,
  );
  assert.ok(stderr.includes(names[1]));
  for (const name of names) assert.equal(SharedMemory.exists(name), false, name);
});

test("list shows the logs and nothing else, remove takes those without a writer", {
  skip: needsLastingNames,
}, () => {
  const name = uniqueName();
  const other = uniqueName();
  const log = ShmLogWriter.create(name, { ...SMALL, unlinkOnClose: false });
  const memory = SharedMemory.create(other, 4096);
  try {
    log.writeMany(["a", "b", "c"]);
    const listed = runCli(["list"]);
    assert.equal(listed.code, 0);
    assert.match(listed.stdout, new RegExp(`^${name} +4 KiB +3 +3  \\? +\\d* +alive$`, "m"));
    assert.ok(!listed.stdout.includes(`${other} `));
    const asJson = JSON.parse(runCli(["list", "-o", "json"]).stdout);
    const writerPid = process.platform === "linux" ? { writerPid: process.pid } : {};
    assert.deepEqual(
      asJson.find((row: { name: string }) => row.name === name),
      { name, size: 4096, entries: 3, lastSequenceNumber: 3, writerAlive: true, ...writerPid },
    );

    const refused = runCli(["remove", name]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /has a living writer \(pid \d+\): stop it, or use --force\n$/);
    const foreign = runCli(["remove", other]);
    assert.equal(foreign.code, 1);
    assert.match(foreign.stderr, /not a log/);
    assert.ok(SharedMemory.exists(name) && SharedMemory.exists(other));

    assert.equal(runCli(["remove", "--force", other]).code, 0);
    log.close();
    assert.match(runCli(["list"]).stdout, new RegExp(`^${name} .* dead$`, "m"));
    assert.deepEqual(runCli(["remove", name]), { code: 0, stdout: "", stderr: "" });
    assert.ok(!SharedMemory.exists(name) && !SharedMemory.exists(other));
  } finally {
    log.close();
    memory.close();
    SharedMemory.unlink(name);
    SharedMemory.unlink(other);
  }
});

test("list shows names that could play tricks on a terminal without their tricks", {
  skip: process.platform === "linux" ? false : "only Linux has a folder of names",
}, () => {
  const name = `${uniqueName()}\x1b[2J\x9b2J\ny`;
  using _log = ShmLogWriter.create(name, { unlinkOnClose: true, ...SMALL });
  const { stdout } = runCli(["list"]);
  assert.ok(
    stdout.includes(`${name.split("\x1b")[0]}\\x1b[2J\\x9b2J\\ny `),
    JSON.stringify(stdout),
  );
  const json = runCli(["list", "-o", "json"]).stdout;
  assert.doesNotMatch(json, /[\x7f-\x9f]/);
  assert.ok(JSON.parse(json).some((one: { name: string }) => one.name === name));
});
