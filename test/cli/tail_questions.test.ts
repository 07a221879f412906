/** `tail` with questions, fields, counts and entries around: as on a command line. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { test } from "node:test";
import { ShmLogWriter } from "../../mod.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";

const folder = testFolder("tail-questions");

const START = Date.UTC(2026, 10, 21, 13, 59, 30);

function write(name: string, lines: readonly string[]): string {
  const path = `${folder}/${name}`;
  const size = { chunkSize: 65536, chunkCount: 4 };
  using writer = ShmLogWriter.create({ path }, { ...size, version: 2 });
  for (const line of lines) writer.write(line);
  writer.finish();
  return path;
}

const line = (second: number, fields: object) =>
  JSON.stringify({ level: 30, time: START + second * 1000, ...fields });

/** Requests: each 5th fails, each takes as many milliseconds as its number. */
const web = write(
  "web.log",
  Array.from({ length: 20 }, (_, i) =>
    line(i, {
      level: i % 5 === 4 ? 50 : 30,
      msg: `request ${i}`,
      req: { method: i % 2 ? "POST" : "GET", url: `/pay/${i % 3}` },
      status: i % 5 === 4 ? 503 : 200,
      ms: i + 0.5,
    })),
);
/** Between them, at each half second. */
const db = write(
  "db.log",
  Array.from({ length: 20 }, (_, i) => line(i + 0.5, { msg: `query ${i}` })),
);

function tail(...args: string[]): string[] {
  const { stdout, stderr, code } = runCli(["tail", ...args]);
  assert.equal(stderr, "", args.join(" "));
  assert.equal(code, 0);
  return stdout.split("\n").slice(0, -1);
}

const messages = (...args: string[]) =>
  tail(...args, "--fields", "msg", "-o", "text", "--no-prefix");

test("--where prints the entries that match", () => {
  assert.deepEqual(messages(web, "--where", "status:>=500 AND ms:>10"), [
    "request 14",
    "request 19",
  ]);
  assert.deepEqual(
    messages(web, "--where", "level:error", "--where", "req.url:/1$/"),
    ["request 4", "request 19"],
  );
});

test("--where says where the mistake is, and exits with 2", () => {
  const { stderr, code } = runCli(["tail", web, "--where", "status:>=500 AND (level:oops)"]);
  assert.equal(code, 2);
  assert.match(stderr, /"oops" is no level: there are trace, debug, info, warn, error, fatal\./);
  const [, question, mark] = stderr.trimEnd().split("\n").slice(-3);
  assert.equal(question.slice(mark.indexOf("^"), mark.lastIndexOf("^") + 1), "oops");
});

test("--where with an expression that runs away leaves the entry out, and says so", () => {
  const path = write("away.log", [`${"a".repeat(50)}!`, "aaa"]);
  const { stdout, stderr } = runCli(["tail", path, "--where", "/^(a+)+$/"]);
  assert.equal(stdout, "aaa\n");
  assert.match(stderr, /--where took more than 150 ms/);
});

test("--exclude leaves out what matches, and goes with --grep", () => {
  assert.deepEqual(messages(web, "--all", "--exclude", "request 1?[0-8]\\b"), [
    "request 9",
    "request 19",
  ]);
  assert.deepEqual(
    messages(web, "--all", "-g", "REQUEST 1", "-i", "--exclude", "post", "--exclude", "t 18"),
    ["request 10", "request 12", "request 14", "request 16"],
  );
});

test("-A, -B and -C print what is around, with -- between groups", () => {
  assert.deepEqual(
    tail(web, "--where", "status:503", "-C", "1", "--fields", "msg", "-otext"),
    [
      "request 3",
      "request 4",
      "request 5",
      "--",
      "request 8",
      "request 9",
      "request 10",
      "--",
      "request 13",
      "request 14",
      "request 15",
      "--",
      "request 18",
      "request 19",
    ],
  );
  assert.deepEqual(messages(web, "-g", "request [57]", "-A", "1", "-B", "2"), [
    "request 3",
    "request 4",
    "request 5",
    "request 6",
    "request 7",
    "request 8",
  ]);
});

test("what is around an entry is that of all logs, by time", () => {
  assert.deepEqual(messages(web, db, "--where", 'msg:="request 9"', "-C", "2"), [
    "request 8",
    "query 8",
    "request 9",
    "query 9",
    "request 10",
  ]);
});

