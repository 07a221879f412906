/** What the system refuses: a sink drops and counts, says so once, and never ends its application. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { pino } from "pino";
import winston from "winston";
import { SharedMemory } from "../../ffi/mod.ts";
import {
  saveLog,
  SegmentExistsError,
  ShmLogReader,
  ShmLogWriter,
  WriterLockedError,
} from "../../mod.ts";
import { createRecorder } from "../../src/recorder/recorder.ts";
import { captureConsole } from "../../src/sinks/console.ts";
import { getShmSink } from "../../src/sinks/logtape.ts";
import { EntrySink, type SinkCounts, type SinkOptions } from "../../src/sinks/mod.ts";
import { ShmLogRecordExporter } from "../../src/sinks/otel.ts";
import { shmDestination } from "../../src/sinks/pino.ts";
import { ShmTransport } from "../../src/sinks/winston.ts";
import { testFolder } from "../support/folder.ts";
import { lastingLog } from "../support/lasting.ts";
import { needsLastingNames } from "../support/platform.ts";
import { uniqueName } from "../support/runtime.ts";
import { warningsOf } from "../support/warnings.ts";

const folder = testFolder("refused");

/** Something that is no log at a name. */
function obstacle(subject: string): Disposable & { target: string } {
  const target = uniqueName(subject);
  const memory = SharedMemory.create(target, 4096);
  new Uint8Array(memory.buffer).fill(7);
  return {
    target,
    [Symbol.dispose]() {
      if (!memory.closed) memory.remove();
    },
  };
}

interface Made {
  counts: SinkCounts;
  log(): void;
  close(): void;
}

/** Every kind of sink, and how to log a line with it. */
const kinds: Record<string, (options: SinkOptions) => Made> = {
  EntrySink(options) {
    const sink = new EntrySink(options);
    return { counts: sink.counts, log: () => void sink.write("line"), close: () => sink.close() };
  },
  pino(options) {
    const destination = shmDestination(options);
    const logger = pino(destination);
    return {
      counts: destination.counts,
      log: () => logger.info("line"),
      close: () => destination.end(),
    };
  },
  winston(options) {
    const transport = new ShmTransport(options);
    const logger = winston.createLogger({ transports: [transport] });
    return {
      counts: transport.counts,
      log: () => logger.info("line"),
      close: () => logger.close(),
    };
  },
  LogTape(options) {
    const sink = getShmSink(options);
    const record = {
      category: ["app"],
      level: "info" as const,
      message: ["line"],
      rawMessage: "line",
      timestamp: 0,
      properties: {},
    };
    return { counts: sink.counts, log: () => sink(record), close: () => sink[Symbol.dispose]() };
  },
  OpenTelemetry(options) {
    const exporter = new ShmLogRecordExporter(options);
    const provider = new LoggerProvider({
      processors: [new SimpleLogRecordProcessor({ exporter })],
    });
    const logger = provider.getLogger("app");
    return {
      counts: exporter.counts,
      log: () => logger.emit({ body: "line" }),
      close: () => void exporter.shutdown(),
    };
  },
  console(options) {
    const capture = captureConsole(options);
    return { counts: capture.counts, log: () => console.debug(""), close: () => capture.restore() };
  },
};

for (const [kind, make] of Object.entries(kinds)) {
  test(`${kind}: a log that can't be opened is reported, and lines are dropped and counted`, async () => {
    using place = obstacle("refused");
    const errors: unknown[] = [];
    let counts: SinkCounts | undefined;
    const warnings = await warningsOf(() => {
      const sink = make({ target: place.target, onError: (error) => errors.push(error) });
      for (let i = 0; i < 3; i++) sink.log();
      counts = sink.counts;
      sink.close();
    });
    assert.deepEqual(
      counts,
      { written: 0, truncated: 0, split: 0, errors: 1, dropped: 3 },
    );
    assert.deepEqual(errors.map((error) => (error as { code: string }).code), ["UNSUPPORTED_LOG"]);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /lines are dropped: UnsupportedLogError: .* not a log/);
  });

  test(`${kind}: with required: true it is thrown, as wrong options always are`, () => {
    using place = obstacle("refused");
    const { target } = place;
    assert.throws(() => make({ target, required: true }), { code: "UNSUPPORTED_LOG" });
    assert.throws(() => make({ target, size: "many" }), RangeError);
    assert.throws(() => make({ target, required: "yes" as never }), TypeError);
  });

  test(`${kind}: a target that has a writer becomes NAME.1, and a warning says so`, async () => {
    const target = uniqueName("refused");
    using _writer = ShmLogWriter.create(target, { size: "64KiB", unlinkOnClose: true });
    const options = { target, size: "64KiB", unlinkOnClose: true };
    const warnings = await warningsOf(() => {
      const sink = make(options);
      const other = make(options);
      sink.log();
      other.log();
      using reader = ShmLogReader.open(`${target}.1`);
      // Both: sinks of one process share a log. What is printed goes to all that capture it.
      assert.equal(reader.newestSequenceNumber(), kind === "console" ? 4 : 2);
      sink.close();
      assert.equal(reader.isWriterAlive(), true);
      sink.close();
      assert.equal(reader.isWriterAlive(), true);
      other.close();
      assert.equal(reader.isWriterAlive(), false);
    });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /has a living writer, so lines go to "\S+\.1"/);
    assert.equal(SharedMemory.exists(`${target}.1`), false);
  });
}

