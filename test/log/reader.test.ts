/** The reader's rules, each on a plain buffer. */

import assert from "node:assert/strict";
import test from "node:test";
import {
  compilerFence,
  CorruptLogError,
  inspect,
  OverrunError,
  Reader,
  segmentSize,
  UnsupportedLogError,
  Writer,
} from "../../mod.ts";
import { COMMIT, Raw } from "../support/segment.ts";

const DATA = 16 + 16 * 4;

function makeLog(
  chunkSize = 64,
  chunkCount = 4,
): { raw: Raw; memory: ArrayBuffer; writer: Writer } {
  const memory = new ArrayBuffer(segmentSize(chunkCount, chunkSize));
  const writer = Writer.create(memory, { chunkCount, chunkSize });
  return { raw: new Raw(memory), memory, writer };
}

const numbers = (reader: Reader) => [...reader].map((entry) => entry.sequenceNumber);
const writeSome = (writer: Writer, count: number, length = 12) => {
  for (let i = 0; i < count; i++) writer.write(new Uint8Array(length).fill(i));
};

test("strategies: auto from entry 1 while it is there, latest from the newest chunk, lowest from the oldest", () => {
  const { memory, writer } = makeLog();
  const starts = () =>
    (["auto", "latest", "lowest"] as const).map((strategy) =>
      new Reader(memory, { strategy }).read()?.sequenceNumber
    );
  writeSome(writer, 10); // 4 a chunk
  assert.deepEqual(starts(), [1, 9, 1]);
  writeSome(writer, 11); // 21: chunk 0 and the start of chunk 1 are of the second lap
  assert.deepEqual(starts(), [21, 21, 9]);
});

