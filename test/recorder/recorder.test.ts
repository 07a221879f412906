/** A recorder in an application: what is saved when, and what is not. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { configure, getLogger, reset } from "@logtape/logtape";
import { pino } from "pino";
import winston from "winston";
import { SharedMemory } from "../../ffi/mod.ts";
import { saveLogSync, ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { createLogger } from "../../src/logger/mod.ts";
import {
  createRecorder,
  type Recorder,
  type RecorderOptions,
} from "../../src/recorder/recorder.ts";
import { captureConsole } from "../../src/sinks/console.ts";
import { EntrySink } from "../../src/sinks/entry_sink.ts";
import { getShmSink } from "../../src/sinks/logtape.ts";
import { ShmLogRecordExporter } from "../../src/sinks/otel.ts";
import { shmDestination } from "../../src/sinks/pino.ts";
import { ShmTransport } from "../../src/sinks/winston.ts";
import { testFolder } from "../support/folder.ts";
import { uniqueName } from "../support/runtime.ts";
import { savedTexts } from "../support/watching.ts";

const folder = testFolder("recorder");
let count = 0;

function make(options: Partial<RecorderOptions> = {}): { recorder: Recorder; dir: string } {
  const dir = join(folder, `dir-${++count}`);
  const recorder = createRecorder({
    target: uniqueName("recorder"),
    dir,
    size: "1MiB",
    unlinkOnClose: true,
    ...options,
  });
  return { recorder, dir };
}

const line = (level: number, msg: string, time: number = Date.now()) =>
  JSON.stringify({ level, time, msg });
const messages = (texts: string[]) => texts.map((text) => JSON.parse(text).msg);

test("an error is saved with what was before it, within `last`, and what came after", async () => {
  const { recorder, dir } = make({ last: "30s" });
  const now = Date.now();
  recorder.write(line(30, "long ago", now - 40_000));
  recorder.write(line(30, "before", now - 20_000));
  recorder.write(line(40, "a warning", now - 10_000));
  recorder.write(line(50, "it", now));
  recorder.write(line(30, "after", now));
  await recorder.settled();
  const { reasons, texts } = savedTexts(dir);
  assert.deepEqual(reasons, ["error"]);
  assert.deepEqual(messages(texts[0]), ["before", "a warning", "it", "after"]);
  const { triggers, saved: files, skipped, failed } = recorder.counts;
  assert.deepEqual({ triggers, files, skipped, failed }, {
    triggers: 1,
    files: 1,
    skipped: 0,
    failed: 0,
  });
  recorder.close();
});

test("errors within `minInterval` wait for its end, those before the file is saved are in it", async () => {
  const { recorder, dir } = make({ minInterval: "1h" });
  for (let i = 0; i < 5; i++) recorder.write(line(50, `error ${i}`));
  await recorder.settled();
  for (let i = 5; i < 12; i++) recorder.write(line(i === 7 ? 60 : 50, `error ${i}`));
  await recorder.settled();
  assert.deepEqual(savedTexts(dir).texts.map(messages), [[0, 1, 2, 3, 4].map((i) => `error ${i}`)]);
  const { triggers, saved: files, skipped } = recorder.counts;
  assert.deepEqual([triggers, files, skipped], [12, 1, 7]);
  // What a person asks for is saved at any time.
  await recorder.save("asked");
  assert.deepEqual(savedTexts(dir).reasons.sort(), ["asked", "error"]);
  recorder.close();
  assert.equal(recorder.counts.saved, 2);
});

test("the last error before a silence is saved when `minInterval` ends, or the log is closed", async () => {
  const { recorder, dir } = make({ minInterval: "1s", after: "0s" });
  const errors = () =>
    savedTexts(dir).texts.map((texts) => messages(texts).at(-1)).filter((text) => text !== "after");
  for (const last of ["first", "second"]) {
    recorder.write(line(50, last));
    while (errors().at(-1) !== last) await sleep(20);
  }
  recorder.write(line(50, "third"));
  recorder.close();
  assert.deepEqual(errors(), ["first", "second", "third"]);
});

test("levels are those of any library; without one of these nothing is saved", async () => {
  for (
    const [text, isSaved] of [
      [line(50, "pino"), true],
      [line(60, "pino"), true],
      [line(40, "pino"), false],
      ['{"level":"error","message":"winston"}', true],
      ['{"level":"info","message":"error"}', false],
      ['{"level":30,"msg":"twice","level":50}', true],
      ['{"severityNumber":17,"body":{"stringValue":"otel"},"timeUnixNano":"1"}', true],
      ["2026-11-21T13:59:30Z [error] text", true],
      ['2026-11-21T13:59:30Z stderr F {"level":50}', true],
      ["error: only text", false],
      ['{"level":3,"time":1700000000000,"msg":"syslog"}', true],
    ] as const
  ) {
    const { recorder, dir } = make({ saveOn: ["error"] });
    recorder.write(text);
    await recorder.settled();
    assert.deepEqual(savedTexts(dir).reasons, isSaved ? ["error"] : [], text);
    recorder.close();
  }
});

test("only the newest files are kept, and nobody else's file is touched", async () => {
  const { recorder, dir } = make({ keep: 3, minInterval: "0s" });
  mkdirSync(dir);
  const name = recorder.name!.slice(1);
  const others = [
    `${name}-20200101T000000.000Z-error.txt`,
    `${name}-notes.log`,
    `other-20200101T000000.000Z-error.log`,
    // Of that name, and no log.
    `${name}-20200101T000000.000Z-error.log`,
  ];
  for (const other of others) writeFileSync(join(dir, other), "precious");
  mkdirSync(join(dir, `${name}-20200101T000000.000Z-fatal.log`));
  const there = readdirSync(dir);
  // One that was saved by an earlier run.
  const log = uniqueName("earlier");
  using _writer = ShmLogWriter.create(log, { size: "256KiB", unlinkOnClose: true });
  saveLogSync(log, join(dir, `${name}-20200102T000000.000Z-error-2.log`));
  // Whatever the reason is called.
  for (const reason of ["out-of-memory", "2.slow", "_"]) {
    await recorder.save(reason);
    await sleep(2);
  }
  for (let i = 0; i < 5; i++) {
    recorder.write(line(50, `error ${i}`));
    await recorder.settled();
    await sleep(2);
  }
  const left = readdirSync(dir).filter((file) => !there.includes(file)).sort();
  assert.equal(left.length, 3);
  for (const other of there) assert.ok(existsSync(join(dir, other)), other);
  using reader = ShmLogReader.open({ path: join(dir, left[2]) }, { strategy: "oldest" });
  assert.equal(messages([...reader].map(({ text }) => text)).at(-1), "error 4");
  assert.equal(recorder.counts.saved, 8);
  recorder.close();
});

test("a recorder is the writer of every sink, and of the logger", async () => {
  const uses: Record<string, (writer: Recorder) => void | Promise<void>> = {
    logger: (writer) => createLogger({ writer }).error("it"),
    pino: (writer) => pino(shmDestination({ writer })).error("it"),
    winston: (writer) => {
      winston.createLogger({ transports: [new ShmTransport({ writer })] }).error("it");
    },
    logtape: async (writer) => {
      await configure({
        sinks: { log: getShmSink({ writer }) },
        loggers: [
          { category: [], sinks: ["log"] },
          { category: ["logtape", "meta"], sinks: ["log"], lowestLevel: "fatal" },
        ],
      });
      getLogger(["app"]).error("it");
      await reset();
    },
    otel: (writer) => {
      const now: [number, number] = [Math.floor(Date.now() / 1000), 0];
      const record = { hrTime: now, hrTimeObserved: now, severityNumber: 17, body: "it" };
      const common = {
        attributes: {},
        droppedAttributesCount: 0,
        resource: { attributes: {} },
        instrumentationScope: { name: "test" },
      };
      const exporter = new ShmLogRecordExporter({ writer });
      exporter.export([{ ...record, ...common }] as never, () => {});
    },
    console: (writer) => {
      const write = process.stderr.write;
      using _capture = captureConsole({ writer });
      process.stderr.write = () => true;
      console.error("it");
      process.stderr.write = write;
    },
  };
  for (const [name, use] of Object.entries(uses)) {
    const { recorder, dir } = make();
    await use(recorder);
    // winston passes lines through streams.
    await sleep(10);
    await recorder.settled();
    const { reasons, texts } = savedTexts(dir);
    assert.deepEqual(reasons, ["error"], name);
    assert.ok(texts[0].some((text) => text.includes("it")), name);
    recorder.close();
  }
});

test("what can't be saved is counted, goes to onError, and never reaches the application", async () => {
  const errors: unknown[] = [];
  const { recorder, dir } = make({ onError: (error) => errors.push(error) });
  writeFileSync(dir, "a file in the way");
  recorder.write(line(50, "it"));
  await recorder.settled();
  await recorder.save();
  const { saved: files, failed, triggers } = recorder.counts;
  assert.deepEqual([files, failed, triggers, errors.length], [0, 2, 2, 2]);
  recorder.close();
  recorder.close();
  assert.equal(recorder.write("later"), 0);
  await recorder.settled();
});

test("what is being saved when the recorder is closed is saved once", async () => {
  for (const unlinkOnClose of [true, false]) {
    for (const turns of [0, 1, 5]) {
      const errors: unknown[] = [];
      const { recorder, dir } = make({ unlinkOnClose, onError: (error) => errors.push(error) });
      recorder.write(line(30, "before"));
      const name = recorder.name!;
      const saving = recorder.save("asked");
      for (let i = 0; i < turns; i++) await Promise.resolve();
      recorder.close();
      await saving;
      assert.deepEqual(savedTexts(dir).reasons, ["asked"], `${turns} turns`);
      assert.deepEqual(readdirSync(dir).length, 1);
      const { saved: files, failed } = recorder.counts;
      assert.deepEqual([files, failed, errors], [1, 0, []]);
      SharedMemory.unlink(name);
    }
  }
});

test("a log that can't be opened ends no application", async () => {
  const name = uniqueName("nowhere");
  const errors: unknown[] = [];
  const { recorder } = make({
    target: { path: join(folder, "no", name) },
    onError: (error) => errors.push(error),
  });
  assert.equal(recorder.name, undefined);
  assert.equal(recorder.write(line(50, "it")), 0);
  const logger = createLogger({ writer: recorder });
  logger.error("it");
  const sink = new EntrySink({ writer: recorder, maxEntrySize: 1024, oversized: "split" });
  assert.equal(sink.write("x".repeat(5000)), false);
  for (const { written, dropped, split, errors } of [logger.counts, sink.counts]) {
    assert.deepEqual([written, dropped, split, errors], [0, 1, 0, 0]);
  }
  const watched: unknown[] = [];
  const onError = (error: unknown) => watched.push(error);
  new EntrySink({ writer: recorder, watchdog: "1s", onError }).close();
  assert.match(String(watched), /could not be opened/);
  const exporter = new ShmLogRecordExporter({ writer: recorder });
  exporter.export([{ hrTime: [1, 0] } as never], ({ code, error }) => {
    assert.equal(code, 1);
    assert.match(error!.message, /could not be opened/);
  });
  await recorder.settled();
  assert.ok(recorder.counts.dropped >= 2);
  assert.equal(recorder.counts.saved, 0);
  recorder.close();
});

test("what is written as soon as a log can be opened again is a reason to save", async () => {
  const there = join(folder, "later");
  const target = { path: join(there, "app.log") };
  const { recorder, dir } = make({ target, size: "64KiB", onError: () => {} });
  recorder.write(line(50, "dropped"));
  mkdirSync(there);
  {
    // What was in it before is none.
    using writer = ShmLogWriter.create(target, { size: "64KiB" });
    for (let i = 0; i < 50; i++) writer.write(line(50, `of an earlier run ${i}`.padEnd(200)));
  }
  while (recorder.name === undefined) {
    await sleep(20);
    recorder.write(line(50, "it"));
  }
  // More than a chunk of them, before anybody has looked.
  for (let i = 0; i < 50; i++) recorder.write(line(30, `after ${i}`.padEnd(200)));
  await recorder.settled();
  assert.deepEqual(savedTexts(dir).reasons, ["error"]);
  assert.equal(recorder.counts.triggers, 1);
  recorder.close();
});

test("wrong options are errors that name them", () => {
  const wrong: [Partial<RecorderOptions>, RegExp][] = [
    [{ saveOn: ["errors"] as never }, /saveOn is "errors"/],
    [{ saveOn: "error" as never }, /saveOn is "error"/],
    [{ last: "soon" }, /last is "soon"/],
    [{ after: 2 as never }, /after is 2/],
    [{ keep: 0 }, /keep is 0/],
    [{ minIntervall: "1s" } as never, /did you mean "minInterval"/],
    [{ dir: undefined as never }, /needs a dir/],
  ];
  for (const [options, pattern] of wrong) {
    const name = uniqueName("wrong");
    assert.throws(() => {
      createRecorder({ target: name, dir: folder, ...options });
    }, pattern);
    assert.equal(SharedMemory.exists(name), false);
  }
});
