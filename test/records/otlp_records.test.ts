/** Entries as log records of OpenTelemetry: what a strict reader of the schema makes of their bytes. */

import assert from "node:assert/strict";
import test from "node:test";
import { OtlpRecords, sourceResource } from "../../src/records/otlp_records.ts";
import { otlpEncoder } from "../../src/ship/carriers/otlp/encoder.ts";
import { OTLP_PROTOCOLS } from "../../src/ship/carriers/otlp/otlp_options.ts";
import { hostileEntries } from "../support/hostile_text.ts";
import { recordsIn } from "../support/otlp_collector.ts";
import { requestOfJson, requestOfProtobuf } from "../support/otlp_schema.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const source = { host: "h", name: "/shop", segment: "1-2-3" };
const facts = { sequenceNumber: 7, time: 1795280400123 };

/** What a reader has of entries, in both protocols: the same. */
async function read(...entries: (string | Uint8Array)[]) {
  const records = new OtlpRecords(sourceResource(source));
  const made = entries.map((entry) =>
    records.ofEntry(typeof entry === "string" ? bytes(entry) : entry, facts)
  );
  const [protobuf, json] = await Promise.all(OTLP_PROTOCOLS.map(async (protocol) => {
    const encoded = (await otlpEncoder(protocol)).encode(made);
    return recordsIn(
      protocol === "http/json"
        ? requestOfJson(new TextDecoder().decode(encoded))
        : requestOfProtobuf(encoded),
    ).map(({ record, ...rest }) => {
      const { timeUnixNano, observedTimeUnixNano, severityNumber, severityText } = record;
      const { traceId, spanId, flags, eventName } = record;
      return {
        ...rest,
        ...{ timeUnixNano, observedTimeUnixNano, severityNumber, severityText },
        ...{ traceId, spanId, flags: flags || undefined, eventName },
      };
    });
  }));
  for (const [i, record] of protobuf.entries()) assert.deepEqual(record, json[i], `entry ${i}`);
  return protobuf;
}

test("a line that is no record is the body; what is no text is, too, as bytes", async () => {
  const [text, empty, binary, escape] = await read(
    ...["hello", "", new Uint8Array([0xff, 0, 0xfe]), "a \\ud800 of JSON"],
  );
  assert.deepEqual(text, {
    resource: {
      ...{ "service.name": "shop", "host.name": "h" },
      ...{ "ouroboros.log": "/shop", "ouroboros.segment": "1-2-3" },
    },
    scope: "",
    attributes: { "ouroboros.seq": 7n },
    body: "hello",
    timeUnixNano: "0",
    observedTimeUnixNano: "1795280400123000000",
    ...{ severityNumber: undefined, severityText: undefined, eventName: undefined },
    ...{ traceId: undefined, spanId: undefined, flags: undefined },
  });
  assert.equal(empty.body, "");
  assert.equal(escape.body, "a \\ud800 of JSON");
  assert.deepEqual(binary.body, new Uint8Array([0xff, 0, 0xfe]));
});

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

test("records of libraries: time, severity, message, fields, logger and span", async () => {
  const [pino, logtape, winston, logfmt, cri] = await read(
    `{"level":50,"time":1795280400123,"pid":7,"name":"db","msg":"lost","trace_id":"${TRACE}",` +
      `"span_id":"${SPAN}","trace_flags":"01","req":{"url":"/","n":[1,1.5,null,true]}}`,
    '{"@timestamp":"2026-11-21T13:59:30.229Z","level":"WARN","message":"slow","logger":"app.db",' +
      '"properties":{"ms":12345678901234567890}}',
    '{"level":"http","message":"GET","timestamp":"2026-11-21T13:59:30.229Z"}',
    'time=2026-11-30T01:02:03.123456789Z level=debug msg="x y" k=v',
    '2026-11-30T01:02:03.123456789Z stderr F {"level":30,"msg":"in a container"}',
  );
  assert.deepEqual([pino.timeUnixNano, pino.severityNumber, pino.severityText, pino.body], [
    "1795280400123000000",
    17,
    "ERROR",
    "lost",
  ]);
  assert.equal(pino.scope, "db");
  assert.deepEqual([pino.traceId, pino.spanId, pino.flags], [TRACE, SPAN, 1]);
  assert.deepEqual(pino.attributes, {
    pid: 7n,
    req: { url: "/", n: [1n, 1.5, null, true] },
    "ouroboros.seq": 7n,
  });
  assert.deepEqual([logtape.severityNumber, logtape.scope, logtape.body], [13, "app.db", "slow"]);
  assert.equal(String(logtape.attributes.ms).slice(0, 15), "123456789012345");
  assert.deepEqual([winston.severityNumber, winston.attributes.level], [5, "http"]);
  assert.deepEqual([logfmt.timeUnixNano, logfmt.severityNumber], ["1796000523123456789", 5]);
  assert.deepEqual([logfmt.body, logfmt.attributes.k], ["x y", "v"]);
  assert.equal(cri.attributes["log.iostream"], "stderr");
  assert.deepEqual([cri.body, cri.timeUnixNano], ["in a container", "1796000523123456789"]);
});

