/** What is a log record by the usual names, and what is none. */

import assert from "node:assert/strict";
import test from "node:test";
import { recognizeRecord } from "../../src/records/recognize.ts";
import { baseSeed, Random } from "../support/random.ts";
import { recognized } from "../support/recognized.ts";

test("records of other libraries are recognized by the usual names", () => {
  const zap = '{"level":"warn","ts":1795269570.25,"logger":"db","caller":"x.go:1","msg":"slow"}';
  assert.deepEqual(recognized(zap), {
    time: 1795269570250,
    level: "warn",
    message: "slow",
    logger: "db",
    fields: { caller: "x.go:1" },
  });
  const slog = '{"time":"2026-11-21T14:59:30.123456789+01:00","level":"INFO","msg":"m","name":"n"}';
  const record = recognized(slog);
  assert.ok(Math.abs((record.time ?? 0) - 1795269570123.4568) < 0.001);
  assert.deepEqual(record.fields, { name: "n" });
  const gcp = recognized(
    '{"severity":"CRITICAL","message":"m","timestamp":"2026-11-21T13:59:30Z"}',
  );
  assert.deepEqual([gcp.level, gcp.time], ["fatal", 1795269570000]);
  const ecs = recognized('{"@timestamp":"2026-11-21T13:59:30Z","log.level":"error","message":"m"}');
  assert.deepEqual([ecs.level, ecs.message, ecs.fields], ["error", "m", {}]);
  const nested = recognized('{"log":{"level":"warn","logger":"db"},"message":"m"}');
  assert.deepEqual([nested.level, nested.logger, nested.message], ["warn", "db", "m"]);
});

test("levels of slog between its own are levels, and stay to be seen", () => {
  const levelOf = (level: string) => recognized(JSON.stringify({ level, msg: "m" })).level;
  const names = ["DEBUG-8", "DEBUG-4", "DEBUG+3", "INFO+2", "INFO-1", "WARN+1", "ERROR+3"];
  const levels = ["trace", "trace", "debug", "info", "debug", "warn", "error"];
  assert.deepEqual(names.map(levelOf), levels);
  assert.equal(levelOf("ERROR+4"), "fatal");
  assert.equal(levelOf("ERROR+999"), "fatal");
  assert.deepEqual(recognized('{"level":"INFO+2"}').fields, { level: "INFO+2" });
  assert.equal(recognizeRecord('{"level":"INFO+"}'), undefined);
});

test("a byte order mark before a record does not hide it", () => {
  assert.equal(recognized('\ufeff{"level":"info","msg":"m"}').message, "m");
  assert.equal(recognized("\ufeff2026-11-21 13:59:30 [INF] m").message, "m");
});

test("what makes no sense under a known name stays a field", () => {
  const record = recognized('{"level":"info","time":12,"msg":{"a":1},"message":"m","logger":5}');
  assert.deepEqual(record, {
    time: undefined,
    level: "info",
    message: "m",
    logger: undefined,
    fields: { time: 12, msg: { a: 1 }, logger: 5 },
  });
});

test("names that mean something to JavaScript are only names", () => {
  const line = '{"level":"info","__proto__":{"x":1},"constructor":2,"toString":3,"msg":"m"}';
  const { fields } = recognizeRecord(line) ?? assert.fail();
  assert.deepEqual(Object.keys(fields), ["__proto__", "constructor", "toString"]);
  assert.equal("x" in fields, false);
});

test("other text and other JSON are no records", () => {
  for (
    const text of [
      "",
      " ",
      "{",
      "}",
      "{}",
      "plain text",
      "{not json}",
      "null",
      '"level"',
      "[1]",
      '[{"level":30,"time":1795269570229}]',
      '{"a":1}',
      '{"level":"odd","message":"m"}',
      '{"time":"soon"}',
      '{"time":"2026-13-41T00:00:00Z"}',
      '{"level":null,"time":null}',
      '{"level":30,"time":1795269570229',
      `{"level":30,"a":${"[".repeat(1e6)}}`,
    ]
  ) assert.equal(recognizeRecord(text), undefined, text.slice(0, 60));
});

test("no text makes the recognizer throw", () => {
  const random = new Random(baseSeed);
  const names = [
    "level",
    "time",
    "msg",
    "logger",
    "properties",
    "body",
    "attributes",
    "resourceLogs",
  ];
  const more = [
    "severityNumber",
    "timeUnixNano",
    "@timestamp",
    "severityText",
    "scopeLogs",
    "name",
  ];
  const all = [...names, ...more];
  const value = (depth: number): unknown => {
    const kind = random.below(depth > 3 ? 7 : 10);
    if (kind === 0) return null;
    if (kind === 1) return random.below(2) === 0;
    if (kind === 2) return random.below(100);
    if (kind === 3) return Date.now() * 1000 ** random.below(3);
    if (kind === 4) return ["info", "WARN", "", "x", "2026-11-21T13:59:30Z"][random.below(5)];
    if (kind < 7) return String(random.below(1e9));
    if (kind === 7) return Array.from({ length: random.below(3) }, () => value(depth + 1));
    return Object.fromEntries(
      Array.from(
        { length: random.below(6) },
        () => [all[random.below(all.length)], value(depth + 1)],
      ),
    );
  };
  for (let i = 0; i < 3000; i++) {
    const object = Object.fromEntries(all.map((name) => [name, value(0)]));
    if (random.below(2) === 0) delete object.severityNumber, delete object.timeUnixNano;
    if (random.below(2) === 0) delete object.level, delete object.msg;
    const line = JSON.stringify(object);
    try {
      recognizeRecord(line);
      recognizeRecord(line.slice(0, random.below(line.length)) + "}");
    } catch (error) {
      assert.fail(`seed ${baseSeed}: ${line}: ${error}`);
    }
  }
});
