/** What all sinks share: options, sizes, counts, and that nothing is thrown. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import test from "node:test";
import { runInNewContext } from "node:vm";
import { SharedMemory } from "../../ffi/mod.ts";
import { ClosedError, Reader, segmentSize, ShmLogReader, ShmLogWriter, Writer } from "../../mod.ts";
import { EntrySink, joinParts, type SinkOptions } from "../../src/sinks/mod.ts";
import { lastingLog } from "../support/lasting.ts";
import { uniqueName } from "../support/runtime.ts";
import { warningsOf } from "../support/warnings.ts";

/** A log in private memory, and what is in it. */
function privateLog(chunkCount = 4, chunkSize = 4096) {
  const memory = new ArrayBuffer(segmentSize(chunkCount, chunkSize));
  const writer = Writer.create(memory, { chunkCount });
  return { writer, texts: () => [...new Reader(memory)].map(({ text }) => text) };
}

test("a sink's log outlives it, and the next sink continues it", () => {
  using log = lastingLog("sinks");
  const { target } = log;
  for (const line of ["one", "two"]) {
    using sink = new EntrySink({ target, chunkSize: 4096, chunkCount: 4 });
    assert.equal(sink.write(line), true);
  }
  using reader = ShmLogReader.open(target);
  assert.deepEqual([...reader].map(({ text }) => text), ["one", "two"]);
});

test("a sink's log is removed with it if that is asked for", () => {
  const target = uniqueName("sinks");
  new EntrySink({ target, chunkSize: 4096, unlinkOnClose: true }).close();
  assert.equal(SharedMemory.exists(target), false);
});

test("a sink writes to a file, and flushes it", () => {
  const folder = mkdtempSync(`${tmpdir()}/ouroboros-sinks-`);
  const path = `${folder}/one.log`;
  try {
    using sink = new EntrySink({ target: { path }, chunkSize: 4096 });
    sink.write("one");
    assert.equal(sink.flush(), true);
    using reader = ShmLogReader.open({ path });
    assert.equal(reader.read()?.text, "one");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a writer that was given is not closed", () => {
  const name = uniqueName("sinks");
  using writer = ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize: 4096, chunkCount: 4 });
  const sink = new EntrySink({ writer, onError: () => {} });
  sink.write("one");
  sink.close();
  assert.equal(writer.write("two"), 2);
  assert.equal(sink.write("three"), false, "but it writes no more to it");
  assert.ok(sink.lastError instanceof ClosedError);
  assert.equal(writer.totalEntriesWritten, 2);
});

test("wrong options are thrown at once, and leave nothing behind", () => {
  const { writer } = privateLog();
  const target = uniqueName("sinks");
  const shape = { target, chunkSize: 4096, unlinkOnClose: true };
  const wrong: [SinkOptions, ErrorConstructor][] = [
    [{} as SinkOptions, TypeError],
    [{ writer, target: "/x" } as unknown as SinkOptions, TypeError],
    [{ writer, oversized: "drop" as "split" }, TypeError],
    [{ writer, onError: 3 as unknown as () => void }, TypeError],
    [{ writer, maxEntrySize: 127 }, RangeError],
    [{ writer, maxEntrySize: 200.5 }, RangeError],
    [{ ...shape, maxEntrySize: 1e9 }, RangeError],
    [{ target, size: "1MiB", maxEntrySize: 1 << 20 }, RangeError],
    [{ target, chunkSize: 64, chunkCount: 1 }, RangeError],
    [{ writer, size: "1MiB" } as unknown as SinkOptions, TypeError],
    [{ writer, ifExists: "replace" } as unknown as SinkOptions, TypeError],
    [{ writer: privateLog(1, 64).writer }, RangeError],
    [{ ...shape, chunkSize: -1 }, RangeError],
  ];
  for (const [options, kind] of wrong) assert.throws(() => new EntrySink(options), kind);
  assert.equal(SharedMemory.exists(target), false);
});

test("the largest entry is a chunk, or an eighth of the log", () => {
  const size = (chunkCount: number, chunkSize: number) =>
    new EntrySink({ writer: privateLog(chunkCount, chunkSize).writer }).maxEntrySize;
  assert.equal(size(16, 4096), 4096);
  assert.equal(size(1, 65536), (65536 - 8) / 8 | 0);
  assert.equal(size(4, 64), 128);
});

