/** Commands that wait, when the reader of their output is gone. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ShmLogWriter } from "../../mod.ts";
import { cliCommand, startCli } from "../support/cli.ts";
import { needsSignals } from "../support/platform.ts";
import { uniqueName } from "../support/runtime.ts";

const skip = needsSignals && "nothing tells on Windows that a reader is gone";
/** A command that does not end must fail its test, not hang it. */
const timeout = 60_000;

function makeLog(): ShmLogWriter {
  const log = ShmLogWriter.create(uniqueName("end"), {
    unlinkOnClose: true,
    chunkSize: 4096,
    chunkCount: 4,
  });
  log.write("one");
  return log;
}

for (const flags of [["-f"], ["-F"], ["-f", "another"], ["-f", "absent"]]) {
  test(`tail ${flags.join(" ")} | head -1 ends though nothing comes`, { skip, timeout }, () => {
    using log = makeLog();
    using another = makeLog();
    const [flag, other] = flags;
    const names = other === undefined
      ? [log.name]
      : [log.name, other === "another" ? another.name : uniqueName("absent")];
    // A pipe, as between two programs of a shell; what stands in the standard input is for the next one.
    const result = spawnSync("sh", [
      "-c",
      '"$@" | head -1; cat',
      "sh",
      ...cliCommand(["tail", flag, "--no-prefix", "-n", 1, ...names]).flat(),
    ], { input: "untouched\n", encoding: "utf8", timeout });
    assert.equal(result.signal, null, "it did not end");
    assert.equal(result.stdout, "one\nuntouched\n", result.stderr);
  });
}

test("tail -f ends with code 0 when a socket that it writes to is closed", {
  skip,
  timeout,
}, async () => {
  using log = makeLog();
  const running = startCli(["tail", "-f", log.name]);
  await running.until((stdout) => stdout === "one\n");
  running.process.stdout?.destroy();
  assert.deepEqual(await running.ended(), { code: 0, stdout: "one\n", stderr: "" });
});

test("tail -f into a file continues until a signal ends it", { skip, timeout }, async () => {
  using log = makeLog();
  const path = join(tmpdir(), `${uniqueName("end").slice(1)}.txt`);
  try {
    const [command, args] = cliCommand(["tail", "-f", log.name]);
    const child = spawn(command, args, { stdio: ["ignore", openSync(path, "w"), "inherit"] });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const until = async (text: string) => {
      while (readFileSync(path, "utf8") !== text) await sleep(10);
    };
    await until("one\n");
    // Longer than it takes to see the end of a reader.
    await sleep(500);
    log.write("two");
    await until("one\ntwo\n");
    process.kill(child.pid!, "SIGINT");
    assert.equal(await ended, 0);
  } finally {
    rmSync(path, { force: true });
  }
});
