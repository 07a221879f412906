/** Where a reader starts, what it gives, and what it says when it was overrun; on a plain buffer. */

import assert from "node:assert/strict";
import test from "node:test";
import { compilerFence, inspect, OverrunError, Reader } from "../../mod.ts";
import { makeLog, writeSome } from "../support/small_log.ts";

const numbers = (reader: Reader) => [...reader].map((entry) => entry.sequenceNumber);

test("strategies: auto from entry 1 while it is there, latest from the newest chunk, oldest (lowest) from the oldest", () => {
  const { memory, writer } = makeLog();
  const starts = () =>
    (["auto", "latest", "oldest", "lowest"] as const).map((strategy) =>
      new Reader(memory, { strategy }).read()?.sequenceNumber
    );
  writeSome(writer, 10); // 4 a chunk
  assert.deepEqual(starts(), [1, 9, 1, 1]);
  writeSome(writer, 11); // 21: chunk 0 and the start of chunk 1 are of the second lap
  assert.deepEqual(starts(), [21, 21, 9, 9]);
});

test("a reader of the oldest begins there, also if the writer comes to other chunks as it opens", () => {
  let fences = 0;
  for (let count = 5; count <= 14; count++) {
    for (let place = 1; place <= 12; place++) {
      const { memory, writer } = makeLog();
      writeSome(writer, 1);
      fences = 0;
      const fence = () => {
        if (++fences === place) writeSome(writer, count);
        compilerFence();
      };
      const reader = new Reader(memory, { strategy: "oldest", fence });
      assert.equal(reader.read()?.sequenceNumber, 1, `${count} written at fence ${place}`);
    }
  }
  assert.ok(fences >= 3 && fences < 12, `${fences} fences`);
});

test("a reader of an empty log gets nothing, and then everything", () => {
  for (const strategy of ["auto", "latest", "oldest"] as const) {
    const { memory, writer } = makeLog();
    const reader = new Reader(memory, { strategy });
    assert.equal(reader.read(), undefined);
    assert.equal(reader.readBatch().length, 0);
    assert.equal(reader.forEach(() => assert.fail("nothing to visit")), 0);
    writer.write("x");
    assert.equal(reader.read()?.sequenceNumber, 1);
  }
});

test("an entry says its number, its chunk and the token of that", () => {
  const { memory, writer } = makeLog();
  writeSome(writer, 6);
  const entries = [...new Reader(memory)];
  const { sequenceNumber, chunkIndex, chunkToken, length } = entries[5];
  assert.deepEqual([sequenceNumber, chunkIndex, chunkToken, length], [6, 1, 4, 12]);
});

test("an entry's bytes are private: they outlive being overwritten", () => {
  const { memory, writer } = makeLog();
  writer.write("original");
  const entry = new Reader(memory).read()!;
  writeSome(writer, 30);
  assert.equal(entry.text, "original");
  entry.bytes.fill(0);
  assert.equal(texts(memory).includes("\0\0\0\0\0\0\0\0"), false);
});

const texts = (memory: ArrayBuffer) => [...new Reader(memory)].map((entry) => entry.text);

test("an overrun is counted to the entry and continues at the oldest that is intact", () => {
  const { memory, writer } = makeLog();
  const reader = new Reader(memory);
  writeSome(writer, 2);
  assert.deepEqual(numbers(reader), [1, 2]);
  writeSome(writer, 20); // 22: lap 2, in chunk 1; chunks 2 and 3 hold 9 to 16
  assert.equal(reader.read()?.sequenceNumber, 9);
  assert.deepEqual([reader.lostEntries, reader.overruns], [6, 1]);
  assert.deepEqual(numbers(reader), [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]);
  assert.equal(reader.lostEntries, 6);
});

test("what was overwritten before a reader began is not lost to it, and its first number says how much that is", () => {
  const { memory, writer } = makeLog();
  writeSome(writer, 22);
  const reader = new Reader(memory, { strategy: "oldest" });
  assert.deepEqual(numbers(reader), [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]);
  assert.equal(reader.lostEntries, 0);
});

test("an overrun is counted where chunks start at the same offset in each lap", () => {
  const { memory, writer } = makeLog();
  const reader = new Reader(memory);
  writeSome(writer, 8); // chunks 0 and 1, and the reader is at the end of that
  assert.equal(numbers(reader).length, 8);
  writeSome(writer, 24); // 32: lap 2, to the end of chunk 3
  assert.deepEqual([reader.read()?.sequenceNumber, reader.lostEntries, reader.overruns], [
    17,
    8,
    1,
  ]);
  const late = new Reader(memory, { onOverrun: "throw", after: 32 });
  writeSome(writer, 24); // 56: lap 3 and two chunks of lap 4
  assert.throws(() => late.read(), OverrunError);
});

