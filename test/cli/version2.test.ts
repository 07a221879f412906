/** Logs of version 2 on the command line: written, finished, begun anew, followed to their end. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { runCli, startCli } from "../support/cli.ts";
import { lastingLog } from "../support/lasting.ts";
import { sameOnAll } from "../support/runtime.ts";

const SMALL = ["--chunk-size", "4KiB", "--chunks", "4"];
const OPTIONS = { chunkSize: 4096, chunkCount: 4, unlinkOnClose: false, version: 2 } as const;

test("write --finish makes a log of version 2 that tail, stat, verify and dump read to its end", {
  skip: sameOnAll,
}, () => {
  using log = lastingLog();
  const { name, target } = log;
  runCli(["write", name, "--finish", ...SMALL], "one\ntwo\n");
  {
    using reader = ShmLogReader.open(target);
    assert.deepEqual([...reader].map(({ text }) => text), ["one", "two"]);
    assert.deepEqual([reader.version, reader.isFinished], [2, true]);
  }
  for (const flag of ["-f", undefined]) {
    const { code, stdout, stderr } = runCli(["tail", ...flag ? [flag] : [], name]);
    assert.deepEqual([code, stdout], [0, "one\ntwo\n"]);
    assert.equal(stderr, flag ? "ouroboros: the log is finished\n" : "");
  }
  const stat = runCli(["stat", name]);
  assert.match(stat.stdout, /version 2, id \d+\n {2}writer {3}finished/);
  const info = JSON.parse(runCli(["stat", name, "--json"]).stdout);
  assert.deepEqual([info.version, info.isFinished, info.entries], [2, true, 2]);
  assert.match(info.bufferId, /^\d+$/);
  assert.match(runCli(["verify", name]).stdout, /: sound\n {2}2 entries, 1 to 2/);
  const refused = runCli(["write", name]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /is finished after entry 2, so it can't be resumed/);
  assert.ok(refused.stderr.includes(name));
});

test("list and top say which logs are finished", {
  skip: sameOnAll || process.platform !== "linux",
}, () => {
  using log = lastingLog();
  const { name, target } = log;
  using writer = ShmLogWriter.create(target, OPTIONS);
  const row = () => runCli(["list"]).stdout.split("\n").find((line) => line.startsWith(`${name} `));
  assert.match(row() ?? "", / alive$/);
  writer.finish();
  assert.match(row() ?? "", / finished$/);
  const top = (...args: string[]) => runCli(["top", name, "-d", "0.1", ...args]).stdout;
  assert.match(top(), new RegExp(`^${name} +finished +0 `, "m"));
  assert.equal(JSON.parse(top("-o", "json"))[0].isFinished, true);
});

test("write --if-exists restart restarts a log in place; version 1 is left as it is", {
  skip: sameOnAll,
}, () => {
  using log = lastingLog();
  const { name, target } = log;
  const write = (text: string, ...args: string[]) => runCli(["write", name, ...args], text);
  write("one\n", "--format-version", "2", ...SMALL);
  using reader = ShmLogReader.open(target);
  assert.equal(reader.read()?.text, "one");
  assert.equal(write("uno\n", "--if-exists", "restart").code, 0);
  assert.deepEqual([reader.read(), reader.isRestarted, reader.reopen()], [undefined, true, true]);
  assert.equal(reader.read()?.text, "uno");
  reader.close();
  assert.equal(write("of version 1\n", "--if-exists", "replace").code, 0);
  for (const args of [["--if-exists", "restart"], ["--finish"]]) {
    const { code, stderr } = write("lost\n", ...args);
    assert.equal(code, 1, stderr);
    assert.ok(stderr.includes(name) && /version 1/.test(stderr), stderr);
    const { code: usage } = runCli(["write", name, "--format-version", "1", ...args]);
    assert.equal(usage, 2);
  }
  using same = ShmLogReader.open(target);
  assert.deepEqual([...same].map(({ text }) => text), ["of version 1"]);
});

test("tail -f ends with a finished log, exit code 0; tail -F waits for the next life", async () => {
  using log = lastingLog();
  const { name, target } = log;
  const first = ShmLogWriter.create(target, OPTIONS);
  first.write("one");
  const ending = startCli(["tail", "-f", name]);
  const staying = startCli(["tail", "-F", name]);
  await ending.until((text) => text.endsWith("one\n"));
  await staying.until((text) => text.endsWith("one\n"));
  first.write("two");
  first.finish();
  first.close();
  await ending.until((text) => text.endsWith("two\n"));
  await staying.until((text) => text.endsWith("two\n"));
  assert.equal((await ending.ended()).code, 0);
  assert.match(ending.stderr, /the log is finished/);
  const second = ShmLogWriter.create(target, { ...OPTIONS, ifExists: "restart" });
  second.write("uno");
  await staying.until((text) => text.endsWith("uno\n"));
  second.write("dos");
  await staying.until((text) => text.endsWith("dos\n"));
  second.close();
  // Not finished: what was not read of it is lost, and nobody knows how much.
  const third = ShmLogWriter.create(target, { ...OPTIONS, ifExists: "restart" });
  third.write("eins");
  await staying.until((text) => text.endsWith("eins\n"));
  third.close();
  staying.signal("SIGINT");
  await staying.ended();
  assert.match(staying.stderr, /new log of this name\n/);
  assert.match(staying.stderr, /which was restarted: how many entries are lost is unknown\n/);
});
