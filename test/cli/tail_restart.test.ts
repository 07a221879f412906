/** `ouroboros tail -F` across the ends and beginnings of writers. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../ffi/mod.ts";
import { startCli } from "../support/cli.ts";
import { needsLettingGo } from "../support/platform.ts";
import { type Child, sameOnAll, startChild, uniqueName } from "../support/runtime.ts";

const MOVED = "following a new log of this name";

/** A writer in a process of its own, which writes so many lines to begin with. */
async function startWriter(
  name: string,
  tag: string,
  count: number,
  { ifExists = "replace", chunkSize = 65536 } = {},
): Promise<Child> {
  const file = new URL("children/writer.ts", import.meta.url);
  const writer = startChild(file, [name, tag, ifExists, chunkSize]);
  assert.equal(await writer.nextLine(), "ready");
  await write(writer, count);
  return writer;
}

async function write(writer: Child, count: number): Promise<void> {
  await writer.say(String(count));
  await writer.nextLine();
}

const lines = (tag: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `${tag}${from + i}\n`).join("");

test("tail -F waits for a log, and follows its name through a crash, a resumption and an end", {
  skip: needsLettingGo,
}, async () => {
  const name = uniqueName();
  const running = startCli(["tail", "-F", name]);
  const waiting = `ouroboros: waiting for log "${name}"\n`;
  let writer: Child | undefined;
  try {
    await running.untilStderr((stderr) => stderr === waiting);
    writer = await startWriter(name, "a", 5);
    let expected = lines("a", 1, 5);
    await running.until((stdout) => stdout === expected);
    // What the writer says right before its death must not be lost with it.
    await write(writer, 100);
    await writer.kill();
    writer = await startWriter(name, "b", 5);
    expected += lines("a", 6, 105) + lines("b", 1, 5);
    await running.until((stdout) => stdout === expected);
    await writer.kill();
    writer = await startWriter(name, "c", 5, { ifExists: "resume" });
    expected += lines("c", 6, 10);
    await running.until((stdout) => stdout === expected);
    await writer.say("end");
    assert.equal(await writer.ended(), 0);
    writer = await startWriter(name, "d", 3);
    expected += lines("d", 1, 3);
    await running.until((stdout) => stdout === expected);
    running.signal("SIGINT");
    const { code, stdout, stderr } = await running.ended();
    assert.deepEqual([code, stdout], [0, expected]);
    assert.equal(stderr, waiting + `ouroboros: ${MOVED}\n`.repeat(2));
  } finally {
    await writer?.kill();
    SharedMemory.unlink(name);
  }
});

test("tail -F counts what the new log has overwritten before it was seen", {
  skip: needsLettingGo || sameOnAll,
}, async () => {
  const name = uniqueName();
  let writer: Child | undefined;
  try {
    writer = await startWriter(name, "a", 1);
    const running = startCli(["tail", "-F", name]);
    await running.until((stdout) => stdout === "a1\n");
    await writer.kill();
    writer = await startWriter(name, "b", 3000, { chunkSize: 1024 });
    await running.until((stdout) => stdout.endsWith("b3000\n"));
    running.signal("SIGINT");
    const { code, stdout, stderr } = await running.ended();
    assert.equal(code, 0);
    const lost = [...stderr.matchAll(/^ouroboros: (\d+) entr(?:y|ies) lost$/gm)]
      .reduce((sum, [, count]) => sum + Number(count), 0);
    assert.ok(stderr.startsWith(`ouroboros: ${MOVED}\n`), stderr);
    assert.equal(stdout.split("\n").length - 2 + lost, 3000);
  } finally {
    await writer?.kill();
    SharedMemory.unlink(name);
  }
});

test(
  "tail -F of several logs follows each of them",
  { skip: needsLettingGo || sameOnAll },
  async () => {
    const names = [uniqueName(), uniqueName()];
    const writers: (Child | undefined)[] = [];
    try {
      writers[0] = await startWriter(names[0], "a", 1);
      writers[1] = await startWriter(names[1], "b", 1);
      const running = startCli(["tail", "-F", "--no-prefix", ...names]);
      const seen = () => running.stdout.split("\n").slice(0, -1).sort();
      await running.until(() => seen().join() === "a1,b1");
      await writers[0].kill();
      writers[0] = await startWriter(names[0], "c", 2);
      await write(writers[1], 1);
      await running.until(() => seen().join() === "a1,b1,b2,c1,c2");
      running.signal("SIGINT");
      const { code, stderr } = await running.ended();
      assert.deepEqual([code, stderr], [0, `ouroboros: ${names[0]}: ${MOVED}\n`]);
    } finally {
      for (const writer of writers) await writer?.kill();
      for (const name of names) SharedMemory.unlink(name);
    }
  },
);

test("tail -F --state misses nothing when it and the writer are killed in turn", {
  skip: sameOnAll,
}, async () => {
  const name = uniqueName();
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-restart-"));
  const path = join(folder, "at");
  const args = ["tail", "-F", name, "--state", path];
  let writer: Child | undefined;
  try {
    writer = await startWriter(name, "a", 3);
    const first = startCli(args);
    await first.until((stdout) => stdout === lines("a", 1, 3));
    first.process.kill("SIGKILL");
    await first.ended();
    await write(writer, 2);
    const second = startCli(args);
    await second.until((stdout) => stdout.endsWith("a5\n"));
    // Saved after it was printed.
    while (!existsSync(path)) await sleep(5);
    await writer.kill();
    second.process.kill("SIGKILL");
    await second.ended();
    writer = await startWriter(name, "b", 3);
    const third = startCli(args);
    await third.until((stdout) => stdout === lines("b", 1, 3));
    await write(writer, 1);
    await third.until((stdout) => stdout === lines("b", 1, 4));
    third.signal("SIGINT");
    const { code, stderr } = await third.ended();
    assert.equal(code, 0);
    assert.match(stderr, /^ouroboros: the place is one of another log.*\n$/);
  } finally {
    await writer?.kill();
    SharedMemory.unlink(name);
    rmSync(folder, { recursive: true });
  }
});
