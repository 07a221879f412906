/** `ouroboros replay`: what save, record, tail and dump made becomes a log again. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import process from "node:process";
import test, { after } from "node:test";
import { SharedMemory } from "../../ffi/mod.ts";
import { type LogTarget, ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { openRecorded } from "../../src/cli/files/recorded.ts";
import { runCli, startCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { type LastingLog, lastingLog } from "../support/lasting.ts";
import { notOnWindows } from "../support/platform.ts";
import { uniqueName } from "../support/runtime.ts";
import { descriptorsOf } from "../support/usage.ts";

const folder = testFolder("replay");

const logs: LastingLog[] = [];
after(() => logs.forEach((log) => log[Symbol.dispose]()));
function newLog(): LastingLog {
  const log = lastingLog("replay");
  logs.push(log);
  return log;
}
const newName = () => newLog().name;

/** The payloads of a log as Latin-1, so that bytes can be told apart. */
function payloads(target: LogTarget): string[] {
  using reader = ShmLogReader.open(target, { strategy: "oldest" });
  return [...reader].map((entry) => String.fromCharCode(...entry.bytes));
}

test("what a log held is the same in a log that is replayed from any of its files", () => {
  using log = ShmLogWriter.create(uniqueName("replay"), {
    unlinkOnClose: true,
    chunkSize: 4096,
    chunkCount: 4,
  });
  log.writeMany([
    "plain",
    "",
    "é\nsecond line",
    new Uint8Array([255, 0, 10]),
    '{"seq":"no"}',
    "{",
    "# x",
  ]);
  const expected = payloads(log.name);
  assert.equal(runCli(["save", log.name, `${folder}/a.log`]).code, 0);
  writeFileSync(`${folder}/a.jsonl`, runCli(["tail", log.name, "--all", "-o", "json"]).stdout);
  for (const source of [`${folder}/a.log`, `${folder}/a.jsonl`, log.name]) {
    const { name, target } = newLog();
    const { code, stdout, stderr } = runCli(["replay", source, name]);
    assert.deepEqual([code, stdout], [0, ""], stderr);
    assert.match(stderr, /no entry has a time[^]*7 entries written to/);
    assert.deepEqual(payloads(target), expected, source);
  }
});

test("lines become entries, and what record says of itself does not", () => {
  const path = `${folder}/b.txt`;
  writeFileSync(
    path,
    'one\n# ouroboros: 3 entries lost after entry 7\n\n# a comment\n{"lost":1,"after":2}\n' +
      '{"reopened":true,"after":2}\n{"lost":1}\nlast',
  );
  const { name, target } = newLog();
  assert.equal(runCli(["replay", path, name, "--speed", "max"]).code, 0);
  assert.deepEqual(payloads(target), [
    "one",
    "",
    "# a comment",
    '{"lost":1,"after":2}',
    '{"reopened":true,"after":2}',
    '{"lost":1}',
    "last",
  ]);
});

/** What becomes of the lines of a file. */
function replayed(text: string, ...args: string[]): { entries: string[]; stderr: string } {
  const path = `${folder}/lines.jsonl`;
  writeFileSync(path, text);
  const { name, target } = newLog();
  const { code, stderr } = runCli(["replay", path, name, "--speed", "max", ...args]);
  assert.equal(code, 0, stderr);
  return { entries: payloads(target), stderr };
}

test("what -o json wrote is unwrapped, with all that it says about entries", () => {
  const json = '{"seq":7,"text":"seven"}\n{"lost":2,"after":7}\n{"seq":10,"base64":"/w=="}\n' +
    '{"reopened":true,"after":10}\n{"seq":1,"text":"{\\"seq\\":1,\\"text\\":\\"own\\"}"}\n' +
    '{"cursor":{"sequenceNumber":1}}\n{"seq":2,"te';
  const { entries, stderr } = replayed(json);
  assert.deepEqual(entries, ["seven", "\u00ff", '{"seq":1,"text":"own"}', '{"seq":2,"te']);
  assert.match(stderr, /the lines look like --json; --format text/);
  const two = '{"log":"/a","seq":3,"text":"a"}\n{"log":"/b","seq":1,"text":"b"}\n';
  assert.deepEqual(replayed(two).entries, ["a", "b"]);
  assert.equal(replayed(two, "--format", "text").entries.length, 2);
  assert.deepEqual(replayed(two, "--format", "text").entries, two.trimEnd().split("\n"));
});

test("an application's own JSON with seq and text, or lost and after, stays as it is", () => {
  const files = [
    '{"seq":1,"text":"mine","level":"info"}\n{"seq":2,"text":"mine"}\n',
    '{"seq": 1, "text": "mine"}\n{"seq": 2, "text": "mine"}\n',
    '{"seq":1,"text":"mine"}\nan unrelated line\n{"lost":1,"after":2}\n',
    '{"seq":5,"text":"numbers of its own"}\n{"seq":5,"text":"again"}\n',
    '{"lost":1,"after":2}\n{"lost":2,"after":4}\n',
    '{"text":"mine","seq":1}\n',
  ];
  for (const text of files) {
    const { entries, stderr } = replayed(text);
    assert.deepEqual(entries, text.trimEnd().split("\n"));
    assert.doesNotMatch(stderr, /-o json/);
  }
  const ambiguous = '{"seq":1,"text":"mine"}\n';
  assert.deepEqual(replayed(ambiguous, "--format", "text").entries, [ambiguous.trimEnd()]);
  assert.deepEqual(replayed(ambiguous).entries, ["mine"]);
});

