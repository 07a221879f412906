/** Questions to records: what is understood, and what is answered. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { recognizeRecord } from "../../src/records/recognize.ts";
import { type Matcher, parseQuestion } from "../../src/records/question/question.ts";

const LINES = {
  pay:
    '{"level":30,"time":1795269570001,"msg":"request completed","req":{"method":"POST","url":"/pay/1"},"status":503,"ms":11.5}',
  db:
    '{"level":50,"time":1795269570010,"msg":"Timeout of \\"db\\"","err":{"code":"ECONNREFUSED","message":"connect"},"status":200,"tags":["slow","db-1"],"ok":false,"gone":null}',
  logtape:
    '{"@timestamp":"2026-11-21T13:59:30.229Z","level":"WARN","message":"disk is nearly full","logger":"app.disk","properties":{"used":0.93}}',
  winston:
    '{"level":"http","message":"GET /a","timestamp":"2026-11-21T14:00:00.000Z","status":"404"}',
  otlp:
    '{"timeUnixNano":"1795269570000000000","severityNumber":17,"body":{"stringValue":"payment failed"},"attributes":[{"key":"http.response.status_code","value":{"intValue":"502"}},{"key":"user","value":{"kvlistValue":{"values":[{"key":"id","value":{"stringValue":"u-7"}}]}}}]}',
  cri:
    '2026-11-29T20:00:00.123456789Z stderr F {"level":40,"time":1795269570001,"msg":"in a container","pod":"web-1"}',
  criText: "2026-11-29T20:00:00.123456789Z stdout F plain text in a container",
  text: "2026-11-30T05:00:00Z [WRN] plain text with timeout",
  plain: "no plain record at all: Timeout",
  escaped: '{"level":30,"time":1795269570001,"msg":"caf\\u00e9 \\u003cb\\u003e a\\/b"}',
} as const;

type Name = keyof typeof LINES;

/** The names of the lines that match. */
function found(question: string): Name[] {
  const compiled = parseQuestion(question);
  return (Object.keys(LINES) as Name[]).filter((name) =>
    compiled.test(recognizeRecord(LINES[name]), LINES[name])
  );
}

