/** Following: nothing is missed, nobody is starved, it ends when it should, and survives restarts. */

import assert from "node:assert/strict";
import test from "node:test";
import {
  type Entry,
  type FollowOptions,
  type ReopenEvent,
  ShmLogReader,
  ShmLogWriter,
  type ShmLogWriterOptions,
} from "../../mod.ts";
import type { Doorbell } from "../../ffi/mod.ts";
import { follow } from "../../src/log/native/follow.ts";
import { Patience } from "../../src/log/native/patience.ts";
import { partners, startChild, uniqueName } from "../support/runtime.ts";
import { needsLastingNames } from "../support/platform.ts";

const follower = new URL("children/follower.ts", import.meta.url);
const writerScript = new URL("children/writer.ts", import.meta.url);
const SMALL = { chunkSize: 4096, chunkCount: 4 };
/** More entries than a follower may give while a timer waits. */
const ENDLESS = 20_000_000;
const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

function create(name: string, options: ShmLogWriterOptions = {}): ShmLogWriter {
  return ShmLogWriter.create(name, { unlinkOnClose: true, ...SMALL, ...options });
}

for (const notify of [false, true]) {
  const title = notify ? "a writer that notifies" : "a writer that does not";

  const how = notify ? "entries" : "batches";
  for (const other of partners) {
    test(`${other.title} follows ${title} by ${how}, and its process ends`, async () => {
      const name = uniqueName("follow");
      using writer = create(name, { notify, chunkSize: 1 << 16 });
      writer.write("before");
      const child = startChild(follower, [name, 40, how], other);
      assert.equal(await child.nextLine(), "there");
      while (writer.totalEntriesWritten < 39) {
        if (writer.totalEntriesWritten % 3 === 0) writer.writeMany(["a", "b"]);
        else writer.write("entry");
        // From "look again at once" to "sleep on the bell".
        await pause(writer.totalEntriesWritten % 10);
      }
      writer.write("last");
      assert.deepEqual(JSON.parse(await child.nextLine()), { count: 40, lost: 0, moves: 0 });
      assert.equal(await child.ended(), 0);
    });
  }

  test(`a follower of ${title} that sleeps for long gets the next entry, and stops at once`, async () => {
    const name = uniqueName("follow");
    using writer = create(name, { notify });
    using reader = ShmLogReader.open(name);
    const stop = new AbortController();
    const { signal } = stop;
    setTimeout(() => writer.write("late"), 1500);
    for await (const entry of reader.follow({ signal })) {
      assert.equal(entry.text, "late");
      setTimeout(() => stop.abort(), 400);
    }
    assert.ok(signal.aborted);
  });
}

test("a claim wakes followers, too", async () => {
  const name = uniqueName("follow");
  using writer = create(name, { notify: true });
  using reader = ShmLogReader.open(name);
  setTimeout(() => {
    const claim = writer.claim(3);
    claim.bytes.set([65, 66, 67]);
    claim.commit();
  }, 200);
  assert.equal((await first(reader.follow())).text, "ABC");
});

test("a writer that resumes without notify takes away the bell of one that was killed", async () => {
  const name = uniqueName("follow");
  // As one that was killed leaves it.
  using lost = create(name, { notify: true, unlinkOnClose: false });
  using reader = ShmLogReader.open(name);
  lost.close();
  using writer = create(name, { ifExists: "resume" });
  setTimeout(() => writer.write("by looking"), 200);
  assert.equal((await first(reader.follow())).text, "by looking");
});

test("a follower that always has another entry lets timers and signals have their turn", async () => {
  const name = uniqueName("follow");
  using writer = create(name);
  using reader = ShmLogReader.open(name);
  writer.write("x");
  const stop = new AbortController();
  const { signal } = stop;
  let count = 0;
  // Neither too soon, should this process stand still, nor too late.
  const timer = setInterval(() => count > 100 && stop.abort(), 5);
  try {
    for await (const _ of reader.follow({ signal })) {
      if (++count === ENDLESS) break;
      writer.write("there is always one more");
    }
  } finally {
    clearInterval(timer);
  }
  assert.ok(signal.aborted, `${count} entries, and not one turn for the timer`);
});

test("between two items the reader's position is behind the last one that was given", async () => {
  const name = uniqueName("follow");
  using writer = create(name);
  using reader = ShmLogReader.open(name);
  writer.write("x");
  const stop = new AbortController();
  const { signal } = stop;
  let given = 0;
  let looks = 0;
  let ahead = 0;
  // As somebody does who saves the position now and then, or at a signal.
  const timer = setInterval(() => {
    if (given < reader.position.sequenceNumber) ahead++;
    if (given > 0 && ++looks === 10) stop.abort();
  }, 1);
  try {
    for await (const { sequenceNumber } of reader.follow({ signal })) {
      given = sequenceNumber;
      if (given === ENDLESS) break;
      writer.write("there is always one more");
    }
  } finally {
    clearInterval(timer);
  }
  assert.equal(ahead, 0, `of ${looks} looks`);
});

test("the bell of another segment is armed before somebody sleeps on it", async () => {
  const done: string[] = [];
  const bell = (name: string) => ({
    arm: () => void done.push(`${name} is armed`),
    sleep: () => Promise.resolve(void done.push(`asleep on ${name}`)),
  } as unknown as Doorbell);
  const [one, other] = [bell("one"), bell("the other")];
  const patience = new Patience(20, undefined);
  while (done.length === 0) await patience.pause(() => one);
  for (let i = 0; i < 2; i++) await patience.pause(() => other);
  assert.deepEqual(done, ["one is armed", "the other is armed", "asleep on the other"]);
});

