/** Several sinks of one process with one target share its log: libraries that are configured again. */

import assert from "node:assert/strict";
import test from "node:test";
import { configure, dispose, getLogger } from "@logtape/logtape";
import winston from "winston";
import { SharedMemory } from "../../ffi/mod.ts";
import { type LogTarget, ShmLogReader } from "../../mod.ts";
import { captureConsole } from "../../src/sinks/console.ts";
import { getShmSink } from "../../src/sinks/logtape.ts";
import { EntrySink } from "../../src/sinks/mod.ts";
import { ShmTransport } from "../../src/sinks/winston.ts";
import { lastingLog } from "../support/lasting.ts";
import { uniqueName } from "../support/runtime.ts";
import { warningsOf } from "../support/warnings.ts";

const size = "64KiB";

/** What is in the log in the end, and that nothing was said of it. */
async function textsOf(target: LogTarget, work: () => Promise<void>): Promise<string[]> {
  assert.deepEqual(await warningsOf(work), []);
  using reader = ShmLogReader.open(target);
  assert.equal(reader.isWriterAlive(), false);
  return [...reader].map(({ text }) => text);
}

test("LogTape's configure({ reset }) with the same target continues the log", async () => {
  using log = lastingLog("same");
  const { target } = log;
  const texts = await textsOf(target, async () => {
    for (let i = 1; i <= 3; i++) {
      await configure({
        sinks: {
          recorder: getShmSink({ target, size, formatter: (record) => `${record.message}` }),
        },
        loggers: [
          { category: "app", sinks: ["recorder"] },
          { category: ["logtape", "meta"], lowestLevel: "warning" },
        ],
        reset: true,
      });
      getLogger("app").info(`line ${i}`);
    }
    await dispose();
  });
  assert.deepEqual(texts, ["line 1", "line 2", "line 3"]);
});

test("winston's configure() with the same target continues the log", async () => {
  using log = lastingLog("same");
  const { target } = log;
  const format = winston.format.printf(({ message }) => String(message));
  const texts = await textsOf(target, async () => {
    const logger = winston.createLogger({
      transports: [new ShmTransport({ target, size, format })],
    });
    logger.info("line 1");
    for (let i = 2; i <= 3; i++) {
      logger.configure({ transports: [new ShmTransport({ target, size, format })] });
      logger.info(`line ${i}`);
    }
    logger.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
  assert.deepEqual(texts, ["line 1", "line 2", "line 3"]);
});

test("two libraries log to one target, and the last one to end closes the log", async () => {
  using log = lastingLog("same");
  const { target } = log;
  const texts = await textsOf(target, () => {
    const sink = new EntrySink({ target, size });
    const capture = captureConsole({ target, format: ({ text }) => text });
    sink.write("one");
    sink.close();
    console.debug("two");
    capture.restore();
    return Promise.resolve();
  });
  assert.deepEqual(texts, ["one", "two"]);
});

test("the log is removed if one of them asked for that, and slots are not shared", () => {
  const target = uniqueName("same");
  const one = new EntrySink({ target, size });
  const two = new EntrySink({ target, size, unlinkOnClose: true });
  two.close();
  assert.equal(SharedMemory.exists(target), true);
  one.close();
  assert.equal(SharedMemory.exists(target), false);
  using slot = new EntrySink({ target: `${target}.{slot}`, size, unlinkOnClose: true });
  using other = new EntrySink({ target: `${target}.{slot}`, size, unlinkOnClose: true });
  slot.write("zero");
  other.write("one");
  for (const [number, text] of ["zero", "one"].entries()) {
    using reader = ShmLogReader.open(`${target}.${number}`);
    assert.equal(reader.read()?.text, text);
  }
});

test("options that the log of another sink does not have are reported once, and the lines are there", () => {
  using log = lastingLog("same");
  const { target } = log;
  const first = { target, size, notify: true, mode: 0o600 };
  using _first = new EntrySink(first);
  const seen: string[] = [];
  const open = (options: object) => {
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    using sink = new EntrySink({ target, ...options, onError });
    sink.write("a line");
    sink.reopen();
    assert.deepEqual(sink.counts.written, 1);
    seen.push(...errors.map((error) => /no effect: (.*)\. Give/.exec(String(error))?.[1] ?? "?"));
  };
  for (const same of [{}, first, { size: 65536 }, { unlinkOnClose: false, handleSignals: false }]) {
    open(same);
  }
  assert.deepEqual(seen, []);
  open({ size: "1MiB" });
  open({ chunkCount: 4, notify: false });
  open({ mode: 0o640, handleSignals: true, ifExists: "replace" });
  assert.deepEqual(seen, [
    'size: "1MiB"',
    "chunkCount: 4, notify: false",
    'ifExists: "replace", mode: 0o640, handleSignals: true',
  ]);
});
