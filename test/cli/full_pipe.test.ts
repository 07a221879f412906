/** Standard output that takes less than is written. */

import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { ShmLogWriter } from "../../mod.ts";
import { cliCommand } from "../support/cli.ts";
import { needsSignals } from "../support/platform.ts";
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
  using log = ShmLogWriter.create(uniqueName("pipe"), {
    unlinkOnClose: true,
    chunkSize: 1 << 20,
    chunkCount: 4,
  });
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

for (const command of ["tail", "dump"]) {
  test(`${command} ends by Ctrl-C though its reader takes nothing`, {
    skip: needsSignals,
    timeout: 60_000,
  }, async () => {
    using log = ShmLogWriter.create(uniqueName("pipe"), {
      unlinkOnClose: true,
      chunkSize: 1 << 20,
      chunkCount: 4,
    });
    for (let i = 0; i < LINES; i++) log.write("x".repeat(200));
    const args = command === "tail"
      ? ["tail", "--all", log.name]
      : ["dump", "--name", log.name, "--output", "-"];
    // Sockets are what runtimes give to their children; between programs of a shell it is a pipe.
    const folder = mkdtempSync(join(tmpdir(), "ouroboros-pipe-"));
    execFileSync("mkfifo", [join(folder, "pipe")]);
    const pipe = openSync(join(folder, "pipe"), "r+");
    try {
      for (const output of ["pipe", pipe] as const) {
        const [first, rest] = cliCommand(args);
        const child = spawn(first, rest, { stdio: ["ignore", output, "inherit"] });
        const ended = new Promise((resolve) => child.once("exit", resolve));
        const begun = new Promise((resolve) => child.stdout?.once("readable", resolve));
        await (output === "pipe" ? begun : new Promise((resolve) => setTimeout(resolve, 1000)));
        process.kill(child.pid!, "SIGINT");
        await ended;
        child.stdout?.destroy();
      }
    } finally {
      closeSync(pipe);
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
