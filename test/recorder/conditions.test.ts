/** What makes a recorder save: words, and questions. */

import assert from "node:assert/strict";
import test from "node:test";
import { type EntryCondition, parseCondition } from "../../src/recorder/conditions.ts";
import { WATCHDOG_LOGGER } from "../../src/sinks/watchdog.ts";

const matches = (condition: string, entry: string) =>
  (parseCondition(condition) as EntryCondition).test(entry);

test("a level means records of at least that level, whichever library wrote them", () => {
  const cases: [level: string, entry: string, isMatch: boolean][] = [
    ["error", '{"level":50,"time":1}', true],
    ["error", '{"level":60}', true],
    ["error", '{"level":49,"time":1}', false],
    ["warn", '{"level":40}', true],
    ["warning", '{"level":40}', true],
    ["info", '{"level":20,"msg":"x"}', false],
    ["error", '{"level":30,"child":{"level":50}}', false],
    ["error", '{"level":30,"msg":"\\"level\\":50"}', false],
    ["error", '{"level":30,"level":50}', true],
    ["error", '{"level":50,"level":30}', false],
    ["error", '{"level":"ERROR","message":"x"}', true],
    ["fatal", '{"level":"error"}', false],
    ["error", '{"level":3,"time":1700000000000}', true],
    ["error", '{"level":50', false],
    ["error", '2026-11-29T20:00:00.1Z stdout F {"level":"error"}', true],
    ["error", "an error", false],
    ["error", "", false],
  ];
  for (const [level, entry, isMatch] of cases) {
    assert.equal(matches(level, entry), isMatch, `${level}: ${entry}`);
  }
});

test("blocked is what a watchdog says, and nobody else", () => {
  const entry = { time: "2026-01-01T00:00:00.000Z", level: "error", logger: WATCHDOG_LOGGER };
  assert.equal(matches("blocked", JSON.stringify({ ...entry, blocked: true })), true);
  assert.equal(matches("blocked", JSON.stringify({ ...entry, blocked: false })), false);
  assert.equal(matches("blocked", `{"level":30,"msg":"${WATCHDOG_LOGGER}","blocked":true}`), false);
});

test("a question is asked as by --where", () => {
  const line = '{"level":30,"time":1700000000000,"status":503,"req":{"url":"/pay/1"},"msg":"no"}';
  for (
    const [question, isMatch] of [
      ["status:>=500", true],
      ["status:>=504", false],
      ["status:>=500 AND req.url:/^\\/pay/", true],
      ["msg:NO", true],
      ["status:>=500 -no", false],
    ] as const
  ) assert.equal(matches(question, line), isMatch, question);
  assert.equal(matches("msg:caf\u00e9", '{"level":30,"msg":"caf\\u00e9"}'), true);
});

test("dead and silent are of logs; what is mistyped says what is meant", () => {
  assert.deepEqual(parseCondition("dead"), { kind: "dead", reason: "dead" });
  assert.deepEqual(parseCondition("silent:1.5m"), {
    kind: "silent",
    reason: "silent",
    limit: 90_000,
  });
  for (
    const [text, message] of [
      ["silent:", /needs a time/],
      ["silent:0s", /needs a time/],
      ["silent:soon", /needs a time/],
      ["eror", /did you mean "error"/],
      ["deaad", /did you mean "dead"/],
      ["silent", /did you mean "silent:5s"/],
      ["status:>=", /./],
    ] as const
  ) assert.throws(() => parseCondition(text), message, text);
});
