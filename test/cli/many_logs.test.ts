/** Commands that look at all logs: none of these, nor their number, may keep the others from being seen. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { segmentSize, ShmLogWriter, Writer } from "../../mod.ts";
import { delay } from "../../src/async.ts";
import { cliCommand, runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { runScript, sameOnAll, uniqueName } from "../support/runtime.ts";
import { Raw } from "../support/segment.ts";

const skip = process.platform === "linux" ? false : "needs /dev/shm and ulimit";
const folder = testFolder("many-logs");

/** A log of a format version that there is not yet. */
function versionThree(): Uint8Array {
  const memory = new ArrayBuffer(4096);
  const raw = new Raw(memory);
  raw.view.setBigUint64(0, 0x4f55524f424c4f47n, true);
  raw.setU32(8, 3);
  raw.setU32(12, 4);
  return new Uint8Array(memory);
}

/** Runs a command with so few descriptors that 200 logs are more than it may have open. */
function runShort(args: string[]): { status: number | null; stdout: string; stderr: string } {
  const before = ["sh", "-c", 'ulimit -n 150; exec "$@"', "sh"];
  return runScript(new URL("../../src/cli/main.ts", import.meta.url), args, { before });
}

test("more logs than a process may have open are all seen, and so are files that are not logs", {
  skip,
}, () => {
  const prefix = uniqueName("many");
  const files: string[] = [];
  const put = (name: string, bytes: Uint8Array) => {
    files.push(`/dev/shm${name}`);
    writeFileSync(`/dev/shm${name}`, bytes);
  };
  try {
    const memory = new ArrayBuffer(segmentSize(2, 256));
    Writer.create(memory, { chunkCount: 2 }).write("one");
    const sound = new Uint8Array(memory);
    for (let i = 0; i < 200; i++) put(`${prefix}-${i}`, sound);
    put(`${prefix}-cut`, sound.slice(0, 40));
    put(`${prefix}-three`, versionThree());
    const list = runShort(["list"]);
    assert.deepEqual([list.status, list.stderr], [0, ""]);
    for (let i = 0; i < 200; i++) {
      assert.match(list.stdout, new RegExp(`^${prefix}-${i} +560 B +1 +1 .* dead$`, "m"));
    }
    assert.match(list.stdout, new RegExp(`^${prefix}-cut +\\? +0 +0 .* CORRUPT_LOG$`, "m"));
    assert.match(list.stdout, new RegExp(`^${prefix}-three .* format of version 3$`, "m"));
    const top = runShort(["top", "--once", "-d", "0.1", "-o", "json"]);
    assert.deepEqual([top.status, top.stderr], [0, ""]);
    const looks: { name: string; entries?: number; error?: string }[] = JSON.parse(top.stdout);
    const mine = looks.filter(({ name }) => name.startsWith(prefix));
    assert.equal(mine.filter(({ entries }) => entries === 1).length, 200);
    assert.deepEqual(
      mine.filter(({ error }) => error !== undefined).map(({ name, error }) => [name, error])
        .sort(),
      [[`${prefix}-cut`, "CORRUPT_LOG"], [`${prefix}-three`, "UNSUPPORTED_LOG"]],
    );
  } finally {
    for (const file of files) rmSync(file);
  }
});

test("a log of a version to come is named, does not count as damaged, and is not replaced", {
  skip: sameOnAll,
}, () => {
  const path = join(folder, "three.log");
  writeFileSync(path, versionThree());
  for (const command of [["verify", path], ["stat", path], ["tail", path], ["remove", path]]) {
    const { code, stdout, stderr } = runCli(command);
    assert.deepEqual([code, stdout], [1, ""], command[0]);
    assert.ok(stderr.includes(path) && /version 3 of the format/.test(stderr), stderr);
  }
  for (const ifExists of ["replace", "resume"] as const) {
    assert.throws(() => ShmLogWriter.create({ path }, { ifExists }), {
      code: "UNSUPPORTED_LOG",
      version: 3,
    });
  }
  assert.match(runCli(["verify", path]).stderr, /version 3/);
});

test(
  "tail -F continues where more logs match than it may have open, and takes others when some are gone",
  {
    skip,
  },
  async () => {
    const prefix = uniqueName("short");
    const files: string[] = [];
    const put = (i: number) => {
      const memory = new ArrayBuffer(segmentSize(2, 256));
      Writer.create(memory, { chunkCount: 2 }).write(`text ${i}`);
      files.push(`/dev/shm${prefix}.${i}`);
      writeFileSync(files.at(-1)!, new Uint8Array(memory));
    };
    const [command, args] = cliCommand(["tail", "-F", `${prefix}.*`, "--no-prefix"]);
    const child = spawn("sh", ["-c", 'ulimit -n 100; exec "$@"', "sh", command, ...args]);
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text);
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
    const until = async (condition: () => boolean) => {
      while (!condition()) {
        assert.equal(child.exitCode, null, stderr);
        await delay(20);
      }
    };
    try {
      put(0);
      await until(() => stdout.includes("text 0\n"));
      for (let i = 1; i < 120; i++) put(i);
      await until(() => /can be open at once/.test(stderr));
      await delay(500);
      for (const file of files.splice(0, 90)) rmSync(file);
      await until(() => stdout.includes("text 119\n"));
      assert.equal([...stderr.matchAll(/can be open at once/g)].length, 1);
    } finally {
      child.kill("SIGKILL");
      for (const file of files) rmSync(file, { force: true });
    }
  },
);

test("a log of many chunks is shown by stat, in words and as JSON", { skip: sameOnAll }, () => {
  const path = join(folder, "chunks.log");
  const chunkCount = 200_000;
  const memory = new ArrayBuffer(segmentSize(chunkCount, 8));
  const writer = Writer.create(memory, { chunkCount });
  for (let i = 0; i < chunkCount; i++) writer.write("abcd");
  writeFileSync(path, new Uint8Array(memory));
  const { code, stdout } = runCli(["stat", path]);
  assert.equal(code, 0);
  assert.equal(stdout.split("\n").length, 8 + 1 + chunkCount + 1);
  assert.match(stdout, /\n {3}100 {2}full +3200816 +100 +1 +8\n/);
  const info = JSON.parse(runCli(["stat", path, "-o", "json"]).stdout);
  assert.deepEqual([info.chunks.length, info.entries, info.damage], [chunkCount, chunkCount, []]);
});
