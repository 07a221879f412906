/** What shared memory and mapped files have in common: creation, modes, locks, end of life. */

import assert from "node:assert/strict";
import {
  chmodSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import test from "node:test";
import { ClosedError, SegmentExistsError, SegmentNotFoundError } from "../../mod.ts";
import { MappedFile, type Mapping, SharedMemory } from "../../ffi/mod.ts";
import { testFolder } from "../support/folder.ts";
import { runAsNobody } from "../support/nobody.ts";
import { runScript, runtimeName, startChild, uniqueName } from "../support/runtime.ts";
import { hasProc, mapLines } from "../support/usage.ts";
import {
  isWindows,
  needsCollector,
  needsLastingNames,
  needsModes,
  needsOtherUsers,
  needsPaths,
  needsTruncation,
} from "../support/platform.ts";

const folder = testFolder("memory");

/** The two kinds of memory, for what they have in common. */
interface Kind {
  title: string;
  create(name: string, size: number, options?: { mode?: number }): Mapping;
  open(name: string, access?: "read" | "read-write"): Mapping;
  unlink(name: string): boolean;
  path(name: string): string;
}

const kinds: Kind[] = [
  {
    title: "SharedMemory",
    create: SharedMemory.create,
    open: (name, access) => SharedMemory.open(name, { access }),
    unlink: SharedMemory.unlink,
    path: (name) => `/dev/shm${name}`,
  },
  {
    title: "MappedFile",
    create: (name, size, options) => MappedFile.create(folder + name, size, options),
    open: (name, access) => MappedFile.open(folder + name, { access }),
    unlink: (name) => MappedFile.unlink(folder + name),
    path: (name) => folder + name,
  },
];

const lockHolder = new URL("children/lock_holder.ts", import.meta.url);
const collector = new URL("children/collector.ts", import.meta.url);
const opener = new URL("children/opener.ts", import.meta.url);

for (const kind of kinds) {
  const { title, create, open, unlink, path } = kind;
  const noPath = title === "SharedMemory" && needsPaths;

  test(`${title}: two mappings see the same bytes, of the size asked for, zero at first`, () => {
    const name = uniqueName();
    const ours = create(name, 5000);
    const theirs = open(name);
    // Windows gives whole pages.
    const size = isWindows && title === "SharedMemory" ? 8192 : 5000;
    assert.deepEqual([ours.buffer.byteLength, theirs.buffer.byteLength], [size, size]);
    assert.ok(new Uint8Array(theirs.buffer).every((byte) => byte === 0));
    new Uint8Array(ours.buffer)[4999] = 42;
    assert.equal(new Uint8Array(theirs.buffer)[4999], 42);
    assert.deepEqual([ours.access, theirs.access], ["read-write", "read"]);
    const writable = open(name, "read-write");
    new Uint8Array(writable.buffer)[0] = 1;
    assert.equal(new Uint8Array(ours.buffer)[0], 1);
    for (const each of [ours, theirs, writable]) each.close();
    assert.equal(unlink(name), noPath === false);
    assert.equal(unlink(name), false);
  });

  test(`${title}: create() of what exists, and open() of what does not, are errors of their own`, () => {
    const name = uniqueName();
    assert.throws(() => open(name), SegmentNotFoundError);
    const memory = create(name, 100);
    assert.throws(
      () => create(name, 100),
      // Windows has other slashes in a path than the tests.
      (error: Error) =>
        error instanceof SegmentExistsError && error.message.includes(name.split("/").at(-1)!),
    );
    assert.equal(memory.closed, false);
    memory.close();
    unlink(name);
    assert.throws(() => open(name), SegmentNotFoundError);
  });

  test(
    `${title}: open() of what has no size yet is a SegmentNotFoundError`,
    { skip: noPath },
    () => {
      const name = uniqueName();
      writeFileSync(path(name), "");
      assert.throws(() => open(name), SegmentNotFoundError);
      unlink(name);
    },
  );

  test(`${title}: sizes that cannot be are a RangeError, and leave nothing behind`, () => {
    const name = uniqueName();
    for (const size of [0, -1, 1.5, NaN, Infinity, 2 ** 53]) {
      assert.throws(() => create(name, size), RangeError, `${size}`);
    }
    if (runtimeName === "bun") assert.throws(() => create(name, 2 ** 32), /can map/);
    for (const mode of [-1, 0o1000, 1.5]) {
      assert.throws(() => create(name, 9, { mode }), RangeError);
    }
    assert.throws(() => open(name), SegmentNotFoundError);
  });

  test(`${title}: the mode is exact, 0600 by default, whatever the umask`, {
    skip: needsModes,
  }, () => {
    for (const [mode, expected] of [[undefined, 0o600], [0o666, 0o666], [0o640, 0o640]] as const) {
      const name = uniqueName();
      using _memory = create(name, 100, { mode });
      assert.equal(statSync(path(name)).mode & 0o777, expected);
      unlink(name);
    }
  });

  test(`${title}: after close() views are empty, uses are a ClosedError, and close() may come again`, () => {
    const name = uniqueName();
    const memory = create(name, 4096);
    const view = new Uint8Array(memory.buffer);
    const words = new Int32Array(memory.buffer);
    memory.close();
    memory.close();
    memory[Symbol.dispose]();
    assert.equal(memory.closed, true);
    assert.deepEqual([view.length, view[0]], [0, undefined]);
    view[0] = 1;
    assert.throws(() => Atomics.load(words, 0));
    for (
      const use of [
        () => memory.buffer,
        () => memory.currentSize(),
        () => memory.tryLock(),
        () => memory.isLocked(),
        () => memory.flush(),
      ]
    ) assert.throws(use, ClosedError);
    memory.unlock();
    unlink(name);
  });

  test(`${title}: identity tells the same object from another one of the same name`, {
    skip: needsLastingNames,
  }, () => {
    const name = uniqueName();
    using first = create(name, 100);
    using again = open(name);
    assert.deepEqual(first.identity, again.identity);
    assert.equal(first.isCurrent(), true);
    unlink(name);
    assert.equal(first.isCurrent(), false);
    using second = create(name, 100);
    assert.notDeepEqual(second.identity, first.identity);
    assert.deepEqual([first.isCurrent(), second.isCurrent()], [false, true]);
    unlink(name);
  });

  test(`${title}: currentSize() tells when somebody truncates`, { skip: needsTruncation }, () => {
    const name = uniqueName();
    using memory = create(name, 20_000);
    assert.equal(memory.currentSize(), 20_000);
    truncateSync(path(name), 100);
    assert.deepEqual([memory.currentSize(), memory.byteLength], [100, 20_000]);
    unlink(name);
  });

  test(`${title}: one handle at a time has the lock`, () => {
    const name = uniqueName();
    using first = create(name, 100);
    using second = open(name);
    assert.deepEqual([first.isLocked(), second.isLocked()], [false, false]);
    assert.deepEqual([first.tryLock(), first.tryLock(), second.tryLock()], [true, true, false]);
    assert.deepEqual([first.isLocked(), second.isLocked()], [false, true]);
    assert.equal(second.isLocked(), true, "looking does not take it");
    first.unlock();
    assert.equal(second.tryLock(), true);
    second.close();
    assert.equal(first.tryLock(), true, "closing gives it back");
    unlink(name);
  });

  test(`${title}: the kernel takes the lock back from a process that was killed`, async () => {
    const name = uniqueName();
    using memory = create(name, 100);
    const child = startChild(lockHolder, [title, path(name)]);
    assert.equal(await child.nextLine(), "locked");
    assert.deepEqual([memory.isLocked(), memory.tryLock()], [true, false]);
    await child.kill();
    assert.deepEqual([memory.isLocked(), memory.tryLock()], [false, true]);
    unlink(name);
  });

  test(`${title}: flush() works while open, and waits or not`, () => {
    const name = uniqueName();
    using memory = create(name, 10_000);
    new Uint8Array(memory.buffer).fill(3);
    memory.flush();
    memory.flush({ wait: false });
    if (noPath === false) assert.equal(readFileSync(path(name))[9999], 3);
    unlink(name);
  });

  test(`${title}: 2000 that come and go leave no map and no descriptor behind`, () => {
    // Of a test file that ran in this process before, there may be maps under names without a subject.
    const name = uniqueName("cycles");
    const cycle = () => {
      const memory = create(name, 8192);
      new Uint8Array(memory.buffer)[0] = 1;
      memory.close();
      unlink(name);
    };
    for (let i = 0; i < 50; i++) cycle();
    if (!hasProc) {
      for (let i = 0; i < 2000; i++) cycle();
      return;
    }
    const before = readdirSync("/proc/self/fd").length;
    const maps = mapLines("").length;
    for (let i = 0; i < 2000; i++) cycle();
    assert.ok(readdirSync("/proc/self/fd").length <= before + 5);
    // The engine has its own, which come and go.
    assert.ok(mapLines("").length < maps + 200);
  });

  test(
    `${title}: mappings that nobody closed go with their last view of whatever kind, and not before`,
    { skip: needsCollector },
    () => {
      const name = uniqueName();
      const flags = runtimeName === "deno"
        ? ["-A", "--v8-flags=--expose-gc"]
        : runtimeName === "node"
        ? ["--expose-gc"]
        : [];
      const { stdout, stderr, status } = runScript(collector, [title, path(name)], { flags });
      assert.equal(status, 0, stderr);
      assert.deepEqual(stdout.trim().split("\n"), ["views live", "mapped: all", "mapped: none"]);
      unlink(name);
    },
  );

  test(`${title}: what another user may not open is a PermissionDeniedError`, {
    skip: needsOtherUsers,
  }, (t) => {
    const name = uniqueName();
    using memory = create(name, 4096);
    chmodSync(folder, 0o755);
    const run = () => runAsNobody(opener, [title, path(name)]);
    const refused = run();
    if (!refused.stdout.includes("opener")) {
      t.skip("this runtime can't be run as another user here");
    } else {
      assert.match(refused.stdout, /opener PERMISSION_DENIED PERMISSION_DENIED/);
      chmodSync(path(name), 0o644);
      assert.match(run().stdout, /opener opened PERMISSION_DENIED/);
    }
    assert.equal(memory.closed, false);
    unlink(name);
  });
}
