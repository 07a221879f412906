/** What sinks write of an uncaught error: nothing that a logger would redact, and how severe it is. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { type LogTarget, ShmLogReader } from "../../mod.ts";
import { createLogger, type LoggerOptions } from "../../src/logger/mod.ts";
import { createRecorder } from "../../src/recorder/recorder.ts";
import { EntrySink, type SinkOptions } from "../../src/sinks/mod.ts";
import { shmDestination } from "../../src/sinks/pino.ts";
import { lastingLog } from "../support/lasting.ts";

interface Line {
  level: number | string;
  msg: string;
  err: Record<string, unknown> & { cause?: Record<string, unknown> };
}

/** An error as a client of HTTP throws it. */
function failure(): Error {
  const error = new TypeError("request failed", { cause: new RangeError("root") });
  const config = { password: "hunter2", headers: { authorization: "Bearer hunter2" } };
  return Object.assign(error, { code: "E_REQUEST", password: "hunter2", config });
}

function linesOf(target: LogTarget): string[] {
  using reader = ShmLogReader.open(target);
  return [...reader].map(({ text }) => text);
}

/** What is in the log after a value was not caught. */
function uncaught(
  thrown: unknown,
  open: (options: SinkOptions) => Disposable,
  options: Partial<LoggerOptions> = {},
  handlers: (() => void)[] = [],
): Line {
  using log = lastingLog("uncaught");
  // A test runner has some.
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  for (const one of handlers) process.on("uncaughtException", one);
  {
    const all = { target: log.target, chunkSize: 65536, uncaughtException: true, ...options };
    using _ = open(all as SinkOptions);
    process.emit("uncaughtExceptionMonitor", thrown as Error, "uncaughtException");
  }
  process.removeAllListeners("uncaughtException");
  for (const one of others) process.on("uncaughtException", one);
  return JSON.parse(linesOf(log.target).at(-1) ?? "");
}

const logger = (options: SinkOptions) => {
  const log = createLogger(options);
  return { [Symbol.dispose]: () => log.close() };
};

test("a destination writes no own fields of an uncaught error but its code", () => {
  const { level, msg, err } = uncaught(failure(), shmDestination);
  assert.deepEqual([level, msg], [60, "uncaught: request failed"]);
  assert.deepEqual(Object.keys(err), ["type", "message", "stack", "code", "cause"]);
  assert.deepEqual([err.type, err.code, err.cause?.message], ["TypeError", "E_REQUEST", "root"]);
  const { msg: text } = uncaught({ password: "hunter2" }, shmDestination);
  assert.equal(text, "uncaught: an object with the fields password");
});

test("a function changes what is written of an uncaught error", () => {
  const uncaughtException = ({ password: _, config, ...err }: Record<string, unknown>) => ({
    ...err,
    keys: Object.keys(config as object),
    message: String(err.message).toUpperCase(),
  });
  for (const open of [shmDestination, logger]) {
    const { msg, err } = uncaught(failure(), open, { uncaughtException } as never);
    assert.equal(msg, "uncaught: REQUEST FAILED");
    assert.deepEqual([err.type, err.code, err.keys], ["TypeError", "E_REQUEST", [
      "password",
      "headers",
    ]]);
    assert.doesNotMatch(JSON.stringify(err), /hunter2/);
  }
});

test("a function that fails costs nothing but its change", () => {
  const errors: unknown[] = [];
  for (const result of [undefined, "text", failure()]) {
    const { err } = uncaught(failure(), shmDestination, {
      onError: (error) => void errors.push(error),
      uncaughtException: () => {
        if (result instanceof Error) throw result;
        return result as never;
      },
    });
    assert.deepEqual([err.message, err.code], ["request failed", "E_REQUEST"]);
    assert.equal(err.password, undefined);
  }
  assert.deepEqual(errors.map((error) => (error as Error).name), [
    "TypeError",
    "TypeError",
    "TypeError",
  ]);
  assert.match(String(errors[0]), /uncaughtException returns/);
});

test("createLogger() writes an uncaught error as it writes one that is logged", () => {
  const redact = ["err.password", "err.config.headers", "*.config.password"];
  const options: Partial<LoggerOptions> = {
    redact: { paths: redact, censor: "***" },
    messageKey: "message",
    formatters: { level: (label) => ({ level: label }) },
    hooks: { streamWrite: (line) => line.replaceAll("root", "branch") },
  };
  const line = uncaught(failure(), logger, options) as Line & { message: string };
  assert.deepEqual([line.level, line.message], ["fatal", "uncaught: request failed"]);
  const { password, code, config, stack } = line.err;
  assert.deepEqual([password, code], ["***", "E_REQUEST"]);
  assert.deepEqual(config, { password: "***", headers: "***" });
  assert.match(String(stack), /caused by: RangeError: branch/);
  // Not only what is an error.
  const { err } = uncaught({ password: "hunter2" }, logger, { redact });
  assert.equal(err.password, "[Redacted]");
  const serialized = uncaught(failure(), logger, {
    serializers: { err: (error: Error) => ({ only: error.message }) },
  });
  assert.deepEqual(serialized.err, { only: "request failed" });
});

test("a line of an uncaught error that can't be made is a plainer one", () => {
  using log = lastingLog("uncaught");
  {
    using _ = new EntrySink({
      target: log.target,
      chunkSize: 65536,
      uncaughtException: true,
      onError: () => {},
    }, () => {
      throw new Error("no line");
    });
    process.emit("uncaughtExceptionMonitor", failure(), "uncaughtException");
  }
  assert.match(linesOf(log.target)[0], /^uncaught: TypeError: request failed/);
});

test("an uncaught error that the application handles is no fatal one", () => {
  const handlers = [() => {}];
  assert.equal(uncaught(failure(), shmDestination, {}, handlers).level, 50);
  assert.equal(uncaught(failure(), logger, {}, handlers).level, 50);
  const recorder = (options: SinkOptions) =>
    createRecorder({ ...options, dir: "unused", saveOn: [] } as never);
  assert.equal(uncaught(failure(), recorder, {}, handlers).level, "error");
});