test("a line as large as an entry may be is not touched; one more byte is too much", () => {
  const { writer, texts } = privateLog(16, 4096);
  const sink = new EntrySink({ writer, maxEntrySize: 1000 });
  // By the number of their characters these look larger, or smaller, than they are.
  for (const [text, isWhole] of [["x", true], ["ä", true], ["€", false]] as const) {
    const line = text.repeat(Math.floor(1000 / new TextEncoder().encode(text).length));
    sink.write(line);
    assert.equal(texts().at(-1), line);
    sink.write(line + (isWhole ? "x" : "xx"));
    assert.match(texts().at(-1) ?? "", /… \[\d+ bytes truncated\]$/);
  }
  assert.deepEqual(sink.counts, { written: 6, truncated: 3, split: 0, errors: 0, dropped: 0 });
});

test("a line that is split is put together again", () => {
  const { writer, texts } = privateLog(16, 4096);
  const sink = new EntrySink({ writer, maxEntrySize: 300, oversized: "split" });
  const lines = ["short", "€".repeat(1000), JSON.stringify({ msg: 'ä"'.repeat(700) }), "end"];
  for (const line of lines) sink.write(line);
  assert.ok(texts().length > 10);
  const entries = texts().map((text, i) => ({ sequenceNumber: i + 1, text }));
  assert.deepEqual([...joinParts(entries)].map(({ text }) => text), lines);
  assert.deepEqual(sink.counts, { written: 4, truncated: 0, split: 2, errors: 0, dropped: 0 });
});

test("a line that is larger than a quarter of the log is truncated before it is split", () => {
  for (const chunkSize of [4096, 1 << 16]) {
    for (const character of ['"', "\\", "€", "\ud800", "x"]) {
      const { writer, texts } = privateLog(4, chunkSize);
      const sink = new EntrySink({ writer, maxEntrySize: 128, oversized: "split" });
      sink.write("before");
      sink.write(JSON.stringify({ msg: character.repeat(chunkSize * 8) }));
      assert.deepEqual(sink.counts, { written: 2, truncated: 1, split: 1, errors: 0, dropped: 0 });
      const entries = texts().map((text, i) => ({ sequenceNumber: i + 1, text }));
      const [, line] = [...joinParts(entries)];
      assert.equal(entries[0].text, "before", "the log did not forget what was there");
      assert.equal(line.isComplete, true);
      assert.ok(JSON.parse(line.text).truncatedBytes > chunkSize * 6);
      assert.ok(Buffer.byteLength(line.text) > chunkSize / 4);
    }
  }
});

test("an uncaught value that can't be shown is logged all the same", () => {
  const { writer, texts } = privateLog();
  using _ = new EntrySink({ writer, uncaughtException: true });
  const { proxy, revoke } = Proxy.revocable(new Error("hidden"), {});
  revoke();
  process.emit("uncaughtExceptionMonitor", proxy, "uncaughtException");
  process.emit("uncaughtExceptionMonitor", Object.create(null), "uncaughtException");
  process.emit("uncaughtExceptionMonitor", "a text" as unknown as Error, "uncaughtException");
  assert.deepEqual(texts(), [
    "uncaught: object: an object with the fields (none)",
    "uncaught: object: an object with the fields (none)",
    "uncaught: string: a text",
  ]);
});

test("what fails is counted and told, and not thrown", () => {
  const writer = ShmLogWriter.create(uniqueName("sinks"), {
    unlinkOnClose: true,
    chunkSize: 4096,
    chunkCount: 4,
  });
  const errors: unknown[] = [];
  const sink = new EntrySink({ writer, onError: (error) => errors.push(error) });
  writer.close();
  assert.equal(sink.write("x"), false);
  assert.equal(sink.write(undefined as unknown as string), false);
  assert.equal(
    sink.writeMade(() => {
      throw new Error("no line");
    }),
    false,
  );
  assert.equal(sink.flush(), false);
  // Truncated, but not in the log either.
  assert.equal(sink.write("x".repeat(5000)), false);
  assert.ok(errors[0] instanceof ClosedError);
  assert.ok(errors[1] instanceof TypeError);
  assert.deepEqual(sink.counts, { written: 0, truncated: 0, split: 0, errors: 5, dropped: 0 });
  assert.equal(errors.length, 5);
  assert.equal(sink.lastError, errors[4]);
});