test("reopen stays with a log whose name leads to it again", async () => {
  const stop = new AbortController();
  let looks = 0;
  let moves = 0;
  const nothing = follow({
    next: () => undefined,
    bell: () => undefined,
    isFinished: () => false,
    isRestarted: () => false,
    isAbandoned: () => {
      if (++looks === 3) stop.abort();
      return looks === 1;
    },
    moveOn: () => ++moves > 0,
  }, {
    onAbandoned: "reopen",
    signal: AbortSignal.any([stop.signal, AbortSignal.timeout(10_000)]),
  });
  for await (const _ of nothing) assert.fail("there is nothing");
  assert.equal(moves, 0);
});

test("follow() gives no entry before it is asked for", async () => {
  const name = uniqueName("follow");
  using writer = create(name);
  using reader = ShmLogReader.open(name);
  writer.writeMany(["1", "2", "3"]);
  const entries = reader.follow();
  assert.equal(reader.position.sequenceNumber, 0);
  assert.equal((await entries.next()).value?.text, "1");
  assert.equal(reader.position.sequenceNumber, 1);
  await entries.return?.();
  assert.equal(reader.read()?.text, "2");
});

test("a wrong maxSleep is a RangeError at once", () => {
  const name = uniqueName("follow");
  using _writer = create(name);
  using reader = ShmLogReader.open(name);
  for (const maxSleep of [0, -1, NaN]) {
    assert.throws(() => reader.follow({ maxSleep }), RangeError);
    assert.throws(() => reader.followBatches({ maxSleep }), RangeError);
  }
  assert.throws(() => reader.readable({ as: "bytes" as "text" }), TypeError);
});

for (const notify of [false, true]) {
  const title = notify ? "with" : "without";
  test(`reopen ${title} notify: the rest of the old log, an event, and all of the new one`, {
    skip: needsLastingNames,
  }, async () => {
    const name = uniqueName("follow");
    const old = create(name, { notify });
    using reader = ShmLogReader.open(name, { strategy: "latest" });
    const events: ReopenEvent[] = [];
    const stop = new AbortController();
    const got: string[] = [];
    const options: FollowOptions = {
      onAbandoned: "reopen",
      signal: stop.signal,
      onReopen: (event) => events.push(event),
    };
    const restart = async () => {
      await pause(10);
      old.writeMany(["old 1", "old 2"]);
      await pause(150);
      old.write("old 3");
      old.close();
      await pause(150);
      const next = create(name, { notify });
      // More than the log holds: what is gone before the follower comes is lost, and counted.
      for (let i = 1; i <= 1000; i++) next.write(`new ${i} ${"x".repeat(40)}`);
      return next;
    };
    const restarted = restart();
    for await (const entry of reader.follow(options)) {
      got.push(entry.text.slice(0, 8).trim());
      if (got.at(-1) === "new 1000") stop.abort();
    }
    using _next = await restarted;
    assert.deepEqual(got.slice(0, 3), ["old 1", "old 2", "old 3"]);
    assert.equal(got.at(-1), "new 1000");
    assert.equal(events.length, 1);
    const { from, lostEntries, overruns } = events[0];
    assert.deepEqual([from.sequenceNumber, lostEntries, overruns], [3, 0, 0]);
    assert.notDeepEqual({ ...from, sequenceNumber: 0 }, { ...reader.position, sequenceNumber: 0 });
    assert.equal(got.length - 3 + reader.lostEntries, 1000);
    assert.ok(reader.lostEntries > 0);
  });
}

test("reopen stays with a segment whose name is gone while its writer lives", {
  skip: needsLastingNames,
}, async () => {
  const name = uniqueName("follow");
  using old = create(name, { unlinkOnClose: false });
  using reader = ShmLogReader.open(name);
  const { SharedMemory } = await import("../../ffi/mod.ts");
  SharedMemory.unlink(name);
  using other = create(name);
  other.write("the other");
  setTimeout(() => old.write("still here"), 400);
  const entries = reader.follow({ onAbandoned: "reopen" });
  assert.equal((await entries.next()).value?.text, "still here");
  old.close();
  assert.equal((await entries.next()).value?.text, "the other");
  await entries.return?.();
});

test("a follower continues when its writer is killed and resumes, and when one starts again", {
  skip: needsLastingNames,
}, async () => {
  const name = uniqueName("follow");
  const writerArgs = (last: number) => [name, last, 100, 65536, 4];
  let writer = startChild(writerScript, writerArgs(200));
  assert.equal(await writer.nextLine(), "0");
  const child = startChild(follower, [name, 500, "batches", "reopen"]);
  assert.equal(await child.nextLine(), "there");
  await writer.say("go");
  assert.equal(await writer.nextLine(), "done");
  await writer.kill();
  writer = startChild(writerScript, writerArgs(400));
  assert.equal(await writer.nextLine(), "200");
  await writer.say("go");
  assert.equal(await writer.nextLine(), "done");
  await pause(100);
  await writer.kill();
  using anew = create(name, { ifExists: "replace", chunkSize: 65536 });
  for (let i = 1; i <= 500; i++) anew.write("new");
  assert.deepEqual(JSON.parse(await child.nextLine()), { count: 900, lost: 0, moves: 1 });
  assert.equal(await child.ended(), 0);
});

async function first(entries: AsyncIterable<Entry>): Promise<Entry> {
  for await (const entry of entries) return entry;
  throw new Error("no entry");
}
