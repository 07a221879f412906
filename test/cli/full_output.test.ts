/** Commands whose output has no room: an exit code and a message, whatever they print. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, ftruncateSync, openSync } from "node:fs";
import process from "node:process";
import test, { after } from "node:test";
import { ShmLogWriter } from "../../mod.ts";
import { cliCommand } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { uniqueName } from "../support/runtime.ts";

const skip = process.platform === "linux" ? false : "only Linux has /dev/full";
const folder = testFolder("output");
const log = ShmLogWriter.create(uniqueName("full"), { unlinkOnClose: true, size: 65536 });
log.write("one");
after(() => {
  log.close();
});

/** Runs a command in a shell; gives its exit code and what it says. */
function run(script: string, args: string[], stdout: number): { status: number; stderr: string } {
  const [command, all] = cliCommand(args);
  const result = spawnSync("sh", ["-c", script, "sh", command, ...all], {
    stdio: ["ignore", stdout, "pipe"],
    encoding: "utf8",
  });
  assert.equal(result.signal, null, result.stderr);
  return { status: result.status!, stderr: result.stderr };
}

const commands = [
  ["--help"],
  ["help", "tail"],
  ["tail", "--help"],
  ["--version"],
  ["__complete", "ta"],
  ["completions", "bash"],
  ["list"],
  ["stat", log.name],
  ["verify", log.name],
  ["tail", log.name],
  ["dump", "--name", log.name, "--output", "-"],
  ["save", log.name, "-"],
  ["doctor"],
];

for (const args of commands) {
  const title = args.map((arg) => arg === log.name ? "LOG" : arg).join(" ");
  test(
    `ouroboros ${title} >/dev/full says that there is no room, with exit code 1`,
    { skip },
    () => {
      const full = openSync("/dev/full", "w");
      try {
        const { status, stderr } = run('exec "$@"', args, full);
        assert.match(stderr, /^ouroboros: write standard output failed: no space left; .*$/m);
        assert.equal(status, 1);
      } finally {
        closeSync(full);
      }
    },
  );
}

for (const args of [["dump", "--name", log.name, "--output"], ["record", log.name]]) {
  test(`ouroboros ${args[0]} to a file on a full disk says so, with exit code 1`, { skip }, () => {
    const { status, stderr } = run('exec "$@"', [...args, "/dev/full"], 2);
    assert.match(stderr, /^ouroboros: write file "\/dev\/full" failed: no space left; .*$/m);
    assert.equal(status, 1);
  });
}

const LIMIT = 256 << 20;

for (
  const [args, what] of [
    [["tail", log.name], "standard output"],
    [["list"], "standard output"],
    [["record", log.name, `${folder}/large`, "--max-size", "1G"], `file "${folder}/large"`],
  ] as const
) {
  test(`ouroboros ${args[0]} into a file that may not get larger says so, with exit code 1`, {
    skip,
  }, () => {
    const large = openSync(`${folder}/large`, "a");
    try {
      ftruncateSync(large, LIMIT);
      const limited = `ulimit -f ${LIMIT / 512} && exec "$@"`;
      const { status, stderr } = run(limited, [...args], large);
      assert.equal(
        stderr,
        `ouroboros: write ${what} failed: file too large; raise the limit of the process ` +
          "(ulimit -f), or make it smaller\n",
      );
      assert.equal(status, 1);
    } finally {
      closeSync(large);
    }
  });
}
