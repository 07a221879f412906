/** Log records, recognized in what pino, LogTape and winston really write. */

import assert from "node:assert/strict";
import process from "node:process";
import { Writable } from "node:stream";
import test from "node:test";
import {
  getAnsiColorFormatter,
  getJsonLinesFormatter,
  getTextFormatter,
  jsonLinesFormatter,
  type LogLevel as LogTapeLevel,
  type LogRecord as LogTapeRecord,
} from "@logtape/logtape";
import pino from "pino";
import winston from "winston";
import { recognizeRecord } from "../../src/records/recognize.ts";
import { recognized } from "../support/recognized.ts";

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

test("lines of text that begin with time and level are records", () => {
  const line = getTextFormatter()(logTapeRecord("warning"));
  assert.deepEqual(recognized(line.trimEnd()), {
    time: 1795269570223,
    level: "warn",
    message: "app·db: asked 3 times",
    logger: undefined,
    fields: {},
  });
  const colored = recognized(getAnsiColorFormatter()(logTapeRecord("warning")).trimEnd());
  assert.deepEqual([colored.time, colored.level], [1795269570223, "warn"]);
  for (
    const head of [
      "2026-11-21T13:59:30.250Z [\x1b[31merror\x1b[39m]: ",
      "2026-11-21T13:59:30.250Z \x1b[31m[error]\x1b[0m ",
      "\x1b[2m2026-11-21T13:59:30.250Z\x1b[0m \x1b[1;31mERROR\x1b[0m ",
    ]
  ) {
    const { time, level, message } = recognized(`${head}\x1b[1mit\x1b[0m`);
    assert.deepEqual([time, level, message], [1795269570250, "error", "\x1b[1mit\x1b[0m"]);
  }
  const console = recognized("2026-11-21T13:59:30.250Z [error] it\n    at x");
  assert.deepEqual([console.time, console.level], [1795269570250, "error"]);
  assert.equal(console.message, "it\n    at x");
  const json = '{"time":"2026-11-21T13:59:30.250Z","level":"info","text":"the text"}';
  assert.equal(recognized(json).message, "the text");
  for (
    const text of [
      "2026-11-21T13:59:30Z no level",
      "2026-11-21T13:59:30Z [odd] x",
      "2026-11-21T13:59:30Z \x1b[31modd\x1b[0m x",
      "\x1b[31m2026-11-21T13:59:30Z error x",
      "2026-11-21T99:59:30Z [info] x",
      "2026-11-21 [info] x",
      "[info] 2026-11-21T13:59:30Z x",
      "0123-56-",
    ]
  ) assert.equal(recognizeRecord(text), undefined, text);
});
