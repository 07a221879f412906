/** The demo shows what it says. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { thisRuntime } from "../../scripts/runtimes.ts";

const demo = fileURLToPath(new URL("../../scripts/demo.ts", import.meta.url));
const skip = process.platform !== "linux" && "the runtimes of the demo are programs for Linux";

test(
  "the demo ends well: what was recorded is what was printed, and nothing stays",
  { skip },
  () => {
    const { path, run } = thisRuntime();
    const { status, stdout, stderr } = spawnSync(path, [...run, demo], { encoding: "utf8" });
    assert.equal(status, 0, stdout + stderr);
    assert.equal(stdout.match(/^ok {2}/gm)?.length, 6, stdout);
    assert.match(stdout, /ended by SIGKILL: \d+ entries saved in /);
    assert.match(stdout, /exited with 1: .*last error: TypeError: can't read 'price' of undefined/);
    // What led to it.
    assert.match(stdout, /WARN {2}the pool is short free=1/);
  },
);
