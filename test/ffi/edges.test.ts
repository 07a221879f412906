/** Memory under odd circumstances: transferred, unreserved, hidden, huge. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chownSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import process from "node:process";
import test from "node:test";
import { NoSpaceError, SegmentExistsError, SegmentNotFoundError } from "../../mod.ts";
import { nodeDriver } from "../../ffi/drivers/node.ts";
import { MappedFile, SharedMemory } from "../../ffi/mod.ts";
import { testFolder } from "../support/folder.ts";
import { NOBODY, runAsNobody } from "../support/nobody.ts";
import { runScript, runtimeName, uniqueName } from "../support/runtime.ts";
import {
  needsModes,
  needsNamespaces,
  needsOtherUsers,
  needsPaths,
  notOnWindows,
} from "../support/platform.ts";

test("a Node that is too old is an error that names what to run in its place", () => {
  const { transfer } = ArrayBuffer.prototype;
  Reflect.deleteProperty(ArrayBuffer.prototype, "transfer");
  try {
    assert.throws(nodeDriver, {
      code: "NATIVE_UNAVAILABLE",
      message: /is too old: 22\.18 is needed, or Deno or Bun .*deno run -A npm:@ouroboros\/log/,
    });
  } finally {
    ArrayBuffer.prototype.transfer = transfer;
  }
});

const folder = testFolder("edges");

const opener = new URL("children/opener.ts", import.meta.url);
const exister = new URL("children/exister.ts", import.meta.url);

test("close() of a memory whose buffer was transferred lets the new owner keep it", (t) => {
  const name = uniqueName();
  const memory = SharedMemory.create(name, 4096);
  SharedMemory.unlink(name);
  let moved: ArrayBuffer;
  try {
    moved = structuredClone(memory.buffer, { transfer: [memory.buffer] });
  } catch {
    memory.close();
    return t.skip("buffers of this driver can't be transferred");
  }
  memory.close();
  assert.equal(memory.closed, true);
  const view = new Uint8Array(moved);
  view[4095] = 9;
  assert.equal(view[4095], 9);
});

test("create() with reserve: false takes no room", { skip: needsNamespaces }, (t) => {
  const mount = `${folder}/small`;
  mkdirSync(mount);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mount]);
  if (mounted.status !== 0) return t.skip("no tmpfs to be mounted here");
  try {
    assert.throws(() => MappedFile.create(`${mount}/log`, 2 << 20), NoSpaceError);
    using file = MappedFile.create(`${mount}/log`, 2 << 20, { reserve: false });
    assert.equal(statSync(`${mount}/log`).blocks, 0);
    assert.equal(file.currentSize(), 2 << 20);
  } finally {
    spawnSync("umount", [mount]);
  }
  const name = uniqueName();
  for (const [reserve, bytes] of [[false, 0], [true, 1 << 16]] as const) {
    using _memory = SharedMemory.create(name, 1 << 16, { reserve });
    assert.equal(statSync(`/dev/shm${name}`).blocks * 512, bytes);
    SharedMemory.unlink(name);
  }
});

test(
  "create() sets the mode that was asked for under the strictest umask",
  { skip: needsModes },
  () => {
    const name = uniqueName();
    const old = process.umask(0o777);
    try {
      using _memory = SharedMemory.create(name, 100, { mode: 0o644 });
      using _file = MappedFile.create(folder + name, 100, { mode: 0o644 });
      assert.equal(statSync(`/dev/shm${name}`).mode & 0o777, 0o644);
      assert.equal(statSync(folder + name).mode & 0o777, 0o644);
    } finally {
      process.umask(old);
      SharedMemory.unlink(name);
    }
  },
);

test(
  "SharedMemory.list() leaves out semaphores and what is no regular file",
  { skip: needsPaths },
  () => {
    const name = uniqueName().slice(1);
    writeFileSync(`/dev/shm/sem.${name}`, "x");
    mkdirSync(`/dev/shm/${name}`);
    try {
      assert.deepEqual(SharedMemory.list().filter((each) => each.includes(name)), []);
    } finally {
      rmSync(`/dev/shm/sem.${name}`);
      rmSync(`/dev/shm/${name}`, { recursive: true });
    }
  },
);

test(
  "SharedMemory.exists() knows of a segment that may not be opened",
  { skip: needsOtherUsers },
  (t) => {
    const name = uniqueName();
    using _memory = SharedMemory.create(name, 100);
    const { stdout } = runAsNobody(exister, [name, `${name}-not`]);
    SharedMemory.unlink(name);
    if (!stdout.includes("exists")) return t.skip("this runtime can't be run as another user here");
    assert.equal(stdout.trim(), "exists true false");
  },
);

test("MappedFile.open() of more than the runtime can look at is a RangeError with the size", {
  skip: notOnWindows("it takes 8 GiB of disk, where files have no holes"),
}, () => {
  const path = `${folder}/huge`;
  const size = 2 ** 33;
  writeFileSync(path, "");
  truncateSync(path, size);
  if (runtimeName === "bun") {
    assert.throws(
      () => MappedFile.open(path),
      (error: Error) => error instanceof RangeError && error.message.includes(`${size} bytes`),
    );
  } else {
    using file = MappedFile.open(path);
    assert.equal(file.buffer.byteLength, size);
  }
  assert.equal(readFileSync("/proc/self/maps", "utf8").includes(path), false);
  MappedFile.unlink(path);
});

test("errors name the memory", () => {
  const name = uniqueName();
  assert.throws(
    () => SharedMemory.open(name),
    (error: Error) =>
      error instanceof SegmentNotFoundError &&
      error.message === `no shared memory named "${name}"`,
  );
  using _memory = SharedMemory.create(name, 100);
  assert.throws(
    () => SharedMemory.create(name, 100),
    (error: Error) =>
      error instanceof SegmentExistsError &&
      error.message === `shared memory "${name}" exists already`,
  );
  SharedMemory.unlink(name);
});

test("Node: loading node:ffi prints no warning", (t) => {
  if (runtimeName !== "node") return t.skip("Node only");
  const { stdout, stderr } = runScript(opener, ["SharedMemory", "/none"]);
  assert.match(stdout, /opener SEGMENT_NOT_FOUND/);
  assert.equal(stderr, "");
});

test("owner() and isOwn() say who owns the object, also after it changed hands", {
  skip: needsOtherUsers,
}, (t) => {
  const name = uniqueName();
  using memory = SharedMemory.create(name, 100);
  using file = MappedFile.create(folder + name, 100);
  try {
    assert.deepEqual([memory.owner(), file.owner()], [process.geteuid?.(), process.geteuid?.()]);
    assert.deepEqual([memory.isOwn(), file.isOwn()], [true, true]);
    if (process.geteuid?.() !== 0) return t.skip("only root can give things away");
    chownSync(`/dev/shm${name}`, NOBODY, NOBODY);
    chownSync(folder + name, 4_000_000_000, 0);
    assert.deepEqual([memory.owner(), file.owner()], [NOBODY, 4_000_000_000]);
    assert.deepEqual([memory.isOwn(), file.isOwn()], [false, false]);
  } finally {
    SharedMemory.unlink(name);
  }
});
