/**
 * The command line where there are no signals, and a segment lives as long as somebody has it open:
 * on Windows. The other tests end commands by signals, and look at logs that nobody has open.
 */

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../ffi/mod.ts";
import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { CursorFile } from "../../src/cli/files/cursor_file.ts";
import { renamePatiently } from "../../src/place_file.ts";
import { Watch } from "../../src/cli/top/watch.ts";
import { runCli, startCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { isWindows } from "../support/platform.ts";
import { startChild, uniqueName } from "../support/runtime.ts";

const skip = isWindows ? false : "only on Windows";
const folder = testFolder("cli");

test("write makes a file by a Windows path; tail, stat, dump and remove find it", { skip }, () => {
  const path = join(folder, "ä app.log");
  assert.match(path, /^[A-Z]:\\/);
  const written = runCli(["write", path], "one\ntwo ä\nthree\n");
  assert.deepEqual(written, { code: 0, stdout: "", stderr: "" });
  const again = runCli(["write", path], "four\n");
  assert.deepEqual(again, { code: 0, stdout: "", stderr: "" });
  assert.equal(runCli(["tail", path, "--all"]).stdout, "one\ntwo ä\nthree\nfour\n");
  const info = JSON.parse(runCli(["stat", path, "-o", "json"]).stdout);
  assert.deepEqual([info.entries, info.lastSequenceNumber, info.writerAlive], [4, 4, false]);
  const dump = join(folder, "dump.txt");
  assert.equal(runCli(["dump", "--name", path, "--output", dump]).code, 0);
  assert.match(readFileSync(dump, "utf8"), /three\nfour\n/);
  assert.deepEqual(runCli(["remove", path]), { code: 0, stdout: "", stderr: "" });
  assert.equal(existsSync(path), false);
  assert.equal(runCli(["remove", path]).code, 1);
});

test(
  "a log in shared memory that is written is seen by stat and tail, and not removed",
  { skip },
  () => {
    for (const name of [uniqueName("cli"), uniqueName("cli").slice(1)]) {
      using writer = ShmLogWriter.create(name, {
        unlinkOnClose: true,
        chunkSize: 4096,
        chunkCount: 4,
      });
      writer.writeMany(["one", "two"]);
      assert.equal(runCli(["tail", name, "--all"]).stdout, "one\ntwo\n");
      assert.match(runCli(["stat", name]).stdout, /writer {3}alive\n/);
      for (const force of [[], ["--force"]]) {
        const removed = runCli(["remove", ...force, name]);
        assert.equal(removed.code, 1);
        assert.match(
          removed.stderr,
          /can't be removed on this system: it goes when all have closed it\n$/,
        );
      }
      writer.write("three");
    }
  },
);

test("write makes shared memory for its readers, which keep it", { skip }, async () => {
  const name = uniqueName("cli");
  const command = startCli(["write", name, "--tee", "--chunk-size", "4096", "--chunks", "4"]);
  command.process.stdin?.write("one\ntwo\n");
  await command.until((stdout) => stdout.includes("two"));
  const reader = ShmLogReader.open(name);
  command.process.stdin?.end("three\n");
  assert.equal((await command.ended()).code, 0);
  assert.deepEqual([...reader].map((entry) => entry.text), ["one", "two", "three"]);
  assert.equal(runCli(["tail", name, "--all"]).stdout, "one\ntwo\nthree\n");
  reader.close();
  const gone = runCli(["tail", name, "--all"]);
  assert.deepEqual([gone.code, gone.stdout], [1, ""]);
  assert.match(gone.stderr, /no log named|no file/);
});

test("tail -F and record -F continue with a log whose writer is killed, ends, and is resumed", {
  skip,
}, async () => {
  const name = uniqueName("cli");
  const path = join(folder, "recorded.txt");
  const writerFile = new URL("children/writer.ts", import.meta.url);
  let lines = "";
  const followers = [startCli(["tail", "-F", name]), startCli(["record", name, path, "-F"])];
  const recorded = () => existsSync(path) ? readFileSync(path, "utf8") : "";
  for (const end of ["kill", "end", "kill"]) {
    const writer = startChild(writerFile, [name, end, "resume", 65536]);
    assert.equal(await writer.nextLine(), "ready");
    const first = lines.split("\n").length;
    await writer.say("5");
    await writer.nextLine();
    for (let i = 0; i < 5; i++) lines += `${end}${first + i}\n`;
    await followers[0].until((stdout) => stdout === lines);
    while (recorded() !== lines) await sleep(20);
    if (end === "end") {
      await writer.say("end");
      assert.equal(await writer.ended(), 0);
    } else await writer.kill();
  }
  for (const follower of followers) {
    follower.signal("SIGINT");
    assert.equal((await follower.ended()).code, 0);
  }
  assert.deepEqual([followers[0].stdout, recorded()], [lines, lines]);
  assert.equal(SharedMemory.exists(name), false);
});

test("a rename waits for a process that has the file open for a moment, but not without end", {
  skip,
}, async () => {
  const holderFile = new URL("children/file_holder.ts", import.meta.url);
  const path = join(folder, "held");
  writeFileSync(path, "before\n");
  const hold = async (time: number) => {
    const holder = startChild(holderFile, [path, time]);
    assert.equal(await holder.nextLine(), "held");
    return holder;
  };
  let holder = await hold(150);
  new CursorFile(path).save({ device: 1, inode: 2, created: 3, sequenceNumber: 4 });
  assert.equal(new CursorFile(path).load()?.sequenceNumber, 4);
  await holder.ended();
  holder = await hold(60_000);
  // For ever is too long.
  const other = join(folder, "other");
  writeFileSync(other, "after\n");
  assert.throws(() => renamePatiently(other, path));
  await holder.kill();
});

test("top and list keep no log that they look at", { skip }, async () => {
  const name = uniqueName("cli");
  const watch = new Watch();
  const mine = async () => (await watch.look()).find((look) => look.name === name);
  for (let i = 0; i < 2; i++) {
    using writer = ShmLogWriter.create(name, {
      unlinkOnClose: true,
      chunkSize: 4096,
      chunkCount: 4,
    });
    writer.write("one");
    const look = await mine();
    assert.deepEqual([look?.isAlive, look?.outline?.total], [true, 1]);
    writer.write("two");
    // The clock may know milliseconds only.
    await sleep(2);
    assert.ok(((await mine())?.rate ?? 0) > 0);
    writer.close();
    assert.equal(SharedMemory.exists(name), false);
    assert.equal(await mine(), undefined);
  }
});

test("list shows the logs that somebody has open", { skip }, () => {
  const name = uniqueName("cli");
  using writer = ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize: 4096, chunkCount: 4 });
  writer.writeMany(["one", "two"]);
  using _memory = SharedMemory.create(`${name}-none`, 4096);
  const { code, stdout } = runCli(["list"]);
  assert.equal(code, 0);
  assert.match(stdout, new RegExp(`^${name} +20 KiB +2 +2 +\\? +alive$`, "m"));
  assert.ok(!stdout.includes(`${name}-none`));
  writer.close();
  assert.ok(!runCli(["list"]).stdout.includes(name));
});

test("what cannot stay is reported", { skip }, () => {
  const path = join(folder, "lines.txt");
  writeFileSync(path, "one\n");
  const generate = ["generate", "--size", "8192", "--count", "1", "--min-size", "1"];
  generate.push("--max-size", "9", "--interval", "0", "--json-out", join(folder, "records.json"));
  for (
    const [args, what] of [
      [["write", uniqueName("cli")], "write"],
      [["replay", path, uniqueName("cli")], "replay"],
      [[...generate, "--name", uniqueName("cli"), "--no-unlink-at-exit"], "--no-unlink-at-exit"],
    ] as const
  ) {
    const { code, stderr } = runCli([...args], "one\n");
    assert.equal(code, 0, stderr);
    assert.ok(stderr.includes(`${what} keeps only files on this system`), stderr);
  }
});

test("names that can't be are wrong usage", { skip }, () => {
  for (const name of ["", "Global\\"]) assert.equal(runCli(["stat", name]).code, 2, name);
});
