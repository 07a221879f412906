/** close() in the midst of things, and what comes after it: a ClosedError, and no other. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { ClosedError, ShmLogReader, type ShmLogReaderOptions, ShmLogWriter } from "../../mod.ts";
import {
  EventDispatcher,
  EventLogReader,
  EventLogWriter,
  RingBuffer,
} from "../../src/events/mod.ts";
import { ClosedError as RingClosedError, MemMapRingBuffer } from "../../src/ring/mod.ts";
import { CircularBufferReader, CircularBufferWriter } from "../../src/circular/mod.ts";

const NAME = `/misuse-closing-${process.pid}`;
const SPEC = { indexName: `${NAME}-index`, dataName: `${NAME}-data`, capacity: 1000 };
const folder = mkdtempSync(join(tmpdir(), "misuse-closing-"));
const path = join(folder, "file");
test.after(() => rmSync(folder, { recursive: true }));

/** Reads what can be iterated over, and closes it after the first item. */
async function closeWithin(
  items: Iterable<unknown> | AsyncIterable<unknown>,
  reader: { close(): void },
): Promise<void> {
  for await (const _ of items) reader.close();
}

const closedInLog: Record<string, (reader: ShmLogReader) => unknown> = {
  "a visitor that looks": (reader) => reader.forEach((entry) => (reader.close(), entry.text)),
  "a visitor that copies": (reader) => {
    return reader.forEach((entry) => (reader.close(), entry.copyTo(new Uint8Array(9))));
  },
  "a visitor that does not look": (reader) => reader.forEach(() => reader.close()),
  "a visitor of what was copied": (reader) => (reader.read(), reader.forEach(() => reader.close())),
  "an iteration": (reader) => closeWithin(reader, reader),
  "follow()": (reader) => closeWithin(reader.follow(), reader),
  "followBatches()": (reader) => closeWithin(reader.followBatches(), reader),
};
const afterInLog: Record<string, (reader: ShmLogReader) => unknown> = {
  "read()": (reader) => reader.read(),
  "readInto()": (reader) => reader.readInto(new Uint8Array(9)),
  "readBatch()": (reader) => reader.readBatch(),
  "forEach()": (reader) => reader.forEach(() => {}),
  "an iteration": (reader) => [...reader],
  "follow()": (reader) => reader.follow(),
  "followBatches()": (reader) => reader.followBatches(),
  "readable()": (reader) => reader.readable(),
  "inspect()": (reader) => reader.inspect(),
  "verify()": (reader) => reader.verify(),
};

for (const options of [{}, { copyMode: "pread" }] satisfies ShmLogReaderOptions[]) {
  const how = JSON.stringify(options);
  const check = async (
    what: string,
    use: (reader: ShmLogReader) => unknown,
    before: () => void,
  ) => {
    using writer = ShmLogWriter.create(NAME, {
      unlinkOnClose: true,
      chunkSize: 4096,
      chunkCount: 2,
    });
    writer.writeMany(["one", "two", "three"]);
    using reader = ShmLogReader.open(NAME, options);
    before.call(reader);
    await assert.rejects(async () => await use(reader), ClosedError, what);
    assert.equal(writer.write("next"), 4);
  };
  for (const [what, use] of Object.entries(closedInLog)) {
    test(`log ${how}: close() within ${what} is a ClosedError`, () => check(what, use, () => {}));
  }
  for (const [what, use] of Object.entries(afterInLog)) {
    test(`log ${how}: ${what} after close() is a ClosedError, with entries waiting, too`, async () => {
      await check(what, use, function (this: ShmLogReader) {
        this.close();
      });
      await check(what, use, function (this: ShmLogReader) {
        this.read();
        this.close();
      });
    });
  }
}

test("a visitor's own error stays what it is when it closes the reader", () => {
  using writer = ShmLogWriter.create(NAME, { unlinkOnClose: true, chunkSize: 4096, chunkCount: 2 });
  writer.write("one");
  using reader = ShmLogReader.open(NAME);
  const mine = new Error("mine");
  const visit = () => {
    reader.close();
    throw mine;
  };
  assert.throws(() => reader.forEach(visit), (error) => error === mine);
});

