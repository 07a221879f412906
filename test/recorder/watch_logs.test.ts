/** Logs watched from outside, by a process that does not run for moments. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../ffi/mod.ts";
import { LogSet, segmentSize, ShmLogWriter, Writer } from "../../mod.ts";
import { parseCondition } from "../../src/recorder/conditions.ts";
import { watchLogs } from "../../src/recorder/watch_logs.ts";
import { needsLastingNames } from "../support/platform.ts";
import { uniqueName } from "../support/runtime.ts";

const skip = needsLastingNames ||
  (process.platform === "darwin" && "this system does not list shared memory");

/** Keeps this process from everything else, as a busy machine does. */
function stall(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end;);
}

test("the last entries are read before a writer counts as dead, however seldom a watch runs", {
  skip,
  timeout: 60_000,
}, async () => {
  const base = uniqueName("stalled");
  const make = (name: string, unlinkOnClose = false) =>
    ShmLogWriter.create(`${base}.${name}`, { size: "64KiB", version: 2, unlinkOnClose });
  const end = new AbortController();
  try {
    const [ended, finished, removed] = [make("ended"), make("finished"), make("removed", true)];
    const logs = [ended, finished, removed, make("left")];
    for (const log of logs) log.write("a line");
    using set = LogSet.open(`${base}.*`);
    const dead: string[] = [];
    const watching = watchLogs({
      ...{ set, conditions: [{ kind: "dead", reason: "dead" }], signal: end.signal },
      onTrigger: ({ log }) => dead.push(log),
    });
    // They are seen to be alive.
    await sleep(300);
    ended.write('{"level":"info","logger":"ouroboros.run","exitCode":0}');
    finished.write("last");
    finished.finish();
    for (const log of logs) log.close();
    // Each time it runs, more time has passed than a writer must be gone.
    for (let i = 0; i < 6 || dead.length === 0; i++) {
      stall(600);
      await sleep(0);
    }
    end.abort();
    await watching;
    assert.deepEqual(dead, [`${base}.left`]);
  } finally {
    end.abort();
    for (const name of ["ended", "finished", "left"]) SharedMemory.unlink(`${base}.${name}`);
  }
});

test(
  "what an application logs after the entry that says how it ends makes no death of a good end",
  {
    skip: skip ||
      (process.platform !== "linux" && "elsewhere the process of a writer is not known"),
    timeout: 60_000,
  },
  async () => {
    const base = uniqueName("afterwards");
    const EXIT = { level: "info", logger: "ouroboros.exit", exitCode: 0 };
    const ends = { own: process.pid, another: process.pid + 1 };
    const end = new AbortController();
    try {
      const logs = Object.keys(ends).map((name) =>
        ShmLogWriter.create(`${base}.${name}`, { size: "64KiB" })
      );
      using set = LogSet.open(`${base}.*`);
      const dead: string[] = [];
      const watching = watchLogs({
        ...{ set, conditions: [{ kind: "dead", reason: "dead" }], signal: end.signal },
        onTrigger: ({ log }) => dead.push(log.slice(base.length + 1)),
      });
      // They are seen to be alive.
      await sleep(300);
      for (const [i, pid] of Object.values(ends).entries()) {
        logs[i].write(JSON.stringify({ ...EXIT, pid }));
        logs[i].write("said by a listener to the exit");
        logs[i].close();
      }
      while (dead.length === 0) await sleep(10);
      await sleep(1000);
      end.abort();
      await watching;
      assert.deepEqual(dead, ["another"]);
    } finally {
      end.abort();
      for (const name of Object.keys(ends)) SharedMemory.unlink(`${base}.${name}`);
    }
  },
);

