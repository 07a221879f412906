/** What commands print with `--json`: one shape for what is alike. */

import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { SharedMemory } from "../../ffi/mod.ts";
import { ShmLogWriter } from "../../mod.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { lastingLog } from "../support/lasting.ts";
import { uniqueName } from "../support/runtime.ts";

const folder = testFolder("json");

/** A log of so many entries, without a writer. */
function deadLog(count: number) {
  const place = lastingLog("json");
  using log = ShmLogWriter.create(place.target, { chunkSize: 1024, chunkCount: 4 });
  for (let i = 1; i <= count; i++) log.write(`line ${i}`);
  return place;
}

/** The objects that are printed one after the other, each in lines of its own. */
function objectsIn(stdout: string): Record<string, unknown>[] {
  return stdout.split(/(?<=^\})\n/m).filter(Boolean).map((text) => JSON.parse(text));
}

test("list, top and doctor print an array; stat, verify and save an object for each log or file", () => {
  using one = deadLog(3);
  using two = deadLog(1);
  for (const args of [["list", one.name, two.name], ["top", "--once", one.name, two.name]]) {
    const { code, stdout } = runCli([...args, "--json"]);
    assert.equal(code, 0);
    const names = JSON.parse(stdout).map(({ name }: { name: string }) => name);
    assert.deepEqual(names.sort(), [one.name, two.name].sort(), args[0]);
  }
  assert.ok(Array.isArray(JSON.parse(runCli(["doctor", "--json"]).stdout)));
  for (const command of ["stat", "verify"]) {
    const { code, stdout } = runCli([command, one.name, two.name, "--json"]);
    assert.equal(code, 0);
    assert.deepEqual(objectsIn(stdout).map(({ name, entries }) => [name, entries]), [
      [one.name, 3],
      [two.name, 1],
    ]);
  }
  const saved = runCli(["save", one.name, two.name, `${folder}/`, "--json"]);
  assert.deepEqual([saved.code, saved.stderr], [0, ""]);
  assert.deepEqual(objectsIn(saved.stdout).map(({ entries }) => entries), [3, 1]);
});

test("save --json says what is in the file, of one log and of several", () => {
  using one = deadLog(3);
  using two = deadLog(1);
  const file = join(folder, "one.log");
  const saved = runCli(["save", one.name, file, "--json"]);
  assert.deepEqual([saved.code, saved.stderr], [0, ""]);
  const { size, ...about } = JSON.parse(saved.stdout);
  assert.ok(size > 0);
  assert.deepEqual(about, {
    file,
    entries: 3,
    firstSequenceNumber: 1,
    lastSequenceNumber: 3,
    leftOut: 0,
    untimed: [],
  });
  const part = runCli(["save", one.name, join(folder, "part.log"), "--last", "1s", "--json"]);
  assert.deepEqual([part.stderr, JSON.parse(part.stdout).untimed], ["", [one.name]]);
  const all = JSON.parse(
    runCli(["save", one.name, two.name, join(folder, "all.log"), "--json"]).stdout,
  );
  assert.deepEqual([all.entries, all.logs, all.firstSequenceNumber], [4, 2, undefined]);
  const refused = runCli(["save", one.name, file, "--json"]);
  assert.deepEqual([refused.code, refused.stdout], [1, ""]);
  assert.match(refused.stderr, /use --force to replace it/);
});

test("save prints no JSON where the log goes", () => {
  using one = deadLog(1);
  const { code, stdout, stderr } = runCli(["save", one.name, "-", "--json"]);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /--json is printed where the log goes: give a file in place of -/);
});

test("remove --json says of each log whether it was removed, and why not", () => {
  using dead = deadLog(1);
  using old = deadLog(1);
  const name = uniqueName("json");
  using _alive = ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize: 1024, chunkCount: 4 });
  const kept = runCli(["remove", "--dead", "--older-than", "1d", old.name, "--json"]);
  assert.deepEqual([kept.code, objectsIn(kept.stdout)], [0, [
    // A file tells of when it is.
    { name: old.name, removed: false, kept: SharedMemory.persists ? "untimed" : "new" },
  ]]);
  assert.deepEqual(runCli(["remove", "--dead", old.name, "--json"]), {
    code: 0,
    stdout: `${JSON.stringify({ name: old.name, removed: true }, null, 2)}\n`,
    stderr: "",
  });
  // There a segment that is open can't be removed at all.
  if (process.platform === "win32") return;
  const alive = runCli(["remove", "--dead", name, "--json"]);
  assert.deepEqual(objectsIn(alive.stdout), [{ name, removed: false, kept: "alive" }]);
  const refused = runCli(["remove", name, dead.name, "--json"]);
  assert.equal(refused.code, 1);
  const [first, second] = objectsIn(refused.stdout);
  assert.deepEqual([first.name, first.removed, first.error], [name, false, "WRITER_LOCKED"]);
  assert.match(String(first.message), /stop it, or use --force/);
  assert.deepEqual(second, { name: dead.name, removed: true });
  assert.ok(!dead.exists());
});
