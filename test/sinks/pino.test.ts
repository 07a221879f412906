/** pino with our destination, and with our transport in its worker. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { ClosedError, type LogTarget, ShmLogReader, ShmLogWriter } from "../../mod.ts";
import shmTransport, { shmDestination } from "../../src/sinks/pino.ts";
import type { SinkOptions } from "../../src/sinks/mod.ts";
import { lastingLog } from "../support/lasting.ts";
import { runtimeName } from "../support/runtime.ts";

// pino loads one of several TypeScript files by its path only.
const transportFile = fileURLToPath(new URL("../../src/sinks/pino.ts", import.meta.url));

/** Ends a transport, and waits until its worker is done: by itself that keeps no process alive. */
async function ended(transport: ReturnType<typeof pino.transport>): Promise<void> {
  const timer = setInterval(() => {}, 1000);
  transport.end();
  await once(transport, "close");
  clearInterval(timer);
}

function textsOf(target: LogTarget): string[] {
  using reader = ShmLogReader.open(target);
  return [...reader].map(({ text }) => text);
}

/** A place for a log, and the removal of what is there. */
function segment(): { target: LogTarget; [Symbol.dispose](): void } {
  const log = lastingLog("pino");
  return { target: log.target, [Symbol.dispose]: () => log[Symbol.dispose]() };
}

test("a line is an entry, without its newline", () => {
  using log = segment();
  using destination = shmDestination({ ...log, chunkSize: 65536 });
  const logger = pino({ crlf: true }, destination);
  logger.info({ user: 7 }, "hello");
  logger.child({ module: "db" }).error(new Error("broken"));
  const [first, second, ...rest] = textsOf(log.target);
  assert.equal(rest.length, 0);
  assert.deepEqual([first.at(-1), second.at(-1)], ["}", "}"]);
  assert.deepEqual([JSON.parse(first).user, JSON.parse(first).msg], [7, "hello"]);
  const { level, module, err } = JSON.parse(second);
  assert.deepEqual([level, module, err.message], [50, "db", "broken"]);
  assert.deepEqual(destination.counts, {
    written: 2,
    truncated: 0,
    split: 0,
    errors: 0,
    dropped: 0,
  });
});

test("bytes of a stream are an entry, and what is no line is reported, and not thrown", () => {
  using log = segment();
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  using destination = shmDestination({ ...log, chunkSize: 65536, onError });
  for (const value of [Buffer.from("bytes"), undefined, null, 7]) {
    assert.equal(destination.write(value as unknown as string), true);
  }
  assert.deepEqual(textsOf(log.target), ["bytes"]);
  assert.equal(errors.length, 3);
});

test("the writer may be the user's own, which the user closes", () => {
  using log = segment();
  using writer = ShmLogWriter.create(log.target, { chunkSize: 65536 });
  const destination = shmDestination({ writer });
  pino(destination).info("hello");
  destination.end();
  assert.equal(writer.write("still open"), 2);
  assert.equal(destination.writer, writer);
});

test("a destination does what pino and its users expect of a stream", async () => {
  using log = segment();
  const destination = shmDestination({ ...log, chunkSize: 65536 });
  const events: string[] = [];
  for (const name of ["ready", "finish", "close", "error", "drain"]) {
    destination.on(name, () => events.push(name));
  }
  const logger = pino(destination);
  assert.equal(destination.write("one\n"), true);
  await new Promise<void>((resolve, reject) => {
    logger.flush((error) => error ? reject(error) : resolve());
  });
  destination.flush();
  destination.flushSync();
  assert.equal(destination.writable, true);
  const closed = once(destination, "close");
  destination.end("last\n");
  destination.end();
  destination.destroy();
  await closed;
  assert.deepEqual([destination.writable, destination.destroyed], [false, true]);
  assert.deepEqual(events, ["ready", "finish", "close"]);
  assert.deepEqual(textsOf(log.target), ["one", "last"]);
});

test("logging after the end is reported and does not throw", async () => {
  using log = segment();
  const errors: unknown[] = [];
  const destination = shmDestination({
    ...log,
    chunkSize: 65536,
    onError: (error) => errors.push(error),
  });
  const logger = pino(destination);
  destination.end();
  logger.info("late");
  assert.ok(errors[0] instanceof ClosedError);
  assert.equal(destination.counts.errors, 1);
  const error = await new Promise((resolve) => destination.flush(resolve));
  assert.ok(error instanceof ClosedError);
});

test("one of several streams of a multistream, with a level of its own", () => {
  using log = segment();
  using destination = shmDestination({ ...log, chunkSize: 65536 });
  const others: string[] = [];
  const stream = { write: (line: string) => void others.push(line) };
  const streams = pino.multistream([{ level: "error", stream: destination }, { stream }]);
  const logger = pino({ base: null, timestamp: false }, streams);
  logger.info("one");
  logger.error("two");
  assert.deepEqual(textsOf(log.target), ['{"level":50,"msg":"two"}']);
  assert.equal(others.length, 2);
});