test('an overrun with onOverrun: "latest" goes on in the newest chunk', () => {
  const { memory, writer } = makeLog();
  const reader = new Reader(memory, { onOverrun: "latest" });
  writeSome(writer, 22);
  assert.deepEqual(numbers(reader), [21, 22]);
  assert.deepEqual([reader.lostEntries, reader.overruns], [20, 1]);
});

test('an overrun with onOverrun: "throw" throws once, with the number, and goes on', () => {
  const { memory, writer } = makeLog();
  const reader = new Reader(memory, { onOverrun: "throw" });
  writeSome(writer, 22);
  assert.throws(
    () => reader.read(),
    (error: Error) =>
      error instanceof OverrunError && error.code === "OVERRUN" && error.lostEntries === 8,
  );
  assert.equal(reader.read()?.sequenceNumber, 9);
  assert.equal(reader.lostEntries, 8);
});

test("a reader that comes late without losing anything has no overrun", () => {
  const { memory, writer } = makeLog();
  writeSome(writer, 4);
  const reader = new Reader(memory);
  assert.equal(numbers(reader).length, 4);
  writeSome(writer, 14); // 18: chunk 0 was restarted, 5 to 16 are intact
  assert.deepEqual(numbers(reader), [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
  assert.deepEqual([reader.lostEntries, reader.overruns], [0, 0]);
});

test("what is overwritten before the first read counts as lost from the opening on", () => {
  const { memory, writer } = makeLog();
  const reader = new Reader(memory);
  writeSome(writer, 22);
  assert.equal(numbers(reader).length + reader.lostEntries, 22);
});

test("lastSequenceNumber follows what was handed out, not what was copied ahead", () => {
  const { memory, writer } = makeLog();
  const reader = new Reader(memory);
  assert.equal(reader.lastSequenceNumber, 0);
  writeSome(writer, 3);
  reader.read();
  assert.equal(reader.lastSequenceNumber, 1);
  reader.readBatch(1);
  assert.equal(reader.lastSequenceNumber, 2);
});

test("options that are not one of theirs are a TypeError", () => {
  const { memory } = makeLog();
  assert.throws(() => new Reader(memory, { strategy: "newest" as never }), TypeError);
  assert.throws(() => new Reader(memory, { onOverrun: "ignore" as never }), TypeError);
  assert.throws(() => new Reader(memory, { onDamage: "ignore" as never }), TypeError);
  for (const wrong of [0, -1, NaN]) {
    assert.throws(() => new Reader(memory).readBatch(wrong), RangeError);
    assert.throws(() => new Reader(memory).forEach(() => {}, wrong), RangeError);
  }
});

test("the guard is asked before each look at the memory", () => {
  const { memory, writer } = makeLog();
  let asked = 0;
  let isGone = false;
  const guard = () => {
    asked++;
    if (isGone) throw new Error("gone");
  };
  const reader = new Reader(memory, { guard, fence: compilerFence });
  assert.equal(asked, 1);
  writer.writeMany(["a", "b"]);
  assert.equal(reader.read()?.text, "a");
  isGone = true;
  assert.equal(reader.read()?.text, "b", "copied before");
  assert.throws(() => reader.read(), /gone/);
});

test("inspect() tells header, chunks, entries, bytes and numbers", () => {
  const { memory, writer } = makeLog();
  writeSome(writer, 22);
  const info = inspect(memory);
  assert.deepEqual(
    [info.version, info.segmentSize, info.chunkCount, info.chunkSize, info.maxEntrySize],
    [1, 336, 4, 64, 252],
  );
  assert.deepEqual(
    info.chunks.map(({ state, token, entries, bytesUsed }) => [state, token, entries, bytesUsed]),
    [
      ["full", 16, 4, 64],
      ["current", 20, 2, 32],
      ["full", 8, 4, 64],
      ["full", 12, 4, 64],
    ],
  );
  assert.deepEqual(
    [info.entries, info.bytesUsed, info.firstSequenceNumber, info.lastSequenceNumber],
    [14, 224, 9, 22],
  );
  assert.deepEqual(info.damage, []);
});
