/** Standard output that takes less than is written. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import test from "node:test";
import { ShmLogWriter } from "../../mod.ts";
import { cliCommand } from "../support/cli.ts";
import { uniqueName } from "../support/runtime.ts";

/** Many times what a pipe takes. */
const LINES = 10_000;
/** No runtime can do that to its children. */
const NON_BLOCKING =
  "perl -MFcntl -e 'fcntl(STDOUT, F_SETFL, O_NONBLOCK) or die; exec @ARGV' \"$@\"";
const hasPerl = spawnSync("perl", ["-MFcntl", "-e", ""]).status === 0;

test("tail writes all into a pipe that somebody made non-blocking, at its reader's pace", {
  skip: hasPerl ? false : "there is no perl",
}, () => {
  using log = ShmLogWriter.create(uniqueName("pipe"), { chunkSize: 1 << 20, chunkCount: 4 });
  const line = (i: number) => `line ${i} ${"x".repeat(80)}`;
  for (let i = 0; i < LINES; i++) log.write(line(i));
  const { stdout, stderr } = spawnSync("sh", [
    "-c",
    `${NON_BLOCKING} | (sleep 1; cat)`,
    "sh",
    ...cliCommand(["tail", "--all", log.name]).flat(),
  ], { encoding: "utf8", maxBuffer: 1 << 26 });
  assert.equal(stderr, "");
  assert.ok(stdout === Array.from({ length: LINES }, (_, i) => `${line(i)}\n`).join(""));
});
