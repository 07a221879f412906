/** `--grep`: what a pattern may cost, and that it never keeps a command from ending. */

import assert from "node:assert/strict";
import test from "node:test";
import { ShmLogWriter } from "../../mod.ts";
import { costOf, longestWithin } from "../../src/records/pattern/cost.ts";
import { Pattern } from "../../src/cli/grep/pattern.ts";
import { PatternThread } from "../../src/cli/grep/thread.ts";
import { runCli, startCli } from "../support/cli.ts";
import { sameOnAll, uniqueName } from "../support/runtime.ts";

test("costOf() knows ordinary patterns as such", { skip: sameOnAll }, () => {
  const cases: [string, number, number][] = [
    ["ERROR", 1, 1],
    ["ERROR|WARN", 2, 1],
    ["5$", 1, 1],
    ['status":5\\d\\d', 1, 1],
    ["user=\\d+ took", 1, 2],
    ["^\\{.*\\}$", 1, 2],
    ["a.*b.*c", 1, 3],
    ["[\\]()*+]?x", 2, 1],
    ["\\p{Lu}\\u{1f600}{2}", 1, 1],
    ["(?:\\d{1,3}\\.){3}\\d{1,3}", 81, 1],
    ["(?:ab)+", 1, 2],
    ["(?<year>\\d{4})-(?=x)y", 1, 1],
  ];
  for (const [pattern, ways, degree] of cases) {
    new RegExp(pattern, "u");
    assert.deepEqual(costOf(pattern), { ways, degree }, pattern);
  }
});

test("costOf() knows what may be exponential", { skip: sameOnAll }, () => {
  const patterns = [
    "^(a+)+$",
    "(a|a)*b",
    "(x+x+)+y",
    "(?:a?)+b",
    "(?:\\w+\\s?)*:",
    "(?:a{1,40}){5,}",
    "((ab)*)*",
    "(?=(a+)+$)a",
    "(?:a*){100}",
  ];
  for (const pattern of patterns) {
    new RegExp(pattern, "u");
    assert.equal(longestWithin(1e9, costOf(pattern)), -1, pattern);
  }
  assert.ok(longestWithin(1e8, costOf(".*a.*b.*c")) < 1000);
  assert.ok(longestWithin(1e8, costOf("ERROR")) === 1e8);
});

test("Pattern matches as JavaScript does, whichever thread tries it", () => {
  const texts = [
    "",
    "a",
    "aab",
    "\u{1f600}x",
    "é".repeat(70_000),
    "ab".repeat(50),
    "x".repeat(9e3),
  ];
  for (
    const pattern of ["a", "(?:a|b)+$", "(é+)+$", "^(?:.|x)*$", "(a+)\\1", "^(?:\\u{1f600}|y)+x$"]
  ) {
    const regExp = new RegExp(pattern, "u");
    const thread = new PatternThread(regExp);
    const grep = new Pattern(pattern, { timeLimit: 20_000 });
    for (const text of texts) {
      const expected = regExp.test(text);
      assert.equal(grep.test(text), expected, `${pattern} ${text.slice(0, 9)}`);
      assert.equal(thread.test(text, 20_000), expected, `${pattern} ${text.slice(0, 9)}`);
    }
  }
});

test("Pattern lets $ match before a line end at the end of a text, and finds the line end, too", () => {
  for (const end of ["", "\n", "\r\n", "\r"]) {
    assert.ok(new Pattern("done$").test(`done${end}`), JSON.stringify(end));
    assert.ok(!new Pattern("^don$").test(`done${end}`));
  }
  assert.ok(new Pattern("\\r$").test("x\r"));
  assert.ok(!new Pattern("a$").test("a\nb\n"));
});

test(
  "Pattern selects what any of several patterns matches, or what none does",
  { skip: sameOnAll },
  () => {
    const texts = ["ERROR", "warn", "info"];
    const selected = (...args: ConstructorParameters<typeof Pattern>) => {
      const pattern = new Pattern(...args);
      return texts.filter((text) => pattern.test(text));
    };
    assert.deepEqual(selected(["ERROR", "warn"]), ["ERROR", "warn"]);
    assert.deepEqual(selected("error"), []);
    assert.deepEqual(selected("error", { ignoreCase: true }), ["ERROR"]);
    assert.deepEqual(selected(["error", "WARN"], { ignoreCase: true, invertMatch: true }), [
      "info",
    ]);
  },
);

