/** What is called on macOS, and what comes of it, on a simulated one: no Mac has seen this yet. */

import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import os from "node:os";
import process from "node:process";
import test from "node:test";
import { system } from "../../ffi/current_system.ts";
import { MacLocks } from "../../ffi/macos/locks.ts";
import { MappedFile, NamedSemaphore, SharedMemory } from "../../ffi/mod.ts";
import {
  NativeUnavailableError,
  NoSpaceError,
  PermissionDeniedError,
  SegmentExistsError,
  SegmentNotFoundError,
  ShmLogReader,
  ShmLogWriter,
  SystemCallError,
  UnsupportedLogError,
  Writer,
  WriterLockedError,
} from "../../mod.ts";
import { NOBODY, runAsNobody } from "../support/nobody.ts";
import { startChild, uniqueName } from "../support/runtime.ts";
import { CircularBufferReader, CircularBufferWriter } from "../../src/shm_circular/mod.ts";
import {
  F_FULLFSYNC,
  F_PREALLOCATE,
  type MacArch,
  SimulatedMac,
} from "../support/simulated_mac.ts";

const { errno: ERRNO } = os.constants;
const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = constants;
const lockLooker = new URL("children/mac_lock_looker.ts", import.meta.url);
const racer = new URL("children/mac_lock_racer.ts", import.meta.url);
const skip = process.platform === "linux" ? false : "the simulation needs Linux";
const SMALL = { chunkSize: 4096, chunkCount: 4 };

/** A test on a Mac of each kind. */
function macTest(title: string, body: (mac: SimulatedMac, arch: MacArch) => void | Promise<void>) {
  for (const arch of ["arm64", "x64"] as const) {
    test(`macOS ${arch}: ${title}`, { skip }, async () => {
      using mac = new SimulatedMac(arch);
      await body(mac, arch);
    });
  }
}

macTest("a segment is made by shm_open with its mode and one ftruncate to whole pages", (mac) => {
  mac.take();
  using memory = SharedMemory.create("/made", 5000, { mode: 0o640 });
  const calls = mac.take("shm_open", "ftruncate", "fchmod", "fcntl", "lseek");
  const descriptor = calls[1][1];
  assert.deepEqual(calls, [
    ["shm_open", "/made", O_CREAT | O_EXCL | O_RDWR, 0o640],
    ["ftruncate", descriptor, 16384n],
  ]);
  assert.equal(memory.byteLength, 5000);
  assert.equal(memory.currentSize(), 5000);
  using opened = SharedMemory.open("made");
  assert.deepEqual(mac.take("shm_open"), [["shm_open", "/made", O_RDONLY, 0]]);
  assert.equal(opened.byteLength, 5000);
  new Uint8Array(memory.buffer)[4999] = 7;
  assert.equal(new Uint8Array(opened.buffer)[4999], 7);
});

macTest("a segment has the size that was asked for, whatever that is", (mac) => {
  for (const size of [1, 4064, 4096, 12288, 16352, 16353, 16384, 16385, 100_000]) {
    using memory = SharedMemory.create(`/size-${size}`, size);
    new Uint8Array(memory.buffer).fill(0xff);
    using opened = SharedMemory.open(memory.name);
    assert.equal(opened.byteLength, size);
    assert.deepEqual(opened.identity, memory.identity, "what is behind its end is left alone");
    using whole = SharedMemory.open(memory.name, { access: "read-write", wholePages: true });
    assert.equal(whole.byteLength, Math.ceil(size / 4096) * 4096);
    new Uint8Array(whole.buffer).fill(0xff);
    assert.ok(memory.isCurrent(), "as is what is behind its last page");
    assert.equal(memory.remap(), false);
  }
  assert.ok(mac.calls.every(({ name }) => name !== "lseek"));
});

