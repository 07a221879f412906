/** Segments of macOS on a simulated one: how they are made, how large they are, which is which. */

import assert from "node:assert/strict";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { SharedMemory } from "../../ffi/mod.ts";
import { SegmentExistsError, SegmentNotFoundError } from "../../mod.ts";
import { macTest } from "../support/mac_test.ts";

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = constants;

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