test("the last entries are waited for, also while a busy watch reads seldom, and looks often", {
  skip,
  timeout: 60_000,
}, async () => {
  const base = uniqueName("rested");
  const make = (name: string, unlinkOnClose = false) =>
    ShmLogWriter.create(`${base}.${name}`, { size: "64KiB", version: 2, unlinkOnClose });
  const end = new AbortController();
  try {
    const [ended, finished, left] = [make("ended"), make("finished"), make("left")];
    let hasJoined = false;
    using set = LogSet.open(`${base}.*`, {
      onJoin: (name) => {
        if (!name.endsWith("later")) return;
        // A round that takes long is followed by a rest that takes many times longer.
        stall(200);
        hasJoined = true;
      },
    });
    const dead: string[] = [];
    const watching = watchLogs({
      ...{ set, conditions: [{ kind: "dead", reason: "dead" }], signal: end.signal },
      onTrigger: ({ log }) => dead.push(log),
    });
    // They are seen to be alive, and nothing came for a while.
    await sleep(400);
    using _later = make("later", true);
    while (!hasJoined) await sleep(1);
    ended.write('{"level":"info","logger":"ouroboros.run","exitCode":0}');
    finished.finish();
    for (const log of [ended, finished, left]) log.close();
    while (dead.length === 0) await sleep(10);
    end.abort();
    await watching;
    assert.deepEqual(dead, [left.name]);
  } finally {
    end.abort();
    for (const name of ["ended", "finished", "left"]) SharedMemory.unlink(`${base}.${name}`);
  }
});

test("a writer that comes and goes between two looks is dead, too, each time", {
  skip: skip || (process.platform !== "linux" && "elsewhere it is not known who takes no lock"),
  timeout: 60_000,
}, async () => {
  const base = uniqueName("quick");
  const EXIT = '{"level":"info","logger":"ouroboros.exit","exitCode":0}';
  /** All in one turn: nobody looks meanwhile. */
  const write = (name: string, ...texts: string[]) => {
    using log = ShmLogWriter.create(`${base}.${name}`, { size: "64KiB", unlinkOnClose: false });
    log.writeMany(texts);
  };
  const end = new AbortController();
  const dead: string[] = [];
  const told = async (count: number) => {
    while (dead.length < count) await sleep(10);
  };
  try {
    write("before", "what was there is no reason");
    using set = LogSet.open(`${base}.*`);
    const watching = watchLogs({
      ...{ set, conditions: [{ kind: "dead", reason: "dead" }], signal: end.signal },
      onTrigger: ({ log }) => dead.push(log.slice(base.length + 1)),
    });
    await sleep(300);
    // As the C++ library has it: without a lock, mapped under its name.
    const unlocked = `${base}.unlocked`;
    SharedMemory.create(unlocked, segmentSize(2, 4096)).close();
    using memory = SharedMemory.open(unlocked, { access: "read-write" });
    const writer = Writer.create(memory.buffer, { chunkCount: 2 });
    write("good", "a line", EXIT);
    write("crash", "a line");
    await told(1);
    for (let i = 0; i < 10; i++) {
      writer.write("still there");
      await sleep(100);
    }
    write("before", "came again");
    await told(2);
    write("good", EXIT);
    write("crash");
    write("crash", "once more");
    await told(3);
    await sleep(1000);
    assert.deepEqual(dead, ["crash", "before", "crash"]);
    end.abort();
    await watching;
  } finally {
    end.abort();
    for (const name of ["before", "good", "crash", "unlocked"]) {
      SharedMemory.unlink(`${base}.${name}`);
    }
  }
});

test("a line without an end is asked when its log is removed, and when the watch ends", {
  skip,
  timeout: 60_000,
}, async () => {
  const base = uniqueName("unended");
  const make = (name: string) =>
    ShmLogWriter.create(`${base}.${name}`, { size: "64KiB", version: 2, unlinkOnClose: true });
  using removed = make("removed");
  using stays = make("stays");
  const end = new AbortController();
  using set = LogSet.open(`${base}.*`);
  const seen: string[] = [];
  let entries = 0;
  const watching = watchLogs({
    ...{ set, conditions: [parseCondition("level:error")], signal: end.signal },
    onTrigger: ({ log }) => seen.push(log),
    onEntry: () => entries++,
  });
  const write = (log: ShmLogWriter, text: string) => log.write(`2026-11-29T20:00:00.1Z ${text}`);
  for (const log of [removed, stays]) {
    write(log, "stdout P level=err");
    write(log, "stderr F level=info msg=between");
    write(log, "stdout P or msg=unended");
  }
  while (entries < 6) await sleep(10);
  assert.deepEqual(seen, []);
  removed.close();
  while (seen.length === 0) await sleep(10);
  assert.deepEqual(seen, [removed.name]);
  end.abort();
  await watching;
  assert.deepEqual(seen, [removed.name, stays.name]);
});
