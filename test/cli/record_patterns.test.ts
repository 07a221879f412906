/** `ouroboros record` of logs by a pattern: a file for each that matches, whenever it comes and goes. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { needsLettingGo } from "../support/platform.ts";
import { uniqueName } from "../support/runtime.ts";
import { line, logMaker, messages } from "../support/timed_logs.ts";

const skip = process.platform === "darwin" && "this system does not list shared memory";
const folder = testFolder("record-patterns");
const makeLog = logMaker();

test("record keeps a file and a place for each log that matches, also for those that come later", {
  skip,
}, async () => {
  const name = uniqueName("kept");
  const first = makeLog(`${name}.0`, [[1, "a"]]);
  const [files, places] = [join(folder, "records"), join(folder, "places")];
  const start = () => startCli(["record", `${name}.*`, files, "--state", places]);
  const kept = (slot: number) => {
    const path = join(files, `${name.slice(1)}.${slot}.txt`);
    return existsSync(path) ? messages(readFileSync(path, "utf8")).join("") : "";
  };
  const until = async (condition: () => boolean) => {
    while (!condition()) await sleep(10);
  };
  let running = start();
  await until(() => kept(0) === "a");
  makeLog(`${name}.1`, [[2, "b"]]);
  first.write(line(3, "c"));
  await until(() => kept(0) === "ac" && kept(1) === "b");
  running.signal("SIGINT");
  const { code, stderr } = await running.ended();
  assert.equal(code, 0);
  assert.ok(stderr.includes(`"${name}.0": 2 entries recorded, 0 lost\n`), stderr);
  first.write(line(4, "d"));
  running = start();
  await until(() => kept(0) === "acd");
  running.signal("SIGINT");
  assert.equal((await running.ended()).code, 0);
  assert.deepEqual([kept(0), kept(1)], ["acd", "b"]);
});

test("record --from new takes all of a log that begins to match later", { skip }, async () => {
  const name = uniqueName("later");
  const files = join(folder, "later");
  makeLog(`${name}.0`, [[1, "old"]]);
  const running = startCli(["record", `${name}.*`, files, "--from", "new"]);
  const textOf = (slot: number) => {
    const path = join(files, `${name.slice(1)}.${slot}.txt`);
    return existsSync(path) ? messages(readFileSync(path, "utf8")).join("") : undefined;
  };
  while (textOf(0) === undefined) await sleep(10);
  // All of it is there when it is seen.
  makeLog(`${name}.1`, [[2, "a"], [3, "b"]]);
  while (textOf(1) === undefined) await sleep(10);
  await sleep(500);
  running.signal("SIGINT");
  assert.equal((await running.ended()).code, 0);
  assert.deepEqual([textOf(0), textOf(1)], ["", "ab"]);
});

test("record lets a log of a pattern go that is removed, and continues where its name comes back", {
  skip: skip || needsLettingGo,
}, async () => {
  const name = uniqueName("gone");
  const files = join(folder, "gone");
  const first = makeLog(`${name}.0`, [[1, "a"], [2, "b"]]);
  const running = startCli(["record", `${name}.*`, files]);
  const path = join(files, `${name.slice(1)}.0.txt`);
  const recorded = () => existsSync(path) ? readFileSync(path, "utf8") : "";
  while (!recorded().includes('"b"')) await sleep(10);
  first.close();
  await running.untilStderr((text) => text.includes('.0": 2 entries recorded, 0 lost\n'));
  if (process.platform === "linux") {
    const maps = `/proc/${running.process.pid}/maps`;
    while (readFileSync(maps, "utf8").includes(`${name}.0`)) await sleep(20);
  }
  makeLog(`${name}.0`, [[3, "c"]]);
  while (!recorded().includes('"c"')) await sleep(10);
  running.signal("SIGINT");
  assert.equal((await running.ended()).code, 0);
  assert.deepEqual(recorded().trim().split("\n"), [
    line(1, "a"),
    line(2, "b"),
    "# ouroboros: another log of this name begins after entry 2",
    line(3, "c"),
  ]);
});
