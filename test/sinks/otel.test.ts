/** OpenTelemetry's logs with our exporter. */

import assert from "node:assert/strict";
import test from "node:test";
import {
  BatchLogRecordProcessor,
  LoggerProvider,
  type LogRecordProcessor,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from "@opentelemetry/sdk-logs";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { ROOT_CONTEXT, trace, TraceFlags } from "@opentelemetry/api";
import { ClosedError, type LogTarget, ShmLogReader } from "../../mod.ts";
import { ShmLogRecordExporter } from "../../src/sinks/otel.ts";
import type { SinkOptions } from "../../src/sinks/mod.ts";
import { lastingLog } from "../support/lasting.ts";

// deno-lint-ignore no-explicit-any
type Line = Record<string, any>;

class Recorder implements Disposable {
  readonly #log = lastingLog("otel");
  readonly target: LogTarget = this.#log.target;
  readonly exporter: ShmLogRecordExporter;
  readonly provider: LoggerProvider;

  constructor(
    options: Partial<SinkOptions> = {},
    processor: new (config: { exporter: ShmLogRecordExporter }) => LogRecordProcessor =
      SimpleLogRecordProcessor,
  ) {
    this.exporter = new ShmLogRecordExporter(
      { chunkSize: 65536, ...options, target: this.target } as SinkOptions,
    );
    this.provider = new LoggerProvider({
      resource: resourceFromAttributes({ "service.name": "test" }),
      processors: [new processor({ exporter: this.exporter })],
    });
  }

  get lines(): Line[] {
    using reader = ShmLogReader.open(this.target);
    return [...reader].map(({ text }) => JSON.parse(text));
  }

  [Symbol.dispose](): void {
    this.exporter[Symbol.dispose]();
    this.#log[Symbol.dispose]();
  }
}

test("a record is a line in the shape of OTLP, there when emit() returns", () => {
  using recorder = new Recorder();
  const spanContext = {
    traceId: "5b8aa5a2d2c872e8321cf37308d69df2",
    spanId: "051581bf3cb55c13",
    traceFlags: TraceFlags.SAMPLED,
  };
  recorder.provider.getLogger("app", "1.2.3").emit({
    timestamp: [1795269960, 5],
    severityNumber: 9,
    severityText: "INFO",
    eventName: "login",
    body: "hello",
    attributes: { "user.id": 7 },
    context: trace.setSpanContext(ROOT_CONTEXT, spanContext),
  });
  const [{ observedTimeUnixNano, ...line }] = recorder.lines;
  assert.match(observedTimeUnixNano, /^\d{19}$/);
  assert.deepEqual(line, {
    timeUnixNano: "1795269960000000005",
    severityNumber: 9,
    severityText: "INFO",
    eventName: "login",
    body: { stringValue: "hello" },
    attributes: [{ key: "user.id", value: { intValue: "7" } }],
    flags: 1,
    traceId: spanContext.traceId,
    spanId: spanContext.spanId,
    resource: { attributes: [{ key: "service.name", value: { stringValue: "test" } }] },
    scope: { name: "app", version: "1.2.3" },
  });
});

test("values of every kind have their OTLP form", () => {
  using recorder = new Recorder();
  const circular: Line = { name: "c" };
  circular.self = circular;
  const body = {
    text: "x",
    yes: true,
    whole: -3,
    half: 0.5,
    nan: NaN,
    large: 2 ** 60,
    none: null,
    bytes: new Uint8Array([1, 2, 255]),
    list: ["a", 1],
    circular,
  };
  recorder.provider.getLogger("app").emit({ body: body as unknown as string });
  const [line] = recorder.lines;
  const values = Object.fromEntries(
    line.body.kvlistValue.values.map(({ key, value }: Line) => [key, value]),
  );
  assert.deepEqual(values, {
    text: { stringValue: "x" },
    yes: { boolValue: true },
    whole: { intValue: "-3" },
    half: { doubleValue: 0.5 },
    nan: { doubleValue: "NaN" },
    large: { doubleValue: 2 ** 60 },
    none: {},
    bytes: { bytesValue: "AQL/" },
    list: { arrayValue: { values: [{ stringValue: "a" }, { intValue: "1" }] } },
    circular: {
      kvlistValue: {
        values: [
          { key: "name", value: { stringValue: "c" } },
          { key: "self", value: { stringValue: "[Circular]" } },
        ],
      },
    },
  });
});

test("a batch processor's records come in their order when it is flushed", async () => {
  using recorder = new Recorder({}, BatchLogRecordProcessor);
  const logger = recorder.provider.getLogger("app");
  for (let i = 0; i < 1000; i++) logger.emit({ body: String(i) });
  await recorder.provider.forceFlush();
  assert.deepEqual(
    recorder.lines.map(({ body }) => body.stringValue),
    Array.from({ length: 1000 }, (_, i) => String(i)),
  );
  assert.equal(recorder.exporter.counts.written, 1000);
});

test("shutting the provider down closes the log", async () => {
  using recorder = new Recorder();
  recorder.provider.getLogger("app").emit({ body: "one" });
  await recorder.provider.shutdown();
  using reader = ShmLogReader.open(recorder.target);
  assert.equal(reader.isWriterAlive(), false);
});

test("a part that can't be shown is a mark; what can't be written fails the export", () => {
  const errors: unknown[] = [];
  using recorder = new Recorder({ onError: (error) => errors.push(error) });
  const record = (body: unknown) => ({
    hrTime: [1, 0],
    hrTimeObserved: [1, 0],
    body,
    attributes: {},
    resource: { attributes: {} },
    instrumentationScope: { name: "app" },
  } as unknown as ReadableLogRecord);
  const bad = Object.defineProperty({}, "x", {
    enumerable: true,
    get() {
      throw new Error("can't");
    },
  });
  const results: Line[] = [];
  const { exporter } = recorder;
  exporter.export([record("one"), record(bad), record("two")], (result) => results.push(result));
  assert.deepEqual(recorder.lines.map(({ body }) => body), [
    { stringValue: "one" },
    { kvlistValue: { values: [{ key: "x", value: { stringValue: "[can't be shown]" } }] } },
    { stringValue: "two" },
  ]);
  assert.equal(results[0].code, 0);
  exporter.export([record("three")], (result) => results.push(result));
  assert.equal(results[1].code, 0);
  exporter[Symbol.dispose]();
  exporter.export([record("four")], (result) => results.push(result));
  assert.equal(results[2].code, 1);
  assert.ok(errors[0] instanceof ClosedError);
});

test("a resource that is still being found out is not remembered", () => {
  using recorder = new Recorder();
  const record = (resource: unknown) => ({
    hrTime: [1, 0],
    hrTimeObserved: [1, 0],
    attributes: {},
    resource,
    instrumentationScope: { name: "app" },
  } as unknown as ReadableLogRecord);
  const resource = { asyncAttributesPending: true, attributes: {} as Line };
  for (const state of ["pending", "there", "remembered"]) {
    recorder.exporter.export([record(resource)], () => {});
    resource.attributes.host = `not ${state}`;
    resource.asyncAttributesPending = false;
  }
  const hosts = recorder.lines.map(({ resource }) => resource.attributes[0]?.value.stringValue);
  assert.deepEqual(hosts, [undefined, "not pending", "not pending"]);
});

test("a huge record stays JSON with what is small", () => {
  using recorder = new Recorder({ maxEntrySize: 1000 });
  recorder.provider.getLogger("app").emit({ severityNumber: 17, body: "x".repeat(50_000) });
  const [line] = recorder.lines;
  assert.equal(line.severityNumber, 17);
  assert.match(line.body.stringValue, /^x{200,}…$/);
  assert.deepEqual(line.scope, { name: "app" });
});