test("Pattern takes needless escapes, braces by themselves and (?i), as other engines do", {
  skip: sameOnAll,
}, () => {
  const cases: [pattern: string, text: string][] = [
    [String.raw`a\-b`, "a-b"],
    [String.raw`\"level\"\:50`, '"level":50'],
    ['{"level":50', '{"level":50}'],
    ['"a":{"b":1}}', '{"a":{"b":1}}'],
    [String.raw`\#\ \=\@\%`, "# =@%"],
    [String.raw`[\-\.\ \"]x`, " x"],
    [String.raw`a{2,3}\!`, "aa!"],
    ["a]", "a]"],
    ["(?i)error", "ERROR"],
    ["(?i)größe", "GRÖßE"],
    [String.raw`\p{Lu}\,`, "Ä,"],
  ];
  for (const [pattern, text] of cases) {
    assert.ok(new Pattern(pattern).test(text), pattern);
    assert.ok(!new Pattern(pattern).test("nothing of the kind"), pattern);
  }
});

test("Pattern says what to type in place of what it does not know", { skip: sameOnAll }, () => {
  const cases: [pattern: string, hint: string][] = [
    ["foo(", String.raw`"foo(" is not a regular expression: `],
    ["foo(", String.raw`; \( and \) are the characters`],
    ["a(?i)b", "(?i:…) ignores case in a part, -i in all of it"],
    [String.raw`\<word\>`, String.raw`\b is the edge of a word`],
    ["[[:digit:]]+", String.raw`use \d, \s, \w or a range`],
    ["*error", ".* is any text"],
    ["(?P<a>b)", "(?<name>…)"],
    ["[a", String.raw`\[ is the character`],
  ];
  for (const [pattern, hint] of cases) {
    const isRight = (error: Error) => error instanceof SyntaxError && error.message.includes(hint);
    assert.throws(() => new Pattern(pattern), isRight, pattern);
  }
});

const EVIL = `${"a".repeat(60)}b`;

test("tail --grep leaves out what takes too long, says so, and prints the rest", () => {
  using log = ShmLogWriter.create(uniqueName("grep"), {
    unlinkOnClose: true,
    chunkSize: 65536,
    chunkCount: 4,
  });
  log.writeMany(["aaa", EVIL, "b", EVIL, "aaaa"]);
  for (const command of [["tail", log.name], ["dump", "--name", log.name, "--output", "-"]]) {
    const { code, stdout, stderr } = runCli([...command, "--grep", "^(a+)+$"]);
    assert.deepEqual([code, stdout], [0, "aaa\naaaa\n"], stderr);
    assert.match(
      stderr,
      /--grep took more than 150 ms of processor time for an entry: such entries are left out/,
    );
    assert.match(stderr, /--grep took too long: 2 entries left out/);
  }
});

/** Where Bun runs all of these: of what is there, and of what comes. */
const EVERYWHERE = ["--all", "-f -n 0"];

for (const args of [["-n", 10], ["--all"], ["-f"], ["-f", "-n", 0], ["-F"]]) {
  test(`tail ${args.join(" ")} --grep ends by Ctrl-C whatever the pattern and the entries`, {
    skip: !EVERYWHERE.includes(args.join(" ")) && sameOnAll,
    timeout: 60_000,
  }, async () => {
    using log = ShmLogWriter.create(uniqueName("grep"), {
      unlinkOnClose: true,
      chunkSize: 1 << 20,
      chunkCount: 4,
    });
    using other = ShmLogWriter.create(uniqueName("grep"), {
      unlinkOnClose: true,
      chunkSize: 1 << 20,
      chunkCount: 4,
    });
    const isLive = args.includes(0);
    // Together they would take minutes.
    const write = () => log.writeMany(Array.from({ length: 1000 }, () => EVIL));
    if (!isLive) write();
    const running = startCli(["tail", ...args, "--grep", "^(a+)+$", log.name, other.name]);
    if (isLive) {
      const timer = setInterval(() => other.write("aaa"), 10);
      await running.until((stdout) => stdout.includes("aaa")).finally(() => clearInterval(timer));
      write();
    }
    await running.untilStderr((stderr) => stderr.includes("--grep took more than"));
    running.signal("SIGINT");
    const { code, stderr } = await running.ended();
    assert.equal(code, 0);
    // So early that it can't have been tried on all.
    assert.ok(Number(/(\d+) entr\w+ left out$/m.exec(stderr)?.[1] ?? 1) < 500, stderr);
  });
}