test("replay keeps the pace that the times of the entries say, times --speed", () => {
  const path = `${folder}/c.jsonl`;
  const start = 1_700_000_000_000;
  const line = (ms: number) => `{"level":30,"time":${start + ms},"msg":"at ${ms}"}\n`;
  writeFileSync(path, [0, 3000, 2000, 6000].map(line).join("") + "no time\n");
  const run = (...args: (string | number)[]) => {
    const { name, target } = newLog();
    const before = performance.now();
    const { code, stderr } = runCli(["replay", path, name, ...args]);
    assert.deepEqual([code, /no entry says/.test(stderr)], [0, false], stderr);
    assert.equal(payloads(target).length, 5);
    return performance.now() - before;
  };
  // At least as long as that: what is more, the machine took.
  assert.ok(run("--speed", 10) >= 600);
  assert.ok(run("--max-gap", 0.2) >= 400);
  assert.ok(run("--rate", 10) >= 400);
  // At its own pace that would take a month.
  writeFileSync(path, [0, 2_600_000_000, 1].map(line).join("") + "no time\n".repeat(2));
  run("--speed", "max");
});

test("replay waits for no clock that was wrong, and keeps the pace after it", () => {
  const path = `${folder}/leap.jsonl`;
  const line = (time: string) => `{"level":30,"time":"${time}","msg":"x"}\n`;
  const at = (seconds: string) => `2026-11-21T12:00:${seconds}Z`;
  const run = (times: string[], ...args: (string | number)[]) => {
    writeFileSync(path, times.map(line).join(""));
    const { name, target } = newLog();
    const before = performance.now();
    const { code, stderr } = runCli(["replay", path, name, ...args]);
    assert.equal(code, 0);
    assert.equal(payloads(target).length, times.length);
    return { took: performance.now() - before, stderr };
  };
  const first = run(["0001-01-01T00:00:00Z", at("00"), at("00.500")]);
  assert.match(first.stderr, /a pause of 739\d{3} days is left out/);
  assert.ok(first.took >= 500);
  const times = [at("00"), at("00.300"), "2066-01-01T00:00:00Z", at("00.400"), at("00.800")];
  const middle = run(times);
  assert.equal(middle.stderr.match(/is left out/g)?.length, 1);
  assert.ok(middle.took >= 700);
  // What is asked for is done.
  assert.ok(run(["0001-01-01T00:00:00Z", at("00")], "--max-gap", 0.3).took >= 300);
});

test("replay --loop continues until a signal ends it, and --remove removes the log", async () => {
  const path = `${folder}/d.txt`;
  writeFileSync(path, "one\ntwo\n");
  const name = uniqueName("replay");
  const cli = startCli(["replay", path, name, "--loop", "--speed", "max", "--remove"]);
  using reader = await ShmLogReader.waitFor(name, { signal: AbortSignal.timeout(60_000) });
  let count = 0;
  for await (const entry of reader.follow()) {
    assert.equal(entry.text, entry.sequenceNumber % 2 === 1 ? "one" : "two");
    if (++count === 100) break;
  }
  cli.signal("SIGINT");
  assert.equal((await cli.ended()).code, 0);
  reader.close();
  assert.ok(!SharedMemory.exists(name));
});

test("replay refuses itself, logs that are there, and what can't be", () => {
  using log = ShmLogWriter.create(uniqueName("replay"), {
    unlinkOnClose: true,
    chunkSize: 4096,
    chunkCount: 4,
  });
  const cases: [args: (string | number)[], code: number, pattern: RegExp][] = [
    [["replay", log.name, log.name, "--if-exists", "replace"], 1, /into itself/],
    [["replay", `${folder}/none`, newName()], 1, /no file ".*none"/],
    [["replay", log.name, newName(), "--speed", "0"], 2, /above 0/],
    [["replay", log.name, newName(), "--speed", "2", "--rate", "2"], 2, /cannot be used with/],
    [["replay", log.name, newName(), "--max-gap", ""], 2, /of at least 0 s/],
  ];
  for (const [args, code, pattern] of cases) {
    const result = runCli(args);
    assert.equal(result.code, code, args.join(" "));
    assert.match(result.stderr, pattern);
  }
  const path = `${folder}/e.txt`;
  writeFileSync(path, "x\n");
  assert.match(runCli(["replay", path, log.name]).stderr, /exists already|is locked|writer/);
});

test("a file that is looked at is closed again", {
  skip: process.platform !== "linux" && "needs /proc",
}, async () => {
  const path = `${folder}/closed.txt`;
  writeFileSync(path, "x\n");
  for (let i = 0; i < 5; i++) await openRecorded({ path });
  // Of this file: others of this process come and go meanwhile.
  assert.deepEqual(descriptorsOf(path), []);
});

test("replay refuses a pipe, which it would wait for without seeing a signal", {
  skip: notOnWindows("Windows has other pipes"),
}, () => {
  const path = `${folder}/pipe`;
  execFileSync("mkfifo", [path]);
  const { code, stderr } = runCli(["replay", path, newName()]);
  const message = `${
    JSON.stringify(path)
  } is not a file: name a saved log, a file of lines, or - for standard input`;
  assert.deepEqual([code, stderr], [1, `ouroboros: ${message}\n`]);
});
