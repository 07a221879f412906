/** LogTape with our sink. */

import assert from "node:assert/strict";
import test from "node:test";
import { configure, dispose, getLogger, type LogRecord, reset, withFilter } from "@logtape/logtape";
import { SharedMemory } from "../../ffi/mod.ts";
import { ClosedError, ShmLogReader } from "../../mod.ts";
import { getShmSink, type LogTapeSinkOptions, type ShmSink } from "../../src/sinks/logtape.ts";
import { lastingLog } from "../support/lasting.ts";
import { uniqueName } from "../support/runtime.ts";

/** Logs through a sink; gives it, closed, and the texts of the log. */
async function logged(
  options: Partial<LogTapeSinkOptions>,
  work: () => void,
): Promise<{ sink: ShmSink; texts: string[] }> {
  using log = lastingLog("logtape");
  const { target } = log;
  const sink = getShmSink({ ...options, target, chunkSize: 65536 } as LogTapeSinkOptions);
  await configure({
    reset: true,
    sinks: { shm: sink },
    loggers: [
      { category: "app", sinks: ["shm"] },
      { category: ["logtape", "meta"], sinks: [], lowestLevel: "fatal" },
    ],
  });
  work();
  await dispose();
  await reset();
  using reader = ShmLogReader.open(target);
  assert.equal(reader.isWriterAlive(), false);
  return { sink, texts: [...reader].map(({ text }) => text) };
}

test("a record is a line of LogTape's text format", async () => {
  const { sink, texts } = await logged({}, () => {
    getLogger(["app", "db"]).warning("slow: {ms} ms", { ms: 12 });
  });
  assert.equal(texts.length, 1);
  assert.match(texts[0], /^\d{4}-\d\d-\d\d .* \[WRN\] app·db: slow: 12 ms$/);
  assert.deepEqual(sink.counts, { written: 1, truncated: 0, split: 0, errors: 0, dropped: 0 });
});

test("formatter json: a record is a JSON line", async () => {
  const { texts } = await logged({ formatter: "json" }, () => {
    getLogger("app").error("failed: {reason}", { reason: "disk", code: 5 });
  });
  const { level, message, logger, properties } = JSON.parse(texts[0]);
  assert.deepEqual([level, logger, properties], ["ERROR", "app", { reason: "disk", code: 5 }]);
  assert.match(message, /^failed: .*disk/);
});

test("circular structures and errors are logged as LogTape shows them", async () => {
  const circular: Record<string, unknown> = { name: "c" };
  circular.self = circular;
  for (const formatter of ["text", "json"] as const) {
    const { sink, texts } = await logged({ formatter }, () => {
      getLogger("app").info("it is {circular}", { circular, error: new Error("inside") });
    });
    assert.equal(sink.counts.errors, 0);
    assert.match(texts[0], /Circular/);
  }
});

test("a formatter of yours makes the line, without the newline at its end", async () => {
  const formatter = ({ level, message }: LogRecord) => `${level}: ${message.join("")}\r\n`;
  const { texts } = await logged({ formatter }, () => getLogger("app").info("one"));
  assert.deepEqual(texts, ["info: one"]);
});

test("a formatter that throws is reported, and the record is written", async () => {
  const errors: unknown[] = [];
  const formatter = ({ message }: LogRecord) => {
    if (message[0] === "bad") throw new Error("can't");
    return message.join("");
  };
  const { sink, texts } = await logged(
    { formatter, onError: (error) => errors.push(error) },
    () => {
      const logger = getLogger("app");
      logger.info("bad");
      logger.info("good");
    },
  );
  // In LogTape's own format.
  assert.match(texts[0], /\[INF\] app: bad$/);
  assert.equal(texts[1], "good");
  assert.deepEqual(errors.map(String), ["Error: can't"]);
  assert.deepEqual(sink.counts, { written: 2, truncated: 0, split: 0, errors: 1, dropped: 0 });
});

test("a value whose toJSON throws becomes a mark", async () => {
  const bad = {
    toJSON: () => {
      throw new Error("no JSON");
    },
  };
  const { sink, texts } = await logged({ formatter: "json", onError: () => {} }, () => {
    getLogger("app").info("a {bad} one", { bad });
    getLogger("app").info("good");
  });
  assert.equal(sink.counts.errors, 0);
  assert.deepEqual(JSON.parse(texts[0]).properties, { bad: "[can't be shown]" });
  assert.equal(JSON.parse(texts[1]).message, "good");
});

test("a filter can be put before the sink, and a huge record stays JSON", async () => {
  using log = lastingLog("logtape");
  const { target } = log;
  const sink = getShmSink({ target, formatter: "json", chunkSize: 65536, maxEntrySize: 1000 });
  await configure({
    reset: true,
    sinks: { shm: withFilter(sink, "warning") },
    loggers: [
      { category: "app", sinks: ["shm"] },
      { category: ["logtape", "meta"], sinks: [], lowestLevel: "fatal" },
    ],
  });
  getLogger("app").info("not this");
  getLogger("app").warning("this", { body: "x".repeat(1e6) });
  sink[Symbol.dispose]();
  await dispose();
  await reset();
  using reader = ShmLogReader.open(target);
  const [entry, ...rest] = [...reader];
  assert.equal(rest.length, 0);
  const line = JSON.parse(entry.text);
  assert.deepEqual([line.level, line.message, line.logger], ["WARN", "this", "app"]);
  assert.ok(line.truncatedBytes > 999_000);
});

test("a sink that was disposed reports and does not throw", () => {
  const errors: unknown[] = [];
  const target = uniqueName("logtape");
  const sink = getShmSink({
    target,
    chunkSize: 65536,
    unlinkOnClose: true,
    onError: (error) => errors.push(error),
  });
  sink[Symbol.dispose]();
  sink({
    category: ["app"],
    level: "info",
    message: ["late"],
    rawMessage: "late",
    timestamp: 0,
    properties: {},
  });
  assert.ok(errors[0] instanceof ClosedError);
});

test("a wrong formatter is a TypeError, and no log is left", () => {
  const target = uniqueName("logtape");
  assert.throws(() => getShmSink({ target, formatter: "xml" as "json" }), TypeError);
  assert.equal(SharedMemory.exists(target), false);
});