test("beyond the slots a sink drops, and takes the log soon after it is free", {
  skip: needsLastingNames,
}, async (t) => {
  const target = uniqueName("refused");
  const options = { size: "64KiB", unlinkOnClose: true };
  const writer = ShmLogWriter.create(target, options);
  using _other = ShmLogWriter.create(`${target}.1`, { ...options });
  const errors: unknown[] = [];
  let now = performance.now();
  t.mock.method(performance, "now", () => now);
  const warnings = await warningsOf(() => {
    using sink = new EntrySink({
      ...options,
      target,
      slots: 1,
      onError: (error) => errors.push(error),
    });
    assert.deepEqual([sink.write("one"), sink.writer, sink.maxEntrySize], [false, undefined, 0]);
    assert.equal(sink.write("two"), false, "not at each line");
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
      const { length } = errors;
      now += 1000 * seconds - 1;
      sink.write("soon");
      assert.equal(errors.length, length, `not before ${seconds} s`);
      now += 1;
      sink.write("now");
      assert.equal(errors.length, length + 1, `after ${seconds} s`);
    }
    writer.close();
    now += 60_000;
    assert.equal(sink.write("three"), true);
    // What is missing is said in the log, too.
    using reader = ShmLogReader.open(target);
    const [about, three] = [...reader].map(({ text }) => text);
    const { level, logger, dropped, msg, since } = JSON.parse(about);
    assert.deepEqual([level, logger, dropped, three], ["warn", "ouroboros.sink", 18, "three"]);
    assert.match(msg, /^18 lines were dropped since .*: the log could not be opened$/);
    assert.ok(Math.abs(Date.parse(since) - Date.now()) < 60_000);
    assert.equal((sink.writer as ShmLogWriter).name, target);
    assert.deepEqual(
      sink.counts,
      { written: 2, truncated: 0, split: 0, errors: 9, dropped: 18 },
    );
  });
  assert.ok(errors[0] instanceof WriterLockedError);
  assert.match(
    warnings.join("\n"),
    /^lines are dropped: .*\nlines are logged again, after 18 were/,
  );
});

test("a log that was made meanwhile, and is too small, is tried as rarely as any other", {
  skip: needsLastingNames,
}, async () => {
  const place = obstacle("refused");
  const errors: unknown[] = [];
  const options = { maxEntrySize: 100_000, onError: (error: unknown) => errors.push(error) };
  const warnings = await warningsOf(() => {
    using sink = new EntrySink({ target: place.target, ...options });
    place[Symbol.dispose]();
    ShmLogWriter.create(place.target, { size: "64KiB" }).close();
    assert.equal(sink.reopen(), false);
    for (let i = 0; i < 5; i++) assert.equal(sink.write("line"), false);
    assert.ok(errors[1] instanceof RangeError);
    const { dropped, errors: count } = sink.counts;
    assert.deepEqual([dropped, count], [5, 2]);
  });
  SharedMemory.unlink(place.target);
  assert.equal(warnings.length, 1);
});

test("reopen() tries at once, and without onError a warning is all there is", async () => {
  const place = obstacle("refused");
  const warnings = await warningsOf(() => {
    using sink = new EntrySink({ target: place.target, size: "64KiB", unlinkOnClose: true });
    assert.equal(sink.reopen(), false);
    assert.equal(sink.flush(), true);
    place[Symbol.dispose]();
    assert.equal(sink.reopen(), true);
    assert.equal(sink.write("line"), true);
  });
  assert.equal(warnings.length, 1);
});

test("a file that was saved is left as it is by sinks and recorders, unless ifExists says more", async () => {
  using log = lastingLog("refused");
  const path = `${folder}/saved.log`;
  {
    using writer = ShmLogWriter.create(log.target, { size: "256KiB" });
    writer.write("kept");
  }
  await saveLog(log.target, path);
  const bytes = readFileSync(path);
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const target = { path };
  const warnings = await warningsOf(() => {
    using sink = new EntrySink({ target, onError });
    using recorder = createRecorder({ target, dir: folder, saveOn: [], onError });
    assert.deepEqual([sink.write("one"), recorder.write("two")], [false, 0]);
    assert.deepEqual([sink.counts.dropped, recorder.counts.dropped], [1, 1]);
  });
  assert.ok(warnings.every((text) => /lines are dropped.*saved\.log" was saved/.test(text)));
  assert.ok(errors.every((error) => error instanceof SegmentExistsError));
  assert.ok(errors.length >= 2);
  assert.ok(readFileSync(path).equals(bytes));
  using sink = new EntrySink({ target, ifExists: "resume" });
  assert.equal(sink.write("more"), true);
});
