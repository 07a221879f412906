/** The writer's rules, each on a plain buffer. */

import assert from "node:assert/strict";
import test from "node:test";
import {
  ClaimPendingError,
  ClosedError,
  CorruptLogError,
  Reader,
  segmentSize,
  UnsupportedLogError,
  Writer,
} from "../../mod.ts";
import { COMMIT, Raw } from "../support/segment.ts";

const DATA = 16 + 16 * 4;

function makeLog(chunkSize = 64, chunkCount = 4): { raw: Raw; writer: Writer } {
  const memory = new ArrayBuffer(segmentSize(chunkCount, chunkSize));
  return { raw: new Raw(memory), writer: Writer.create(memory, { chunkCount, chunkSize }) };
}

const bytes = (length: number, fill = 7) => new Uint8Array(length).fill(fill);
const texts = (memory: ArrayBufferLike) =>
  [...new Reader(memory, { strategy: "lowest" })].map((entry) => entry.text);

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
      error.message === "entry of 253 bytes exceeds the maximum of 252",
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

test("a chunk that holds its size or more is left for the next row, with its token", () => {
  const { raw, writer } = makeLog();
  for (let i = 0; i < 4; i++) writer.write(bytes(12)); // 4 × 16 = 64 bytes
  assert.equal(raw.row(1).committed, false);
  writer.write(bytes(12));
  assert.deepEqual(raw.row(1), { committed: true, offset: DATA + 64, token: 4 });
});

test("the last chunk takes all the room that is left", () => {
  const { raw, writer } = makeLog(64, 2);
  const memory = new ArrayBuffer(raw.memory.byteLength + 200);
  const large = Writer.create(memory, { chunkCount: 2, chunkSize: 64 });
  for (let i = 0; i < 20; i++) large.write(bytes(12));
  assert.deepEqual(new Raw(memory).row(0), { committed: true, offset: 48, token: 0 });
  assert.equal(new Raw(memory).row(1).token, 4);
  assert.equal(writer.chunkSize, 64);
});

test("an entry that does not fit before the end wraps: mark, chunk 0 with the new token", () => {
  const { raw, writer } = makeLog();
  for (let i = 0; i < 15; i++) writer.write(bytes(12)); // 240 of 256 bytes
  writer.write(bytes(40));
  assert.equal(raw.u32(DATA + 240), (COMMIT | 1) >>> 0);
  assert.deepEqual(raw.row(0), { committed: true, offset: DATA, token: 15 });
  assert.equal(raw.u32(DATA), (COMMIT | 44) >>> 0);
});

test("no wrap mark where less than a header is left", () => {
  for (const spare of [0, 1, 2, 3]) {
    const memory = new ArrayBuffer(segmentSize(4, 64) + spare);
    const writer = Writer.create(memory, { chunkCount: 4, chunkSize: 64 });
    const reader = new Reader(memory);
    for (let i = 0; i < 17; i++) writer.write(bytes(12, i));
    assert.equal([...reader].length, 13, "what is left after the wrap");
    assert.equal(reader.lostEntries, 4);
    assert.equal(new Raw(memory).row(0).token, 16);
  }
});

test("every row whose bytes are destroyed is invalidated, and no other", () => {
  const { raw, writer } = makeLog();
  for (let i = 0; i < 16; i++) writer.write(bytes(12)); // rows at +0, +64, +128, +192
  writer.write(bytes(52)); // 56 bytes and the next header: up to +60
  assert.equal(raw.row(1).committed, true);
  writer.write(bytes(0)); // its header at +56, the next at +60, up to +64
  assert.equal(raw.row(1).committed, true);
  writer.write(bytes(0)); // the next header is at +64: row 1's own first byte
  assert.deepEqual(raw.row(1), { committed: false, offset: 0, token: 0 });
  assert.equal(raw.row(2).committed, true);
  writer.write(bytes(100)); // row 1 anew at +64 and on to +168: over row 2
  assert.deepEqual(raw.row(1), { committed: true, offset: DATA + 64, token: 19 });
  assert.deepEqual(raw.row(2), { committed: false, offset: 0, token: 0 });
  assert.deepEqual(raw.row(3), { committed: true, offset: DATA + 192, token: 12 });
});

test("a wrap mark counts as destroyed bytes", () => {
  const memory = new ArrayBuffer(segmentSize(4, 64));
  const raw = new Raw(memory);
  const writer = Writer.create(memory, { chunkCount: 4, chunkSize: 64 });
  for (let i = 0; i < 16; i++) writer.write(bytes(12)); // rows at +0, +64, +128, +192
  writer.write(bytes(120)); // +0 to +124, the next header up to +128
  assert.equal(raw.row(2).committed, true);
  writer.write(bytes(60)); // row 1 at +124 to +188, the next header up to +192
  assert.equal(raw.row(2).committed, false);
  assert.equal(raw.row(3).committed, true);
  writer.write(bytes(200)); // does not fit: a wrap mark at +188, which ends at +192
  assert.equal(raw.row(3).committed, false, "overwritten from chunk 0 by now");
});