test("-n with -C prints the last matches, with what is around them", () => {
  assert.deepEqual(messages(web, "-n", "2", "--where", "status:503", "-B", "1"), [
    "request 13",
    "request 14",
    "--",
    "request 18",
    "request 19",
  ]);
  assert.deepEqual(messages(web, "-n", "0", "--where", "status:503", "-B", "1"), []);
});

test("-r with -C is the same from its end", () => {
  const forward = messages(web, "--where", "status:503", "-C", "1");
  assert.deepEqual(
    messages(web, "--where", "status:503", "-C", "1", "-r"),
    forward.reverse(),
  );
});

test("--since bounds what is around, --level does not", () => {
  assert.deepEqual(
    messages(web, "--since", `@${START / 1000 + 4}`, "-p", "error", "-C", "1", "--head", "1"),
    ["request 4", "request 5"],
  );
});

test("--head prints the first matches, with -r the last", () => {
  assert.deepEqual(messages(web, "--head", "2"), ["request 0", "request 1"]);
  assert.deepEqual(messages(web, "--head", "2", "-r"), ["request 19", "request 18"]);
  assert.deepEqual(messages(web, "-n", "3", "--head", "2"), ["request 17", "request 18"]);
  assert.deepEqual(messages(web, db, "--head", "3"), ["request 0", "query 0", "request 1"]);
  assert.deepEqual(messages(web, "--head", "0"), []);
});

test("--head ends a command that follows, at the place of its last entry", () => {
  const path = write("follow.log", ["a", "b", "c"]);
  const state = `${folder}/place`;
  const args = [path, "-F", "-o", "text", "--state", state, "--head", "1"];
  assert.deepEqual(tail(...args), ["a"]);
  assert.deepEqual(tail(...args), ["b"]);
});

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
  for (const [format, lines] of cases) assert.deepEqual(tail(...args, "-o", format), lines);
  const [pretty] = tail(...args, "-o", "pretty");
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
  assert.deepEqual(tail(db, "--count-by", "log", "-o", "logfmt"), [`log=${db} count=20`]);
});