macTest("identities tell segments apart, and a name that leads to another one", () => {
  using first = SharedMemory.create("/one", 4096);
  using other = SharedMemory.create("/other", 4096);
  assert.notDeepEqual(first.identity, other.identity);
  assert.ok(first.identity.inode > 0 && first.identity.created > 0);
  using opened = SharedMemory.open("/one");
  assert.deepEqual(opened.identity, first.identity);
  assert.ok(first.isCurrent());
  SharedMemory.unlink("/one");
  assert.equal(first.isCurrent(), false);
  using second = SharedMemory.create("/one", 4096);
  assert.notDeepEqual(second.identity, first.identity);
  assert.deepEqual([first.isCurrent(), opened.isCurrent(), second.isCurrent()], [
    false,
    false,
    true,
  ]);
});

macTest("another program's segment is in whole pages, and has no identity", (mac, arch) => {
  const page = arch === "arm64" ? 16384 : 4096;
  mac.makeForeign("/theirs", new Uint8Array(5000).fill(1));
  using memory = SharedMemory.open("/theirs");
  assert.equal(memory.byteLength, Math.ceil(5000 / page) * page);
  assert.deepEqual(memory.identity, { device: 0, inode: 0, created: 0 });
  assert.ok(memory.isCurrent(), "as far as anybody can tell");
  SharedMemory.unlink("/theirs");
  assert.equal(memory.isCurrent(), false);
});

macTest("a mark that can't be true is not believed", (mac) => {
  const mark = new BigUint64Array([0x4b52414d4f52554fn, 0n, 1n, 1n]);
  for (const size of [0n, 16384n, 16353n, 1n << 40n, 1n << 63n]) {
    mark[1] = size;
    const bytes = new Uint8Array(16384).fill(1, 0, 8);
    bytes.set(new Uint8Array(mark.buffer), 16352);
    mac.makeForeign(`/bad-${size}`, bytes);
    using memory = SharedMemory.open(`/bad-${size}`);
    assert.equal(memory.byteLength, 16384);
    assert.equal(memory.identity.inode, 0);
  }
});

macTest("who opens a segment that is just being made waits for its mark", (mac) => {
  mac.makeForeign("/slow", new Uint8Array(16384));
  let looks = 0;
  mac.onCall = ({ name }) => {
    if (!name.startsWith("fstat") || ++looks !== 4) return;
    const file = openSync(mac.fileOf("/slow"), "r+");
    const mark = new BigUint64Array([0x4b52414d4f52554fn, 100n, 4711n, 1n]);
    writeSync(file, new Uint8Array(mark.buffer), 0, 32, 16352);
    closeSync(file);
  };
  using memory = SharedMemory.open("/slow");
  assert.equal(memory.byteLength, 100);
  assert.equal(memory.identity.inode, 4711);
});

macTest("a segment without a size is one whose creator is not done", (mac) => {
  mac.makeForeign("/empty", new Uint8Array());
  assert.throws(() => SharedMemory.open("/empty"), SegmentNotFoundError);
  assert.ok(SharedMemory.exists("/empty"));
  assert.throws(() => SharedMemory.create("/empty", 10), SegmentExistsError);
  assert.ok(SharedMemory.unlink("/empty"));
  assert.equal(SharedMemory.unlink("/empty"), false);
});

macTest("read() copies from a map of its own, as far as the segment goes", (mac, arch) => {
  const page = arch === "arm64" ? 16384 : 4096;
  using memory = SharedMemory.create("/read", 40_000);
  const bytes = new Uint8Array(memory.buffer);
  for (let i = 0; i < bytes.length; i++) bytes[i] = i % 251;
  mac.take();
  const target = new Uint8Array(100);
  for (const offset of [0, 1, page - 1, page, 3 * 4096 + 50, 39_900, 39_990]) {
    const count = Math.min(100, 40_000 - offset);
    assert.equal(memory.read(target, offset), count);
    assert.deepEqual(target.subarray(0, count), bytes.slice(offset, offset + count));
  }
  assert.equal(memory.read(target, 40_000), 0);
  assert.equal(memory.read(target, 99_999), 0);
  const calls = mac.take("mmap", "munmap", "pread");
  assert.equal(calls.filter(([name]) => name === "mmap").length, 7);
  assert.equal(calls.filter(([name]) => name === "munmap").length, 7);
});