test("ids that are not valid stay fields", async () => {
  const [one] = await read(
    `{"level":30,"msg":"m","trace_id":"${"0".repeat(32)}","span_id":"${SPAN}"}`,
  );
  assert.deepEqual([one.traceId, one.spanId, one.attributes.span_id], [undefined, undefined, SPAN]);
});

test("a record of OpenTelemetry stays what it is, and gets our attributes", async () => {
  const record = {
    ...{ timeUnixNano: "1795280400123456789", observedTimeUnixNano: "1795280400123456790" },
    ...{ severityNumber: 10, severityText: "NOTE", body: { stringValue: "b" }, flags: 1 },
    ...{ traceId: TRACE.toUpperCase(), spanId: SPAN, eventName: "order.done" },
    attributes: [
      { key: "by", value: { bytesValue: "AQI=" } },
      { key: "n", value: { intValue: "7" } },
    ],
  };
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "checkout" } }] };
  const unnamed = {
    attributes: [{ key: "service.name", value: { stringValue: "unknown_service:bun" } }],
  };
  const scope = { name: "db", version: "2" };
  const scopeLogs = [{ scope, logRecords: [record] }];
  const [line, request, nameless] = await read(
    JSON.stringify({ ...record, resource, scope }),
    JSON.stringify({ resourceLogs: [{ resource, scopeLogs }] }),
    JSON.stringify({ ...record, resource: unnamed }),
  );
  assert.deepEqual(request, line);
  assert.deepEqual(line, {
    resource: {
      ...{ "service.name": "checkout", "host.name": "h" },
      ...{ "ouroboros.log": "/shop", "ouroboros.segment": "1-2-3" },
    },
    scope: "db",
    attributes: { by: new Uint8Array([1, 2]), n: 7n, "ouroboros.seq": 7n },
    body: "b",
    ...{ timeUnixNano: "1795280400123456789", observedTimeUnixNano: "1795280400123456790" },
    ...{ severityNumber: 10, severityText: "NOTE", eventName: "order.done" },
    ...{ traceId: TRACE, spanId: SPAN, flags: 1 },
  });
  assert.equal(nameless.resource["service.name"], "shop");
});

test("whatever is in a log is a valid record", async () => {
  const lines = [
    '{"timeUnixNano":"x","severityNumber":99,"attributes":{"a":1},"body":{"intValue":{}},"traceId":7}',
    '{"timeUnixNano":18446744073709551615,"body":null,"attributes":[null,{"key":1},{"key":"k"}]}',
    '{"severityNumber":9,"attributes":[{"key":"k","value":{"bytesValue":"%%"}}],"scope":7,"resource":[]}',
    '{"level":30,"time":-1,"":1,"__proto__":{"a":1},"constructor":"x","ouroboros.seq":"mine"}',
    '{"level":30,"time":"0001-01-01T00:00:00Z","a":1e400,"b":-0,"c":9223372036854775808}',
    '{"level":30,"msg":"\\ud800","\\ud800":"\\udc00"}',
    `{"level":30,"a":${"[".repeat(150)}${"]".repeat(150)}}`,
  ];
  const hostile = hostileEntries.map(({ bytes }) => bytes);
  const records = await read(...lines, ...hostile);
  assert.equal(records.length, lines.length + hostile.length);
  for (const { attributes } of records) assert.equal(attributes["ouroboros.seq"], 7n);
});

test("a gap says what is missing", async () => {
  const records = new OtlpRecords(sourceResource(source));
  const gap = records.ofGap({ from: 4, to: 9, reason: "overwritten", time: facts.time });
  const encoded = (await otlpEncoder("http/protobuf")).encode([gap]);
  const [{ body, attributes, record }] = recordsIn(requestOfProtobuf(encoded));
  assert.equal(body, "6 entries are missing (overwritten): 4 to 9");
  assert.deepEqual(attributes, {
    "ouroboros.gap.from": 4n,
    "ouroboros.gap.to": 9n,
    "ouroboros.gap.reason": "overwritten",
  });
  assert.deepEqual([record.severityNumber, record.eventName], [13, "ouroboros.gap"]);
});

test("what was left out on purpose is no warning, and what comes after it says how many", () => {
  const records = new OtlpRecords(sourceResource(source));
  const left = records.ofGap({ from: 4, to: 9, reason: "filtered", time: facts.time });
  assert.equal(left.body, "6 entries were left out (filtered): 4 to 9");
  assert.deepEqual([left.severityNumber, left.severityText], [1, "TRACE"]);
  const entry = records.ofEntry(new TextEncoder().encode("x"), { ...facts, filtered: 3 });
  assert.equal(entry.attributes["ouroboros.filtered"], 3);
  const gap = { from: 4, to: 9, reason: "damaged", time: facts.time, filtered: 2 };
  assert.equal(records.ofGap(gap).attributes["ouroboros.filtered"], 2);
});
