/** Mapped files: how they grow and are mapped anew, and what is in the place of one. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
} from "node:fs";
import test from "node:test";
import {
  ClosedError,
  NoSpaceError,
  PermissionDeniedError,
  SegmentExistsError,
  SystemCallError,
} from "../../mod.ts";
import { MappedFile } from "../../ffi/mod.ts";
import { testFolder } from "../support/folder.ts";
import { descriptorsOf, hasProc, mapLines } from "../support/usage.ts";
import { isWindows, needsLinks, needsNamespaces, notOnWindows } from "../support/platform.ts";

const folder = testFolder("mapped");

test("grow() keeps the bytes and the lock, ends the views, and others remap()", () => {
  const path = `${folder}/grow`;
  using file = MappedFile.create(path, 4096);
  using reader = MappedFile.open(path);
  assert.equal(file.tryLock(), true);
  const before = new Uint8Array(file.buffer);
  before[4095] = 7;
  file.grow(12_288);
  assert.equal(before.length, 0);
  assert.equal(file.byteLength, 12_288);
  assert.equal(statSync(path).size, 12_288);
  const bytes = new Uint8Array(file.buffer);
  assert.equal(bytes.length, 12_288);
  assert.equal(bytes[4095], 7);
  bytes[12_287] = 8;
  assert.equal(reader.isLocked(), true);
  assert.equal(reader.byteLength, 4096);
  assert.equal(reader.remap(), true);
  assert.equal(new Uint8Array(reader.buffer)[12_287], 8);
  assert.equal(reader.remap(), false);
  if (!isWindows) {
    truncateSync(path, 5000);
    assert.equal(reader.remap(), true);
    assert.equal(reader.byteLength, 5000);
  }
  assert.throws(() => reader.grow(10_000), PermissionDeniedError);
  assert.throws(() => file.grow(5000), RangeError);
  assert.throws(() => file.grow(1.5), RangeError);
  assert.equal(file.byteLength, 12_288);
  file.close();
  assert.throws(() => file.grow(20_000), ClosedError);
  assert.throws(() => file.remap(), ClosedError);
  assert.throws(() => file.advise("random"), ClosedError);
  assert.equal(reader.isLocked(), false);
});

test("what was mapped before is unmapped, and no descriptor is left", { skip: !hasProc }, () => {
  const path = `${folder}/often`;
  const file = MappedFile.create(path, 4096);
  const descriptors = descriptorsOf(path).length;
  for (let size = 8192; size < 400_000; size += 4096) file.grow(size);
  assert.equal(descriptorsOf(path).length, descriptors);
  assert.equal(mapLines(path).length, 1);
  file.close();
  assert.equal(descriptorsOf(path).length, 0);
  assert.equal(mapLines(path).length, 0);
});

test("flushAsync() leaves no descriptor, and may be overtaken by close()", async () => {
  const path = `${folder}/flush`;
  const file = MappedFile.create(path, 4096);
  new Uint8Array(file.buffer).fill(1);
  await file.flushAsync();
  const flushing = file.flushAsync();
  file.close();
  await flushing;
  if (hasProc) assert.equal(descriptorsOf(path).length, 0);
  await assert.rejects(() => file.flushAsync(), ClosedError);
});

test("MappedFile: a full disk is a NoSpaceError, and leaves no file behind", {
  skip: needsNamespaces,
}, (t) => {
  const mount = `${folder}/small`;
  mkdirSync(mount);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mount]);
  if (mounted.status !== 0) return t.skip("no tmpfs to be mounted here");
  try {
    assert.throws(() => MappedFile.create(`${mount}/log`, 2 << 20), NoSpaceError);
    assert.deepEqual(readdirSync(mount), []);
    MappedFile.create(`${mount}/log`, 1 << 19).close();
  } finally {
    spawnSync("umount", [mount]);
  }
});

test("MappedFile: what is no regular file is refused, and a pipe does not hang", {
  skip: notOnWindows("Windows has other such things: see windows.test.ts"),
}, () => {
  assert.throws(
    () => MappedFile.open(folder),
    (error: Error) => error instanceof SystemCallError || error instanceof PermissionDeniedError,
  );
  const pipe = `${folder}/pipe`;
  spawnSync("mkfifo", [pipe]);
  assert.throws(() => MappedFile.open(pipe), SystemCallError);
  assert.throws(() => MappedFile.open("/dev/null"), SystemCallError);
});

test(
  "MappedFile: create() does not follow a link, not even a broken one",
  { skip: needsLinks },
  () => {
    const link = `${folder}/link`;
    symlinkSync(`${folder}/nowhere`, link);
    assert.throws(() => MappedFile.create(link, 100), SegmentExistsError);
    assert.equal(existsSync(`${folder}/nowhere`), false);
  },
);

test("MappedFile: isCurrent() notices that a file was moved", () => {
  const path = `${folder}/moved`;
  using file = MappedFile.create(path, 100);
  renameSync(path, `${path}-away`);
  assert.equal(file.isCurrent(), false);
});
