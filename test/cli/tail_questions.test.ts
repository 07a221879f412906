/** `tail` with questions: what matches, and what is said where nothing does. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { test } from "node:test";
import { runCli, runHere } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { line, messages, requestLogs, tail } from "../support/request_logs.ts";

const folder = testFolder("tail-questions");
const { db, web, write } = requestLogs(folder);

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
  // As a shell leaves it that took > for itself.
  assert.match(
    runCli(["tail", web, "--where", "status:"]).stderr,
    /Quote a question with > or <: --where 'status:>=500'\.\n/,
  );
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

/** A log of this machine as a file of several names it. */
function sourceOf(path: string): string {
  return path.startsWith("/") ? `${hostname()}${path}` : `${hostname()}/${path}`;
}

test("log is the log that an entry is from, of a file of several logs, too", () => {
  const saved = `${folder}/both.log`;
  assert.equal(runCli(["save", web, db, saved]).code, 0);
  const counted = (...args: string[]) => tail(...args, "--count-by", "log", "-o", "csv").slice(1);
  for (const logs of [[web, db], [saved]]) {
    // A file has the names of machines, too.
    const name = (path: string) => logs.length === 1 ? sourceOf(resolve(path)) : path;
    assert.deepEqual(counted(...logs).sort(), [`${name(db)},20`, `${name(web)},20`].sort());
    assert.deepEqual(counted(...logs, "--where", "log:web.log"), [`${name(web)},20`]);
    assert.deepEqual(
      tail(
        ...logs,
        "--where",
        `log:="${name(db).replaceAll("\\", "\\\\")}"`,
        "-n",
        "1",
        "--fields",
        "log,msg",
        "-o",
        "csv",
      ),
      ["log,msg", `${name(db)},query 19`],
    );
  }
  assert.deepEqual(counted(web, "--where", "log:web.log"), [`${web},20`]);
  assert.deepEqual(tail(web, "-n", "1", "--fields", "log", "-o", "text"), [web]);
  // All of its name.
  assert.deepEqual(counted(saved, "--where", "log:*web.log"), [`${sourceOf(resolve(web))},20`]);
  assert.match(runCli(["tail", saved, "--where", "log:web*"]).stderr, /^ouroboros: none of 40/);
  // So much before the end of the file, not of each log in it.
  assert.deepEqual(counted(saved, "--last", "400ms"), [`${sourceOf(resolve(db))},1`]);
  assert.deepEqual(counted(saved, "--where", "log:web.log", "--last", "600ms"), [
    `${sourceOf(resolve(web))},1`,
  ]);
  // Of what is in a file of several logs a part is saved by that, too.
  const part = `${folder}/part_of_both.log`;
  assert.equal(runCli(["save", saved, part, "--where", "log:db.log"]).code, 0);
  assert.equal(messages(part, "--all").length, 20);
});

test("what does not go together is refused", async () => {
  const cases: [args: string[], reason: RegExp][] = [
    [["-o", "csv"], /--fields time,level,msg/],
    [["-o", "hex", "--fields", "msg"], /--fields does not go with -o hex/],
    [["--count-by", "a", "--fields", "b"], /leave out --fields/],
    [["--stats", "a", "-C", "1"], /leave out -A, -B and -C/],
    [["--stats", "a", "-r"], /leave out -r/],
    [["--stats", "a,b"], /one field is expected/],
    [["--fields", "a,,b"], /Names of fields are expected/],
    [["--count-by", "a", "-o", "raw"], /does not go with -o raw/],
    [["--count-by", "count", "--json"], /--count-by count has the name of what is counted/],
    [["--stats", "a", "--count-by", "max", "-o", "logfmt"], /--count-by max has the name/],
    [["-C", "x"], /integer from 0 on/],
    [["--every", "1s", "-r"], /--every prints no entries: leave out -r/],
    [["--every", "0"], /A time like/],
  ];
  for (const [args, reason] of cases) {
    const { code, stderr } = await runHere("tail", web, ...args);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, reason);
  }
});

test("a question that finds nothing says which fields there are not, and which are likely meant", () => {
  const { stdout, stderr, code } = runCli(["tail", web, "--where", "stauts:500 OR req.uri:x"]);
  assert.deepEqual([stdout, code], ["", 0]);
  assert.match(
    stderr,
    /no field "stauts": did you mean "status"\? \(there are time, level, msg, .*ms/,
  );
  assert.match(stderr, /no field "req.uri": did you mean "req.url"\?/);
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
  const whole = runCli(["record", web, `${folder}/whole.txt`, "--where", `log:="${web}"`]);
  assert.match(whole.stderr, /20 entries recorded, 0 lost/);
  // Of a file of several logs it is the log of each entry.
  const both = `${folder}/both.log.gz`;
  assert.equal(runCli(["save", web, db, both]).code, 0);
  const ofWeb = runCli(["record", both, `${folder}/of-web.txt`, "--where", "log:web.log"]);
  assert.match(ofWeb.stderr, /20 entries recorded, 0 lost/);
});

test("a question for a log that is not there says which there are", () => {
  const { stdout, stderr } = runCli(["tail", web, db, "--where", "log:wbe"]);
  assert.equal(stdout, "");
  assert.ok(stderr.includes(`: the entries are of ${web}, ${db}\n`), stderr);
});
