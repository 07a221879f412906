/** Log records, recognised in what the real libraries write. */

import assert from "node:assert/strict";
import process from "node:process";
import { Writable } from "node:stream";
import test from "node:test";
import {
  getJsonLinesFormatter,
  getTextFormatter,
  jsonLinesFormatter,
  type LogLevel as LogTapeLevel,
  type LogRecord as LogTapeRecord,
} from "@logtape/logtape";
import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import pino from "pino";
import winston from "winston";
import { recognizeRecord } from "../../src/records/recognize.ts";
import type { LogRecord } from "../../src/records/record.ts";
import { OtlpLines } from "../../src/sinks/otlp_json.ts";
import { baseSeed, Random } from "../support/random.ts";

/** The record in a line; an error if there is none. */
function recognized(line: string): LogRecord {
  const record = recognizeRecord(line);
  assert.ok(record, `not recognised: ${line}`);
  return { ...record, fields: { ...record.fields } };
}

/** The last line that pino writes. */
function byPino(options: pino.LoggerOptions, log: (logger: pino.Logger) => void): string {
  let line = "";
  log(pino({ level: "trace", ...options }, { write: (text) => line = text }));
  return line;
}

/** The last line that winston writes. */
function byWinston(
  formats: winston.Logform.Format[],
  log: (logger: winston.Logger) => void,
  options: winston.LoggerOptions = {},
): string {
  let line = "";
  const stream = new Writable({
    write(bytes, _encoding, done) {
      line = bytes.toString();
      done();
    },
  });
  const format = winston.format.combine(...formats, winston.format.json());
  const transports = [new winston.transports.Stream({ stream })];
  log(winston.createLogger({ level: "silly", format, transports, ...options }));
  return line;
}

function logTapeRecord(level: LogTapeLevel, properties = {}): LogTapeRecord {
  return {
    category: ["app", "db"],
    level,
    message: ["asked ", 3, " times"],
    rawMessage: "asked {n} times",
    timestamp: 1795269570223,
    properties,
  };
}

test("pino's lines give time, level, message, name and fields", () => {
  const before = Date.now();
  const record = recognized(byPino({ name: "api" }, (log) => log.warn({ a: 1 }, "hello")));
  assert.ok(record.time !== undefined && record.time >= before && record.time <= Date.now());
  assert.deepEqual([record.level, record.message, record.logger], ["warn", "hello", "api"]);
  const { pid, hostname, ...fields } = record.fields;
  assert.equal(pid, process.pid);
  assert.equal(typeof hostname, "string");
  assert.deepEqual(fields, { a: 1 });
});

test("pino's levels, own levels and level names are understood", () => {
  for (const level of ["trace", "debug", "info", "warn", "error", "fatal"] as const) {
    assert.equal(recognized(byPino({}, (log) => log[level]("x"))).level, level);
    const formatters = { level: (label: string) => ({ level: label }) };
    assert.equal(recognized(byPino({ formatters }, (log) => log[level]("x"))).level, level);
  }
  const between = recognized('{"level":35,"time":1795269570229,"msg":"x"}');
  assert.deepEqual([between.level, between.fields], ["info", { level: 35 }]);
});

test("pino's times in seconds, in ISO, and none are understood", () => {
  const now = Date.now();
  const { epochTime, unixTime, isoTime, nullTime } = pino.stdTimeFunctions;
  for (const [timestamp, precision] of [[epochTime, 1], [unixTime, 1000], [isoTime, 1]] as const) {
    const { time } = recognized(byPino({ timestamp }, (log) => log.info("x")));
    assert.ok(time !== undefined && time > now - precision && time <= Date.now() + precision);
  }
  const none = recognized(byPino({ timestamp: nullTime }, (log) => log.info("x")));
  assert.deepEqual([none.time, none.level], [undefined, "info"]);
});

test("an error that pino logs is a field with its stack", () => {
  const record = recognized(byPino({}, (log) => log.error(new Error("broken"))));
  assert.equal(record.message, "broken");
  assert.match((record.fields.err as { stack: string }).stack, /broken/);
});

