/** The last entry of a sink with `exitEntry`: how the process has ended, if anything in it knows that. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { pino } from "pino";
import { type LogTarget, ShmLogReader } from "../../mod.ts";
import { createLogger } from "../../src/logger/mod.ts";
import { recognizeRecord } from "../../src/records/recognize.ts";
import { shmDestination } from "../../src/sinks/pino.ts";
import { EntrySink, type SinkOptions } from "../../src/sinks/mod.ts";
import { lastingLog } from "../support/lasting.ts";
import { runtimeName, startChild } from "../support/runtime.ts";

const ender = new URL("children/ender.ts", import.meta.url);

interface End {
  level: string;
  message: string;
  exitCode?: number;
  signal?: string;
  closed?: boolean;
}

function textsOf(target: LogTarget): string[] {
  using reader = ShmLogReader.open(target);
  return [...reader].map(({ text }) => text);
}

/** The last entry, if it says how the process has ended. */
function endIn(texts: string[]): End | undefined {
  const { logger, level, message = "", fields } = recognizeRecord(texts.at(-1) ?? "") ?? {};
  if (logger !== "ouroboros.exit") return undefined;
  assert.equal(typeof fields?.uptimeMs, "number");
  const { pid: _pid, uptimeMs: _time, ...more } = fields ?? {};
  return { level: `${level}`, message, ...more };
}

const exited = (exitCode: number) => ({
  level: exitCode === 0 ? "info" : "error",
  message: `exit code ${exitCode}`,
  exitCode,
});
/** Deno reports an end by an uncaught error to nobody. */
const failed = runtimeName === "deno" ? undefined : exited(1);
const ends: Record<string, End | undefined> = {
  "exit 0": exited(0),
  "exit 3": exited(3),
  "no work": exited(0),
  "exit code 3": exited(3),
  close: { level: "info", message: "the log was closed", closed: true },
  "close, to fail": { level: "error", message: "the log was closed", exitCode: 3, closed: true },
  throw: failed,
  reject: failed,
  own: exited(3),
  SIGTERM: { level: "info", message: "ended by SIGTERM", signal: "SIGTERM" },
  kill: undefined,
};

for (const [end, expected] of Object.entries(ends)) {
  const skip = process.platform === "win32" && ["SIGTERM", "kill"].includes(end);
  test(`the last entry says how a process ended: ${end}`, { skip }, async () => {
    using log = lastingLog("exit");
    const child = startChild(ender, [JSON.stringify(log.target), end]);
    child.process.stderr?.resume();
    if (end === "SIGTERM" || end === "kill") {
      while (await child.nextLine() !== "now");
      child.process.kill(end === "kill" ? "SIGKILL" : end);
    }
    await child.ended();
    const texts = textsOf(log.target);
    assert.deepEqual(endIn(texts), expected);
    assert.equal(texts.filter((text) => text.includes("ouroboros.exit")).length, expected ? 1 : 0);
    assert.equal(texts[0], "last words");
  });
}

test("pino's destination and the logger write that they were closed, once", () => {
  const opens = {
    pino: (options: SinkOptions) => {
      const destination = shmDestination(options);
      pino(destination).info("last words");
      return () => destination.end();
    },
    logger: (options: SinkOptions) => {
      const log = createLogger(options);
      log.info("last words");
      return () => log.close();
    },
  };
  for (const open of Object.values(opens)) {
    using log = lastingLog("exit");
    const close = open({ target: log.target, size: "256KiB", exitEntry: true });
    close();
    close();
    const texts = textsOf(log.target);
    assert.equal(texts.length, 2);
    assert.equal(endIn(texts)?.closed, true);
  }
});

test("the last of the sinks of a log writes that it was closed, and none listens after that", () => {
  using log = lastingLog("exit");
  const before = process.listenerCount("exit");
  const options = { target: log.target, size: "256KiB", exitEntry: true, handleSignals: true };
  const sinks = [new EntrySink(options), new EntrySink(options)];
  for (const sink of sinks) sink.close();
  assert.equal(textsOf(log.target).length, 1);
  assert.equal(process.listenerCount("exit"), before);
  assert.throws(() => new EntrySink({ ...options, maxEntrySize: 1 << 30 }), RangeError);
  assert.equal(process.listenerCount("exit"), before);
});
