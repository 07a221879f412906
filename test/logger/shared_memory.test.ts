/** The logger on a real log: closed, and opened anew, in the middle of a line, too. */

import assert from "node:assert/strict";
import test from "node:test";
import { ClosedError, ShmLogReader } from "../../mod.ts";
import { SharedMemory } from "../../ffi/mod.ts";
import { createLogger, type LoggerOptions } from "../../src/logger/mod.ts";
import { lastingLog } from "../support/lasting.ts";
import { needsLastingNames } from "../support/platform.ts";
import { runScript, runtimeName, uniqueName } from "../support/runtime.ts";

function textsOf(target: LoggerOptions["target"]): string[] {
  using reader = ShmLogReader.open(target!, { strategy: "oldest" });
  return [...reader].map(({ text }) => text);
}

const small = { chunkSize: 65536, chunkCount: 4, base: null, timestamp: false } as const;

test("an unknown level is an error before a log is made", { skip: needsLastingNames }, () => {
  const target = uniqueName("logger");
  const wrong: object[] = [
    { level: "inof" },
    { customLevels: { mine: 35 }, useOnlyCustomLevels: true, level: "info" },
  ];
  for (const options of wrong) {
    assert.throws(() => createLogger({ ...small, target, ...options }), RangeError);
    assert.equal(SharedMemory.exists(target), false);
  }
});

test("a logger that is closed says so, and throws nothing", () => {
  using place = lastingLog("logger");
  const errors: unknown[] = [];
  const log = createLogger({
    ...small,
    target: place.target,
    unlinkOnClose: false,
    onError: (error) => errors.push(error),
  });
  const event = log.event("event", { a: "int" });
  const child = log.child({ child: 1 });
  log.info("before");
  log.info({
    get a() {
      log.close();
      return "x".repeat(2000);
    },
  }, "in between");
  log.info("after");
  child.info({ a: 1 }, "after");
  event(1);
  log.fatal("after");
  assert.equal(log.flush(), undefined);
  assert.deepEqual(textsOf(place.target), ['{"level":30,"msg":"before"}']);
  assert.ok(
    errors.length >= 5 && errors.every((error) => error instanceof ClosedError),
    `${errors}`,
  );
  using next = createLogger({ ...small, target: place.target, unlinkOnClose: false });
  next.info("next");
  assert.deepEqual(textsOf(place.target).at(-1), '{"level":30,"msg":"next"}');
});

test("Deno: a logger needs no permission but --allow-ffi, and leaves out what it may not know", {
  skip: runtimeName !== "deno" ? "Deno only" : needsLastingNames,
}, () => {
  const name = uniqueName("logger");
  const child = new URL("children/few_lines.ts", import.meta.url);
  const { status, stderr } = runScript(child, [name], { flags: ["--no-prompt", "--allow-ffi"] });
  try {
    assert.deepEqual([status, stderr], [0, ""]);
    const lines = textsOf(name).map((line) => JSON.parse(line));
    assert.deepEqual(lines.map(({ msg }) => msg), ["a line", "an error"]);
    assert.ok(lines.every(({ pid, hostname }) => pid > 0 && hostname === undefined));
  } finally {
    SharedMemory.unlink(name);
  }
});

test("reopen() in a getter: the line is in the log that is there now", {
  skip: !SharedMemory.persists && "a log can't be removed while it is open",
}, () => {
  using place = lastingLog("logger");
  using log = createLogger({ ...small, target: place.target, unlinkOnClose: false });
  log.info("in the old one");
  log.info({
    a: "made before",
    get b() {
      SharedMemory.unlink(place.name);
      assert.equal(log.reopen(), true);
      return "made after";
    },
  }, "moved");
  log.info("in the new one");
  assert.deepEqual(textsOf(place.target), [
    '{"level":30,"a":"made before","b":"made after","msg":"moved"}',
    '{"level":30,"msg":"in the new one"}',
  ]);
  assert.deepEqual([log.counts.written, log.counts.errors], [3, 0]);
});

test("the options of all sinks are there", () => {
  using place = lastingLog("logger");
  using log = createLogger({
    ...small,
    target: place.target,
    unlinkOnClose: false,
    maxEntrySize: 256,
    oversized: "split",
  });
  log.info("x".repeat(2000));
  assert.equal(log.counts.split, 1);
  assert.equal(log.writer?.chunkSize, 65536);
});