const ANSWERS: [question: string, names: Name[]][] = [
  // Words and phrases, anywhere, in any case.
  ["timeout", ["db", "text", "plain"]],
  ["TIMEOUT plain", ["text", "plain"]],
  ['"plain text"', ["criText", "text"]],
  ["'plain text'", ["criText", "text"]],
  ["plain -timeout", ["criText"]],
  ["time*db", ["db"]],
  ["pl?in", ["criText", "text", "plain"]],
  ["/T[i]meout/", ["db", "plain"]],
  ["/t[i]meout/i", ["db", "text", "plain"]],
  // What JSON writes in another way.
  ["café", ["escaped"]],
  ['"<b>"', ["escaped"]],
  ["a/b", ["escaped"]],
  ['"Timeout of \\"db\\""', ["db"]],
  // AND, OR, NOT: NOT before AND before OR.
  ["level:error OR level:warn status:0", ["db", "otlp"]],
  ["(level:error OR level:warn) nearly", ["logtape"]],
  ["level:error && !timeout", ["otlp"]],
  ["level:error || level:http", ["db", "winston", "otlp"]],
  ["NOT NOT timeout", ["db", "text", "plain"]],
  ["NOT (status:* OR plain OR level:*)", []],
  // Levels, by name and by number, of all libraries.
  ["level:error", ["db", "otlp"]],
  ["level:>=warn", ["db", "logtape", "otlp", "cri", "text"]],
  ["level:[warn TO error}", ["logtape", "cri", "text"]],
  ["lvl:<info", ["winston"]],
  ["severity:50", ["db", "otlp"]],
  ["level:http", ["winston"]],
  ["level:(warn OR fatal)", ["logtape", "cri", "text"]],
  ["level:w*", ["logtape", "cri", "text"]],
  ["level:/^e/", ["db", "otlp"]],
  ["-level:*", ["criText", "plain"]],
  // Messages and loggers, whatever their names are.
  ["msg:full", ["logtape"]],
  ["message:completed", ["pay"]],
  ["msg:failed", ["otlp"]],
  ["msg:container", ["cri", "criText"]],
  ["msg:record", ["plain"]],
  ["logger:disk", ["logtape"]],
  ["category:=app.disk", ["logtape"]],
  ["logger:=app", []],
  ["stream:stderr", ["cri"]],
  // Numbers as numbers, also in text.
  ["status:>=500", ["pay"]],
  ["status:404", ["winston"]],
  ["status:40", []],
  ["status:[200 TO 299]", ["db"]],
  ["status:{200 TO 299]", []],
  ["status:[404 TO *]", ["pay", "winston"]],
  ["status:(503 OR 404)", ["pay", "winston"]],
  ["status:(>=400 <500)", ["winston"]],
  ["status:5??", ["pay"]],
  ["status:/^5/", ["pay"]],
  ["ms:11.50", ["pay"]],
  ["ms:>-1e3", ["pay"]],
  // As others write it.
  ["status>=500", ["pay"]],
  ["status >= 500", ["pay"]],
  ["status=404 OR status == 503", ["pay", "winston"]],
  ["status:* status!=503 AND status != 404", ["db"]],
  ["level >= error", ["db", "otlp"]],
  ["level=error -ok:*", ["otlp"]],
  ["req.url=/^.pay/", ["pay"]],
  ["NOT ms>300 ms<300", ["pay"]],
  ["tags:!=slow tags:slow", []],
  // Nested fields, lists, names with dots.
  ["req.method:post", ["pay"]],
  ["req.method:=post", []],
  ["req.url:/^\\/pay/", ["pay"]],
  ['req.url:"/pay"', ["pay"]],
  ["req.url:*/1", ["pay"]],
  ["req.url:*pay", []],
  ["err.code:econn*", ["db"]],
  ["err:econnrefused", ["db"]],
  ["tags:slow", ["db"]],
  ["tags:=db-1", ["db"]],
  ["properties.used:>0.9", []],
  ["used:>0.9", ["logtape"]],
  ["http.response.status_code:502", ["otlp"]],
  ["user.id:=u-7", ["otlp"]],
  ["pod:web-1", ["cri"]],
  ["ok:false", ["db"]],
  ["gone:null", ["db"]],
  ["gone:*", ["db"]],
  ["nothing:*", []],
  // Times.
  ["time:>=2026-11-29", ["criText", "text"]],
  ["time:[2026-11-21T13:59:30.229Z TO 2026-11-21T14:00:00Z]", ["logtape", "winston"]],
  ["ts:<1795269570.005 time:*", ["pay", "otlp", "cri", "escaped"]],
];

for (const [question, names] of ANSWERS) {
  test(`${question} finds ${names.join(", ") || "nothing"}`, () => {
    assert.deepEqual(found(question), names);
  });
}

test("what must be in the bytes of an entry is in those that match", () => {
  for (const [question, names] of ANSWERS) {
    const { needles, levels } = parseQuestion(question);
    for (const name of names) {
      const line = LINES[name].toLowerCase();
      const isThere = needles.every((some) => some.some((needle) => line.includes(needle)));
      assert.ok(isThere || line.includes("\\u"), `${question}: ${JSON.stringify(needles)}`);
      const level = recognizeRecord(LINES[name])?.level;
      assert.ok(levels === undefined || (level !== undefined && levels.has(level)), question);
    }
  }
});

test("needles are what is known of the bytes, the longest first", () => {
  const needles = (question: string) => parseQuestion(question).needles;
  assert.deepEqual(needles("status:>=500 AND req.url:/^\\/pay/"), [["status"], ["req"], ["url"]]);
  assert.deepEqual(needles("foo OR Bar"), [["foo", "bar"]]);
  assert.deepEqual(needles("foo OR status:500 OR -x"), []);
  assert.deepEqual(needles("NOT foo"), []);
  assert.deepEqual(needles('"a/b cd"'), [["b cd"]]);
  assert.deepEqual(needles("logger:app.database"), [["database"]]);
  assert.deepEqual(needles("café"), [["caf"]]);
  assert.deepEqual(needles("time:>2026-01-01 stream:stderr msg:*"), []);
});

