/** `tail --fields`: values of records, in each format. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { line, requestLogs, START, tail } from "../support/request_logs.ts";

const { web, write } = requestLogs(testFolder("tail-fields"));

test("--fields prints values in their order, in each format", () => {
  const args = [web, "-n", "1", "--fields", "time,level,req.url,ms,none,seq"];
  const time = new Date(START + 19_000).toISOString();
  const cases: [format: string, lines: string[]][] = [
    ["text", [`${time}\terror\t/pay/1\t19.5\t-\t20`]],
    ["csv", ["time,level,req.url,ms,none,seq", `${time},error,/pay/1,19.5,,20`]],
    ["json", [
      `{"time":"${time}","level":"error","req.url":"/pay/1","ms":19.5,"none":null,"seq":20}`,
    ]],
    ["logfmt", [`time=${time} level=error req.url=/pay/1 ms=19.5 seq=20`]],
  ];
  const printed = (format: string) => {
    const { stdout, stderr } = runCli(["tail", ...args, "-o", format]);
    assert.match(stderr, /^ouroboros: the last 1000 entries have no field "none".*\n$/);
    return stdout.split("\n").slice(0, -1);
  };
  for (const [format, lines] of cases) assert.deepEqual(printed(format), lines);
  const [pretty] = printed("pretty");
  assert.match(pretty, /:59:49\.000 ERROR req\.url=\/pay\/1 ms=19\.5 seq=20$/);
});

test("-o logfmt prints all of a record, which reads the same again", () => {
  const [pairs] = tail(web, "-n", "1", "-o", "logfmt");
  assert.equal(
    pairs,
    `time=${new Date(START + 19_000).toISOString()} level=error msg="request 19" req.method=POST ` +
      "req.url=/pay/1 status=503 ms=19.5",
  );
  const again = write("again.log", [pairs]);
  assert.deepEqual(tail(again, "-o", "logfmt"), [pairs]);
});

test("text of strangers stays in its cell", () => {
  const hostile = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2",
    "@SUM(A1)",
    'a "b", c',
    "two\nlines",
    "a\tb\rc",
    "\x1b[2J\u202e",
    "＝1",
    "",
  ];
  const path = write("hostile.log", hostile.map((x, i) => line(i, { x })));
  assert.equal(
    (runCli(["tail", path, "-o", "csv", "--fields", "x"])).stdout,
    [
      "x",
      "'=cmd|' /C calc'!A0",
      "'+1+1",
      "-2",
      "'@SUM(A1)",
      '"a ""b"", c"',
      '"two\nlines"',
      "a\tb\\x0dc",
      "\\x1b[2J\\u202e".replace("\\x1b[2J", "\\x1b[2J"),
      "'＝1",
      '""',
      "",
    ].join("\n"),
  );
  for (const format of ["text", "logfmt", "json"]) {
    const lines = tail(path, "-o", format, "--fields", "x,seq");
    assert.equal(lines.length, hostile.length, format);
    // deno-lint-ignore no-control-regex
    for (const one of lines) assert.doesNotMatch(one, /[\x00-\x08\x0b-\x1f\u202e]/, format);
  }
  const text = tail(path, "-o", "text", "--fields", "x,seq");
  assert.ok(text.every((one) => one.split("\t").length === 2));
});

test("times are shown as exact as they are known", () => {
  const path = write("exact.log", [
    '{"time":1795269570123456,"level":30}',
    '{"time":"2026-11-30T05:00:00.123999999Z","level":30}',
    '{"timeUnixNano":"1795269570000000123","severityNumber":9}',
    "2026-11-29T20:00:00.123456789Z stderr F cri",
    '{"time":1795269570123,"level":30}',
    '{"ts":1795269570.5,"level":"info"}',
    "ts=2026-11-30T05:00:00.000001Z level=info",
  ]);
  const exact = [
    "2026-11-21T13:59:30.123456Z",
    "2026-11-30T05:00:00.123999999Z",
    "2026-11-21T13:59:30.000000123Z",
    "2026-11-29T20:00:00.123456789Z",
    "2026-11-21T13:59:30.123Z",
    "2026-11-21T13:59:30.500Z",
    "2026-11-30T05:00:00.000001Z",
  ];
  assert.deepEqual(tail(path, "--fields", "time", "-o", "text"), exact);
  const pretty = tail(path, "-o", "pretty");
  const digits = (text: string) => /\.(\d+)/.exec(text)![1];
  assert.deepEqual(pretty.map(digits), exact.map(digits));
});

test("--fields says which of them no entry has, and which is meant", () => {
  const path = write("unseen.log", ['{"level":30,"time":1796039250222,"msg":"m","reqId":7}']);
  const misspelled = runCli(["tail", path, "--fields", "tme,msg", "-o", "text"]);
  assert.equal(misspelled.stdout, "-\tm\n");
  assert.match(misspelled.stderr, /have no field "tme": did you mean "time"\? \(.*reqId\)/);
  const right = runCli(["tail", path, "--fields", "msg,reqId,seq,line", "-o", "text"]);
  assert.deepEqual([right.stdout.split("\t").length, right.stderr], [4, ""]);
});
