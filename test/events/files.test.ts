/** Event logs in files: they grow, are followed, have one writer, and survive kill -9. */

import assert from "node:assert/strict";
import {
  closeSync,
  openSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import process from "node:process";
import test from "node:test";
import {
  ClosedError,
  CorruptLogError,
  EventLogReader,
  EventLogWriter,
  SegmentExistsError,
  SegmentNotFoundError,
  SegmentTruncatedError,
  SystemCallError,
  UnsupportedLogError,
  WriterLockedError,
} from "../../src/events/mod.ts";
import { eventOf, isEvent } from "../support/events.ts";
import { testFolder } from "../support/folder.ts";
import { needsLinks, needsRemoval, notOnWindows } from "../support/platform.ts";
import { baseSeed, Random } from "../support/random.ts";
import { startChild } from "../support/runtime.ts";

const KILLS = Number(process.env.KILLS ?? 6);
const writerFile = new URL("children/log_writer.ts", import.meta.url);
const folder = testFolder("events");
let files = 0;
const newPath = () => `${folder}/${files++}.log`;

/** Checks every event that a reader sees; gives how many. */
function check(reader: EventLogReader, most: number): number {
  let number = 0;
  let wrong = 0;
  const count = reader.replay((event) => {
    if (!isEvent(event, event.bytes(), number, most)) wrong++;
    number++;
  });
  assert.equal(wrong, 0);
  return count;
}

test("a log that grows is one file, and readers that were there before see all of it", () => {
  const path = newPath();
  using log = EventLogWriter.create(path, { capacity: 0, grow: 10_000 });
  using reader = EventLogReader.open(path);
  const cursor = reader.start();
  let seen = 0;
  for (let number = 0; number < 2000; number++) {
    const event = eventOf(number, 3000);
    assert.equal(log.writeEvent(event, event.payload), true);
    if (number % 100 === 0) {
      reader.readOn(cursor, (event) => assert.ok(isEvent(event, event.bytes(), seen++, 3000)));
      assert.equal(seen, number + 1);
    }
  }
  assert.equal((log.capacity - 4096) % 10_000, 0);
  assert.equal(statSync(path).size, log.capacity);
  assert.ok(log.capacity > 100_000);
  assert.equal(check(reader, 3000), 2000);
  assert.equal(log.available, log.capacity - log.writeOffset);
});

test("a reader that is in the middle of a replay while the log grows and is remapped continues", () => {
  const path = newPath();
  using log = EventLogWriter.create(path, { capacity: 0, grow: 4096 });
  using reader = EventLogReader.open(path);
  log.writeMany([eventOf(0, 50), eventOf(1, 50), eventOf(2, 50)]);
  let number = 0;
  const count = reader.replay((event) => {
    for (let i = 0; i < 50; i++) {
      assert.equal(log.writeEvent(eventOf(9, 9), new Uint8Array(99)), true);
    }
    assert.ok(reader.replay(() => {}) > 50);
    assert.ok(isEvent(event, event.bytes(), number, 50));
    number++;
  });
  assert.equal(count, 3);
});

test("a log that grew is full when it is opened without grow, and grows with it", () => {
  const path = newPath();
  const payload = new Uint8Array(2000);
  const grow = 4096;
  const write = (log: EventLogWriter): number => {
    let stored = 0;
    while (stored < 20 && log.writeEvent({ timestamp: 1, type: 1 }, payload)) stored++;
    log.close();
    return stored;
  };
  assert.equal(write(EventLogWriter.create(path, { capacity: 4096, grow })), 20);
  assert.ok(write(EventLogWriter.open(path)) < 3);
  assert.equal(write(EventLogWriter.recover(path)), 0);
  assert.equal(write(EventLogWriter.open(path, { grow })), 20);
  assert.equal(write(EventLogWriter.recover(path, { grow })), 20);
});

test("a log that does not grow says false, and what it took is there", () => {
  const path = newPath();
  using log = EventLogWriter.create(path, { capacity: 5000 });
  let number = 0;
  for (;; number++) {
    const event = eventOf(number, 500);
    if (!log.writeEvent(event, event.payload)) break;
  }
  assert.equal(log.eventCount, number);
  const small = Array.from({ length: 400 }, (_, i) => eventOf(number + i, 0));
  const fitting = Math.floor(log.available / 16);
  assert.equal(log.writeMany(small), fitting);
  assert.equal(log.eventCount, number + fitting);
  using reader = EventLogReader.open(path);
  assert.equal(reader.replay(() => {}), log.eventCount);
});

test("there is one writer at a time, and none for what is no log", () => {
  const path = newPath();
  const log = EventLogWriter.create(path);
  assert.throws(() => EventLogWriter.create(path), SegmentExistsError);
  assert.throws(() => EventLogWriter.open(path), WriterLockedError);
  assert.throws(() => EventLogWriter.recover(path), WriterLockedError);
  using reader = EventLogReader.open(path);
  assert.equal(reader.isWriterAlive(), true);
  log.close();
  log.close();
  assert.equal(reader.isWriterAlive(), false);
  EventLogWriter.open(path).close();
  assert.throws(() => log.writeEvent(eventOf(1, 1), new Uint8Array(1)), ClosedError);
  assert.throws(() => log.flush(), ClosedError);
  assert.throws(() => EventLogWriter.open(`${path}-none`), SegmentNotFoundError);
  assert.throws(() => EventLogReader.open(`${path}-none`), SegmentNotFoundError);
  const text = newPath();
  const bytes = new TextEncoder().encode("not a log ".repeat(1000));
  writeFileSync(text, bytes);
  assert.throws(() => EventLogWriter.open(text), UnsupportedLogError);
  assert.throws(() => EventLogWriter.recover(text), UnsupportedLogError);
  assert.throws(() => EventLogReader.open(text), UnsupportedLogError);
  assert.throws(() => EventLogWriter.create(newPath(), { grow: -1 }), RangeError);
  assert.throws(() => EventLogWriter.create(newPath(), { capacity: 2 ** 32 }), RangeError);
  assert.throws(() => EventLogWriter.create(path + "-new", { magic: "X" as never }), TypeError);
  assert.throws(() => statSync(path + "-new"), "what could not be finished is removed");
});

test("a writer follows no link", { skip: needsLinks }, () => {
  const path = newPath();
  EventLogWriter.create(path).close();
  symlinkSync(path, `${path}-link`);
  assert.throws(() => EventLogWriter.open(`${path}-link`), SystemCallError);
});

test("a writer that continues with a log of another size maps all of it", async () => {
  const path = newPath();
  const log = EventLogWriter.create(path, { capacity: 4096, grow: 4096 });
  log.writeMany(Array.from({ length: 100 }, (_, i) => eventOf(i, 200)));
  const { capacity } = log;
  log.flush();
  await log.flushAsync();
  log.close();
  await assert.rejects(() => log.flushAsync(), ClosedError);
  using again = EventLogWriter.open(path);
  assert.equal(again.capacity, capacity);
  assert.equal(again.eventCount, 100);
  using reader = EventLogReader.open(path);
  for (const advice of ["normal", "sequential", "random", "willneed"] as const) {
    reader.advise(advice);
  }
  assert.throws(() => reader.advise("never" as never), {
    name: "TypeError",
    message:
      /^advice is "never" \(string\), but must be one of "normal", "sequential", "random", "willneed"/,
  });
  assert.equal(check(reader, 200), 100);
});

test("flushAsync() of a log whose path is gone, or somebody else's, is for the log all the same", {
  skip: needsRemoval,
}, async () => {
  const path = newPath();
  using log = EventLogWriter.create(path);
  rmSync(path);
  await log.flushAsync();
  writeFileSync(path, "somebody else's");
  await log.flushAsync();
});

test("follow() gives what is there, what comes, and ends with its signal", async () => {
  const path = newPath();
  using log = EventLogWriter.create(path, { capacity: 0, grow: 4096 });
  using reader = EventLogReader.open(path);
  const write = (number: number) =>
    log.writeEvent(eventOf(number, 900), eventOf(number, 900).payload);
  for (let number = 0; number < 50; number++) write(number);
  let next = 50;
  const timer = setInterval(() => {
    for (let i = 0; i < 10; i++) write(next++);
  }, 2);
  const stop = new AbortController();
  let number = 0;
  try {
    for await (const event of reader.follow({ signal: stop.signal, interval: 1 })) {
      assert.ok(isEvent(event, event.payload, number++, 900));
      if (number === 200) stop.abort();
    }
  } finally {
    clearInterval(timer);
  }
  assert.equal(number, 200);
  const late = reader.follow({ from: "new", interval: 1 });
  const event = late.next();
  write(next);
  assert.equal((await event).value.timestamp, next);
});

test("a file that somebody made shorter is an error, not the end of the process", {
  skip: notOnWindows("Windows cuts off nothing that is mapped"),
}, () => {
  const path = newPath();
  using log = EventLogWriter.create(path, { capacity: 100_000, prefault: true });
  log.writeMany(Array.from({ length: 300 }, (_, i) => eventOf(i, 200)));
  using reader = EventLogReader.open(path);
  using other = EventLogReader.open(path);
  truncateSync(path, 8192);
  assert.throws(() => reader.replay(() => {}), SegmentTruncatedError);
  assert.throws(() => reader.eventCount, SegmentTruncatedError);
  assert.throws(() => [...other], SegmentTruncatedError);
  using late = EventLogReader.open(path);
  assert.throws(() => late.replay(() => {}), CorruptLogError);
});

for (const [most, batch, grow] of [[200, 1, 1 << 16], [3000, 7, 1 << 20], [60_000, 50, 1 << 22]]) {
  test(`a writer killed ${KILLS} times loses no event, batches of ${batch} (seed ${baseSeed})`, async () => {
    const path = newPath();
    EventLogWriter.create(path, { capacity: 0 }).close();
    const random = new Random(baseSeed + batch);
    using reader = EventLogReader.open(path);
    let before = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const writer = startChild(writerFile, [path, most, batch, grow]);
      assert.equal(Number(await writer.nextLine()), before);
      await writer.say("go");
      await new Promise((resolve) => setTimeout(resolve, 5 + random.below(25)));
      let seen = reader.replay(() => {});
      // On a busy machine none of them may have come so far; the last one is waited for.
      while (kill === KILLS - 1 && before + seen === 0) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        seen = reader.replay(() => {});
      }
      await writer.kill();
      // While it is down, the file is a whole log already.
      const left = check(reader, most);
      assert.ok(left >= seen && (left - before) % batch === 0, `${left} after ${seen}`);
      before = left;
      // Now and then its header is damaged, too.
      if (random.below(3) === 0) {
        tear(path, random);
        using log = EventLogWriter.recover(path);
        assert.ok(log.eventCount >= before, `${log.eventCount} of ${before}`);
        before = log.eventCount;
        assert.equal(check(reader, most), before);
      }
    }
    assert.ok(before > 0);
  });
}

/** Writes nonsense over the counts in the header. */
function tear(path: string, random: Random): void {
  const descriptor = openSync(path, "r+");
  writeSync(descriptor, new Uint8Array(16).map(() => 128 + random.below(128)), 0, 16, 16);
  closeSync(descriptor);
}
