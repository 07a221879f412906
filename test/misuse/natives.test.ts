/** Native memory that is used wrongly: a typed error, nothing left behind, and no process that ends. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { MappedFile, NamedSemaphore, PartialFile, SharedMemory } from "../../ffi/mod.ts";
import {
  LogSet,
  type LogTarget,
  saveLogSync,
  ShmLogReader,
  ShmLogWriter,
  verify,
} from "../../mod.ts";
import { EventLogReader, EventLogWriter } from "../../src/events/mod.ts";
import { MemMapRingBuffer } from "../../src/ring/mod.ts";
import { assertTyped } from "../support/misuse.ts";
import { isWindows } from "../support/platform.ts";

const NAME = `/misuse-natives-${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), "misuse-natives-"));
const path = join(folder, "file");
test.after(() => rmSync(folder, { recursive: true }));

const notNames: readonly unknown[] = [
  undefined,
  null,
  5,
  NaN,
  {},
  [],
  () => {},
  Symbol("s"),
  "",
  // On Windows these are names.
  ...isWindows ? [] : ["/", "a/b", ".."],
  "a\0b",
  "x".repeat(5000),
];
const notPaths: readonly unknown[] = [undefined, null, 5, NaN, {}, [], () => {}, "a\0b", ""];
const notSizes: readonly unknown[] = [
  undefined,
  null,
  0,
  -1,
  1.5,
  NaN,
  Infinity,
  2 ** 53,
  "100",
  5n,
  {},
  [],
];

const byName: Record<string, (name: string) => unknown> = {
  "SharedMemory.create()": (name) => SharedMemory.create(name, 100),
  "SharedMemory.open()": (name) => SharedMemory.open(name),
  "NamedSemaphore": (name) => new NamedSemaphore(name),
  "ShmLogWriter.create()": (name) =>
    ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize: 64, chunkCount: 2 }),
  "ShmLogReader.open()": (name) => ShmLogReader.open(name),
};
const byPath: Record<string, (path: string) => unknown> = {
  "MappedFile.create()": (path) => MappedFile.create(path, 100),
  "MappedFile.open()": (path) => MappedFile.open(path),
  "PartialFile.create()": (path) => PartialFile.create(path, 100),
  "ShmLogWriter.create({ path })": (path) => ShmLogWriter.create({ path }, { chunkSize: 64 }),
  "ShmLogReader.open({ path })": (path) => ShmLogReader.open({ path }),
  "EventLogWriter.create()": (path) => EventLogWriter.create(path),
  "EventLogWriter.open()": (path) => EventLogWriter.open(path),
  "EventLogReader.open()": (path) => EventLogReader.open(path),
  "MemMapRingBuffer.open()": (path) => MemMapRingBuffer.open(path, 1000),
  "MemMapRingBuffer.repair()": (path) => MemMapRingBuffer.repair(path),
  "MemMapRingBuffer.reset()": (path) => MemMapRingBuffer.reset(path),
};
const bySize: Record<string, (size: number) => unknown> = {
  "SharedMemory.create()": (size) => SharedMemory.create(NAME, size),
  "MappedFile.create()": (size) => MappedFile.create(path, size),
  "PartialFile.create()": (size) => PartialFile.create(path, size),
};

for (const [what, use] of Object.entries(byName)) {
  test(`${what} of what is no name is a typed error`, () => {
    for (const name of notNames) assertTyped(() => use(name as string), String(name).slice(0, 20));
  });
}

for (const [what, use] of Object.entries(byPath)) {
  test(`${what} of what is no path is a typed error`, () => {
    for (const value of notPaths) {
      const { message } = assertTyped(() => use(value as string), String(value));
      if (typeof value !== "string") assert.match(message, /path is .*, but must be a string$/);
    }
  });
}

for (const [what, use] of Object.entries(bySize)) {
  test(`${what} of what is no size is a typed error, and makes nothing`, () => {
    for (const size of notSizes) assertTyped(() => use(size as number), String(size));
    assert.deepEqual([existsSync(path), SharedMemory.exists(NAME)], [false, false]);
  });
}

test("a log's target of another kind is a typed error", () => {
  for (
    const target of [{}, { name: "x" }, { path: 5 }, { path: undefined }, [], 5, null, undefined]
  ) {
    for (
      const use of [
        () => ShmLogReader.open(target as LogTarget),
        () => ShmLogWriter.create(target as LogTarget, { unlinkOnClose: true }),
        () => saveLogSync(target as LogTarget, path),
        () => LogSet.open([target as LogTarget]),
      ]
    ) {
      const { message } = assertTyped(use, JSON.stringify(target));
      assert.match(message, /^target(\.path)? is .*, but must be /);
    }
  }
});

test("what is closed is a ClosedError at each use, but closing twice is no error", () => {
  const memory = SharedMemory.create(NAME, 100);
  memory.close();
  memory.close();
  SharedMemory.unlink(NAME);
  for (const use of [() => memory.buffer, () => memory.flush(), () => memory.tryLock()]) {
    assert.equal(assertTyped(use, "closed").name, "ClosedError");
  }
});

test("claims of wrong sizes, twice, and after close() are typed errors, and the log stays sound", () => {
  using writer = ShmLogWriter.create(NAME, { unlinkOnClose: true, chunkSize: 4096, chunkCount: 2 });
  writer.write("first");
  for (const length of [-1, 1.5, NaN, Infinity, "5", null, {}, 5n, 2 ** 32]) {
    assertTyped(() => writer.claim(length as number), String(length));
  }
  const claim = writer.claim(10);
  for (
    const use of [() => writer.claim(1), () => writer.write("x"), () => writer.writeMany(["x"])]
  ) {
    assert.equal(assertTyped(use, "a claim is open").name, "ClaimPendingError");
  }
  for (const length of [-1, 1.5, 11, NaN, "5", null]) {
    assertTyped(() => claim.commit(length as number), String(length));
  }
  claim.bytes.fill(65);
  assert.equal(claim.commit(3), 2);
  assertTyped(() => claim.commit(), "committed");
  assertTyped(() => claim.bytes, "committed");
  claim.abort();
  using reader = ShmLogReader.open(NAME);
  assert.deepEqual([...reader].map(({ text }) => text), ["first", "AAA"]);
  assert.deepEqual(reader.verify().damage, []);
  assert.equal(verify(new Uint8Array(SharedMemory.open(NAME).buffer)).entries, 2);
});
