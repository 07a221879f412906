/** `tail` that counts and measures: `--count-by`, `--stats`, `--every`. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ShmLogWriter } from "../../mod.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { line, requestLogs, tail } from "../support/request_logs.ts";

const folder = testFolder("tail-counts");
const { db, web, write } = requestLogs(folder);

test("--count-by counts values, those with the most entries first", () => {
  assert.deepEqual(tail(web, "--count-by", "status", "-o", "text"), [
    "count  status",
    "   16  200",
    "    4  503",
  ]);
  assert.deepEqual(
    tail(web, db, "--count-by", "req.method,level", "-o", "csv"),
    [
      "req.method,level,count",
      ",info,20",
      "GET,info,8",
      "POST,info,8",
      "GET,error,2",
      "POST,error,2",
    ],
  );
  assert.deepEqual(tail(web, "--count-by", "status", "--json", "--where", "status:503"), [
    '{"status":"503","count":4}',
  ]);
  assert.deepEqual(tail(web, db, "--count-by", "log", "-o", "csv"), [
    "log,count",
    `${web},20`,
    `${db},20`,
  ]);
  // Paths of Windows have characters that are quoted.
  const value = db.includes("\\") ? JSON.stringify(db) : db;
  assert.deepEqual(tail(db, "--count-by", "log", "-o", "logfmt"), [`log=${value} count=20`]);
});

test("--count-by says which fields no entry has, and which are likely meant", () => {
  const { stdout, stderr, code } = runCli(["tail", web, "--count-by", "stauts,level,x", "--json"]);
  assert.deepEqual([code, stdout.split("\n")[0]], [
    0,
    '{"stauts":null,"level":"info","x":null,"count":16}',
  ]);
  const there = "\\(there are time, level, msg, .*status.*\\)";
  assert.match(
    stderr,
    new RegExp(
      `^ouroboros: no entry has a field "stauts": did you mean "status"\\? ${there}\n` +
        `ouroboros: no entry has a field "x".* ${there}\n$`,
    ),
  );
  const lines = write("lines.log", ["just text"]);
  const text = runCli(["tail", lines, "--count-by", "time:1s", "--json"]);
  assert.equal(text.stderr, 'ouroboros: no entry has a field "time:1s"\n');
  // Of no entries nothing is said of fields.
  const none = runCli(["tail", web, "--count-by", "x", "-g", "nothing has this"]);
  assert.match(none.stderr, /^ouroboros: none of 20 entries matches.*\n$/);
});

test("hints are about all that is left of a log whose first entries were overwritten", () => {
  const path = `${folder}/overwritten.log`;
  using log = ShmLogWriter.create({ path }, { chunkSize: 4096, chunkCount: 4 });
  for (let i = 0; i < 600; i++) log.write(line(i, {}));
  log.write(
    '{"time":"2026-11-21T13:59:30.000Z","level":"debug","logger":"ouroboros.vitals","cpuPercent":1}',
  );
  // More than the newest chunk has.
  for (let i = 0; i < 150; i++) log.write(line(i, {}));
  const all = runCli(["tail", path, "--all", "--vitals"]);
  assert.equal(all.stderr, "");
  const count = all.stdout.trimEnd().split("\n").length;
  assert.ok(count > 150 && count < 600);
  const none = runCli(["tail", path, "--all", "-g", "nothing has this"]);
  assert.match(none.stderr, new RegExp(`^ouroboros: none of ${count} entries matches`));
});

test("--vitals without any says how to record them", () => {
  const { stderr, stdout } = runCli(["tail", web, db, "--vitals", "-n", "1"]);
  assert.match(stderr, /^ouroboros: these logs have no vitals: OUROBOROS_VITALS=1s, [^\n]*\n$/);
  assert.match(stdout, /query 19/);
  const vitals = '{"time":"2026-11-21T13:59:30.000Z","level":"debug","logger":"ouroboros.vitals"';
  const path = write("vitals.log", [`${vitals},"cpuPercent":1}`, line(1, {}), line(2, {})]);
  assert.equal(tail(path, "--vitals", "-n", "1").length, 1);
  assert.equal(tail(path, "--vitals", "--where", "logger:ouroboros.vitals").length, 1);
});

test("--stats measures a field, alone and by others", () => {
  assert.deepEqual(tail(web, "--stats", "ms", "--json"), [
    '{"field":"ms","count":20,"min":0.5,"p50":9.5,"p90":17.5,"p99":19.5,"max":19.5}',
  ]);
  assert.deepEqual(
    tail(web, "--stats", "ms", "--count-by", "status", "-o", "text"),
    [
      "count  min  p50   p90   p99   max  status",
      "   16  0.5  8.5  17.5  18.5  18.5  200",
      "    4  4.5  9.5  19.5  19.5  19.5  503",
    ].map((row) => row),
  );
});

test("--every counts and measures in intervals, in the order of time", () => {
  const gaps = write("gaps.log", [0, 1, 9, 31, 30].map((second) => line(second, { ms: second })));
  const times = [30, 40, 50].map((second) => `2026-11-21T13:59:${second}.000Z`);
  times.push("2026-11-21T14:00:00.000Z");
  assert.deepEqual(tail(gaps, "--every", "10s", "-o", "csv"), [
    "time,count",
    ...[3, 0, 0, 2].map((count, i) => `${times[i]},${count}`),
  ]);
  assert.deepEqual(tail(gaps, "--every", "10s", "--stats", "ms", "-o", "text"), [
    "time                      count  min  p50  p90  p99  max",
    `${times[0]}      3    0    1    9    9    9`,
    `${times[1]}      0    -    -    -    -    -`,
    `${times[2]}      0    -    -    -    -    -`,
    `${times[3]}      2   30   30   31   31   31`,
  ]);
  // Without rows of nothing, for there may be many values.
  assert.deepEqual(tail(web, db, "--every", "10", "--count-by", "time,level", "--json"), [
    `{"time":"${times[0]}","level":"info","count":18}`,
    `{"time":"${times[0]}","level":"error","count":2}`,
    `{"time":"${times[1]}","level":"info","count":18}`,
    `{"time":"${times[1]}","level":"error","count":2}`,
  ]);
  assert.deepEqual(tail(gaps, "--every", "10s", "--count-by", "level", "-o", "logfmt"), [
    `time=${times[0]} level=info count=3`,
    `time=${times[3]} level=info count=2`,
  ]);
});

test("--every counts an entry without a time with the one before it, or says that nothing is known", () => {
  const path = write("untimed.log", ["first", line(1, { msg: "a" }), "  at b", line(7, {})]);
  const { stdout, stderr } = runCli(["tail", path, "--every", "5s", "--json"]);
  assert.deepEqual(stdout.match(/"count":\d+/g), ['"count":2', '"count":1']);
  assert.equal(stderr, "ouroboros: 1 entry left out because they have no time\n");
});

test("with --level what has none is printed, and not counted: a line of a stack is no error", () => {
  const stack = ["Error: no", "    at a (b.js:1:2)"].map((text, i) =>
    `2026-11-21T13:59:3${i}.000Z stderr F ${text}`
  );
  const path = write("stack.log", [line(1, { level: 50, msg: "an error" }), ...stack, line(2, {})]);
  const printed = runCli(["tail", path, "-p", "error"]);
  assert.equal(printed.stdout.split("\n").length - 1, 3);
  assert.match(printed.stderr, /: 2 of 3 entries have no level, which --level lets pass/);
  assert.deepEqual(tail(path, "-p", "error", "--count-by", "level", "-o", "csv"), [
    "level,count",
    "error,1",
  ]);
  // Without --level all are.
  assert.deepEqual(tail(path, "--count-by", "level", "-o", "csv").slice(1).sort(), [
    ",2",
    "error,1",
    "info,1",
  ]);
  assert.deepEqual(tail(path, "-p", "error", "--every", "1m", "-o", "csv").slice(1), [
    "2026-11-21T13:59:00.000Z,1",
  ]);
});

test("--stats says what has no number", () => {
  const { stdout, stderr } = runCli(["tail", web, "--stats", "msg", "--json"]);
  assert.equal(stdout, '{"field":"msg","count":0}\n');
  assert.match(stderr, /20 entries left out: no number in "msg"/);
});
