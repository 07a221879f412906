/** Many entries at once: batches, and forEach in place. */

import assert from "node:assert/strict";
import test from "node:test";
import { Reader } from "../../mod.ts";
import { makeLog, writeSome } from "../support/small_log.ts";

const numbers = (reader: Reader) => [...reader].map((entry) => entry.sequenceNumber);

test("readBatch() gives what read() has copied ahead, then the rest, with nothing twice", () => {
  const { memory, writer } = makeLog(256);
  writer.writeMany(["a", "b", "c", "d"]);
  const reader = new Reader(memory);
  assert.equal(reader.read()?.text, "a");
  const batch = reader.readBatch(2);
  assert.deepEqual([batch.length, batch.text(0), batch.text(1)], [2, "b", "c"]);
  assert.deepEqual([batch.sequenceNumber(0), batch.sequenceNumber(1)], [2, 3]);
  const seen: string[] = [];
  assert.equal(reader.forEach((entry) => seen.push(entry.text)), 1);
  writer.write("e");
  assert.equal(reader.forEach((entry) => seen.push(entry.text)), 1);
  assert.deepEqual(seen, ["d", "e"]);
  assert.equal(reader.readBatch().length, 0);
});

test("a batch gives bytes, sizes, texts and entries that outlive it", () => {
  const { memory, writer } = makeLog(256);
  writer.writeMany(["one", "", "three"]);
  const reader = new Reader(memory);
  const batch = reader.readBatch();
  const kept = [...batch];
  assert.deepEqual([0, 1, 2].map((i) => batch.byteLength(i)), [3, 0, 5]);
  assert.deepEqual(batch.bytes(0), new TextEncoder().encode("one"));
  assert.deepEqual([batch.chunkIndex, batch.chunkToken], [0, 0]);
  for (const wrong of [-1, 3, NaN]) assert.throws(() => batch.text(wrong), RangeError);
  writer.write("next");
  assert.equal(reader.readBatch().text(0), "next");
  assert.deepEqual(kept.map((entry) => entry.text), ["one", "", "three"]);
});

test("a batch larger than 64 KiB is cut, and a larger entry comes alone", () => {
  const { memory, writer } = makeLog(1 << 20);
  const large = new Uint8Array(200_000).fill(5);
  writer.write("small");
  writer.write(large);
  for (let i = 0; i < 3000; i++) writer.write(new Uint8Array(40));
  const reader = new Reader(memory);
  const lengths: number[] = [];
  for (let batch = reader.readBatch(); batch.length > 0; batch = reader.readBatch()) {
    lengths.push(batch.length);
    if (batch.byteLength(0) === large.length) assert.deepEqual(batch.bytes(0), large);
  }
  assert.deepEqual(lengths.slice(0, 2), [1, 1]);
  assert.equal(lengths.reduce((sum, length) => sum + length), 3002);
});

test("forEach() shows entries in place, and cannot look beyond them", () => {
  const { memory, writer } = makeLog();
  writer.writeMany(["abc", "defg"]);
  const seen: unknown[] = [];
  const count = new Reader(memory).forEach((entry) => {
    const target = new Uint8Array(8);
    assert.equal(entry.copyTo(target, 1), entry.length);
    seen.push([
      entry.sequenceNumber,
      entry.length,
      entry.at(0),
      entry.at(entry.length),
      entry.at(-1),
    ]);
    assert.throws(() => entry.copyTo(new Uint8Array(1)), RangeError);
    assert.equal(new TextDecoder().decode(entry.bytes()), entry.text);
  });
  assert.equal(count, 2);
  assert.deepEqual(seen, [[1, 3, 97, undefined, undefined], [2, 4, 100, undefined, undefined]]);
});

test("forEach() returns -1 when what it showed was overwritten meanwhile, and counts it as lost", () => {
  const { memory, writer } = makeLog();
  writeSome(writer, 4);
  const reader = new Reader(memory);
  let visited = 0;
  const count = reader.forEach(() => {
    if (visited++ === 2) writeSome(writer, 16); // a whole lap, under our eyes
  });
  assert.deepEqual([visited, count], [4, -1]);
  assert.deepEqual(numbers(reader), [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  assert.equal(reader.lostEntries, 8);
  assert.equal(reader.forEach(() => assert.fail("all is read")), 0);
});
