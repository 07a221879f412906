/** A writer that resumes, whatever the one before it has left. */

import assert from "node:assert/strict";
import test from "node:test";
import {
  ClosedError,
  CorruptLogError,
  Reader,
  segmentSize,
  UnsupportedLogError,
  Writer,
} from "../../mod.ts";
import { COMMIT, Raw } from "../support/segment.ts";
import { DATA, makeLog } from "../support/small_log.ts";

const bytes = (length: number, fill = 7) => new Uint8Array(length).fill(fill);
const texts = (memory: ArrayBufferLike) =>
  [...new Reader(memory, { strategy: "oldest" })].map((entry) => entry.text);

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
  other.setU32(8, 3);
  assert.throws(() => Writer.resume(other.memory), /version 3/);
  for (const header of [2, 3, 0x7fffffff]) {
    const damaged = new Raw(raw.memory.slice(0));
    damaged.setU32(DATA, COMMIT | header);
    assert.throws(() => Writer.resume(damaged.memory), CorruptLogError);
  }
});
