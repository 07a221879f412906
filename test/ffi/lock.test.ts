/** The lock of a memory: among many processes, with lookers about, and after close(). */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { SharedMemory } from "../../ffi/mod.ts";
import { startChild, uniqueName } from "../support/runtime.ts";
import { notOnMac, notOnWindows } from "../support/platform.ts";
import { descriptorsOf } from "../support/usage.ts";

const looker = new URL("children/lock_looker.ts", import.meta.url);
const racer = new URL("children/lock_racer.ts", import.meta.url);

test("isLocked() keeps no other process from taking the lock", async () => {
  const name = uniqueName();
  const memory = SharedMemory.create(name, 4096);
  const child = startChild(looker, [name]);
  try {
    assert.equal(await child.nextLine(), "looking");
    let refused = 0;
    for (let i = 0; i < 20_000; i++) {
      if (!memory.tryLock()) refused++;
      memory.unlock();
    }
    assert.equal(refused, 0);
  } finally {
    await child.kill();
    memory.close();
    SharedMemory.unlink(name);
  }
});

test("isLocked() does not take another look for a holder", async () => {
  const name = uniqueName();
  const memory = SharedMemory.create(name, 4096);
  const child = startChild(looker, [name]);
  try {
    assert.equal(await child.nextLine(), "looking");
    let seen = 0;
    for (let i = 0; i < 20_000; i++) if (memory.isLocked()) seen++;
    assert.equal(seen, 0);
  } finally {
    await child.kill();
    memory.close();
    SharedMemory.unlink(name);
  }
});

test("tryLock() in several processes at once gives the lock to exactly one", async () => {
  const name = uniqueName();
  const rounds = 100;
  const memory = SharedMemory.create(name, 4096);
  const [STEP, WINNERS, READY] = [0, 1, 2];
  const words = new Int32Array(memory.buffer);
  const children = [1, 2].map(() => startChild(racer, [name, 2 * rounds]));
  const another = startChild(looker, [name]);
  try {
    for (const child of children) assert.equal(await child.nextLine(), "racing");
    assert.equal(await another.nextLine(), "looking");
    const winners = new Set<number>();
    for (let step = 1; step <= 2 * rounds; step++) {
      Atomics.store(words, READY, 0);
      Atomics.store(words, STEP, step);
      while (Atomics.load(words, READY) < children.length) {
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      if (step % 2 === 1) winners.add(Atomics.exchange(words, WINNERS, 0));
    }
    assert.deepEqual([...winners], [1]);
    for (const child of children) assert.equal(await child.ended(), 0);
  } finally {
    for (const child of [...children, another]) await child.kill();
    memory.close();
    SharedMemory.unlink(name);
  }
});

test("unlock() after close() leaves the lock of the file that has the descriptor's number now", () => {
  const name = uniqueName();
  const first = SharedMemory.create(name, 4096);
  // Opened before the first is closed, as it may go with that.
  using second = SharedMemory.open(name);
  first.tryLock();
  first.close();
  using third = SharedMemory.open(name);
  assert.equal(second.tryLock(), true);
  first.unlock();
  assert.equal(third.tryLock(), false);
  SharedMemory.unlink(name);
});

test("descriptors are not handed on to child processes, and so locks are not", {
  skip: notOnWindows("there is no /proc in which to see descriptors") ||
    notOnMac("there is no /proc in which to see descriptors"),
}, () => {
  // Not the start of a name of another test file, which ran in this process before.
  const name = uniqueName("handed-on");
  const created = SharedMemory.create(name, 4096);
  const opened = SharedMemory.open(name);
  const closeOnExec = descriptorsOf(name).map((descriptor) => {
    const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8"));
    return (parseInt(flags?.[1] ?? "0", 8) & 0o2000000) !== 0;
  });
  assert.deepEqual(closeOnExec, [true, true]);
  created.close();
  opened.close();
  SharedMemory.unlink(name);
});