macTest("a lock is a file that goes with the name, and one handle holds it", (mac) => {
  const files = () => readdirSync(mac.lockFolder);
  const user = process.geteuid?.() ?? 0;
  using memory = SharedMemory.create("/locked", 4096, { mode: 0o644 });
  using other = SharedMemory.open("/locked", { access: "read-write" });
  using looker = SharedMemory.open("/locked");
  assert.equal(looker.isLocked(), false);
  assert.deepEqual(files(), [], "looking makes no file");
  assert.ok(memory.tryLock());
  const number = memory.identity.inode.toString(16);
  assert.deepEqual(files(), [`ouroboros-${user}-${number}.lock`]);
  assert.deepEqual([looker.isLocked(), other.isLocked(), memory.isLocked()], [true, true, false]);
  assert.equal(other.tryLock(), false);
  memory.unlock();
  assert.equal(looker.isLocked(), false);
  assert.equal(files().length, 1, "the name is there still");
  assert.ok(other.tryLock());
  SharedMemory.unlink("/locked");
  assert.equal(files().length, 1, "somebody holds it");
  other.close();
  assert.deepEqual(files(), []);
});

macTest("the file of a writer that was killed goes with its name", (mac) => {
  using memory = SharedMemory.create("/killed", 4096);
  assert.ok(memory.tryLock());
  memory.unlock(); // as the kernel does
  assert.equal(readdirSync(mac.lockFolder).length, 1);
  SharedMemory.unlink("/killed");
  assert.deepEqual(readdirSync(mac.lockFolder), []);
});

macTest("a lock on a file that was removed meanwhile does not count", (mac) => {
  using memory = SharedMemory.create("/raced", 4096);
  using other = SharedMemory.open("/raced", { access: "read-write" });
  assert.ok(other.tryLock());
  // Between our open and our flock its holder removes it.
  let isDone = false;
  mac.onCall = ({ name }) => {
    if (name !== "flock" || isDone) return;
    isDone = true;
    SharedMemory.unlink("/raced");
    other.close();
    assert.deepEqual(readdirSync(mac.lockFolder), []);
  };
  assert.ok(memory.tryLock());
  assert.equal(readdirSync(mac.lockFolder).length, 1, "a new one, at the path");
  assert.equal(memory.isCurrent(), false);
});

const isRoot = process.geteuid?.() === 0;

