/** Files of events, read by the commands that read logs. */

import assert from "node:assert/strict";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import test from "node:test";
import { EventLogWriter } from "../../src/events/mod.ts";
import { runCli, runHere, startCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { sameOnAll } from "../support/runtime.ts";

const folder = testFolder("cli-events");

const START = 1_700_000_000_000;

/** A file with so many events, a second apart. */
function eventsFile(name: string, count: number): string {
  const path = `${folder}/${name}`;
  using log = EventLogWriter.create(path);
  for (let n = 1; n <= count; n++) {
    log.writeEvent({ timestamp: START + 1000 * n, type: n % 3 }, `event ${n}`);
  }
  return path;
}

const path = eventsFile("events.log", 30);

function messages(...args: string[]): string[] {
  const { code, stdout, stderr } = runCli(args);
  assert.equal(code, 0, stderr);
  return stdout.trim().split("\n").map((line) => JSON.parse(line).msg);
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `event ${from + i}`);

test("tail prints events as JSON: the last ones, the first ones, all, or those that are selected", () => {
  assert.deepEqual(messages("tail", path), range(21, 30));
  assert.deepEqual(messages("tail", path, "-n", "2"), range(29, 30));
  assert.deepEqual(messages("tail", path, "--all"), range(1, 30));
  assert.deepEqual(messages("tail", path, "--head", "3"), range(1, 3));
  assert.deepEqual(messages("tail", path, "--where", "type:0", "-n", "2"), [
    "event 27",
    "event 30",
  ]);
  const until = new Date(START + 3000).toISOString();
  assert.deepEqual(messages("tail", path, "--until", until), range(1, 3));
  const { stdout } = runCli(["tail", path, "-n", "1", "-o", "json"]);
  assert.deepEqual(JSON.parse(stdout), {
    seq: 30,
    text: `{"timestamp":${START + 30_000},"type":0,"msg":"event 30"}`,
  });
  const none = runCli(["tail", path, "-g", "nothing like that"]);
  assert.deepEqual([none.stdout, none.code], ["", 0]);
  assert.match(none.stderr, /^ouroboros: none of 30 entries matches\n$/);
  const columns = runCli(["tail", path, "-n", "1", "--fields", "time,type,msg", "-o", "csv"]);
  assert.equal(columns.stdout, "time,type,msg\n2023-11-14T22:13:50.000Z,0,event 30\n");
  assert.match(runCli(["tail", path, "-n", "1", "-o", "pretty"]).stdout, /event 30.*type=0/);
});

test("dump writes all of them", () => {
  assert.deepEqual(messages("dump", "--name", path, "--output", "-"), range(1, 30));
  const copy = `${folder}/copy.txt`;
  const { code, stderr } = runCli(["dump", "--name", path, "--output", copy, "--level", "warn"]);
  assert.deepEqual([code, stderr], [0, "ouroboros: 30 entries\n"]);
  assert.equal(readFileSync(copy, "utf8").split("\n").length, 31);
  const itself = runCli(["dump", "--name", path, "--output", path]);
  assert.equal(itself.code, 1);
  assert.match(itself.stderr, /is the file of events itself/);
  assert.deepEqual(messages("tail", path, "-n", "1"), ["event 30"]);
});

test("payloads that are no text, flags and large times are in the JSON", () => {
  const odd = `${folder}/odd.log`;
  {
    using log = EventLogWriter.create(odd);
    const fields = { timestamp: 1_700_000_000_123_456_789n, type: 1, flags: 2, reserved: 3 };
    log.writeEvent(fields, Uint8Array.of(0xff));
    log.writeEvent({ timestamp: 5, type: 1 }, "\x1b[31m\n</script>");
  }
  const { stdout } = runCli(["tail", odd]);
  assert.deepEqual(stdout.trim().split("\n").map((line) => JSON.parse(line)), [
    { timestamp: "1700000000123456789", type: 1, flags: 2, reserved: 3, base64: "/w==" },
    { timestamp: 5, type: 1, msg: "\x1b[31m\n</script>" },
  ]);
});

test("tail -f prints what comes, each event once", async () => {
  const live = `${folder}/live.log`;
  using log = EventLogWriter.create(live);
  for (const n of [1, 2, 3]) log.writeEvent({ timestamp: START, type: 1 }, `event ${n}`);
  const child = startCli(["tail", "-f", "-n", "2", live]);
  await child.until((stdout) => stdout.includes("event 3"));
  for (const n of [4, 5]) log.writeEvent({ timestamp: START, type: 1 }, `event ${n}`);
  await child.until((stdout) => stdout.includes("event 5"));
  child.signal("SIGINT");
  const { code, stdout } = await child.ended();
  assert.equal(code, 0);
  assert.deepEqual([...stdout.matchAll(/event \d/g)].map(([text]) => text), range(2, 5));
});

test("tail -f --head ends with the last event that is asked for", async () => {
  const live = `${folder}/head.log`;
  using log = EventLogWriter.create(live);
  for (const n of [1, 2]) log.writeEvent({ timestamp: START, type: 1 }, `event ${n}`);
  const child = startCli(["tail", "-f", "--head", "3", live]);
  await child.until((stdout) => stdout.includes("event 2"));
  log.writeEvent({ timestamp: START, type: 1 }, "event 3");
  const { code, stdout } = await child.ended();
  assert.deepEqual([code, stdout.trim().split("\n").length], [0, 3]);
});

test("what can't be asked of events is refused, and damage is reported after what is whole", async () => {
  for (const words of [["-r"], ["--state", "x"], ["--count-by", "type"], ["--from", "7"], [path]]) {
    const { code, stderr } = await runHere("tail", path, ...words);
    assert.equal(code, 2, words.join(" "));
    assert.match(stderr, /events/);
  }
  const cut = eventsFile("cut.log", 30);
  const bytes = readFileSync(cut);
  // The length of the 20th event leads out of the file.
  const at = bytes.indexOf("event 20");
  bytes.writeUInt16LE(0xffff, at - 6);
  writeFileSync(cut, bytes);
  const { code, stdout, stderr } = runCli(["tail", cut, "--all"]);
  assert.equal(code, 1);
  assert.equal(stdout.trim().split("\n").length, 19);
  assert.match(stderr, /does not end by the write offset/);
  truncateSync(cut, 10);
  assert.equal(runCli(["tail", cut]).code, 1);
});

for (
  const args of [["stat"], ["verify"], ["save", "copy.log"], ["record", "copy.txt"], ["remove"]]
) {
  test(
    `${args[0]} says of a file of events who reads it, and leaves it`,
    { skip: sameOnAll },
    () => {
      const before = readFileSync(path);
      const [command, ...more] = args;
      const { code, stdout, stderr } = runCli([
        command,
        path,
        ...more.map((file) => `${folder}/${file}`),
      ]);
      assert.deepEqual([code, stdout, stderr], [
        1,
        "",
        `ouroboros: file "${path}" holds events and is not a log: "ouroboros tail" and ` +
        '"ouroboros export --trace" read it\n',
      ]);
      assert.deepEqual(readFileSync(path), before);
    },
  );
}
