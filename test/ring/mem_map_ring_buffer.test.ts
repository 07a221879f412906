/** The ring in a file: opened, locked, killed, damaged, reset. */

import assert from "node:assert/strict";
import { copyFileSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import {
  ClosedError,
  CorruptRingError,
  MemMapRingBuffer,
  WriterLockedError,
} from "../../src/ring/mod.ts";
import { SegmentNotFoundError, SystemCallError } from "../../mod.ts";
import { testFolder } from "../support/folder.ts";
import { isWindows } from "../support/platform.ts";
import { baseSeed, Random } from "../support/random.ts";
import { partners, startChild } from "../support/runtime.ts";
import { streamEntry } from "../support/stream.ts";

const KILLS = Number(process.env.KILLS ?? 10);
const folder = testFolder("mem-map-ring-buffer");
let count = 0;
const newPath = () => `${folder}/ring-${count++}`;
const putter = new URL("children/putter.ts", import.meta.url);
const text = (item: Uint8Array | undefined) => item && new TextDecoder().decode(item);

test("a file is made with its size and mode, and keeps its items", () => {
  const path = newPath();
  {
    using ring = MemMapRingBuffer.open(path, 1000, { mode: 0o640 });
    assert.equal(statSync(path).size, 1017);
    if (!isWindows) assert.equal(statSync(path).mode & 0o777, 0o640);
    assert.deepEqual([ring.capacity, ring.maxItemSize, ring.isEmpty], [1000, 996, true]);
    ring.put("one");
    ring.put(new Uint8Array([50]));
    assert.equal(ring.path, resolve(path));
    ring.flush();
  }
  using ring = new MemMapRingBuffer(path);
  assert.deepEqual([...ring].map(text), ["one", "2"]);
  assert.equal(text(ring.peek()), "one");
  assert.equal(text(ring.get()), "one");
  assert.equal(ring.length, 1);
  ring.clear();
  assert.equal(ring.isEmpty, true);
});

test("the bytes are those of the original", () => {
  const path = newPath();
  {
    using ring = MemMapRingBuffer.open(path, 1024);
    for (const word of ["vanilla", "tandoor", "sunsets"]) ring.put(word);
  }
  const image = new URL("../fixtures/mmringbuffer/three_items.bin", import.meta.url);
  assert.deepEqual(readFileSync(path), readFileSync(image));
});

test("one handle has it at a time", () => {
  const path = newPath();
  using _ring = MemMapRingBuffer.open(path, 100);
  for (
    const use of [
      () => MemMapRingBuffer.open(path),
      () => MemMapRingBuffer.repair(path),
      () => MemMapRingBuffer.reset(path),
    ]
  ) assert.throws(use, WriterLockedError);
});

test("after close everything is a ClosedError, and close may be called again", () => {
  const ring = MemMapRingBuffer.open(newPath(), 100);
  ring.put("a");
  ring.close();
  ring.close();
  for (
    const use of [
      () => ring.put("b"),
      () => ring.get(),
      () => ring.peek(),
      () => ring.length,
      () => ring.clear(),
      () => ring.flush(),
      () => [...ring],
    ]
  ) assert.throws(use, ClosedError);
});

test("wrong sizes, missing files and what is no file are errors that say so", () => {
  const path = newPath();
  assert.throws(() => MemMapRingBuffer.open(path), SegmentNotFoundError);
  assert.throws(() => MemMapRingBuffer.reset(path), SegmentNotFoundError);
  for (const capacity of [0, 3, 1.5, NaN, 2 ** 32, -1]) {
    assert.throws(() => MemMapRingBuffer.open(path, capacity), RangeError);
  }
  MemMapRingBuffer.open(path, 100).close();
  assert.throws(() => MemMapRingBuffer.open(path, 200), /has 117 bytes, but a capacity of 200/);
  // Where links are for everybody.
  if (!isWindows) {
    symlinkSync(path, `${path}-link`);
    assert.throws(() => MemMapRingBuffer.open(`${path}-link`, 100), SystemCallError);
  }
  writeFileSync(`${path}-short`, "short");
  assert.throws(() => MemMapRingBuffer.open(`${path}-short`), RangeError);
  assert.equal(readFileSync(`${path}-short`, "utf8"), "short");
});

test("a damaged file stays as it is until it is repaired, or reset", () => {
  const path = newPath();
  const image = new URL("../fixtures/mmringbuffer/wrapped_reader_behind.bin", import.meta.url);
  copyFileSync(fileURLToPath(image), path);
  assert.throws(() => MemMapRingBuffer.open(path), CorruptRingError);
  assert.deepEqual(readFileSync(path), readFileSync(image));
  assert.deepEqual(MemMapRingBuffer.repair(path), { items: 5, isChanged: true });
  {
    using ring = MemMapRingBuffer.open(path, 64);
    assert.equal(text(ring.get()), "item03");
  }
  MemMapRingBuffer.reset(path);
  using ring = MemMapRingBuffer.open(path);
  assert.equal(ring.isEmpty, true);
});

test(`a process killed ${KILLS} times at random leaves a sound ring each time (seed ${baseSeed})`, async () => {
  const random = new Random(baseSeed);
  const path = newPath();
  const most = 100;
  let last = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const child = startChild(putter, [path, 3000, last, most]);
    try {
      assert.equal(await child.nextLine(), "ready");
      assert.throws(() => MemMapRingBuffer.open(path), WriterLockedError);
      // On a busy machine none of them may have come so far; the last one is waited for.
      if (kill === KILLS - 1 && last === 0) assert.equal(await child.nextLine(), "put");
      await new Promise((resolve) => setTimeout(resolve, random.below(20)));
    } finally {
      await child.kill();
    }
    using ring = MemMapRingBuffer.open(path);
    assert.equal([...ring].length, ring.length);
    let number = 0;
    for (const item of ring) {
      const found = new DataView(item.buffer).getUint32(0, true);
      if (number > 0) assert.equal(found, number + 1);
      number = found;
      assert.deepEqual(item.slice(4), streamEntry(number, most));
    }
    assert.ok(number >= last, `${number} after ${last}`);
    last = number;
  }
  assert.ok(last > 0);
});

test("what one runtime puts another one gets", async () => {
  for (const runtime of partners) {
    const path = newPath();
    const child = startChild(putter, [path, 3000, 0, 100, 500], runtime);
    assert.equal(await child.nextLine(), "ready");
    assert.equal(await child.ended(), 0);
    using ring = MemMapRingBuffer.open(path, 3000);
    let number = 0;
    for (let item = ring.get(); item !== undefined; item = ring.get()) {
      number = new DataView(item.buffer).getUint32(0, true);
      assert.deepEqual(item.slice(4), streamEntry(number, 100));
    }
    assert.equal(number, 500);
  }
});
