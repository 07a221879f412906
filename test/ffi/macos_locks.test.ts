/** The locks of segments of macOS, files that come and go, on a simulated one. */

import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  closeSync,
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
} from "node:fs";
import os from "node:os";
import process from "node:process";
import test from "node:test";
import { system } from "../../ffi/current_system.ts";
import { MacLocks } from "../../ffi/macos/locks.ts";
import { SharedMemory } from "../../ffi/mod.ts";
import {
  PermissionDeniedError,
  SegmentNotFoundError,
  ShmLogWriter,
  SystemCallError,
} from "../../mod.ts";
import { NOBODY, runAsNobody } from "../support/nobody.ts";
import { startChild, uniqueName } from "../support/runtime.ts";
import { macTest, skip } from "../support/mac_test.ts";

const lockLooker = new URL("children/mac_lock_looker.ts", import.meta.url);
const racer = new URL("children/mac_lock_racer.ts", import.meta.url);

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
  assert.throws(
    () => ShmLogWriter.create("/blank", { unlinkOnClose: true, ifExists: "replace" }),
    SegmentNotFoundError,
  );
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