test("a reader of an empty log gets nothing, and then everything", () => {
  for (const strategy of ["auto", "latest", "lowest"] as const) {
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

test("an overrun is counted to the entry and goes on at the oldest that is intact", () => {
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

test("readBatch() gives what read() has copied ahead, then the rest, with nothing twice", () => {
  const { memory, writer } = makeLog(256);
  writer.writeMany(["a", "b", "c", "d"]);
  const reader = new Reader(memory);
  assert.equal(reader.read()?.text, "a");
  const batch = reader.readBatch(2);
  assert.deepEqual([batch.length, batch.text(0), batch.text(1)], [2, "b", "c"]);
  assert.deepEqual([batch.sequenceNumber(0), batch.sequenceNumber(1)], [2, 3]);
  const seen: string[] = [];
  assert.equal(reader.forEach((entry) => seen.push(entry.text())), 1);
  writer.write("e");
  assert.equal(reader.forEach((entry) => seen.push(entry.text())), 1);
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
    assert.equal(new TextDecoder().decode(entry.bytes()), entry.text());
  });
  assert.equal(count, 2);
  assert.deepEqual(seen, [[1, 3, 97, undefined, undefined], [2, 4, 100, undefined, undefined]]);
});

test("forEach() returns 0 when what it showed was overwritten meanwhile, and counts it as lost", () => {
  const { memory, writer } = makeLog();
  writeSome(writer, 4);
  const reader = new Reader(memory);
  let visited = 0;
  const count = reader.forEach(() => {
    if (visited++ === 2) writeSome(writer, 16); // a whole lap, under our eyes
  });
  assert.deepEqual([visited, count], [4, 0]);
  assert.deepEqual(numbers(reader), [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  assert.equal(reader.lostEntries, 8);
});

test("a next row at our offset with a token above ours is our chunk, before its commit too", () => {
  const { raw, memory, writer } = makeLog();
  writeSome(writer, 4);
  const reader = new Reader(memory);
  assert.equal(numbers(reader).length, 4);
  writer.write("fifth");
  // The reference's order: the entry is committed, its row not yet.
  raw.setRow(1, DATA + 64, 4, false);
  const entry = reader.read();
  assert.deepEqual([entry?.sequenceNumber, entry?.chunkIndex, entry?.text], [5, 1, "fifth"]);
  raw.setRow(1, DATA + 64, 4, true);
  writer.write("sixth");
  assert.equal(reader.read()?.sequenceNumber, 6);
  assert.deepEqual([reader.lostEntries, reader.overruns], [0, 0]);
});

test("a chunk that was entered without noticing is adopted: nothing twice, no false overrun", () => {
  const { raw, memory, writer } = makeLog();
  writeSome(writer, 4);
  const reader = new Reader(memory);
  writeSome(writer, 2);
  raw.setRow(1, 0, 0, false); // the reference has not come to the row yet
  assert.deepEqual(numbers(reader), [1, 2, 3, 4, 5, 6]);
  raw.setRow(1, DATA + 64, 4, true);
  writeSome(writer, 2);
  assert.deepEqual(numbers(reader), [7, 8]);
  writeSome(writer, 8); // 16
  raw.setRow(0, 0, 0, false); // chunk 0 goes: of no concern to a reader of chunk 1 and later
  assert.equal(numbers(reader).length, 8);
  assert.deepEqual([reader.lostEntries, reader.overruns], [0, 0]);
});

test("a stale row at our offset means that nothing of ours is there yet", () => {
  const { memory, writer } = makeLog();
  writeSome(writer, 16);
  const reader = new Reader(memory, { strategy: "latest" });
  assert.equal(numbers(reader).length, 4);
  writeSome(writer, 1, 56); // chunk 0 up to +60: row 1 of lap 1 is at +64 and intact
  assert.deepEqual(numbers(reader), [17]);
  assert.equal(reader.read(), undefined);
});

test("a wrap mark leads to chunk 0 when it has a newer token, and not before", () => {
  const { raw, memory, writer } = makeLog();
  writeSome(writer, 15);
  const reader = new Reader(memory);
  assert.equal(numbers(reader).length, 15);
  raw.setU32(DATA + 240, COMMIT | 1);
  assert.equal(reader.read(), undefined);
  raw.setU32(DATA + 240, 0);
  writer.write(new Uint8Array(40));
  assert.equal(reader.read()?.sequenceNumber, 16);
});

test("entries of length 2, 3 or past the end are a CorruptLogError, each time", () => {
  for (const header of [2, 3, 1000, 0x7fffffff]) {
    const { raw, memory, writer } = makeLog();
    writeSome(writer, 2);
    raw.setU32(DATA + 16, COMMIT | header);
    const reader = new Reader(memory);
    assert.equal(reader.read()?.sequenceNumber, 1);
    for (
      const read of [() => reader.read(), () => reader.readBatch(), () => reader.forEach(() => {})]
    ) {
      assert.throws(
        read,
        (error: Error) => error instanceof CorruptLogError && error.offset === DATA + 16,
      );
    }
    const damage = inspect(memory).damage;
    assert.equal(damage.length, 1);
  }
});

test("rows with offsets that cannot be are a CorruptLogError or ignored, never followed", () => {
  for (const offset of [0, 8, DATA - 4, DATA + 1, DATA + 2, 100_000, 2 ** 40, 2 ** 52]) {
    const { raw, memory, writer } = makeLog();
    writeSome(writer, 3);
    raw.setRow(1, offset, 3);
    const reader = new Reader(memory);
    assert.throws(() => numbers(reader), CorruptLogError, `offset ${offset}`);
    assert.equal(new Reader(memory, { strategy: "latest" }).read()?.sequenceNumber, 1);
    assert.equal(inspect(memory).chunks[1].state, "damaged");
    raw.setRow(0, offset, 0);
    assert.equal(new Reader(memory, { strategy: "lowest" }).read(), undefined);
  }
});

test("a token above 2^53 - 1 is not believed", () => {
  const { raw, memory, writer } = makeLog();
  writeSome(writer, 3);
  raw.setRow(1, DATA + 48, 2n ** 60n);
  assert.equal(new Reader(memory, { strategy: "latest" }).read()?.sequenceNumber, 1);
});

test("a memory that is no log is an UnsupportedLogError; a header that cannot be, a CorruptLogError", () => {
  const { raw, memory } = makeLog();
  for (const size of [0, 4, 15, 16, 4096]) {
    assert.throws(() => new Reader(new ArrayBuffer(size)), UnsupportedLogError);
    assert.throws(() => inspect(new ArrayBuffer(size)), UnsupportedLogError);
  }
  assert.throws(() => new Reader(memory.slice(0, 16)), CorruptLogError);
  for (const count of [0, 17, 18, 0x10000000, 0xffffffff]) {
    raw.setU32(12, count);
    if (count === 0 || count > 20) assert.throws(() => new Reader(memory), CorruptLogError);
    else {assert.throws(() =>
        numbers(new Reader(memory.slice(0, 16 + 16 * count))), CorruptLogError);}
  }
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
