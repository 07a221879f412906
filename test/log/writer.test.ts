/** What a writer stores, and what it refuses, on a plain buffer. */

import assert from "node:assert/strict";
import test from "node:test";
import { Reader, segmentSize, Writer } from "../../mod.ts";
import { COMMIT, Raw } from "../support/segment.ts";
import { DATA, makeLog } from "../support/small_log.ts";

const bytes = (length: number, fill = 7) => new Uint8Array(length).fill(fill);
const texts = (memory: ArrayBufferLike) =>
  [...new Reader(memory, { strategy: "oldest" })].map((entry) => entry.text);

test("create() writes magic, version, count and a committed row 0, and nothing else", () => {
  const memory = new ArrayBuffer(segmentSize(4, 64));
  new Uint8Array(memory).fill(0xaa);
  Writer.create(memory, { chunkCount: 4 });
  const raw = new Raw(memory);
  assert.equal(new TextDecoder().decode(new Uint8Array(memory, 0, 8)), "GOLBORUO");
  assert.deepEqual([raw.u32(8), raw.u32(12)], [1, 4]);
  assert.deepEqual(raw.row(0), { committed: true, offset: DATA, token: 0 });
  assert.ok(new Uint8Array(memory, 32).every((byte) => byte === 0));
});

test("create() refuses shapes that make no log", () => {
  for (const chunkCount of [0, -1, 1.5, NaN, 2 ** 28]) {
    assert.throws(() => Writer.create(new ArrayBuffer(4096), { chunkCount }), RangeError);
  }
  for (const chunkSize of [0, 3, -4, 1.5, NaN, 2000, 2 ** 32]) {
    const create = () => Writer.create(new ArrayBuffer(4096), { chunkCount: 4, chunkSize });
    assert.throws(create, RangeError, `chunk size ${chunkSize}`);
  }
  assert.throws(() => Writer.create(new ArrayBuffer(83), { chunkCount: 4 }), RangeError);
  assert.throws(() => Writer.create(new ArrayBuffer(0), { chunkCount: 1 }), RangeError);
  assert.throws(() => segmentSize(4, 2 ** 31), /exceed the maximum segment of 4294967292 bytes/);
  assert.equal(Writer.create(new ArrayBuffer(84), { chunkCount: 4 }).maxEntrySize, 0);
});

test("write() stores length with the commit flag, payload, and a zero header after it", () => {
  const { raw, writer } = makeLog();
  assert.equal(writer.write(bytes(5)), 1);
  assert.equal(raw.u32(DATA), (COMMIT | 9) >>> 0);
  assert.deepEqual([...new Uint8Array(raw.memory, DATA + 4, 8)], [7, 7, 7, 7, 7, 0, 0, 0]);
  assert.equal(raw.u32(DATA + 12), 0);
  assert.equal(writer.totalEntriesWritten, 1);
});

test("write() takes text of every kind as UTF-8", () => {
  const kinds = [
    "",
    "a",
    "short",
    "exactly 24 characters...",
    "a text that is longer than any shortcut for short ones takes it",
    "é",
    "short, ünd not ASCII",
    "€".repeat(50),
    "😀 pair",
    "lone \ud800 surrogate",
    "\udc00",
    "\ufeffmark",
    "x".repeat(100) + "😀".repeat(30),
  ];
  for (const size of [64, 4096]) {
    const { raw, writer } = makeLog(size);
    const reader = new Reader(raw.memory);
    for (const text of kinds) {
      const expected = new TextEncoder().encode(text);
      if (expected.length > writer.maxEntrySize) continue;
      writer.write(text);
      const entry = reader.read();
      assert.deepEqual(entry?.bytes, expected);
      assert.equal(entry?.text, new TextDecoder("utf-8", { ignoreBOM: true }).decode(expected));
    }
    writer.writeMany(kinds.slice(0, 10).filter((text) => text.length < 30));
    for (const text of kinds.slice(0, 10).filter((text) => text.length < 30)) {
      assert.deepEqual(reader.read()?.bytes, new TextEncoder().encode(text));
    }
    assert.equal(reader.lostEntries, 0);
  }
});

