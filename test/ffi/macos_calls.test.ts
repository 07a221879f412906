/** What else is called on macOS, a simulated one: semaphores, files, and what comes of failures. */

import assert from "node:assert/strict";
import { constants } from "node:fs";
import os from "node:os";
import { MappedFile, NamedSemaphore, SharedMemory } from "../../ffi/mod.ts";
import {
  NativeUnavailableError,
  NoSpaceError,
  PermissionDeniedError,
  SystemCallError,
} from "../../mod.ts";
import { F_FULLFSYNC, F_PREALLOCATE } from "../support/mac_kernel.ts";
import { macTest } from "../support/mac_test.ts";

const { errno: ERRNO } = os.constants;
const { O_CREAT } = constants;

macTest("names have 30 bytes, and those of semaphores 29", () => {
  const longest = "n".repeat(30);
  using memory = SharedMemory.create(longest, 4096);
  assert.equal(memory.name, `/${longest}`);
  assert.throws(() => SharedMemory.create(`${longest}n`, 4096), RangeError);
  using _semaphore = new NamedSemaphore("s".repeat(29));
  assert.throws(() => new NamedSemaphore("s".repeat(30)), RangeError);
});

macTest("a semaphore is opened with mode and value, counts, and is unlinked", (mac) => {
  mac.take();
  using semaphore = new NamedSemaphore("/semaphore", { mode: 0o640, value: 2 });
  assert.deepEqual(mac.take("sem_open"), [["sem_open", "/semaphore", O_CREAT, 0o640, 2]]);
  using other = new NamedSemaphore("semaphore");
  assert.deepEqual([other.tryWait(), semaphore.tryWait(), other.tryWait()], [true, true, false]);
  semaphore.post();
  assert.ok(other.tryWait());
  assert.ok(NamedSemaphore.unlink("/semaphore"));
  assert.equal(NamedSemaphore.unlink("/semaphore"), false);
  mac.failures.set("sem_open", [ERRNO.EINTR, ERRNO.EACCES]);
  assert.throws(() => new NamedSemaphore("/semaphore"), PermissionDeniedError);
});

macTest("a file gets its room before its size, as much as it lacks", (mac) => {
  const path = `${mac.folder}/file`;
  mac.take();
  {
    using file = MappedFile.create(path, 100_000);
    const calls = mac.take("fcntl", "ftruncate", "fchmod");
    assert.deepEqual(calls.map(([name]) => name), ["fchmod", "fcntl", "ftruncate"]);
    const [, descriptor, command, store] = calls[1];
    assert.equal(command, F_PREALLOCATE);
    const view = new DataView((store as Uint8Array).buffer);
    assert.deepEqual([view.getUint32(0, true), view.getInt32(4, true)], [4, 3]);
    assert.deepEqual([view.getBigInt64(8, true), view.getBigInt64(16, true)], [0n, 100_000n]);
    assert.deepEqual(calls[2], ["ftruncate", descriptor, 100_000n]);
    new Uint8Array(file.buffer).fill(1);
    file.grow(300_000);
    const [[, , , more]] = mac.take("fcntl");
    const length = new DataView((more as Uint8Array).buffer).getBigInt64(16, true);
    assert.ok(length >= 190_000n && length <= 200_000n, `${length} bytes more`);
    assert.equal(file.currentSize(), 300_000);
    file.flush();
    const flushes = mac.take("msync", "fcntl");
    assert.deepEqual(flushes.map((call) => [call[0], call[2]]), [
      ["msync", 300_000n],
      ["fcntl", F_FULLFSYNC],
    ]);
    assert.equal(flushes[0][3], 0x10);
    file.flush({ wait: false });
    assert.deepEqual(mac.take("msync", "fcntl").map((call) => call[3]), [1]);
    assert.ok(file.isCurrent() && file.tryLock());
  }
  for (const reason of [ERRNO.ENOTSUP, ERRNO.EOPNOTSUPP, ERRNO.EINVAL]) {
    mac.failures.set("fcntl", [reason]);
    MappedFile.unlink(path);
    MappedFile.create(path, 4096).close();
  }
  MappedFile.unlink(path);
  mac.failures.set("fcntl", [ERRNO.EINTR, ERRNO.ENOSPC]);
  assert.throws(() => MappedFile.create(path, 4096), NoSpaceError);
  assert.equal(MappedFile.unlink(path), false, "nothing is left");
});

macTest("flush() of a segment, and of a file that knows no such thing", (mac) => {
  using memory = SharedMemory.create("/flushed", 4096);
  mac.take();
  memory.flush();
  assert.deepEqual(mac.take("msync", "fcntl"), []);
  using file = MappedFile.create(`${mac.folder}/flushed`, 4096);
  mac.failures.set("fcntl", [ERRNO.ENOTSUP]);
  file.flush();
  mac.failures.set("fcntl", [ERRNO.EIO]);
  assert.throws(() => file.flush(), SystemCallError);
});

macTest("what fails is one of our errors, and leaves nothing", (mac) => {
  mac.failures.set("ftruncate", [ERRNO.EINTR, ERRNO.ENOMEM]);
  assert.throws(() => SharedMemory.create("/failed", 4096), NoSpaceError);
  assert.equal(SharedMemory.exists("/failed"), false);
  mac.failures.set("mmap", [ERRNO.ENOMEM]);
  assert.throws(() => SharedMemory.create("/failed", 4096), NoSpaceError);
  assert.equal(SharedMemory.exists("/failed"), false);
  mac.failures.set("shm_open", [ERRNO.EACCES]);
  assert.throws(() => SharedMemory.open("/failed"), PermissionDeniedError);
  mac.failures.set("shm_open", [ERRNO.EMFILE]);
  assert.throws(() => SharedMemory.open("/failed"), /EMFILE/);
  mac.failures.set("shm_unlink", [ERRNO.EACCES]);
  assert.throws(() => SharedMemory.unlink("/failed"), PermissionDeniedError);
  assert.throws(() => SharedMemory.list(), NativeUnavailableError);
  using memory = SharedMemory.create("/refused", 4096, { mode: 0o400 });
  assert.throws(
    () => SharedMemory.open("/refused", { access: "read-write" }),
    PermissionDeniedError,
  );
  assert.ok(memory.isCurrent());
});
