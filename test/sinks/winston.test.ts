/** winston with our transport. */

import assert from "node:assert/strict";
import { once } from "node:events";
import test from "node:test";
import winston from "winston";
import { type LogTarget, ShmLogReader } from "../../mod.ts";
import {
  ShmTransport,
  type WinstonFormat,
  type WinstonTransportOptions,
} from "../../src/sinks/winston.ts";
import { lastingLog } from "../support/lasting.ts";

const { format } = winston;

/** A transport of its own log, which is removed at the end. */
class Recorder implements Disposable {
  readonly #log = lastingLog("winston");
  readonly target: LogTarget = this.#log.target;
  readonly transport: ShmTransport;
  readonly errors: unknown[] = [];

  constructor(options: Partial<WinstonTransportOptions> = {}) {
    this.transport = new ShmTransport(
      {
        onError: (error: unknown) => this.errors.push(error),
        ...options,
        target: this.target,
        chunkSize: 65536,
      } as WinstonTransportOptions,
    );
  }

  get texts(): string[] {
    using reader = ShmLogReader.open(this.target);
    return [...reader].map(({ text }) => text);
  }

  [Symbol.dispose](): void {
    this.transport.close();
    this.#log[Symbol.dispose]();
  }
}

test("a line is what winston's format makes, and is in the log when the call returns", () => {
  using recorder = new Recorder();
  const logger = winston.createLogger({ transports: [recorder.transport] });
  logger.info("hello", { user: 7 });
  logger.child({ module: "db" }).error("broken");
  assert.deepEqual(recorder.texts.map((text) => JSON.parse(text)), [
    { level: "info", message: "hello", user: 7 },
    { level: "error", message: "broken", module: "db" },
  ]);
  assert.deepEqual(recorder.transport.counts, {
    written: 2,
    truncated: 0,
    split: 0,
    errors: 0,
    dropped: 0,
  });
});

test("the transport has a level, can be silent, and has a format of its own", () => {
  using recorder = new Recorder({
    level: "warn",
    format: format.printf(({ level, message }) => `${level}! ${message}\n`),
  });
  const logger = winston.createLogger({ transports: [recorder.transport] });
  logger.info("no");
  logger.warn("yes");
  recorder.transport.silent = true;
  logger.error("no");
  assert.deepEqual(recorder.texts, ["warn! yes"]);
});

test("a format that leaves an info out leaves it out", () => {
  using recorder = new Recorder({
    format: format((info) => info.secret ? false : info)(),
  });
  const logger = winston.createLogger({ transports: [recorder.transport] });
  logger.info("one", { secret: true });
  logger.info("two");
  assert.equal(recorder.transport.counts.written, 1);
});

test("a format of the transport that throws is reported, and the line is written", () => {
  using recorder = new Recorder({
    format: format.printf(({ message }) => {
      if (message === "bad") throw new Error("can't");
      return String(message);
    }),
  });
  const logger = winston.createLogger({ transports: [recorder.transport] });
  logger.info("bad");
  logger.info("good");
  // As the logger's format has made it.
  assert.deepEqual(recorder.texts, ['{"level":"info","message":"bad"}', "good"]);
  assert.deepEqual(recorder.errors.map(String), ["Error: can't"]);
});

test("an info without a finished line is written as JSON, also a circular one", () => {
  using recorder = new Recorder();
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  let calls = 0;
  const next = () => calls++;
  recorder.transport.log({ level: "info", message: "plain" }, next);
  recorder.transport.log({ level: "info", message: "bad", circular }, next);
  assert.deepEqual(recorder.texts, [
    '{"level":"info","message":"plain"}',
    '{"level":"info","message":"bad","circular":{"self":"[Circular]"}}',
  ]);
  assert.deepEqual([recorder.errors.length, calls], [0, 2]);
});

test("circular metadata is logged by winston's own JSON", () => {
  using recorder = new Recorder();
  const logger = winston.createLogger({ transports: [recorder.transport] });
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  logger.info("x", { circular });
  assert.match(recorder.texts[0], /Circular/);
});

test("logged is emitted to those who listen", async () => {
  using recorder = new Recorder();
  const logged = once(recorder.transport, "logged");
  winston.createLogger({ transports: [recorder.transport] }).info("hello");
  const [info] = await logged;
  assert.equal(info.message, "hello");
});

test("removing the transport closes it", () => {
  using recorder = new Recorder();
  const logger = winston.createLogger({ transports: [recorder.transport] });
  logger.info("one");
  logger.remove(recorder.transport);
  using reader = ShmLogReader.open(recorder.target);
  assert.equal(reader.isWriterAlive(), false);
});

test("ending the logger finishes the transport and closes it", async () => {
  using recorder = new Recorder();
  const logger = winston.createLogger({ transports: [recorder.transport] });
  const finished = once(recorder.transport, "finish");
  logger.info("one");
  logger.end();
  await finished;
  assert.equal(recorder.texts.length, 1);
  using reader = ShmLogReader.open(recorder.target);
  assert.equal(reader.isWriterAlive(), false);
});

test("ending the transport itself closes it", async () => {
  using recorder = new Recorder();
  recorder.transport.end();
  await once(recorder.transport, "finish");
  using reader = ShmLogReader.open(recorder.target);
  assert.equal(reader.isWriterAlive(), false);
});

test("destroying the transport closes it", () => {
  using recorder = new Recorder();
  recorder.transport.destroy();
  using reader = ShmLogReader.open(recorder.target);
  assert.equal(reader.isWriterAlive(), false);
});

test("winston's own handler of uncaught errors finds its error written", async () => {
  using recorder = new Recorder({ handleExceptions: true });
  const logger = winston.createLogger({ transports: [recorder.transport], exitOnError: false });
  const finished = once(recorder.transport, "finish");
  // What winston does when the process has an uncaught error.
  const handler = logger.exceptions as unknown as { _uncaughtException(error: Error): void };
  handler._uncaughtException(new Error("boom"));
  await finished;
  assert.equal(JSON.parse(recorder.texts[0]).exception, true);
  assert.match(recorder.texts[0], /boom/);
  logger.exceptions.unhandle();
});

test("a huge line stays JSON", () => {
  using recorder = new Recorder({ maxEntrySize: 500 });
  const logger = winston.createLogger({ transports: [recorder.transport] });
  logger.info("big", { body: "x".repeat(10_000) });
  const { level, message, truncatedBytes } = JSON.parse(recorder.texts[0]);
  assert.deepEqual([level, message], ["info", "big"]);
  assert.ok(truncatedBytes > 9000);
});

test("who logs an error where it failed does not do so forever", () => {
  let calls = 0;
  using recorder: Recorder = new Recorder({
    onError() {
      // winston queues it, and gives it to us when we are done.
      if (++calls < 1000) logger.error("not logged");
    },
  });
  const logger = winston.createLogger({ transports: [recorder.transport] });
  recorder.transport.close();
  logger.info("lost");
  assert.ok(calls > 0 && calls < 200, `told ${calls} times`);
});

test("wrong options of a transport throw at once", () => {
  const format = "json" as unknown as WinstonFormat;
  assert.throws(() => new ShmTransport({ target: "/never-made", format }), TypeError);
});