test("log is the log that an entry is from, of a file of several logs, too", () => {
  const saved = `${folder}/both.log`;
  assert.equal(runCli(["save", web, db, saved]).code, 0);
  const counted = (...args: string[]) => tail(...args, "--count-by", "log", "-o", "csv").slice(1);
  for (const logs of [[web, db], [saved]]) {
    // A file has the names of machines, too.
    const name = (path: string) => logs.length === 1 ? `${hostname()}${path}` : path;
    assert.deepEqual(counted(...logs).sort(), [`${name(db)},20`, `${name(web)},20`].sort());
    assert.deepEqual(counted(...logs, "--where", "log:web.log"), [`${name(web)},20`]);
    assert.deepEqual(
      tail(...logs, "--where", `log:="${name(db)}"`, "-n", "1", "--fields", "log,msg", "-o", "csv"),
      ["log,msg", `${name(db)},query 19`],
    );
  }
  assert.deepEqual(counted(web, "--where", "log:web.log"), [`${web},20`]);
  assert.deepEqual(tail(web, "-n", "1", "--fields", "log", "-o", "text"), [web]);
  // All of its name.
  assert.deepEqual(counted(saved, "--where", "log:*web.log"), [`${hostname()}${web},20`]);
  assert.match(runCli(["tail", saved, "--where", "log:web*"]).stderr, /^ouroboros: none of 40/);
  // So much before the end of the file, not of each log in it.
  assert.deepEqual(counted(saved, "--last", "400ms"), [`${hostname()}${db},1`]);
  assert.deepEqual(counted(saved, "--where", "log:web.log", "--last", "600ms"), [
    `${hostname()}${web},1`,
  ]);
  // Of what is in a file of several logs a part is saved by that, too.
  const part = `${folder}/part_of_both.log`;
  assert.equal(runCli(["save", saved, part, "--where", "log:db.log"]).code, 0);
  assert.equal(messages(part, "--all").length, 20);
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
      `^ouroboros: no entry has a field "stauts": is "status" meant\\? ${there}\n` +
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
  assert.equal(tail(path, "-p", "error").length, 3);
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

test("what does not go together is refused", () => {
  const cases: [args: string[], reason: RegExp][] = [
    [["-o", "csv"], /--fields time,level,msg/],
    [["-o", "hex", "--fields", "msg"], /--fields does not go with -o hex/],
    [["--count-by", "a", "--fields", "b"], /leave out --fields/],
    [["--stats", "a", "-C", "1"], /leave out -A, -B and -C/],
    [["--stats", "a", "-r"], /leave out -r/],
    [["--stats", "a,b"], /one field is expected/],
    [["--fields", "a,,b"], /Names of fields are expected/],
    [["--count-by", "a", "-o", "raw"], /does not go with -o raw/],
    [["-C", "x"], /integer from 0 on/],
    [["--every", "1s", "-r"], /--every prints no entries: leave out -r/],
    [["--every", "0"], /A time like/],
  ];
  for (const [args, reason] of cases) {
    const { code, stderr } = runCli(["tail", web, ...args]);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, reason);
  }
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

test("a question that finds nothing says which fields there are not, and which are likely meant", () => {
  const { stdout, stderr, code } = runCli(["tail", web, "--where", "stauts:500 OR req.uri:x"]);
  assert.deepEqual([stdout, code], ["", 0]);
  assert.match(stderr, /no field "stauts": is "status" meant\? \(there are time, level, msg, .*ms/);
  assert.match(stderr, /no field "req.uri": is "req.url" meant\?/);
});

test("where none of the entries matches, a line says so, and when they are from; the exit code is 0", () => {
  const none = "ouroboros: none of 20 entries matches; they are from " +
    "2026-11-21T13:59:30.000Z to 2026-11-21T13:59:49.000Z\n";
  for (
    const args of [
      ["--where", "status:999 OR level:fatal"],
      ["-g", "nothing like that"],
      ["-p", "fatal"],
      ["--since", "2026-11-22 10:00"],
      ["--until", "2026-11-20 10:00", "--json"],
      ["--last", "1s", "-g", "request 1\\b"],
      ["-p", "fatal", "--count-by", "msg"],
      ["--where", "status:999", "--stats", "ms"],
      ["--stream", "stderr"],
    ]
  ) {
    const { stdout, stderr, code } = runCli(["tail", web, ...args]);
    assert.deepEqual([stderr, code], [none, 0], args.join(" "));
    if (!args.some((arg) => /count-by|stats/.test(arg))) assert.equal(stdout, "");
  }
  const both = runCli(["tail", web, db, "-g", "nothing"]).stderr;
  assert.match(both, /^ouroboros: none of 40 entries matches; they are .* to \S+49\.500Z\n$/);
  const untimed = write("plain.log", ["one", "two"]);
  assert.equal(
    runCli(["tail", untimed, "-g", "x"]).stderr,
    "ouroboros: none of 2 entries matches\n",
  );
  const only = write("single.log", [line(0, { msg: "m" })]);
  assert.equal(
    runCli(["tail", only, "-g", "x"]).stderr,
    "ouroboros: the only entry does not match; it is from 2026-11-21T13:59:30.000Z\n",
  );
  const dumped = runCli(["dump", "--name", web, "--output", "-", "--where", "status:999"]);
  assert.deepEqual([dumped.stdout, dumped.code], ["", 0]);
  assert.ok(dumped.stderr.endsWith(`ouroboros: 0 entries\n${none}`), dumped.stderr);
});

test("a selection that looks at no entry that is there reports nothing", () => {
  const empty = write("nothing.log", []);
  for (
    const args of [
      [empty, "-g", "x"],
      [web, "-n", "0", "-g", "x"],
      [web, "-n", "0"],
      [web, "--from", "new", "-g", "x"],
    ]
  ) {
    const { stdout, stderr, code } = runCli(["tail", ...args]);
    assert.deepEqual([stdout, stderr, code], ["", "", 0], args.join(" "));
  }
});

test("--where with and, or and not in lower case says what to type", () => {
  const { stdout, stderr, code } = runCli(["tail", web, "--where", "status:>=500 and ms:>10"]);
  assert.deepEqual([stdout, code], ["", 2]);
  assert.match(stderr, /"and" is a word here: write AND, or quote it \("and"\)/);
});

test("--all and --last together are --last", () => {
  assert.deepEqual(messages(web, "--all", "--last", "1s"), ["request 18", "request 19"]);
});

test("save --where and record --where keep what matches", () => {
  const saved = `${folder}/part.log`;
  assert.equal(runCli(["save", web, saved, "--where", "status>=500"]).code, 0);
  assert.deepEqual(messages(saved), ["request 4", "request 9", "request 14", "request 19"]);
  const recorded = `${folder}/part.txt`;
  const { stderr } = runCli(["record", web, recorded, "--where", "status>=500"]);
  assert.match(stderr, /4 entries recorded, 0 lost/);
  const lines = readFileSync(recorded, "utf8").trimEnd().split("\n");
  assert.deepEqual(lines.map((line) => JSON.parse(line).msg), [
    "request 4",
    "request 9",
    "request 14",
    "request 19",
  ]);
});