test("a lock that root takes of another user's segment is that user's", {
  skip: skip || (isRoot ? false : "only root can make something for somebody else"),
}, () => {
  const folder = mkdtempSync(`${os.tmpdir()}/ouroboros-mac-`);
  try {
    // An object of that user stands for the segment.
    writeFileSync(`${folder}/segment`, "");
    chownSync(`${folder}/segment`, NOBODY, NOBODY);
    const descriptor = openSync(`${folder}/segment`, "r");
    const options = { mode: () => 0o600, user: () => 0, lockFolder: folder };
    const locks = new MacLocks(system(), options, () => true);
    const identity = { device: 0, inode: 1, created: 1 };
    locks.use(descriptor, "/theirs", { size: 4096, identity, isBlank: false });
    assert.ok(locks.lock(descriptor));
    locks.forget(descriptor);
    closeSync(descriptor);
    const path = `${folder}/ouroboros-${NOBODY}-1.lock`;
    assert.equal(statSync(path).uid, NOBODY);
    // But what was there before is not given away: it may be another name of something precious.
    rmSync(path);
    writeFileSync(`${folder}/precious`, "");
    linkSync(`${folder}/precious`, path);
    const again = openSync(`${folder}/segment`, "r");
    locks.use(again, "/theirs", { size: 4096, identity, isBlank: false });
    locks.lock(again);
    locks.forget(again);
    closeSync(again);
    assert.equal(statSync(`${folder}/precious`).uid, 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("another user sees a lock that its owner shows, and can't make one", {
  skip: skip || (isRoot ? false : "only root can be somebody else"),
}, (t) => {
  const folder = mkdtempSync(`${os.tmpdir()}/ouroboros-mac-`);
  chmodSync(folder, 0o1777);
  const lockFolder = folder;
  const user = () => 0;
  const files: number[] = [];
  const hold = (inode: number, mode: number) => {
    const locks = new MacLocks(system(), { mode: () => mode, user, lockFolder }, () => false);
    const descriptor = openSync("/dev/null", "r");
    files.push(descriptor);
    const identity = { device: 0, inode, created: 1 };
    locks.use(descriptor, "/looked-at", { size: 4096, identity, isBlank: false });
    assert.ok(locks.lock(descriptor));
    return () => locks.forget(descriptor);
  };
  const releases = [hold(1, 0o644), hold(2, 0o600)];
  try {
    const { stdout, stderr } = runAsNobody(lockLooker, [folder, 1, 2, 3]);
    if (stdout === "") {
      return t.skip("this runtime can't be run as another user here");
    }
    assert.deepEqual(stdout.split("\n").filter((line) => line !== ""), [
      "1 true false",
      "2 false PermissionDeniedError",
      "3 false PermissionDeniedError",
    ], stderr);
    assert.deepEqual(readdirSync(folder).length, 2, "nothing was made");
  } finally {
    for (const release of releases) release();
    for (const file of files) closeSync(file);
    rmSync(folder, { recursive: true });
  }
});

test(
  "processes that take a lock whose file is removed each time are alone with it",
  { skip },
  async () => {
    const folder = mkdtempSync(`${os.tmpdir()}/ouroboros-mac-`);
    writeFileSync(`${folder}/segment`, "");
    const name = uniqueName();
    using memory = SharedMemory.create(name, 4096);
    const racers = [1, 2, 3].map(() => startChild(racer, [name, folder, 200]));
    try {
      for (const child of racers) assert.equal(await child.nextLine(), "racing");
      Atomics.store(new Int32Array(memory.buffer), 0, 1);
      for (const child of racers) assert.equal(await child.nextLine(), "0", "never two at once");
      assert.deepEqual(readdirSync(folder), ["segment"]);
    } finally {
      for (const child of racers) await child.kill();
      SharedMemory.unlink(name);
      rmSync(folder, { recursive: true });
    }
  },
);

macTest("another program's segments have locks by their names, in any spelling", (mac) => {
  for (const name of ["/name", "/Name", "/ä", "/a\u0308"]) {
    mac.makeForeign(name, new Uint8Array(100).fill(1));
  }
  const names = ["name", "Name", "ä", "a\u0308"];
  const memories = names.map((name) => SharedMemory.open(name, { access: "read-write" }));
  for (const memory of memories) assert.ok(memory.tryLock());
  using looker = SharedMemory.open("/Name");
  assert.ok(looker.isLocked());
  const files = readdirSync(mac.lockFolder);
  assert.equal(new Set(files.map((file) => file.toLowerCase().normalize())).size, 4);
  assert.ok(files.every((file) => /^[ -~]+$/.test(file)));
  for (const memory of memories) memory.close();
  assert.equal(looker.isLocked(), false);
  for (const name of names) SharedMemory.unlink(name);
  assert.deepEqual(readdirSync(mac.lockFolder), []);
});

macTest("a segment that its creator may be about to mark can be opened, but not locked", (mac) => {
  mac.makeForeign("/blank", new Uint8Array(16384));
  using memory = SharedMemory.open("/blank", { access: "read-write" });
  assert.equal(memory.byteLength, 16384);
  assert.equal(memory.isLocked(), false);
  assert.throws(() => memory.tryLock(), SegmentNotFoundError);
  assert.throws(() => ShmLogWriter.create("/blank", { ifExists: "replace" }), SegmentNotFoundError);
  assert.deepEqual(readdirSync(mac.lockFolder), []);
});

macTest("a lock file that is a link, a folder or another user's is not taken", (mac) => {
  const user = process.geteuid?.() ?? 0;
  const path = (memory: SharedMemory) =>
    `${mac.lockFolder}/ouroboros-${user}-${memory.identity.inode.toString(16)}.lock`;
  writeFileSync(`${mac.folder}/victim`, "precious");
  using linked = SharedMemory.create("/link", 4096);
  symlinkSync(`${mac.folder}/victim`, path(linked));
  assert.throws(() => linked.tryLock(), SystemCallError);
  assert.throws(() => linked.isLocked(), SystemCallError);
  using folder = SharedMemory.create("/folder", 4096);
  mkdirSync(path(folder));
  assert.throws(() => folder.tryLock(), PermissionDeniedError);
  assert.equal(folder.isLocked(), false);
  if (user === 0) {
    // Root's own segment: a file of anybody else is not believed.
    using other = SharedMemory.create("/other", 4096);
    writeFileSync(path(other), "");
    chownSync(path(other), 65534, 65534);
    assert.throws(() => other.tryLock(), PermissionDeniedError);
    assert.equal(other.isLocked(), false);
  }
  assert.equal(readFileSync(`${mac.folder}/victim`, "utf8"), "precious");
});

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

macTest("a log is written, read, resumed, replaced, and cleaned up", (mac) => {
  {
    using writer = ShmLogWriter.create("/log", { ...SMALL, unlinkOnClose: false });
    assert.equal(writer.segmentSize, 80 + 4 * 4096);
    assert.throws(() => ShmLogWriter.create("/log", SMALL), SegmentExistsError);
    assert.throws(
      () => ShmLogWriter.create("/log", { ...SMALL, ifExists: "resume" }),
      WriterLockedError,
    );
    writer.writeMany(["one", "two"]);
    using reader = ShmLogReader.open("/log");
    assert.deepEqual([...reader].map((entry) => entry.text), ["one", "two"]);
    assert.ok(reader.isWriterAlive());
    assert.equal(reader.inspect().segmentSize, 80 + 4 * 4096);
  }
  mac.restart();
  using reader = ShmLogReader.open("/log");
  assert.equal(reader.isWriterAlive(), false);
  {
    using writer = ShmLogWriter.create("/log", { ifExists: "resume", unlinkOnClose: false });
    assert.equal(writer.write("three"), 3);
    assert.equal(reader.isReplaced(), false);
    assert.deepEqual([...reader].map((entry) => entry.text), ["one", "two", "three"]);
  }
  {
    using writer = ShmLogWriter.create("/log", { ...SMALL, ifExists: "replace" });
    writer.write("anew");
    assert.ok(reader.isReplaced());
    assert.ok(reader.reopen());
    assert.equal(reader.read()?.text, "anew");
  }
  assert.equal(SharedMemory.exists("/log"), false);
  assert.deepEqual(readdirSync(mac.lockFolder), []);
});

macTest("nothing is left of a log whose lock can't be had", (mac) => {
  rmSync(mac.lockFolder, { recursive: true });
  assert.throws(() => ShmLogWriter.create("/log", SMALL), /lock file/);
  assert.equal(SharedMemory.exists("/log"), false);
});

macTest(
  "a writer whose log lost its name keeps nobody from the name, and takes it from nobody",
  (mac) => {
    const first = ShmLogWriter.create("/name", SMALL);
    using reader = ShmLogReader.open("/name");
    SharedMemory.unlink("/name");
    using second = ShmLogWriter.create("/name", SMALL);
    assert.equal(readdirSync(mac.lockFolder).length, 2);
    assert.ok(reader.isReplaced() && reader.isWriterAlive());
    first.close();
    assert.equal(reader.isWriterAlive(), false);
    assert.equal(readdirSync(mac.lockFolder).length, 1);
    using other = ShmLogReader.open("/name");
    assert.ok(other.isWriterAlive());
    assert.equal(second.write("made anew"), 1);
    assert.equal(other.read()?.text, "made anew");
  },
);

macTest("a log is read by system calls, lap after lap", () => {
  using writer = ShmLogWriter.create("/laps", SMALL);
  using reader = ShmLogReader.open("/laps", { copyMode: "pread" });
  using mapped = ShmLogReader.open("/laps");
  let read = 0;
  for (let i = 1; i <= 600; i++) {
    writer.write("x".repeat(i % 97));
    if (i % 7 !== 0) continue;
    for (const entry of reader) {
      assert.deepEqual([entry.sequenceNumber, entry.length], [++read, read % 97]);
    }
  }
  assert.equal([...mapped].length + mapped.lostEntries, 600);
  assert.deepEqual([read, reader.lostEntries], [595, 0]);
});

macTest("a cursor goes on in its segment, and in no other", () => {
  using writer = ShmLogWriter.create("/cursor", { ...SMALL, unlinkOnClose: false });
  writer.writeMany(["one", "two", "three"]);
  using first = ShmLogReader.open("/cursor");
  first.read();
  const after = JSON.parse(JSON.stringify(first.position));
  {
    using second = ShmLogReader.open("/cursor", { after });
    assert.equal(second.continuation?.isSameSegment, true);
    assert.equal(second.read()?.text, "two");
  }
  SharedMemory.unlink("/cursor");
  writer.close();
  using _anew = ShmLogWriter.create("/cursor", SMALL);
  _anew.writeMany(["1", "2", "3"]);
  using third = ShmLogReader.open("/cursor", { after });
  assert.equal(third.continuation?.isSameSegment, false);
  assert.equal(third.read()?.text, "1");
});

macTest("the log of another program is read, and resumed, but no cursor is kept in it", (mac) => {
  const bytes = new Uint8Array(80 + 4 * 4096);
  Writer.create(bytes.buffer, SMALL).writeMany(["one", "two"]);
  mac.makeForeign("/cpp", bytes);
  using reader = ShmLogReader.open("/cpp");
  assert.equal(reader.read()?.text, "one");
  using again = ShmLogReader.open("/cpp", { after: reader.position });
  assert.equal(again.continuation?.isSameSegment, false);
  assert.equal(again.read()?.text, "one");
  using writer = ShmLogWriter.create("/cpp", { ifExists: "resume" });
  assert.equal(writer.write("three"), 3);
  assert.equal(reader.isReplaced(), false);
  mac.makeForeign("/text", new TextEncoder().encode("no log at all"));
  assert.throws(
    () => ShmLogWriter.create("/text", { ifExists: "replace" }),
    UnsupportedLogError,
  );
});

macTest("a follower goes over to the log that took the name", async () => {
  const write = (text: string) => {
    const writer = ShmLogWriter.create("/followed", { ...SMALL, unlinkOnClose: true });
    writer.write(text);
    return writer;
  };
  const first = write("old");
  using reader = ShmLogReader.open("/followed");
  let second: ShmLogWriter | undefined;
  for await (const { text } of reader.follow({ reopen: true, maxSleep: 5 })) {
    if (text === "new") break;
    assert.equal(text, "old");
    first.close();
    second = write("new");
  }
  second?.close();
});

macTest("waitFor() finds a log that is made later", async () => {
  const opening = ShmLogReader.waitFor("/later", { interval: 1 });
  await new Promise((resolve) => setTimeout(resolve, 5));
  using writer = ShmLogWriter.create("/later", SMALL);
  writer.write("hello");
  using reader = await opening;
  assert.equal(reader.read()?.text, "hello");
});

macTest("a circular buffer in the original's sizes and in ours", () => {
  for (const originalSize of [false, true]) {
    const spec = { indexName: "/index", dataName: "/data", capacity: 65536 };
    using writer = CircularBufferWriter.open(spec, { originalSize });
    using counted = CircularBufferReader.open(spec);
    using reader = CircularBufferReader.open(spec, { counted: false });
    for (let i = 0; i < 5000; i++) {
      writer.write(new Uint8Array([i, i >> 8, 3]));
      assert.equal(reader.read()?.[0], i & 0xff);
      assert.equal(counted.read()?.[0], i & 0xff);
    }
  }
  assert.equal(SharedMemory.exists("/index"), false);
});
