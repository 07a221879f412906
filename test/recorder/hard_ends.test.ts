/** Programs whose end only the kernel knows, and what else happens to a recorder on Linux. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmdirSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { type LogTarget, ShmLogReader } from "../../mod.ts";
import { cliCommand } from "../support/cli.ts";
import { IN_GROUP, makeGroup } from "../support/control_group.ts";
import { testFolder } from "../support/folder.ts";
import { lastingLog } from "../support/lasting.ts";
import { needsLittleMemory } from "../support/platform.ts";

const skip = process.platform !== "linux" && "the kernel of Linux";
const folder = testFolder("hard-ends");

/** The lines of a log, without their times, and what the last one says. */
function recordOf(target: LogTarget): { lines: string[]; end: Record<string, unknown> } {
  using reader = ShmLogReader.open(target, { strategy: "oldest" });
  const lines = [...reader].map(({ text }) => text.slice(31));
  return { lines, end: JSON.parse(lines.pop()?.slice("stderr F ".length) ?? "{}") };
}

/** Runs a command line of `run`, behind what starts it in another place. */
function run(args: string[], before: readonly string[] = []) {
  const [command, fixed] = cliCommand(["run", ...args]);
  const [first, ...words] = [...before, command, ...fixed];
  const { status, stdout, stderr } = spawnSync(first, words, {
    encoding: "utf8",
    timeout: 120_000,
    maxBuffer: 1 << 26,
  });
  return { status, stdout, stderr };
}

test("run says that a program left a core dump", { skip }, (t) => {
  using log = lastingLog("hard");
  const crash = `cd ${folder}; ulimit -c unlimited; kill -SEGV $$`;
  // A shell says so, too; there may be no place for one.
  const shell = spawnSync("sh", ["-c", `sh -c '${crash}'; exit $?`], { encoding: "utf8" });
  if (!shell.stderr.includes("core dumped")) return t.skip(`no core dumps here: ${shell.stderr}`);
  const { status, stderr } = run(
    ["--log", log.name, "--size", "1MiB", "--save", folder, "--", "sh", "-c", crash],
  );
  assert.equal(status, 139);
  assert.match(stderr, /^ouroboros: sh ended by SIGSEGV \(core dumped\): 1 entry saved in /m);
  const { end } = recordOf(log.target);
  assert.deepEqual(
    [end.level, end.signal, end.coreDumped, end.msg],
    ["fatal", "SIGSEGV", true, "sh ended by SIGSEGV (core dumped)"],
  );
});

test("run says that the kernel killed a program for lack of memory", {
  skip: skip || needsLittleMemory,
}, (t) => {
  const group = makeGroup(400 << 20);
  if (group === undefined) return t.skip("no control group to be had");
  using log = lastingLog("hard");
  try {
    // Of a file without a line end tail keeps all.
    const { status, stderr } = run(
      ["--log", log.name, "--size", "1MiB", "--", "sh", "-c", "echo hungry; exec tail /dev/zero"],
      [...IN_GROUP, group],
    );
    assert.equal(status, 137, stderr);
  } finally {
    rmdirSync(group);
  }
  const { lines, end } = recordOf(log.target);
  assert.deepEqual(lines, ["stdout F hungry"]);
  assert.deepEqual(
    [end.level, end.oomKilled, end.msg],
    ["fatal", true, "sh ended by SIGKILL, by the kernel for lack of memory"],
  );
  assert.ok(Number(end.maxMemoryBytes) > 100 << 20, `${end.maxMemoryBytes}`);
});

test("run as process 1 takes SIGTERM, and waits for orphans", { skip }, (t) => {
  const before = ["unshare", "--pid", "--fork", "--mount-proc"];
  const { status: isPossible, stderr: why } = spawnSync(before[0], [...before.slice(1), "true"], {
    encoding: "utf8",
  });
  if (isPossible !== 0) return t.skip(`no namespace to be had: ${why?.trim()}`);
  using log = lastingLog("hard");
  const program = `trap 'echo asked; exit 6' TERM
    (sleep 0.1 & echo $! > ${folder}/orphan)
    i=0; while test -e /proc/$(cat ${folder}/orphan) && [ $((i += 1)) -lt 200 ]; do sleep 0.05; done
    test -e /proc/$(cat ${folder}/orphan) && echo zombie
    echo parent $PPID; kill -TERM 1; while :; do sleep 0.05; done`;
  const { status, stdout, stderr } = run(
    ["--log", log.name, "--size", "1MiB", "--", "sh", "-c", program],
    before,
  );
  assert.deepEqual([status, stdout], [6, "parent 1\nasked\n"], stderr);
});

test("run records and passes on what comes faster than anything can read it", { skip }, () => {
  using log = lastingLog("hard");
  const count = 1_000_000;
  const line = "x".repeat(99);
  const script = `yes ${line} | head -n ${count}; echo end >&2`;
  const [command, fixed] = cliCommand(["run", "--log", log.name, "--", "sh", "-c", script]);
  const quoted = [command, ...fixed].map((word) => `'${word}'`).join(" ");
  const { stdout, stderr } = spawnSync("sh", ["-c", `${quoted} | cksum`], { encoding: "utf8" });
  const expected = spawnSync("sh", ["-c", `yes ${line} | head -n ${count} | cksum`]);
  assert.equal(stdout, expected.stdout.toString());
  assert.equal(stderr, "end\n");
  using reader = ShmLogReader.open(log.target, { strategy: "oldest" });
  // The lines, what came on standard error, and the end.
  assert.equal(reader.newestSequenceNumber(), count + 2);
});
