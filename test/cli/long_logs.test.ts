/** Commands that look through a long log, and are told to end meanwhile. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ShmLogWriter } from "../../mod.ts";
import { startCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { uniqueName } from "../support/runtime.ts";

const folder = testFolder("long");

/** Takes some milliseconds for each of the entries below, and so minutes for all. */
const TEDIOUS = "found|^(x+x+)+y";

function makeLog(): ShmLogWriter {
  const log = ShmLogWriter.create(uniqueName("long"), {
    unlinkOnClose: true,
    chunkSize: 1 << 20,
    chunkCount: 4,
  });
  log.write("found");
  for (let i = 0; i < 40_000; i++) log.write("x".repeat(20));
  return log;
}

test("tail prints what it finds in a long log at once, and notices a signal meanwhile", async () => {
  using log = makeLog();
  const cli = startCli(["tail", log.name, "--all", "--grep", TEDIOUS]);
  await cli.until((stdout) => stdout === "found\n");
  cli.signal("SIGINT");
  const { code, stderr } = await cli.ended();
  assert.deepEqual([code, stderr], [0, ""]);
});

test("dump notices a signal in a long log", async () => {
  using log = makeLog();
  const path = `${folder}/dumped.txt`;
  const cli = startCli(["dump", "--name", log.name, "--output", path, "--grep", TEDIOUS]);
  while (!existsSync(path)) await sleep(10);
  cli.signal("SIGINT");
  const { code, stderr } = await cli.ended();
  assert.equal(code, 0, stderr);
  // Perhaps it had not begun.
  assert.match(stderr, /^ouroboros: (0 entries|1 entry)\n$/);
});
