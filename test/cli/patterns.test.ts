/** Patterns, and the slots of a name, in the place of names of logs. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { SharedMemory } from "../../ffi/mod.ts";
import { saveLog, ShmLogWriter } from "../../mod.ts";
import { removeDead } from "../../src/cli/remove.ts";
import { cliCommand, runCli, startCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { isWindows, needsLastingNames, needsLettingGo } from "../support/platform.ts";
import { uniqueName } from "../support/runtime.ts";
import { line, logMaker, messages } from "../support/timed_logs.ts";

const skip = process.platform === "darwin" && "this system does not list shared memory";
const folder = testFolder("patterns");
const makeLog = logMaker();

test("tail takes all logs that match, by time, and the slots of a name where that has no log", {
  skip,
}, () => {
  const name = uniqueName("slots");
  makeLog(`${name}.0`, [[1, "a"], [4, "d"]]);
  makeLog(`${name}.1`, [[2, "b"], [3, "c"]]);
  makeLog(`${name}.10`, [[5, "e"]]);
  makeLog(`${name}.other`, [[6, "f"]]);
  const all = runCli(["tail", `${name}.*`]);
  assert.deepEqual([all.code, all.stderr], [0, ""]);
  assert.deepEqual(messages(all.stdout), ["a", "b", "c", "d", "e", "f"]);
  assert.ok(all.stdout.startsWith(`${name}.0`), all.stdout);
  assert.deepEqual(messages(runCli(["tail", `${name}.[01]`]).stdout), ["a", "b", "c", "d"]);
  assert.deepEqual(messages(runCli(["tail", `${name}.?`, "-r"]).stdout), [..."dcba"]);
  const one = runCli(["tail", `${name}.1*`, `${name}.1`]);
  assert.deepEqual(messages(one.stdout), ["b", "c", "e"]);
  const slots = runCli(["tail", name]);
  assert.deepEqual(messages(slots.stdout), ["a", "b", "c", "d", "e"]);
  assert.equal(slots.stderr, "");
  const none = runCli(["tail", `${name}-*`]);
  assert.deepEqual([none.code, none.stderr], [1, `ouroboros: no log matches "${name}-*"\n`]);
  // A log of that name is the log.
  makeLog(name, [[7, "g"]]);
  assert.deepEqual(messages(runCli(["tail", name]).stdout), ["g"]);
});

test("tail takes patterns of files", async () => {
  for (const i of [0, 1, 2]) {
    const log = makeLog(uniqueName("files"), [[10 - i, `${i}`]]);
    await saveLog(log.name, join(folder, `app.${i}.log`));
  }
  const found = runCli(["tail", join(folder, "*.log"), "--no-prefix"]);
  assert.deepEqual(messages(found.stdout), ["2", "1", "0"]);
  const none = runCli(["tail", join(folder, "*.txt")]);
  assert.deepEqual([none.code, /no log matches file/.test(none.stderr)], [1, true]);
});

test("stat and verify take patterns", { skip }, () => {
  const name = uniqueName("looks");
  makeLog(`${name}.0`, [[1, "a"]]);
  makeLog(`${name}.1`);
  const stat = runCli(["stat", `${name}.*`]);
  assert.deepEqual([stat.code, [...stat.stdout.matchAll(/ segment /g)].length], [0, 2]);
  const verify = runCli(["verify", `${name}.*`]);
  assert.deepEqual(verify.code, 0);
  assert.match(verify.stdout, /\.0: sound\n(?:.*\n)*.*\.1: sound\n/);
  assert.equal(runCli(["verify", name]).code, 0);
});

for (const flag of ["-f", "-F"]) {
  test(`tail ${flag} of a pattern takes logs that begin to match, and those that come back`, {
    skip: skip || needsLettingGo,
  }, async () => {
    const name = uniqueName("join");
    const running = startCli(["tail", flag, `${name}.*`]);
    await running.untilStderr((text) => /waiting for a log that matches/.test(text));
    const first = makeLog(`${name}.0`, [[1, "a"]]);
    await running.until((text) => messages(text).join("") === "a");
    first.write(line(2, "b"));
    const second = makeLog(`${name}.1`, [[3, "c"]]);
    await running.until((text) => messages(text).join("") === "abc");
    // Removed, and made again.
    first.close();
    await running.untilStderr((text) => text.includes(`${name}.0: the log is removed`));
    makeLog(`${name}.0`, [[4, "d"]]);
    await running.until((text) => messages(text).join("") === "abcd");
    second.write(line(5, "e"));
    await running.until((text) => messages(text).join("") === "abcde");
    running.signal("SIGINT");
    assert.equal((await running.ended()).code, 0);
  });
}

test("tail -f of a pattern takes all that is left of a log that begins to match", {
  skip,
}, async () => {
  const name = uniqueName("left");
  const running = startCli(["tail", "-f", `${name}.*`]);
  await running.untilStderr((text) => /waiting for a log that matches/.test(text));
  using log = ShmLogWriter.create(`${name}.0`, {
    chunkSize: 4096,
    chunkCount: 8,
    unlinkOnClose: true,
  });
  // It has overwritten its first lines before anybody looks.
  for (let n = 0; n < 2000; n++) log.write(line(n, `m${n}`));
  await running.until((text) => text.includes("m1999"));
  running.signal("SIGINT");
  const { stdout } = await running.ended();
  const left = messages(runCli(["tail", log.name, "--all"]).stdout);
  assert.ok(left.length > 200);
  assert.deepEqual(messages(stdout).slice(-left.length), left);
});

test("list prints the slots of a name as one line, with -l each, with last write and writer", {
  skip: skip || process.platform === "win32",
}, () => {
  const name = uniqueName("group");
  const now = Date.now();
  const written = (log: ShmLogWriter, ago: number) =>
    log.write(JSON.stringify({ level: 30, time: now - ago, msg: "x" }));
  const logs = [0, 1, 2].map((i) => makeLog(`${name}.${i}`));
  const other = makeLog(`${name}.other`);
  const dogs = [0, 1].map((i) => makeLog(`${name}.${i}.watch`));
  logs.forEach((log, i) => written(log, 3_600_000 * (i + 3)));
  written(logs[0], 4 * 86_400_000);
  logs[1].write("  at the line of a stack");
  logs[2].close({ unlink: false });
  const pid = process.platform === "linux" ? String(process.pid) : " *";
  const list = (...args: string[]) => runCli(["list", ...args, `${name}.*`]).stdout;
  assert.match(list(), /^NAME +SIZE +ENTRIES +LAST +WRITTEN +PID +WRITER$/m);
  const groups = list();
  assert.match(groups, /\.\{slot\} +192\.2 KiB +5 +5 +4 h ago +2 of 3 alive\n/);
  assert.match(groups, new RegExp(`\\.other +64\\.1 KiB +0 +0 +\\? +${pid} +alive\n`));
  assert.match(groups, /\.\{slot\}\.watch +128\.2 KiB +0 +0 +\? +2 of 2 alive\n/);
  assert.equal(groups.split("\n").length, 5);
  for (const dog of dogs) dog.close();
  const each = list("-l");
  assert.match(each, new RegExp(`\\.0 +64\\.1 KiB +2 +2 +4 d ago +${pid} +alive\n`));
  assert.match(each, new RegExp(`\\.1 +64\\.1 KiB +2 +2 +4 h ago +${pid} +alive\n`));
  assert.match(each, /\.2 +64\.1 KiB +1 +1 +5 h ago +dead\n/);
  const json = JSON.parse(list("--json"));
  assert.equal(json.length, 4);
  assert.equal(json[1].lastWrite, now - 4 * 3_600_000);
  assert.equal(runCli(["remove", "--dead", `${name}.2`]).code, 0);
  other.close();
});

test("remove --dead takes what matches and has no writer, with --older-than what is old", {
  skip: skip || process.platform === "win32",
}, () => {
  const name = uniqueName("dead");
  const make = (slot: string, ago: number | undefined, isAlive = false) => {
    const log = makeLog(`${name}.${slot}`);
    if (ago !== undefined) {
      log.write(JSON.stringify({ level: 30, time: Date.now() - ago, msg: "x" }));
    } else log.write("no time");
    if (!isAlive) log.close({ unlink: false });
  };
  const day = 86_400_000;
  make("0", 8 * day);
  make("1", 6 * day);
  make("2", 9 * day, true);
  make("3", undefined);
  make("4", 30 * day);
  // What a receiver keeps beside it.
  makeLog(`${name}.4.origin`).close({ unlink: false });
  const left = () => SharedMemory.list().filter((one) => one.startsWith(`${name}.`));
  const remove = (...args: string[]) => runCli(["remove", ...args]);
  assert.equal(remove("--older-than", "7d", `${name}.*`).code, 2);
  const old = remove("--dead", "--older-than", "7d", `${name}.*`);
  assert.deepEqual([old.code, old.stderr.split("\n").slice(-2)], [0, [
    "ouroboros: 2 logs removed",
    "",
  ]]);
  assert.match(old.stderr, new RegExp(`${name}\\.3" is kept: its last entries say no time`));
  assert.deepEqual(left(), [1, 2, 3].map((i) => `${name}.${i}`));
  // A name is no pattern of its slots here.
  assert.equal(remove(name).code, 1);
  assert.equal(left().length, 3);
  assert.deepEqual(remove("--dead", `${name}.[13]`).code, 0);
  assert.deepEqual(left(), [`${name}.2`]);
  const none = remove("--dead", `${name}.*`);
  assert.deepEqual([none.code, none.stderr], [0, "ouroboros: 0 logs removed\n"]);
  assert.equal(remove(`${name}.*`).code, 1);
  assert.equal(remove("--force", `${name}.*`).code, 0);
  assert.deepEqual(left(), []);
});

test("remove --dead --older-than keeps a log that was written just before it is removed", {
  skip: needsLastingNames,
}, (t) => {
  const name = uniqueName("dead");
  const write = (ago: number) => {
    const writer = ShmLogWriter.create(name, { size: "64KiB", ifExists: "resume" });
    writer.write(JSON.stringify({ level: 30, time: Date.now() - ago, msg: "x" }));
    writer.close();
  };
  const hour = 3_600_000;
  write(5 * hour);
  const { tryLock } = SharedMemory.prototype;
  t.after(() => {
    SharedMemory.prototype.tryLock = tryLock;
    SharedMemory.unlink(name);
  });
  SharedMemory.prototype.tryLock = function () {
    SharedMemory.prototype.tryLock = tryLock;
    write(0);
    return tryLock.call(this);
  };
  assert.equal(removeDead(name, hour), "new");
  assert.equal(SharedMemory.exists(name), true);
  assert.equal(removeDead(name, undefined), undefined);
  assert.equal(SharedMemory.exists(name), false);
});

test("remove --dead --older-than takes the age of a log without entries from its segment", {
  skip: skip || process.platform !== "linux",
}, () => {
  const name = uniqueName("empty");
  const weekAgo = Date.now() / 1000 - 7 * 86_400;
  for (const slot of ["0", "0.watch", "1", "1.watch"]) {
    const log = makeLog(`${name}.${slot}`);
    if (!slot.endsWith("watch")) log.write("no time");
    log.close({ unlink: false });
    // Each but the last one was made a week ago.
    if (slot !== "1.watch") utimesSync(`/dev/shm${name}.${slot}`, weekAgo, weekAgo);
  }
  const { code, stderr } = runCli(["remove", "--dead", "--older-than", "1d", `${name}.*`]);
  assert.equal(code, 0);
  assert.match(stderr, /ouroboros: 1 log removed\n$/);
  assert.doesNotMatch(stderr, /watch/);
  const left = SharedMemory.list().filter((one) => one.startsWith(`${name}.`)).sort();
  assert.deepEqual(left, ["0", "1", "1.watch"].map((slot) => `${name}.${slot}`));
  assert.equal(runCli(["remove", ...left]).code, 0);
});

test("save puts the logs that match into a folder, each in a file", { skip }, () => {
  const name = uniqueName("saved");
  makeLog(`${name}.0`, [[1, "a"]]);
  makeLog(`${name}.1`, [[2, "b"]]);
  const incident = join(folder, "incident");
  assert.equal(runCli(["save", `${name}.*`, `${incident}/`]).code, 0);
  assert.deepEqual(readdirSync(incident).sort(), [0, 1].map((i) => `${name.slice(1)}.${i}.log`));
  assert.deepEqual(messages(runCli(["tail", join(incident, "*")]).stdout), ["a", "b"]);
  assert.equal(runCli(["save", `${name}.*`, incident]).code, 1);
  assert.equal(runCli(["save", "--force", name, incident]).code, 0);
  assert.equal(runCli(["save", `${name}-*`, incident]).code, 1);
});

test("save puts several logs into one file by time, and each entry tells where it is from", {
  skip,
}, () => {
  const name = uniqueName("several");
  makeLog(`${name}.0`, [[1, "a"], [4, "d"]]);
  makeLog(`${name}.1`, [[2, "b"], [3, "c"]]);
  const path = join(folder, "several.log");
  const saved = runCli(["save", `${name}.*`, path]);
  assert.equal(saved.code, 0);
  assert.match(saved.stderr, /^ouroboros: 4 entries of 2 logs, .* in \S+several\.log\n$/);
  const text = runCli(["tail", "--all", path, "-o", "text"]).stdout.trimEnd().split("\n");
  assert.deepEqual(
    text.map((line) => [line.split(" | ")[0].trim(), JSON.parse(line.split(" | ")[1]).msg]),
    [[0, "a"], [1, "b"], [1, "c"], [0, "d"]].map(([i, msg]) => [`${hostname()}${name}.${i}`, msg]),
  );
  const json = runCli(["tail", "--all", "--json", path]).stdout.trimEnd().split("\n");
  const sources = json.map((line) => JSON.parse(line)).map((
    { seq, source },
  ) => [seq, source.log, source.seq]);
  assert.deepEqual(sources, [
    [1, `${name}.0`, 1],
    [2, `${name}.1`, 1],
    [3, `${name}.1`, 2],
    [4, `${name}.0`, 2],
  ]);
  // All that reads a log reads it.
  for (
    const args of [["stat"], ["verify"], ["tail", "-p", "info"], [
      "dump",
      "--output",
      "-",
      "--name",
    ]]
  ) {
    assert.equal(runCli([...args, path]).code, 0, args.join(" "));
  }
  // Once more, and by a pipe: it is all in the one file.
  const piped = join(folder, "piped.log");
  const { stdout } = spawnSync(...cliCommand(["save", path, "-"]));
  writeFileSync(piped, stdout);
  assert.equal(runCli(["tail", "--all", "--json", piped]).stdout, json.join("\n") + "\n");
  assert.equal(runCli(["save", `${name}.*`, path]).code, 1);
  assert.equal(runCli(["save", "--force", `${name}.*`, path]).code, 0);
});

test(
  "save --last counts from the end of each log, --since and --until from the clock",
  { skip },
  () => {
    const name = uniqueName("last");
    makeLog(`${name}.0`, [[1, "a"], [31, "b"], [61, "c"]]);
    makeLog(`${name}.1`, [[1000, "d"], [1040, "e"]]);
    const path = join(folder, "last.log");
    const saved = (...args: string[]) => {
      assert.equal(runCli(["save", ...args, path, "--force"]).code, 0);
      return messages(runCli(["tail", "--all", path, "--no-prefix"]).stdout);
    };
    assert.deepEqual(saved(`${name}.*`, "--last", "30s"), ["b", "c", "e"]);
    assert.deepEqual(saved(`${name}.*`, "--since", "@1700000031", "--until", "@1700001000"), [
      "b",
      "c",
      "d",
    ]);
    assert.deepEqual(saved(`${name}.0`, "--last", "30s"), ["b", "c"]);
    // Its own numbers.
    const [line] = runCli(["tail", "--all", "--json", path]).stdout.split("\n");
    assert.equal(JSON.parse(line).seq, 2);
    assert.deepEqual(saved(`${name}.0`, "--since", "@1700000002", "--until", "@1700000040"), ["b"]);
    assert.deepEqual(saved(`${name}.0`, "--since", "@1700000100"), []);
  },
);

test("save says which log of several it could not read, and saves the others", { skip }, () => {
  const name = uniqueName("some");
  makeLog(`${name}.0`, [[1, "a"]]);
  const path = join(folder, "some.log");
  const { code, stderr } = runCli(["save", `${name}.0`, `${name}.no`, path]);
  assert.equal(code, 1);
  assert.match(stderr, /no log named/);
  assert.match(stderr, /1 entry of 1 log/);
  assert.deepEqual(messages(runCli(["tail", path, "--no-prefix"]).stdout), ["a"]);
  assert.equal(runCli(["save", name]).code, 2);
  const piped = runCli(["save", `${name}.0`, `${name}.no`, "-"]);
  assert.deepEqual([piped.code, /1 entry of 1 log/.test(piped.stderr)], [1, true]);
  const each = join(folder, "some/");
  const into = runCli(["save", `${name}.no`, `${name}.0`, each]);
  assert.deepEqual([into.code, /no log named/.test(into.stderr)], [1, true]);
  assert.deepEqual(readdirSync(each), [`${name.slice(1)}.0.log`]);
});

test("what is found of one log is printed, also if the next one can't be opened", { skip }, () => {
  const name = uniqueName("beside");
  makeLog(name, [[1, "a"]]);
  for (const command of ["stat", "verify"]) {
    const { code, stdout, stderr } = runCli([command, name, `${name}-no`]);
    assert.equal(code, 1);
    assert.ok(stdout.startsWith(name), command);
    assert.match(stderr, /no log named/);
  }
});

test("a log that is named twice is one log", { skip }, () => {
  const name = uniqueName("twice");
  makeLog(name, [[1, "a"]]);
  // On Windows it is another name without its slash.
  const { stdout } = runCli(["tail", name, isWindows ? name : name.slice(1), name]);
  assert.equal(stdout, `${line(1, "a")}\n`);
});

test("top shows the slots of a name as one log, with -l each", {
  skip: skip || process.platform === "win32",
}, () => {
  const name = uniqueName("top");
  makeLog(`${name}.0`, [[1, "a"]]);
  makeLog(`${name}.1`, [[2, "b"]]).close({ unlink: false });
  const top = (...args: string[]) =>
    runCli(["top", "--once", "-d", "100ms", `${name}.*`, ...args]).stdout;
  assert.match(top(), /\.\{slot\} +1 of 2 +0 .* 2 +\d+ d ago\n$/);
  assert.match(top("-l"), /\.0 +\w+ +0 .*\n.*\.1 +dead +0 /);
  const [first, second] = JSON.parse(top("--json"));
  assert.deepEqual([first.writerAlive, second.writerAlive], [true, false]);
  assert.equal(first.lastWrite, 1_700_000_001_000);
  runCli(["remove", "--dead", `${name}.*`]);
});