test("the first header of a lap is zero before row 0 says that it is new", () => {
  const { raw, writer } = makeLog(64, 1);
  writer.write(bytes(40));
  const claim = writer.claim(40); // wraps
  assert.equal(raw.row(0).token, 1);
  assert.equal(raw.u32(32), 0);
  assert.equal(new Reader(raw.memory, { strategy: "latest" }).read(), undefined);
  claim.abort();
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

test("claim() shows nothing before commit(), which may take less", () => {
  const { raw, writer } = makeLog();
  const claim = writer.claim(20);
  claim.bytes.set([1, 2, 3]);
  assert.equal(new Reader(raw.memory).read(), undefined);
  assert.equal(claim.commit(3), 1);
  const reader = new Reader(raw.memory);
  assert.deepEqual([...reader.read()!.bytes], [1, 2, 3]);
  writer.write("next");
  assert.equal(reader.read()?.text, "next");
});

test("a claim is settled once, and blocks other writes until then", () => {
  const { raw, writer } = makeLog();
  const claim = writer.claim(8);
  assert.throws(() => writer.write("x"), ClaimPendingError);
  assert.throws(() => writer.write(bytes(3)), ClaimPendingError);
  assert.throws(() => writer.writeMany(["x"]), ClaimPendingError);
  assert.throws(() => writer.claim(1), ClaimPendingError);
  assert.throws(() => claim.commit(9), RangeError);
  assert.throws(() => claim.commit(-1), RangeError);
  claim.abort();
  claim.abort();
  assert.throws(() => claim.commit(), ClosedError);
  assert.throws(() => claim.bytes, ClosedError);
  assert.equal(writer.write("y"), 1);
  {
    using scoped = writer.claim(4);
    scoped.bytes.fill(1);
  }
  assert.equal(writer.write("z"), 2);
  assert.deepEqual(texts(raw.memory), ["y", "z"]);
  for (const wrong of [-1, 1.5, NaN, 253]) assert.throws(() => writer.claim(wrong), RangeError);
});

test("a chunk that a claim entered and left empty does not hide the log", () => {
  const { raw, writer } = makeLog();
  for (let i = 0; i < 8; i++) writer.write(bytes(12)); // two chunks
  const reader = new Reader(raw.memory, { strategy: "latest" });
  assert.equal([...reader].length, 4);
  writer.claim(1).abort(); // enters chunk 2
  assert.equal(reader.read(), undefined);
  writer.write(bytes(200)); // does not fit behind: wraps from an empty chunk
  assert.equal(reader.read()?.sequenceNumber, 9);
  assert.equal(reader.lostEntries, 0);
});

test("close() ends writing and leaves the memory ready to be resumed", () => {
  const { raw, writer } = makeLog();
  writer.write("before");
  const claim = writer.claim(4);
  writer.close();
  writer.close();
  assert.throws(() => writer.write("x"), ClosedError);
  assert.throws(() => writer.write(bytes(1)), ClosedError);
  assert.throws(() => writer.writeMany(["x"]), ClosedError);
  assert.throws(() => writer.claim(1), ClosedError);
  assert.throws(() => claim.commit(), ClosedError);
  claim.abort();
  assert.equal(Writer.resume(raw.memory).write("after"), 2);
  assert.deepEqual(texts(raw.memory), ["before", "after"]);
});

test("resume() after a wrap mark without its restart of chunk 0 keeps what is there", () => {
  const { raw, writer } = makeLog();
  for (let i = 0; i < 15; i++) writer.write(bytes(12));
  raw.setU32(DATA + 240, COMMIT | 1);
  const resumed = Writer.resume(raw.memory);
  assert.equal(texts(raw.memory).length, 15);
  assert.equal(resumed.write("x"), 16);
  assert.equal(raw.row(0).token, 15);
});

test("resume() never uses a number twice when the reference restarted its only chunk and died", () => {
  const restart = [
    (raw: Raw) => raw.setRow(0, 0, 1, false),
    (raw: Raw) => raw.setRow(0, 0, 4, false),
    (raw: Raw) => (raw.setRow(0, 0, 4, false), raw.setU32(32, 0)),
  ];
  for (const [step, cut] of restart.entries()) {
    const raw = new Raw(new ArrayBuffer(segmentSize(1, 64)));
    const writer = Writer.create(raw.memory, { chunkCount: 1 });
    writer.write(bytes(60)); // 1
    for (let i = 0; i < 3; i++) writer.write(bytes(12)); // 2, 3, 4: token 1
    cut(raw);
    const number = Writer.resume(raw.memory).write("next");
    assert.equal(number, [5, 8, 5][step]);
    assert.equal(new Reader(raw.memory).read()?.sequenceNumber, number);
  }
});

test("resume() refuses what is no log, or a log whose next number is not known", () => {
  const { raw, writer } = makeLog();
  writer.write("x");
  assert.throws(() => Writer.resume(new ArrayBuffer(4096)), UnsupportedLogError);
  assert.throws(() => Writer.resume(new ArrayBuffer(7)), UnsupportedLogError);
  assert.throws(() => Writer.resume(raw.memory, { chunkSize: 1000 }), RangeError);
  const other = new Raw(raw.memory.slice(0));
  other.setU32(8, 2);
  assert.throws(() => Writer.resume(other.memory), /version 2/);
  for (const header of [2, 3, 0x7fffffff]) {
    const damaged = new Raw(raw.memory.slice(0));
    damaged.setU32(DATA, COMMIT | header);
    assert.throws(() => Writer.resume(damaged.memory), CorruptLogError);
  }
});

test("a writer works on shared memory between threads, too", () => {
  const memory = new SharedArrayBuffer(segmentSize(4, 64));
  const writer = Writer.create(memory, { chunkCount: 4 });
  writer.write("a text that is longer than the shortcut for short ones");
  writer.write("ünicode");
  writer.write(bytes(40));
  assert.deepEqual([...new Reader(memory)].map((entry) => entry.length), [54, 8, 40]);
});