test("and, or and not are words in quotes, values of fields, and parts of words", () => {
  const text = '{"level":30,"time":1795269570001,"msg":"this or that","op":"not"}';
  for (const question of ['"or"', "op:not", "op=not", 'op:("not")', "o*r", "tha*"]) {
    assert.equal(parseQuestion(question).test(recognizeRecord(text), text), true, question);
  }
  assert.equal(parseQuestion("android OR oregon OR nothing").test(undefined, "Oregon"), true);
});

test("levels are what a record must be of", () => {
  const levels = (question: string) => {
    const found = parseQuestion(question).levels;
    return found && [...found];
  };
  assert.deepEqual(levels("level:>=error timeout"), ["error", "fatal"]);
  assert.deepEqual(levels("level:>=warn level:<fatal"), ["warn", "error"]);
  assert.deepEqual(levels("level:warn OR level:info"), ["info", "warn"].toReversed());
  assert.deepEqual(levels("level:warn OR timeout"), undefined);
  assert.deepEqual(levels("NOT level:warn"), undefined);
});

test("long chains of words are understood", () => {
  const words = Array.from({ length: 1000 }, (_, i) => `w${i}`);
  const record = undefined;
  for (const between of [" OR ", " ", " AND "]) {
    const question = parseQuestion(words.join(between));
    assert.equal(question.test(record, words.join("-")), true);
    assert.equal(question.test(record, "w999 only"), between === " OR ");
  }
});

test("names of fields are only names: those of prototypes find nothing", () => {
  for (const name of ["__proto__", "constructor", "toString", "a.__proto__.b"]) {
    assert.deepEqual(found(`${name}:*`), []);
  }
});

test("an expression that could take too long is not tried, and the answer is no", () => {
  const text = `${"a".repeat(50)}!`;
  for (const question of ["/(a+)+$/", "NOT /(a+)+$/", "msg:/(a+)+$/"]) {
    const compiled = parseQuestion(question);
    assert.equal(compiled.test(undefined, text), false);
    assert.equal(compiled.isUndecided, true);
  }
});

test("what tries expressions can be given", () => {
  const tried: string[] = [];
  const toMatcher = (regExp: RegExp): Matcher => ({
    test(text) {
      tried.push(text);
      return regExp.test(text);
    },
  });
  const compiled = parseQuestion("a:/b/", { toMatcher });
  const text = '{"level":30,"a":"abc"}';
  assert.equal(compiled.test(recognizeRecord(text), text), true);
  assert.deepEqual(tried, ["abc"]);
});

test("a number of many digits is compared, and found", () => {
  const text = '{"level":30,"id":12345678901234567890}';
  const record = recognizeRecord(text, true);
  assert.equal(parseQuestion("id:>12345678901234000000").test(record, text), true);
  assert.equal(parseQuestion("id:*7890").test(record, text), "rawJSON" in JSON);
});

test("the questions need nothing of a runtime, so that they run in browsers", () => {
  const folder = new URL("../../src/records/question/", import.meta.url);
  for (const name of ["question", "syntax", "field", "value_test", "wildcard", "mistake"]) {
    const source = readFileSync(new URL(`${name}.ts`, folder), "utf8");
    assert.doesNotMatch(source, /from "node:|\bprocess\b|\bBuffer\b/);
  }
});

test("log is the name of the log, unless an entry has such a field itself", () => {
  const matches = (question: string, text: string, log?: string) => {
    const compiled = parseQuestion(question);
    assert.equal(compiled.asksLog, true);
    assert.deepEqual(compiled.needles, [], "what the bytes need not have");
    return compiled.test(recognizeRecord(text), text, log);
  };
  for (const text of [LINES.pay, LINES.plain, LINES.cri]) {
    assert.equal(matches("log:db", text, "web-1/db.0"), true);
    assert.equal(matches("log:(web OR db)", text, "/db.0"), true);
    assert.equal(matches('log:="/db"', text, "/db.0"), false);
    assert.equal(matches("-log:db", text, "/db.0"), false);
    assert.equal(matches("log:*", text), false);
  }
  const own = '{"level":30,"time":1795269570001,"log":"written by docker"}';
  assert.equal(matches("log:docker", own, "/db"), true);
  assert.equal(matches("log:db", own, "/db"), false);
  assert.equal(parseQuestion("status:200 web").asksLog, false);
});
