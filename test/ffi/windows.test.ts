/** What is otherwise on Windows: names, sizes, how long a segment lives, the lock, files that are open. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import test from "node:test";
import {
  OuroborosError,
  PermissionDeniedError,
  SegmentExistsError,
  SegmentNotFoundError,
  SystemCallError,
} from "../../mod.ts";
import { MappedFile, NamedSemaphore, SharedMemory } from "../../ffi/mod.ts";
import { windowsName } from "../../ffi/windows/names.ts";
import { testFolder } from "../support/folder.ts";
import { isWindows } from "../support/platform.ts";
import { startChild, uniqueName } from "../support/runtime.ts";

const skip = isWindows ? false : "only on Windows";
const folder = testFolder("windows");

const lockHolder = new URL("children/lock_holder.ts", import.meta.url);

test("names are passed on as they are, and what Windows would not take is refused", () => {
  for (
    const name of ["/app", "app", "a/b", "ä € 𝄞", "Global\\app", "Local\\/app", "x".repeat(240)]
  ) {
    assert.equal(windowsName(name), name);
  }
  const wrong: [string, RegExp][] = [
    ["", /empty/],
    ["Global\\", /empty/],
    ["a\0b", /NUL/],
    ["a\\b", /backslash/],
    ["Global\\a\\b", /backslash/],
    ["global\\a", /backslash/],
    ["x".repeat(241), /name of 241 characters exceeds the maximum of 240/],
  ];
  for (const [name, message] of wrong) {
    assert.throws(
      () => windowsName(name),
      (error: Error) => error instanceof RangeError && message.test(error.message),
    );
  }
});

test(
  "a name with a slash, without it, and of any letters is a segment of its own",
  { skip },
  () => {
    const bare = `${uniqueName("windows").slice(1)}-ä€𝄞`;
    using slashed = SharedMemory.create(`/${bare}`, 100);
    using plain = SharedMemory.create(bare, 100);
    using local = SharedMemory.open(`Local\\${bare}`);
    assert.deepEqual([slashed.name, plain.name], [`/${bare}`, bare]);
    assert.notDeepEqual(slashed.identity, plain.identity);
    new Uint8Array(plain.buffer)[0] = 7;
    assert.equal(new Uint8Array(local.buffer)[0], 7);
    using longest = SharedMemory.create(uniqueName("windows").padEnd(240, "x"), 100);
    assert.equal(SharedMemory.exists(longest.name), true);
  },
);

test("sizes are those of whole pages, at creation and at opening", { skip }, () => {
  for (const [size, expected] of [[1, 4096], [4096, 4096], [4097, 8192], [1 << 20, 1 << 20]]) {
    const name = uniqueName("windows");
    using made = SharedMemory.create(name, size);
    using opened = SharedMemory.open(name);
    for (const memory of [made, opened]) {
      assert.deepEqual([memory.byteLength, memory.currentSize()], [expected, expected]);
      assert.equal(memory.remap(), false);
    }
    new Uint8Array(made.buffer)[expected - 1] = 9;
    const byte = new Uint8Array(new ArrayBuffer(8));
    assert.equal(opened.read(byte, expected - 1), 1);
    assert.equal(byte[0], 9);
    assert.equal(opened.read(byte, expected), 0);
  }
});

test("a segment goes with its last handle, and not by unlink() or remove()", { skip }, () => {
  const name = uniqueName("windows");
  const made = SharedMemory.create(name, 100);
  const opened = SharedMemory.open(name);
  assert.equal(SharedMemory.persists, false);
  assert.equal(SharedMemory.unlink(name), false);
  assert.throws(() => SharedMemory.create(name, 100), SegmentExistsError);
  made.remove();
  assert.deepEqual([made.closed, opened.isCurrent(), SharedMemory.exists(name)], [
    true,
    true,
    true,
  ]);
  opened.close();
  assert.equal(SharedMemory.exists(name), false);
  assert.throws(() => SharedMemory.open(name), SegmentNotFoundError);
});

test("a segment that is made again is not taken for the one before", { skip }, () => {
  const name = uniqueName("windows");
  const first = SharedMemory.create(name, 100);
  const { identity } = first;
  using again = SharedMemory.open(name);
  assert.deepEqual(again.identity, identity);
  first.close();
  assert.deepEqual(SharedMemory.open(name).identity, identity, "while anybody has it open");
  again.close();
  // What nobody closed above goes with the garbage: a name of its own for the next one.
  const other = uniqueName("windows");
  const identities = [1, 2].map(() => {
    using memory = SharedMemory.create(other, 100);
    return memory.identity;
  });
  assert.notEqual(identities[0].inode, identities[1].inode);
});

test("a name that is that of another kind of object is an error of its own", { skip }, () => {
  const name = uniqueName("windows");
  using semaphore = new NamedSemaphore(name);
  assert.equal(semaphore.tryWait(), true);
  // The objects that belong to a name have names of their own.
  using _memory = SharedMemory.create(name, 100);
  assert.throws(() => SharedMemory.create(`${name}.ouroboros-sem`, 100), SystemCallError);
  assert.equal(NamedSemaphore.unlink(name), false);
});

test(
  "list() knows the segments that somebody has open, also another process",
  { skip },
  async () => {
    const name = uniqueName("windows");
    const bare = `${name.slice(1)} ä€𝄞`;
    const names = [name, bare, `Global\\${bare}`];
    const listed = () => SharedMemory.list().filter((each) => each.includes(name.slice(1)));
    assert.deepEqual(listed(), []);
    const memories = names.map((each) => SharedMemory.create(each, 100));
    assert.deepEqual(listed(), [...names].sort());
    const child = startChild(lockHolder, ["SharedMemory", name]);
    assert.equal(await child.nextLine(), "locked");
    for (const memory of memories) memory.close();
    assert.deepEqual(listed(), [name]);
    await child.kill();
    assert.deepEqual(listed(), []);
  },
);

test("more memory than there can be is an error, and leaves no name behind", { skip }, () => {
  const name = uniqueName("windows");
  assert.throws(
    () => SharedMemory.create(name, 2 ** 50),
    (error: Error) => error instanceof OuroborosError || error instanceof RangeError,
  );
  assert.equal(SharedMemory.exists(name), false);
});

test(
  "the lock of a writer that was killed is free while a reader keeps the segment",
  { skip },
  async () => {
    const name = uniqueName("windows");
    using memory = SharedMemory.create(name, 100);
    for (let round = 0; round < 3; round++) {
      const child = startChild(lockHolder, ["SharedMemory", name]);
      assert.equal(await child.nextLine(), "locked");
      assert.deepEqual([memory.isLocked(), memory.tryLock()], [true, false]);
      await child.kill();
      assert.deepEqual([memory.isLocked(), memory.tryLock(), memory.isLocked()], [
        false,
        true,
        false,
      ]);
      memory.unlock();
    }
  },
);

test(
  "two handles of one thread have one lock, although its mutex is the thread's",
  { skip },
  () => {
    const name = uniqueName("windows");
    const first = SharedMemory.create(name, 100);
    using second = SharedMemory.open(name);
    assert.deepEqual([first.tryLock(), second.tryLock(), second.isLocked()], [true, false, true]);
    first.close();
    assert.deepEqual([second.isLocked(), second.tryLock()], [false, true]);
  },
);

test("files of long paths and of any letters are mapped, locked and removed", { skip }, () => {
  const long = `${folder}/${"ä€𝄞-long-".repeat(10)}/${"y".repeat(100)}`;
  mkdirSync(long.slice(0, long.lastIndexOf("/")), { recursive: true });
  for (const path of [`${folder}/ä€𝄞 file`, `${long}-file-${"z".repeat(50)}`]) {
    const file = MappedFile.create(path, 5000);
    new Uint8Array(file.buffer)[4999] = 3;
    file.flush();
    assert.equal(statSync(path).size, 5000);
    using other = MappedFile.open(path);
    assert.deepEqual([file.tryLock(), other.isLocked(), other.isCurrent()], [true, true, true]);
    assert.equal(new Uint8Array(other.buffer)[4999], 3);
    other.close();
    file.remove();
    assert.equal(file.closed, true);
    assert.throws(() => MappedFile.open(path), SegmentNotFoundError);
  }
});

test("folders, devices and names that can't be are refused as files", { skip }, () => {
  assert.throws(() => MappedFile.open(folder), PermissionDeniedError);
  assert.throws(() => MappedFile.open("NUL"), SystemCallError);
  assert.throws(() => MappedFile.open(`${folder}/a\0b`), RangeError);
  writeFileSync(`${folder}/a`, "");
  assert.throws(() => MappedFile.unlink(`${folder}/a\0b`), RangeError);
  assert.ok(existsSync(`${folder}/a`));
  assert.throws(() => MappedFile.open(`${folder}/no-folder/file`), SegmentNotFoundError);
  assert.throws(() => MappedFile.create(folder, 100), OuroborosError);
});

test("a file that is mapped keeps its bytes, whatever others try", { skip }, () => {
  const path = `${folder}/kept`;
  using file = MappedFile.create(path, 8192);
  new Uint8Array(file.buffer)[8191] = 1;
  try {
    truncateSync(path, 100);
  } catch {
    // Windows refuses.
    assert.equal(file.currentSize(), 8192);
    assert.equal(new Uint8Array(file.buffer)[8191], 1);
    return;
  }
  // Wine lets it be cut off; then that is noticed, as elsewhere.
  assert.equal(file.currentSize(), 100);
});
