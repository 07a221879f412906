/** Records of which a part can't be shown: the part becomes a mark, and the rest is written. */

import assert from "node:assert/strict";
import test from "node:test";
import vm from "node:vm";
import { configure, dispose, getLogger } from "@logtape/logtape";
import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { pino } from "pino";
import { Reader, segmentSize, Writer } from "../../mod.ts";
import { createLogger } from "../../src/logger/mod.ts";
import { captureConsole } from "../../src/sinks/console.ts";
import { getShmSink } from "../../src/sinks/logtape.ts";
import { ShmLogRecordExporter } from "../../src/sinks/otel.ts";
import { shmDestination } from "../../src/sinks/pino.ts";
import type { SinkOptions } from "../../src/sinks/mod.ts";
import { ShmTransport } from "../../src/sinks/winston.ts";
import { HIDDEN } from "../../src/sinks/error_fields.ts";
import { showable, showableJson } from "../../src/sinks/showable.ts";

const refuse = (): never => {
  throw new Error("no");
};

/** A chain of so many objects. */
function nested(depth: number): object {
  let value: object = {};
  for (let i = 0; i < depth; i++) value = { value };
  return value;
}

const circular: Record<string, unknown> = {};
circular.self = circular;
const { proxy, revoke } = Proxy.revocable({}, {});
revoke();

const HOSTILE: Record<string, () => unknown> = {
  bigint: () => 10n,
  "throwing getter": () => ({
    kept: 1,
    get bad() {
      return refuse();
    },
  }),
  "throwing toJSON": () => ({ toJSON: refuse }),
  "toJSON that gives itself": () => {
    const value: { toJSON?: () => unknown } = {};
    value.toJSON = () => ({ again: value });
    return value;
  },
  circle: () => circular,
  "too deep": () => nested(10_000),
  "revoked proxy": () => proxy,
  "proxy that refuses": () => new Proxy({}, { ownKeys: refuse, get: refuse, has: refuse }),
  "no text": () => Object.create(null, { toString: { value: refuse }, then: { get: refuse } }),
  "invalid date": () => new Date(NaN),
  symbol: () => Symbol("s"),
  "error of another realm": () => vm.runInNewContext('new TypeError("there")'),
  "error that refuses": () => Object.defineProperty(new Error("e"), "stack", { get: refuse }),
};

/** How each library logs a message with a value. */
const LOGGERS: Record<string, (options: SinkOptions) => Promise<(value: unknown) => void>> = {
  async "logtape json"(options) {
    return await logtape({ ...options, formatter: "json" });
  },
  async "logtape text"(options) {
    return await logtape({ ...options, formatter: "text" });
  },
  winston(options) {
    const format = { transform: (info: object) => ({ ...info }) };
    const transport = new ShmTransport({ ...options, format: format as never });
    return Promise.resolve((value) =>
      transport.log({ level: "info", message: "said", other: "kept", value }, () => {})
    );
  },
  otel(options) {
    const exporter = new ShmLogRecordExporter(options);
    const provider = new LoggerProvider({
      processors: [new SimpleLogRecordProcessor({ exporter })],
    });
    const logger = provider.getLogger("app");
    return Promise.resolve((value) =>
      logger.emit({ body: { said: "said", value, other: "kept" } as never })
    );
  },
  pino(options) {
    const logger = pino(shmDestination(options));
    return Promise.resolve((value) => logger.info({ value, other: "kept" }, "said"));
  },
  logger(options) {
    const logger = createLogger(options as never);
    return Promise.resolve((value) => logger.info({ value, other: "kept" }, "said"));
  },
};

async function logtape(options: Parameters<typeof getShmSink>[0]) {
  await configure({
    sinks: { shm: getShmSink(options) },
    loggers: [
      { category: "app", sinks: ["shm"] },
      { category: ["logtape", "meta"], sinks: [], lowestLevel: "fatal" },
    ],
    reset: true,
  });
  const logger = getLogger("app");
  return (value: unknown) => logger.info("said {other} {value}", { value, other: "kept" });
}