test("LogTape's lines give time, level, message, category and properties", () => {
  const record = recognized(jsonLinesFormatter(logTapeRecord("warning", { n: 3, level: "x" })));
  assert.deepEqual(record, {
    time: 1795269570223,
    level: "warn",
    message: "asked 3 times",
    logger: "app.db",
    fields: { n: 3, level: "x" },
  });
  for (const level of ["trace", "debug", "info", "error", "fatal"] as const) {
    assert.equal(recognized(jsonLinesFormatter(logTapeRecord(level))).level, level);
  }
});

test("LogTape's options of its format are understood", () => {
  const flat = getJsonLinesFormatter({ properties: "flatten", message: "template" });
  assert.deepEqual(recognized(flat(logTapeRecord("info", { n: 3 }))).fields, { n: 3 });
  const nested = getJsonLinesFormatter({ properties: "nest:p", categorySeparator: "/" });
  const record = recognized(nested(logTapeRecord("info", { n: 3 })));
  assert.deepEqual([record.logger, record.fields], ["app/db", { p: { n: 3 } }]);
  const listed = getJsonLinesFormatter({ categorySeparator: (parts) => [...parts] });
  assert.equal(recognized(listed(logTapeRecord("info"))).logger, "app.db");
  const root = recognized(jsonLinesFormatter({ ...logTapeRecord("info"), category: [] }));
  assert.equal(root.logger, undefined);
});

test("winston's lines give time, level, message and fields", () => {
  const { timestamp, colorize, errors } = winston.format;
  const before = Date.now();
  const record = recognized(byWinston([timestamp()], (log) => log.info("hello", { a: 1 })));
  assert.ok(record.time !== undefined && record.time >= before && record.time <= Date.now());
  assert.deepEqual([record.level, record.message, record.fields], ["info", "hello", { a: 1 }]);

  const local = recognized(
    byWinston([timestamp({ format: "YYYY-MM-DD HH:mm:ss.SSS" })], (log) => log.info("x")),
  );
  assert.ok(local.time !== undefined && local.time >= before && local.time <= Date.now());
  const bare = recognized(byWinston([colorize()], (log) => log.warn("x")));
  assert.deepEqual([bare.time, bare.level], [undefined, "warn"]);
  const failed = recognized(
    byWinston([errors({ stack: true })], (log) => log.error(new Error("bad"))),
  );
  assert.deepEqual([failed.level, failed.message], ["error", "bad"]);
  assert.match(failed.fields.stack as string, /bad/);
});

test("winston's levels come to the nearest one, and stay a field where they say more", () => {
  const levelOf = (log: (logger: winston.Logger) => void) => {
    const { level, fields } = recognized(byWinston([], log));
    return [level, fields.level];
  };
  assert.deepEqual(levelOf((log) => log.error("x")), ["error", undefined]);
  assert.deepEqual(levelOf((log) => log.http("x")), ["debug", "http"]);
  assert.deepEqual(levelOf((log) => log.verbose("x")), ["debug", "verbose"]);
  assert.deepEqual(levelOf((log) => log.debug("x")), ["debug", undefined]);
  assert.deepEqual(levelOf((log) => log.silly("x")), ["trace", "silly"]);
  const syslog = { levels: winston.config.syslog.levels, level: "debug" };
  for (const [name, level] of [["emerg", "fatal"], ["warning", "warn"], ["notice", "info"]]) {
    const line = byWinston([], (log) => log.log(name, "x"), syslog);
    assert.equal(recognized(line).level, level);
  }
});