test("a huge line stays JSON with the level, the time and the message", () => {
  using log = segment();
  using destination = shmDestination({ ...log, chunkSize: 65536, maxEntrySize: 2000 });
  pino(destination).info({ body: "€".repeat(100_000) }, "big");
  const { level, msg, body, truncatedBytes } = JSON.parse(textsOf(log.target)[0]);
  assert.deepEqual([level, msg], [30, "big"]);
  assert.match(body, /^€{500,}…$/);
  assert.ok(truncatedBytes > 298_000);
  assert.equal(destination.counts.truncated, 1);
});

test("the transport writes what pino hands to its worker", async () => {
  using log = segment();
  const transport = pino.transport({
    target: transportFile,
    options: { target: log.target, chunkSize: 65536, chunkCount: 8 },
  });
  const logger = pino({ base: null, timestamp: false }, transport);
  for (let i = 0; i < 500; i++) logger.info(`line ${i} äöü€😀`);
  await ended(transport);
  const lines = textsOf(log.target);
  assert.equal(lines.length, 500);
  lines.forEach((line, i) => assert.equal(JSON.parse(line).msg, `line ${i} äöü€😀`));
});

test("the transport works beside others, with a level of its own", async () => {
  using log = segment();
  using other = segment();
  const options = { chunkSize: 65536 };
  const transport = pino.transport({
    targets: [
      { target: transportFile, level: "error", options: { ...options, target: log.target } },
      { target: transportFile, level: "info", options: { ...options, target: other.target } },
    ],
  });
  const logger = pino({ base: null, timestamp: false }, transport);
  logger.info("one");
  logger.error("two");
  await ended(transport);
  assert.deepEqual(textsOf(log.target).map((line) => JSON.parse(line).msg), ["two"]);
  assert.deepEqual(textsOf(other.target).map((line) => JSON.parse(line).msg), ["one", "two"]);
});

test("a transport that can't be set up is an error event", {
  skip: runtimeName === "bun" &&
    "on Bun 1.4 it is an uncaught error, with any of pino's transports",
}, async () => {
  using log = segment();
  using _ = ShmLogWriter.create(log.target, { chunkSize: 65536 });
  const transport = pino.transport({
    target: transportFile,
    options: { target: log.target, required: true, ifExists: "fail" },
  });
  const [error] = await once(transport, "error");
  assert.match(String(error.message), /exists/);
});

test("the transport puts lines together from any pieces", () => {
  using log = segment();
  const transport = shmTransport({ ...log, chunkSize: 65536 });
  for (const piece of ["o", "ne\ntw", "o\r\n\nth", "", "ree"]) transport.write(piece);
  transport.end();
  assert.deepEqual(textsOf(log.target), ["one", "two", "", "three"]);
});

test("a transport refuses what can't work in a worker", () => {
  using log = lastingLog("pino");
  const options = { target: log.target, uncaughtException: true } as unknown as SinkOptions;
  assert.throws(() => shmTransport(options as Parameters<typeof shmTransport>[0]), TypeError);
  assert.equal(log.exists(), false);
});

test("reopen() goes over to the log that is at the path now", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-pino-"));
  try {
    const target = { path: join(folder, "app") };
    const errors: unknown[] = [];
    using destination = shmDestination({
      target,
      chunkSize: 65536,
      onError: (error) => errors.push(error),
    });
    await once(destination, "ready");
    const logger = pino({ base: null }, destination);
    logger.info("one");
    // Nothing has changed: nothing is lost, and numbers go on.
    destination.reopen();
    await once(destination, "ready");
    logger.info("two");
    renameSync(target.path, `${target.path}.1`);
    logger.info("three");
    destination.reopen();
    logger.info("four");
    const messages = (path: string) => textsOf({ path }).map((text) => JSON.parse(text).msg);
    assert.deepEqual(messages(`${target.path}.1`), ["one", "two", "three"]);
    assert.deepEqual(messages(target.path), ["four"]);
    // One that can't be opened is reported, and the one before kept.
    renameSync(target.path, `${target.path}.2`);
    writeFileSync(target.path, "no log");
    destination.reopen();
    logger.info("five");
    assert.deepEqual(messages(`${target.path}.2`), ["four", "five"]);
    assert.equal(errors.length, 1);
    destination.end();
    destination.reopen();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("reopen() leaves a writer of the user's alone", () => {
  using log = segment();
  using writer = ShmLogWriter.create(log.target, { chunkSize: 65536 });
  using destination = shmDestination({ writer });
  destination.reopen();
  pino(destination).info("hello");
  assert.equal(destination.writer, writer);
  assert.equal(writer.totalEntriesWritten, 1);
});
