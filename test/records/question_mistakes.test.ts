/** Questions with mistakes: what is said of them, and that nothing else comes of any question. */

import assert from "node:assert/strict";
import test from "node:test";
import { parseQuestion, QuestionError } from "../../src/records/question/question.ts";
import { recognizeRecord } from "../../src/records/recognize.ts";
import { baseSeed, Random } from "../support/random.ts";

const MISTAKES: [question: string, from: number, reason: RegExp][] = [
  ["", 0, /is empty/],
  ["  ", 0, /is empty/],
  ["a AND", 5, /missing at the end/],
  ["a OR ", 5, /missing at the end/],
  ["AND a", 0, /missing before AND/],
  ["status:>= AND x", 10, /a value is missing before AND/],
  ["status: OR x", 8, /a value is missing before OR/],
  ["status:", 7, /a value is missing/],
  ["status:>=", 9, /a value is missing/],
  ["(a OR b", 7, /a \) is missing/],
  ["a) b", 1, /no \( for this \)/],
  ["()", 1, /missing before the \)/],
  ['msg:"abc', 4, /quote " has no end/],
  ["req.url:/pay", 8, /has no end.*needs quotes/],
  ["req.url:/pay/1", 13, /space is missing.*quotes/],
  ["req.url:/pay AND ref:/x", 8, /no flags.*needs quotes/],
  ["status:[200 TO", 14, /a range is/],
  ["status:[200 299]", 12, /a range is/],
  ["status:[299 TO 200]", 7, /range is empty/],
  ["msg:/(/", 4, /not a regular expression/],
  ["level:foo", 6, /"foo" is no level.*warn/],
  ["level:>=quite", 6, /"quite" is no level/],
  ["time:>noon", 5, /"noon" is no time/],
  ["time:noon", 5, /a time is compared/],
  [">=500", 0, /field is missing.*status:>=500/],
  ["status>=", 8, /a value is missing/],
  ["level>=loud", 5, /"loud" is no level/],
  ["/a?b=1", 0, /.*/],
  ["x?b=1", 0, /text with = in it needs quotes/],
  ["ms>/1/", 2, /compares numbers/],
  ["a ]", 2, /"\]" is not expected.*AND, OR/],
  ["status:>=500 and log:orders", 13, /^"and" is a word here: write AND, or quote it \("and"\)$/],
  ["status:>500 or", 12, /"or" is a word.*write OR/],
  ["not a", 0, /"not" is a word.*write NOT/],
  ["a Or b", 2, /"Or" is a word.*write OR.*\("Or"\)/],
  ["status:(500 or 502)", 12, /"or" is a word/],
  ["status:(a:b)", 8, /a field in the group of "status"/],
];

for (const [question, from, reason] of MISTAKES) {
  test(`${JSON.stringify(question)} is refused, and the place is pointed at`, () => {
    assert.throws(() => parseQuestion(question), (error) => {
      assert.ok(error instanceof QuestionError);
      assert.match(error.message, reason);
      assert.equal(error.from, from);
      const [line, mark] = error.pointed.split("\n");
      assert.equal(line, question);
      assert.equal(mark.indexOf("^"), from);
      return true;
    });
  });
}

test("the mark is below the place after wide characters, and in a long question", () => {
  const pointed = (question: string) => {
    try {
      parseQuestion(question);
    } catch (error) {
      return (error as QuestionError).pointed;
    }
  };
  assert.equal(pointed("漢字 )"), "漢字 )\n\u3000\u3000 ^");
  const [line, mark] = pointed(`${"a ".repeat(300)}) ${"b ".repeat(300)}`)!.split("\n");
  assert.ok(line.length < 110);
  assert.equal(line[mark.indexOf("^")], ")");
  assert.match(pointed("a\x1b[2J )")!, /^a \[2J \)\n {6}\^$/);
});

test("hostile questions are answered or refused soon", () => {
  const hostile = [
    "(".repeat(5000) + ")".repeat(4999),
    "(".repeat(90) + "a" + ")".repeat(90),
    "NOT ".repeat(2400) + "a",
    "-".repeat(9999) + "a",
    "a ".repeat(4999),
    Array.from({ length: 1000 }, (_, i) => `w${i}`).join(" OR "),
    "a".repeat(10_000),
    '"' + '\\"'.repeat(4900) + '"',
    "a.".repeat(4000) + "b:c",
    "x:" + "*a".repeat(4000),
    " ".repeat(9000) + "a",
    "a:(".repeat(3000),
    "status:[".repeat(1000),
    "\0\ud800\uffff",
  ];
  const text = JSON.stringify({ level: 30, time: 1795269570001, x: "a".repeat(1000), a: {} });
  const record = recognizeRecord(text);
  for (const question of hostile) {
    try {
      parseQuestion(question).test(record, text);
    } catch (error) {
      assert.ok(error instanceof QuestionError, `${question.slice(0, 20)}: ${error}`);
    }
  }
  assert.throws(() => parseQuestion("a".repeat(10_001)), /10001 characters/);
  assert.throws(() => parseQuestion("(".repeat(101) + "a" + ")".repeat(101)), /100 parentheses/);
});

test(`random questions never end in anything but an answer or a mistake (SEED=${baseSeed})`, () => {
  const random = new Random(baseSeed);
  const pieces =
    "a|status:|level:|time:|>=|500|(|)| | AND | OR |NOT |-|\"|'|/|\\|*|?|[| TO |]|{|}|:|=|é|漢|\0|\ud800|!|req.url|.|i|\n|&&"
      .split("|");
  pieces.push("||");
  const texts = [
    '{"level":50,"time":1795269570001,"msg":"a","req":{"url":"/a"},"status":503,"tags":["a",null]}',
    '{"timeUnixNano":"1795269570000000000","severityNumber":17,"body":{"stringValue":"a"}}',
    '2026-11-29T20:00:00.123456789Z stderr F {"level":40,"time":1795269570001,"msg":"é"}',
    '{"@timestamp":"2026-11-21T13:59:30.229Z","level":"WARN","message":"a","properties":{"i":0.5}}',
    '{"level":"http","message":"GET /a","timestamp":"2026-11-21T14:00:00.000Z","status":"500"}',
    '{"level":30,"time":1795269570001,"msg":"caf\\u00e9 a\\/b","gone":null,"ok":false}',
    "2026-11-30T05:00:00Z [WRN] plain text",
    "no plain record at all",
  ];
  const lines = texts.map((text) => ({ text, record: recognizeRecord(text) }));
  let answered = 0;
  for (let i = 0; i < 5000; i++) {
    const count = 1 + random.below(12);
    const question = Array.from({ length: count }, () => pieces[random.below(pieces.length)]).join(
      "",
    );
    try {
      const compiled = parseQuestion(question);
      for (const { text, record } of lines) compiled.test(record, text);
      answered++;
    } catch (error) {
      assert.ok(
        error instanceof QuestionError,
        `${JSON.stringify(question)}: ${(error as Error).stack}`,
      );
      assert.ok(error.from >= 0 && error.to <= question.length);
    }
  }
  assert.ok(answered > 100, `${answered}`);
});