test("OpenTelemetry's records give time, level, body and attributes without their wraps", () => {
  const record = {
    timeUnixNano: "1544712660300500000",
    observedTimeUnixNano: "1544712660300600000",
    severityNumber: 10,
    severityText: "Information",
    traceId: "5b8efff798038103d269b633813fc60c",
    spanId: "",
    flags: 0,
    body: { stringValue: "Example log record" },
    attributes: [
      { key: "string.attribute", value: { stringValue: "some string" } },
      { key: "boolean.attribute", value: { boolValue: true } },
      { key: "int.attribute", value: { intValue: "10" } },
      { key: "large", value: { intValue: "9223372036854775807" } },
      { key: "double.attribute", value: { doubleValue: 637.704 } },
      { key: "list", value: { arrayValue: { values: [{ stringValue: "many" }] } } },
      {
        key: "map",
        value: { kvlistValue: { values: [{ key: "key", value: { stringValue: "x" } }] } },
      },
      { key: "empty", value: {} },
    ],
  };
  const expected = {
    time: 1544712660300.5,
    level: "info",
    message: "Example log record",
    logger: undefined,
    fields: {
      "string.attribute": "some string",
      "boolean.attribute": true,
      "int.attribute": 10,
      large: "9223372036854775807",
      "double.attribute": 637.704,
      list: ["many"],
      map: { key: "x" },
      empty: undefined,
      traceId: "5b8efff798038103d269b633813fc60c",
    },
  };
  const plain = (value: LogRecord) => JSON.parse(JSON.stringify(value));
  assert.deepEqual(plain(recognized(JSON.stringify(record))), plain(expected as LogRecord));

  const request = {
    resourceLogs: [{
      resource: { attributes: [] },
      scopeLogs: [{ scope: { name: "my.scope" }, logRecords: [record] }],
    }],
  };
  assert.equal(recognized(JSON.stringify(request)).logger, "my.scope");
  request.resourceLogs[0].scopeLogs[0].logRecords.push(record);
  assert.equal(recognizeRecord(JSON.stringify(request)), undefined);
});

test("records of OpenTelemetry's SDK give scope, body and attributes, and nothing of the process", () => {
  let line = "";
  const lines = new OtlpLines();
  const provider = new LoggerProvider({
    processors: [
      new SimpleLogRecordProcessor({
        exporter: {
          export(records, done) {
            line = lines.line(records[0]);
            done({ code: 0 });
          },
          forceFlush: () => Promise.resolve(),
          shutdown: () => Promise.resolve(),
        },
      }),
    ],
  });
  const before = Date.now();
  provider.getLogger("my.scope").emit({
    severityNumber: 17,
    severityText: "ERROR",
    body: "hello",
    attributes: { n: 1, list: ["a", 2.5] },
  });
  const { time, ...record } = recognized(line);
  assert.ok(time !== undefined && time > before - 1 && time <= Date.now());
  assert.deepEqual(record, {
    level: "error",
    message: "hello",
    logger: "my.scope",
    fields: { n: 1, list: ["a", 2.5] },
  });
});

test("OpenTelemetry's severity numbers are four a level", () => {
  const levels = Array.from(
    { length: 26 },
    (_, severityNumber) =>
      recognized(JSON.stringify({ timeUnixNano: "1544712660300000000", severityNumber })).level,
  );
  const four = ["trace", "debug", "info", "warn", "error", "fatal"].flatMap((level) =>
    Array(4).fill(level)
  );
  assert.deepEqual(levels, [undefined, ...four, undefined]);
  const observed = recognized(
    '{"observedTimeUnixNano":"1544712660300000000","severityText":"WARN"}',
  );
  assert.deepEqual([observed.time, observed.level], [1544712660300, "warn"]);
});

test("records of other libraries are recognised by the usual names", () => {
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
});

test("lines of text that begin with time and level are records", () => {
  const line = getTextFormatter()(logTapeRecord("warning"));
  assert.deepEqual(recognized(line.trimEnd()), {
    time: 1795269570223,
    level: "warn",
    message: "app·db: asked 3 times",
    logger: undefined,
    fields: {},
  });
  const console = recognized("2026-11-21T13:59:30.250Z [error] it\n    at x");
  assert.deepEqual([console.time, console.level], [1795269570250, "error"]);
  assert.equal(console.message, "it\n    at x");
  const json = '{"time":"2026-11-21T13:59:30.250Z","level":"info","text":"the text"}';
  assert.equal(recognized(json).message, "the text");
  for (
    const text of [
      "2026-11-21T13:59:30Z no level",
      "2026-11-21T13:59:30Z [odd] x",
      "2026-11-21T99:59:30Z [info] x",
      "2026-11-21 [info] x",
      "[info] 2026-11-21T13:59:30Z x",
      "0123-56-",
    ]
  ) assert.equal(recognizeRecord(text), undefined, text);
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

test("no text makes the recogniser throw", () => {
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
    const line = JSON.stringify(object);
    try {
      recognizeRecord(line);
      recognizeRecord(line.slice(0, random.below(line.length)) + "}");
    } catch (error) {
      assert.fail(`seed ${baseSeed}: ${line}: ${error}`);
    }
  }
});