test("an onError that fails, late or at once, or logs where it failed, does no harm", async () => {
  const writer = ShmLogWriter.create(uniqueName("sinks"), {
    unlinkOnClose: true,
    chunkSize: 4096,
    chunkCount: 4,
  });
  writer.close();
  let calls = 0;
  const failing: ((error: unknown) => void)[] = [
    () => {
      throw new Error("at once");
    },
    () => Promise.reject(new Error("late")),
    () => sink.write("again"),
  ];
  let sink: EntrySink;
  for (const onError of failing) {
    sink = new EntrySink({ writer, onError: (error) => (calls++, onError(error)) });
    assert.equal(sink.write("x"), false);
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(calls, 3);
  assert.equal(sink!.counts.errors, 2);
});

test("an onError that gives a rejecting promise of another kind does no harm", async () => {
  const { writer } = privateLog();
  let handled = 0;
  const kinds: (() => unknown)[] = [
    // Of another realm: no instance of our Promise.
    () => runInNewContext("Promise.reject(new Error('late'))"),
    // Of another library.
    () => ({
      then(_resolve: unknown, reject: (error: Error) => void) {
        handled++;
        reject(new Error("late"));
      },
    }),
    () => ({
      get then() {
        throw new Error("at once");
      },
    }),
    () => ({ then: 7 }),
    () => null,
  ];
  for (const kind of kinds) {
    let calls = 0;
    const sink = new EntrySink({ writer, onError: () => (calls++, kind() as void) });
    sink.close();
    sink.write("one");
    await new Promise((resolve) => setTimeout(resolve, 5));
    // It is told again of what comes then.
    sink.write("two");
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(calls, 2);
  }
  assert.equal(handled, 2);
});

test("an onError that logs later is not called forever, and is called again for later errors", async () => {
  const { writer } = privateLog();
  const log: (() => void)[] = [];
  const later: Record<string, (again: () => void) => void | Promise<void>> = {
    "in a promise": (again) => Promise.resolve().then(again),
    "when a promise is settled": (again) => void Promise.resolve().then(again),
    "in what is to be done next": (again) => void process.nextTick(again),
    "in another call": (again) => void log.push(again),
  };
  for (const [title, onError] of Object.entries(later)) {
    let calls = 0;
    const sink = new EntrySink({
      writer,
      onError() {
        return ++calls < 200 ? onError(() => sink.write("again")) : undefined;
      },
    });
    sink.close();
    sink.write("one");
    for (let again = log.shift(); again !== undefined; again = log.shift()) again();
    await new Promise((resolve) => setTimeout(resolve, 1));
    const told = calls;
    assert.ok(told < 200, `told for ever ${title}`);
    while (calls === told) {
      sink.write("two");
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    log.length = 0;
  }
});

test("without onError the first error is a warning of the process", async () => {
  const writer = ShmLogWriter.create(uniqueName("sinks"), {
    unlinkOnClose: true,
    chunkSize: 4096,
    chunkCount: 4,
  });
  writer.close();
  const sink = new EntrySink({ writer });
  const warnings = await warningsOf(() => {
    for (let i = 0; i < 3; i++) sink.write("x");
  });
  // The runtime may have something to say at this moment, too.
  const ours = warnings.filter((message) =>
    message.startsWith("a line was not logged: ClosedError")
  );
  assert.equal(ours.length, 1);
  assert.equal(sink.counts.errors, 3);
});

test("a sink that was closed listens for uncaught errors no more", () => {
  const before = process.listenerCount("uncaughtExceptionMonitor");
  const sink = new EntrySink({ writer: privateLog().writer, uncaughtException: true });
  assert.equal(process.listenerCount("uncaughtExceptionMonitor"), before + 1);
  sink.close();
  sink.close();
  assert.equal(process.listenerCount("uncaughtExceptionMonitor"), before);
});

test("one listener reports an uncaught error to many sinks", () => {
  const before = process.listenerCount("uncaughtExceptionMonitor");
  const logs = Array.from({ length: 20 }, () => privateLog());
  const sinks = logs.map(({ writer }) => new EntrySink({ writer, uncaughtException: true }));
  assert.equal(process.listenerCount("uncaughtExceptionMonitor"), before + 1);
  sinks[0].close();
  process.emit("uncaughtExceptionMonitor", new Error("boom"), "uncaughtException");
  const told = logs.filter(({ texts }) => /boom/.test(texts()[0]));
  assert.deepEqual([told.length, logs[0].texts()], [19, []]);
  for (const sink of sinks) sink.close();
  assert.equal(process.listenerCount("uncaughtExceptionMonitor"), before);
});