test("events: close() within a handler or an iteration, and what comes after it, is a ClosedError", async () => {
  const uses: ((reader: EventLogReader) => unknown)[] = [
    (reader) => reader.replay((event) => (reader.close(), event.text)),
    (reader) => reader.replay((event) => (reader.close(), event.timestamp)),
    (reader) => reader.replay(() => reader.close()),
    (reader) => closeWithin(reader, reader),
    (reader) => closeWithin(reader.follow(), reader),
    (reader) => (reader.close(), reader.follow()),
    (reader) => (reader.close(), reader.replay(() => {})),
    (reader) => (reader.close(), reader.end()),
    (reader) => (reader.close(), reader.advise("random")),
  ];
  for (const [index, use] of uses.entries()) {
    using writer = EventLogWriter.create(`${path}-${index}`);
    for (const text of ["one", "two"]) writer.writeEvent({ timestamp: 1, type: 1 }, text);
    using reader = EventLogReader.open(`${path}-${index}`);
    await assert.rejects(async () => await use(reader), ClosedError, `use ${index}`);
  }
});

test("circular: close() within an iteration, and what comes after it, is a ClosedError", async () => {
  for (const counted of [true, false]) {
    const uses: ((reader: CircularBufferReader) => unknown)[] = [
      (reader) => closeWithin(reader, reader),
      (reader) => closeWithin(reader.follow(), reader),
      (reader) => (reader.close(), reader.follow()),
      (reader) => (reader.close(), reader.read()),
      (reader) => (reader.close(), reader.read(new Uint8Array(9))),
    ];
    for (const [index, use] of uses.entries()) {
      using writer = CircularBufferWriter.open(SPEC);
      using reader = CircularBufferReader.open(SPEC, { counted });
      for (const text of ["one", "two"]) writer.write(text);
      await assert.rejects(async () => await use(reader), ClosedError, `use ${index}`);
    }
  }
});

test("ring: close() within an iteration, and what comes after it, is a ClosedError", async () => {
  const uses: ((ring: MemMapRingBuffer) => unknown)[] = [
    (ring) => closeWithin(ring, ring),
    (ring) => (ring.close(), [...ring]),
    (ring) => (ring.close(), ring.get()),
    (ring) => (ring.close(), ring.put("x")),
    (ring) => (ring.close(), ring.flush()),
  ];
  for (const [index, use] of uses.entries()) {
    using ring = MemMapRingBuffer.open(`${path}-ring-${index}`, 1000);
    for (const item of ["one", "two"]) ring.put(item);
    await assert.rejects(async () => await use(ring), RingClosedError, `use ${index}`);
  }
});

test("a signal ends a follower that sleeps for long, of each structure", async () => {
  using writer = ShmLogWriter.create(NAME, { unlinkOnClose: true, chunkSize: 4096, chunkCount: 2 });
  using log = ShmLogReader.open(NAME);
  using events = EventLogWriter.create(`${path}-signal`);
  using eventReader = EventLogReader.open(`${path}-signal`);
  using circular = CircularBufferWriter.open(SPEC);
  using circularReader = CircularBufferReader.open(SPEC);
  writer.write("one");
  events.writeEvent({ timestamp: 1, type: 1 }, "one");
  circular.write("one");
  const stop = new AbortController();
  const { signal } = stop;
  const followers = [
    log.follow({ signal, maxSleep: 2 ** 30 }),
    eventReader.follow({ signal, interval: 2 ** 30 }),
    circularReader.follow({ signal, interval: 2 ** 30 }),
  ];
  for (const follower of followers) assert.equal((await follower.next()).done, false);
  const ends = followers.map((follower) => follower.next());
  setTimeout(() => stop.abort(), 20);
  for (const end of await Promise.all(ends)) assert.equal(end.done, true);
});

test("an asynchronous consumer counts when its promise is settled, and leaves none unhandled", async () => {
  const ring = new RingBuffer(1024);
  const dispatcher = new EventDispatcher(ring);
  const mine = new Error("mine");
  dispatcher.add({ name: "good", consume: async () => await Promise.resolve() });
  dispatcher.add({ name: "bad", consume: () => Promise.reject(mine) });
  dispatcher.add({ name: "flush", consume: () => {}, flush: () => Promise.reject(mine) });
  ring.writeEvent({ timestamp: 1, type: 1 }, "one");
  assert.equal(dispatcher.drain(), 1);
  assert.equal(dispatcher.statistics().delivered, 1);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(dispatcher.statistics().consumers, [
    { name: "good", delivered: 1, failed: 0, lastError: undefined },
    { name: "bad", delivered: 0, failed: 1, lastError: mine },
    { name: "flush", delivered: 1, failed: 1, lastError: mine },
  ]);
});
