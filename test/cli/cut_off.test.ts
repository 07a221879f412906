/** What commands say of files that were cut off. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { saveLog, ShmLogWriter } from "../../mod.ts";
import { runCli, runHere } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { uniqueName } from "../support/runtime.ts";

const folder = testFolder("cut-off");
const SMALL = { unlinkOnClose: true, chunkSize: 1000, chunkCount: 8 } as const;

/** A file with 100 entries of a log, errors last; and one of two logs. */
async function files(): Promise<{ one: string; two: string }> {
  using a = ShmLogWriter.create(uniqueName(), SMALL);
  using b = ShmLogWriter.create(uniqueName(), SMALL);
  for (let i = 1; i <= 100; i++) {
    a.write(JSON.stringify({ level: i > 90 ? 50 : 30, time: 1796039250222 + i, msg: `line ${i}` }));
  }
  b.write(JSON.stringify({ level: 50, time: 1796039250400, msg: "other" }));
  const [one, two] = [join(folder, "one.log"), join(folder, "two.log")];
  await saveLog(a.name, one, { compact: true, force: true });
  assert.equal((await runHere("save", a.name, b.name, two, "--force")).code, 0);
  return { one, two };
}

/** The first part of a file in another one. */
function cut(path: string, size: number): string {
  const to = `${path}.cut`;
  writeFileSync(to, readFileSync(path).subarray(0, size));
  return to;
}

const CUT =
  /it is cut off after 3000 bytes: entries 5\d to 9\d are missing, and all that came after/;

test("what reads a file that was cut off says what is missing, once, and reads the rest", async () => {
  const path = cut((await files()).one, 3000);
  for (
    const args of [
      ["tail", path, "-p", "error"],
      ["tail", path, "--all", "--count-by", "level"],
      ["tail", join(folder, "one*.cut"), "--head", 1],
      ["save", path, join(folder, "again.log"), "--force"],
      ["stat", path],
      ["dump", "--name", path, "--output", join(folder, "dump.txt")],
      ["list", path],
    ]
  ) {
    const { code, stderr } = await runHere(...args);
    assert.equal(code, 0, stderr);
    assert.match(stderr, CUT);
    assert.equal(stderr.split("cut off").length, 2, stderr);
  }
  const { stdout } = runCli(["stat", path]);
  assert.match(stdout, /written {2}at least 9\d entries\n {2}there {4}5\d entries, 1 to 5\d,/);
  assert.match(stdout, /cut off {2}entries 5\d to 9\d are missing, and all that came after\n/);
  assert.equal(
    typeof JSON.parse(runCli(["stat", path, "--json"]).stdout).cutOff.from,
    "number",
  );
  const verified = runCli(["verify", path]);
  assert.deepEqual([verified.code, verified.stderr], [1, ""]);
  assert.match(verified.stdout, CUT);
  // What comes by standard input, and what was packed after it was cut off.
  assert.match(runCli(["tail", "-"], readFileSync(path)).stderr, CUT);
  const packed = join(folder, "packed.gz");
  writeFileSync(packed, gzipSync(readFileSync(path)));
  assert.match((await runHere("tail", packed)).stderr, CUT);
  assert.equal(gunzipSync(readFileSync(packed)).length, 3000);
});

test("a file of several logs that has lost its end says that the names of the logs are missing", async () => {
  const { two } = await files();
  const size = readFileSync(two).length;
  const missing = /its end is missing or damaged, which said from which log each entry is/;
  for (const less of [1, 33, 130]) {
    const { code, stderr } = await runHere("tail", cut(two, size - less), "-n", 1);
    assert.match(stderr, missing);
    assert.equal(code, 0);
  }
  const path = cut(two, size - 33);
  assert.equal(runCli(["tail", path, "-p", "error"]).stdout.split("\n").length - 1, 10);
  const verified = runCli(["verify", path]);
  assert.match(verified.stdout, missing);
  assert.equal(verified.code, 1);
  assert.match(runCli(["stat", path]).stdout, missing);
  assert.match(
    (await runHere("save", path, join(folder, "again.log"), "--force")).stderr,
    missing,
  );
});

test("files that are whole are not called cut off, also those of the reference", async () => {
  const { one, two } = await files();
  const reference = ["exactly_full", "wrapped_many", "few_entries"].map((name) =>
    fileURLToPath(new URL(`../fixtures/ouroboros/${name}.bin`, import.meta.url))
  );
  for (const path of [one, two, ...reference]) {
    const { code, stderr } = await runHere("tail", path, "-n", 1);
    assert.deepEqual([code, stderr], [0, ""]);
  }
  using living = ShmLogWriter.create({ path: join(folder, "living.log") }, { chunkCount: 2 });
  for (let i = 0; i < 100; i++) living.write("x");
  assert.equal((await runHere("tail", join(folder, "living.log"), "-n", 1)).stderr, "");
});