test("write() takes text up to the last byte of the maximum, whatever its characters", () => {
  for (const character of ["a", "é", "€", "😀"]) {
    const { raw, writer } = makeLog();
    const size = new TextEncoder().encode(character).length;
    const text = character.repeat(Math.floor(writer.maxEntrySize / size));
    writer.write(text);
    assert.equal(new Reader(raw.memory).read()?.text, text);
    assert.throws(() => writer.write(text + character), RangeError);
  }
});

test("write() gives payloads of 0 to the maximum back, and refuses one byte more", () => {
  const { raw, writer } = makeLog();
  assert.equal(writer.maxEntrySize, 4 * 64 - 4);
  const reader = new Reader(raw.memory);
  for (let length = 0; length <= writer.maxEntrySize; length++) {
    writer.write(bytes(length, length));
    assert.deepEqual(reader.read()?.bytes, bytes(length, length));
  }
  assert.throws(
    () => writer.write(bytes(253)),
    (error: Error) =>
      error instanceof RangeError &&
      error.message.startsWith(
        "entry of 253 bytes exceeds the maximum of 252: make the log larger",
      ),
  );
  assert.equal(writer.write("still fine"), 254);
  assert.equal(reader.read()?.text, "still fine");
});

test("write() refuses what is not bytes or text, on the straight path too", () => {
  const { writer } = makeLog();
  // The first write of a chunk takes the long way; the ones after it do not.
  writer.write("x");
  for (
    const wrong of [
      undefined,
      null,
      5,
      {},
      [1, 2],
      new ArrayBuffer(4),
      new DataView(new ArrayBuffer(4)),
      new Uint16Array(2),
    ]
  ) {
    assert.throws(() => writer.write(wrong as never), TypeError);
    assert.throws(() => writer.writeMany([wrong as never]), TypeError);
  }
  assert.equal(writer.totalEntriesWritten, 1);
});

test("write() refuses payloads whose size does not fit into 31 or 32 bits, and leaves no trace", () => {
  for (const size of [2 ** 31, 2 ** 31 + 8, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 8]) {
    const { raw, writer } = makeLog();
    writer.write("x");
    let huge: Uint8Array;
    try {
      // Never touched, so it is an address range and no memory.
      huge = new Uint8Array(size);
    } catch {
      continue;
    }
    assert.throws(() => writer.write(huge), /exceeds the maximum/);
    assert.throws(() => writer.writeMany(["x", huge]), /exceeds the maximum/);
    assert.throws(() => writer.claim(size), /exceeds the maximum/);
    assert.deepEqual(texts(raw.memory), ["x"]);
    assert.equal(writer.write("y"), 2);
    assert.deepEqual(texts(raw.memory), ["x", "y"]);
  }
});

test("writeMany() is seen whole or not at all, in one chunk", () => {
  const { raw, writer } = makeLog();
  writer.write(bytes(12));
  assert.equal(writer.writeMany([bytes(12, 1), "two", bytes(80, 3), ""]), 5);
  assert.equal(raw.row(1).committed, false, "all of it is in chunk 0");
  const whole = raw.u32(DATA + 16);
  raw.setU32(DATA + 16, whole & 0x7fffffff); // as it is just before the last store
  assert.equal([...new Reader(raw.memory)].length, 1);
  assert.equal(Writer.resume(raw.memory.slice(0)).totalEntriesWritten, 1);
  raw.setU32(DATA + 16, whole);
  assert.deepEqual([...new Reader(raw.memory)].map((entry) => entry.length), [12, 12, 3, 80, 0]);
});

test("writeMany() of nothing writes nothing; of too much, nothing either", () => {
  const { raw, writer } = makeLog();
  assert.equal(writer.writeMany([]), 0);
  assert.equal(writer.writeMany(Array(16).fill(bytes(12))), 16);
  assert.throws(() => writer.writeMany(Array(17).fill(bytes(12))), /batch of 272 bytes/);
  assert.throws(() => writer.writeMany(["ok", 5 as never]), TypeError);
  assert.equal(writer.totalEntriesWritten, 16);
  assert.equal(texts(raw.memory).length, 16);
});

test("a writer works on shared memory between threads, too", () => {
  const memory = new SharedArrayBuffer(segmentSize(4, 64));
  const writer = Writer.create(memory, { chunkCount: 4 });
  writer.write("a text that is longer than the shortcut for short ones");
  writer.write("ünicode");
  writer.write(bytes(40));
  assert.deepEqual([...new Reader(memory)].map((entry) => entry.length), [54, 8, 40]);
});
