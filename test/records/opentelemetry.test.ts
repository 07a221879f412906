/** Log records, recognized in OpenTelemetry's JSON, also in what its SDK really makes. */

import assert from "node:assert/strict";
import test from "node:test";
import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { recognizeRecord } from "../../src/records/recognize.ts";
import type { LogRecord } from "../../src/records/record.ts";
import { OtlpLines } from "../../src/sinks/otlp_json.ts";
import { recognized } from "../support/recognized.ts";

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
            line = lines.text(records[0]);
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

test("a line of another library is its own, with OpenTelemetry's numbers in it, too", () => {
  const line = { level: 30, time: 1795269570229, msg: "done", severityNumber: 17 };
  assert.deepEqual(recognized(JSON.stringify(line)), {
    time: 1795269570229,
    level: "info",
    message: "done",
    logger: undefined,
    fields: { severityNumber: 17 },
  });
  const { level, message } = recognized('{"message":"failed","severityNumber":17}');
  assert.deepEqual([level, message], ["error", "failed"]);
});