for (const [library, make] of Object.entries(LOGGERS)) {
  for (const [what, value] of Object.entries(HOSTILE)) {
    test(`${library}: a record with a ${what} is written`, async (context) => {
      const memory = new ArrayBuffer(segmentSize(4, 65536));
      const writer = Writer.create(memory, { chunkCount: 4 });
      const log = await make({ writer, onError: () => {} });
      try {
        log(value());
      } catch (error) {
        // Before our sink has seen anything of it.
        return context.skip(`${library} itself throws: ${error}`);
      } finally {
        if (library.startsWith("logtape")) await dispose();
      }
      const text = new Reader(memory).read()?.text ?? "";
      assert.match(text, /said/);
      // LogTape gives no property then.
      if (!(library.startsWith("logtape") && what.includes("proxy"))) {
        assert.match(text, /kept/);
      }
      if (library !== "logtape text") assert.doesNotThrow(() => JSON.parse(text), text);
    });
  }
}

test("console: what can't be shown does not lose the call", () => {
  const memory = new ArrayBuffer(segmentSize(4, 65536));
  const writer = Writer.create(memory, { chunkCount: 4 });
  const { log } = console;
  console.log = () => {};
  try {
    using _capture = captureConsole({ writer, format: "json", onError: () => {} });
    for (const value of Object.values(HOSTILE)) console.log("said", value(), "kept");
  } finally {
    console.log = log;
  }
  const texts = [...new Reader(memory)].map(({ text }) => JSON.parse(text).text as string);
  assert.equal(texts.length, Object.keys(HOSTILE).length);
  for (const text of texts) assert.match(text, /^said [^]* kept$/);
});

test("a time that can not be read is now", () => {
  const memory = new ArrayBuffer(segmentSize(4, 65536));
  const writer = Writer.create(memory, { chunkCount: 4 });
  const exporter = new ShmLogRecordExporter({ writer });
  const results: { code: number }[] = [];
  const record = { hrTime: [NaN, 0], hrTimeObserved: [NaN, 0], body: "said", attributes: {} };
  exporter.export([record as never], (result) => results.push(result));
  assert.deepEqual(results, [{ code: 0 }]);
  const { body, timeUnixNano } = JSON.parse(new Reader(memory).read()?.text ?? "");
  assert.equal(body.stringValue, "said");
  assert.ok(Math.abs(Number(timeUnixNano) / 1e6 - Date.now()) < 60_000);
});

test("an export that fails with what can't become text does not throw", () => {
  const noText = Object.create(null);
  const writer = {
    maxEntrySize: 1000,
    chunkSize: 1000,
    write: () => raise(noText),
    writeMany: () => 0,
  };
  const exporter = new ShmLogRecordExporter({ writer, onError: () => {} });
  const results: { code: number; error?: Error }[] = [];
  const record = { hrTime: [1, 0], body: "x", attributes: {} };
  exporter.export([record as never], (result) => results.push(result));
  assert.equal(results[0].code, 1);
  assert.ok(results[0].error instanceof Error);
});

function raise(error: unknown): never {
  throw error;
}

test("showable() keeps what can be shown, and marks the rest", () => {
  const value = {
    a: 1,
    b: [10n, {
      get c() {
        return refuse();
      },
    }],
    d: circular,
    e: { toJSON: refuse },
  };
  assert.deepEqual(showable(value), {
    a: 1,
    b: ["10", { c: HIDDEN }],
    d: { self: "[Circular]" },
    e: HIDDEN,
  });
  assert.equal(showable(proxy), HIDDEN);
  assert.equal(showable(10n, (value) => typeof value === "bigint"), 10n);
  assert.equal(showableJson({ a: undefined, b: 1 }), '{"b":1}');
  const own = JSON.parse('{"__proto__":{"x":1},"y":2}');
  assert.equal(JSON.stringify(showable(own)), JSON.stringify(own));
});
