/** What a follower does at the end of a log to which no writer can add: stays, ends, or reopens. */

import assert from "node:assert/strict";
import test from "node:test";
import { type FollowOptions, ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { SharedMemory } from "../../ffi/mod.ts";
import { follow, type Followed } from "../../src/log/native/follow.ts";
import { type Child, partners, startChild, uniqueName } from "../support/runtime.ts";
import { needsLastingNames } from "../support/platform.ts";

const follower = new URL("children/follower.ts", import.meta.url);
const writerScript = new URL("children/writer.ts", import.meta.url);
const SMALL = { chunkSize: 4096, chunkCount: 4 };
const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** A writer in a process of its own that has come to entry `last`. */
async function writerAt(name: string, first: number, last: number): Promise<Child> {
  const writer = startChild(writerScript, [name, last, 100, 65536, 4]);
  assert.equal(await writer.nextLine(), String(first));
  await writer.say("go");
  assert.equal(await writer.nextLine(), "done");
  return writer;
}

for (const [i, other] of partners.entries()) {
  const how = i % 2 === 0 ? "entries" : "batches";
  test(`${other.title} ends by ${how} after the last entry of a removed log, not at a kill -9`, {
    skip: needsLastingNames,
  }, async () => {
    const name = uniqueName("abandoned");
    try {
      const killed = await writerAt(name, 0, 200);
      const child = startChild(follower, [name, 0, how, "end"], other);
      assert.equal(await child.nextLine(), "there");
      await killed.kill();
      // Long enough to see several times that no writer is there.
      await pause(400);
      const successor = await writerAt(name, 200, 300);
      SharedMemory.unlink(name);
      // Its name is gone, and its writer lives: what that writes still belongs to the log.
      await pause(400);
      await successor.kill();
      assert.deepEqual(JSON.parse(await child.nextLine()), { count: 300, lost: 0, moves: 0 });
      assert.equal(await child.ended(), 0);
    } finally {
      SharedMemory.unlink(name);
    }
  });
}

test("end: a log that was replaced after a kill -9 ends, and its successor is not read", {
  skip: needsLastingNames,
}, async () => {
  const name = uniqueName("abandoned");
  const killed = await writerAt(name, 0, 50);
  const child = startChild(follower, [name, 0, "entries", "end"]);
  assert.equal(await child.nextLine(), "there");
  await killed.kill();
  using anew = ShmLogWriter.create(name, { unlinkOnClose: true, ...SMALL, ifExists: "replace" });
  anew.write("not for it");
  assert.deepEqual(JSON.parse(await child.nextLine()), { count: 50, lost: 0, moves: 0 });
  assert.equal(await child.ended(), 0);
});

for (const notify of [false, true]) {
  const title = notify ? "with" : "without";
  test(`end ${title} notify: entries, batches and streams end with the log`, {
    skip: needsLastingNames,
  }, async () => {
    const name = uniqueName("abandoned");
    const writer = ShmLogWriter.create(name, { unlinkOnClose: true, ...SMALL, notify });
    using one = ShmLogReader.open(name);
    using many = ShmLogReader.open(name);
    using stream = ShmLogReader.open(name);
    const options: FollowOptions = { onAbandoned: "end" };
    const read = async () => {
      let count = 0;
      for await (const _ of one.follow(options)) count++;
      return count;
    };
    const readMany = async () => {
      let count = 0;
      for await (const batch of many.followBatches(options)) count += batch.length;
      return count;
    };
    const readStream = async () => {
      let text = "";
      for await (const part of stream.readable({ ...options, as: "text" })) text += part;
      return text;
    };
    const all = Promise.all([read(), readMany(), readStream()]);
    writer.writeMany(["a", "b"]);
    await pause(200);
    writer.write("c");
    writer.close();
    assert.deepEqual(await all, [3, 3, "a\nb\nc\n"]);
  });
}

test("end: what was written between the last look and the end of the writer is given", async () => {
  let isWritten = false;
  let looks = 0;
  const got: string[] = [];
  const log = abandoned({
    next: () => {
      if (!isWritten) return undefined;
      isWritten = false;
      return "last";
    },
    isAbandoned: () => {
      isWritten = ++looks === 1;
      return true;
    },
  });
  for await (const item of follow(log, { onAbandoned: "end" })) got.push(item);
  assert.deepEqual([got, log.moves], [["last"], 0]);
});

test("end continues with a log whose name leads to it again", async () => {
  const stop = new AbortController();
  let looks = 0;
  const log = abandoned({
    isAbandoned: () => {
      if (++looks === 4) stop.abort();
      return looks === 1;
    },
  });
  for await (const _ of follow(log, { onAbandoned: "end", signal: stop.signal })) assert.fail();
  assert.equal(looks, 4);
});

for (
  const [options, looks, moves] of [
    [{}, 0, 0],
    [{ onAbandoned: "stay" }, 0, 0],
    [{ onAbandoned: "end" }, 2, 0],
    [{ onAbandoned: "reopen" }, 2, 1],
  ] as [FollowOptions, number, number][]
) {
  test(`follow(${JSON.stringify(options)}) looks ${looks} times and moves ${moves} times`, async () => {
    const stop = new AbortController();
    const log = abandoned({});
    // With one that stays, only the signal ends it.
    const timer = setTimeout(() => stop.abort(), looks === 0 ? 300 : 10_000);
    log.moved = () => stop.abort();
    for await (const _ of follow(log, { ...options, signal: stop.signal })) assert.fail();
    clearTimeout(timer);
    assert.deepEqual([log.looks, log.moves], [looks, moves]);
  });
}

test("another word for onAbandoned is a TypeError that names the nearest", () => {
  const name = uniqueName("abandoned");
  using _writer = ShmLogWriter.create(name, { unlinkOnClose: true, ...SMALL });
  using reader = ShmLogReader.open(name);
  const options = { onAbandoned: "ends" as "end" };
  for (const call of ["follow", "followBatches", "readable"] as const) {
    assert.throws(() => reader[call](options), {
      name: "TypeError",
      message: /^onAbandoned is "ends".*"stay", "end", "reopen".*Did you mean "end"\?$/,
    });
  }
});

interface Abandoned extends Followed<string> {
  looks: number;
  moves: number;
  moved: () => void;
}

/** A log that has nothing and to which no writer can add. */
function abandoned(parts: Partial<Followed<string>>): Abandoned {
  const log: Abandoned = {
    looks: 0,
    moves: 0,
    moved: () => {},
    next: () => undefined,
    bell: () => undefined,
    isFinished: () => false,
    isRestarted: () => false,
    isAbandoned: () => ++log.looks > 0,
    moveOn: () => {
      log.moves++;
      log.moved();
      return true;
    },
    ...parts,
  };
  return log;
}
