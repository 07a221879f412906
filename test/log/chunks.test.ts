/** The chunks that a writer fills one after the other, and the rows that it takes back. */

import assert from "node:assert/strict";
import test from "node:test";
import { Reader, segmentSize, Writer } from "../../mod.ts";
import { COMMIT, Raw } from "../support/segment.ts";
import { DATA, makeLog } from "../support/small_log.ts";

const bytes = (length: number, fill = 7) => new Uint8Array(length).fill(fill);

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
