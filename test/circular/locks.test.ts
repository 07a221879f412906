/** Who may write to a circular buffer in shared memory, or make it: locks of the living and the dead, other users. */

import assert from "node:assert/strict";
import { chmodSync, chownSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import test from "node:test";
import { NamedSemaphore, SharedMemory as Segment } from "../../ffi/mod.ts";
import {
  ClosedError,
  PermissionDeniedError,
  SegmentNotFoundError,
  SystemCallError,
} from "../../src/errors.ts";
import {
  CircularBufferReader,
  CircularBufferWriter,
  SemaphoreLock,
  WriterLockedError,
} from "../../src/circular/mod.ts";
import { FailingSystem } from "../support/failing_system.ts";
import { assertGone, newSpec } from "../support/circular_specs.ts";
import { uniqueName } from "../support/runtime.ts";
import { needsLastingNames } from "../support/platform.ts";

const linux = { skip: process.platform !== "linux" && "the calls are those of Linux" };
const bytes = (...values: number[]) => new Uint8Array(values);

test("there is one writer at a time", () => {
  const spec = newSpec();
  using writer = CircularBufferWriter.open(spec);
  assert.throws(() => CircularBufferWriter.open(spec), WriterLockedError);
  assert.throws(() => CircularBufferWriter.open(spec, { breakLock: true }), WriterLockedError);
  assert.equal(writer.referenceCount, 1);
  using reader = CircularBufferReader.open(spec);
  writer.close();
  using next = CircularBufferWriter.open(spec);
  next.write(bytes(7));
  assert.deepEqual(reader.read(), bytes(7));
});

test("the original's writer is respected, unless it is known to be dead", () => {
  const spec = newSpec();
  // As the original does it: the semaphore, and no lock and no mark.
  using semaphore = new SemaphoreLock(`${spec.dataName}-writer`);
  assert.equal(semaphore.acquire(), true);
  assert.throws(() => CircularBufferWriter.open(spec), WriterLockedError);
  assert.equal(new NamedSemaphore(`${spec.dataName}-writer`).tryWait(), false);
  using writer = CircularBufferWriter.open(spec, { breakLock: true });
  writer.write(bytes(1));
});

test("a lock of creation that a dead process holds is made again after a second", {
  skip: needsLastingNames,
}, () => {
  const spec = newSpec();
  const dead = new NamedSemaphore(spec.indexName);
  assert.equal(dead.tryWait(), true);
  CircularBufferWriter.open(spec).close();
  dead.close();
  assertGone(spec);
});

test(
  "SemaphoreLock: one holder at a time, given back by close()",
  { skip: needsLastingNames },
  () => {
    const name = uniqueName("circular-lock");
    const one = new SemaphoreLock(name);
    using two = new SemaphoreLock(name);
    assert.deepEqual([one.acquire(), one.acquire(), two.acquire()], [true, true, false]);
    assert.equal(two.acquireWithin(5), false);
    one.close();
    assert.equal(two.acquire(), true);
    assert.throws(() => one.acquire(), ClosedError);
    assert.throws(() => new SemaphoreLock(""), RangeError);
    assert.throws(() => new SemaphoreLock("x".repeat(252)), RangeError);
    assert.equal(SemaphoreLock.unlink(name), true);
    assert.equal(SemaphoreLock.unlink(name), false);
  },
);

test("SemaphoreLock: a process that was stopped gives the holder time to release it", {
  skip: needsLastingNames,
}, (t) => {
  const name = uniqueName("circular-lock");
  using holder = new SemaphoreLock(name);
  using lock = new SemaphoreLock(name);
  assert.equal(holder.acquire(), true);
  // An hour passes with each look, as it does for a container that is paused.
  let now = performance.now();
  t.mock.method(performance, "now", () => now += 3_600_000);
  const { wait } = Atomics;
  let naps = 0;
  Atomics.wait = () => {
    if (++naps === 3) holder.release();
    return "timed-out";
  };
  try {
    assert.equal(lock.acquireWithin(1000), true);
    assert.equal(holder.acquireWithin(1000), false);
  } finally {
    Atomics.wait = wait;
    SemaphoreLock.unlink(name);
  }
  assert.ok(naps > 50 && naps < 1000, `${naps} naps`);
});

test("what belongs to another user is left alone", { skip: process.getuid?.() !== 0 }, () => {
  const spec = newSpec();
  const writer = CircularBufferWriter.open(spec, { mode: 0o666 });
  chownSync(`/dev/shm${spec.dataName}`, 65534, 65534);
  try {
    assert.throws(() => CircularBufferWriter.open(spec), PermissionDeniedError);
    assert.throws(() => CircularBufferReader.open(spec), PermissionDeniedError);
    using reader = CircularBufferReader.open(spec, { counted: false });
    assert.equal(reader.read(), undefined);
    writer.close();
    assert.equal(Segment.exists(spec.dataName), true);
  } finally {
    CircularBufferWriter.remove(spec);
  }
  assertGone(spec);
});

test(
  "who removes a buffer and is paused before it does leaves that of the next writer",
  linux,
  () => {
    using system = new FailingSystem();
    const spec = newSpec();
    const first = CircularBufferWriter.open(spec);
    const last = CircularBufferReader.open(spec);
    first.close();
    let next: CircularBufferWriter | undefined;
    system.onCall = (call) => {
      if (call !== "flock") return 0;
      system.heal();
      // Meanwhile, by a process that waits a second for the semaphore and takes its holder for dead.
      next = CircularBufferWriter.open(spec);
      return 0;
    };
    last.close();
    using reader = CircularBufferReader.open(spec);
    next!.write(new Uint8Array([1, 2, 3]));
    assert.deepEqual(reader.read(), new Uint8Array([1, 2, 3]));
    next!.close();
    reader.close();
    assertGone(spec);
  },
);

test(
  "who opens a buffer in the middle of its removal gets an error, or another buffer",
  linux,
  () => {
    using system = new FailingSystem();
    const spec = newSpec();
    const first = CircularBufferWriter.open(spec);
    let isTried = false;
    system.onCall = (call) => {
      if (call !== "shm_unlink") return 0;
      system.heal();
      assert.throws(() => CircularBufferWriter.open(spec), WriterLockedError);
      isTried = true;
      return 0;
    };
    first.close();
    assert.ok(isTried);
    using writer = CircularBufferWriter.open(spec);
    using reader = CircularBufferReader.open(spec);
    writer.write(new Uint8Array([4]));
    assert.deepEqual(reader.read(), new Uint8Array([4]));
  },
);

test(
  "a removal that did not finish is finished by the next process that opens the buffer",
  linux,
  () => {
    using system = new FailingSystem();
    const spec = newSpec();
    const first = CircularBufferWriter.open(spec);
    first.write(new Uint8Array([1]));
    system.onCall = (call) => call === "shm_unlink" ? os.constants.errno.EACCES : 0;
    assert.throws(() => first.close(), PermissionDeniedError);
    system.heal();
    assert.throws(() => CircularBufferReader.open(spec), SegmentNotFoundError);
    using writer = CircularBufferWriter.open(spec);
    assert.deepEqual([writer.sequenceNumber, writer.referenceCount], [0, 1]);
  },
);

const strange: [what: string, bytes: Uint8Array][] = [
  ["empty", new Uint8Array(0)],
  ["short", new Uint8Array(7)],
  ["of zeros", new Uint8Array(32)],
  ["of noise", new Uint8Array(32).map((_, i) => 197 * i + 43)],
  ["large", new Uint8Array(10_000).fill(0xff)],
];

for (const [what, content] of strange) {
  test(
    `a file of a stranger that is ${what}, in the place of a semaphore, is an error and left there`,
    linux,
    (t) => {
      if (process.geteuid?.() !== 0) return t.skip("only root can give things away");
      const spec = newSpec();
      for (const name of [spec.indexName, spec.dataName, `${spec.dataName}-writer`]) {
        const path = `/dev/shm/sem.${name.slice(1)}`;
        writeFileSync(path, content);
        chmodSync(path, 0o666);
        chownSync(path, 1000, 1000);
        try {
          assert.throws(() => CircularBufferWriter.open(spec), PermissionDeniedError);
          assert.throws(() => new NamedSemaphore(name), PermissionDeniedError);
          assert.deepEqual(new Uint8Array(readFileSync(path)), content);
        } finally {
          rmSync(path);
        }
        assertGone(spec);
      }
    },
  );
}

test("a file of our own that is not a semaphore, in the place of one, is an error", linux, () => {
  const name = uniqueName("semaphore");
  const path = `/dev/shm/sem.${name.slice(1)}`;
  writeFileSync(path, new Uint8Array(31), { mode: 0o600 });
  try {
    assert.throws(() => new NamedSemaphore(name), SystemCallError);
  } finally {
    rmSync(path);
  }
});
