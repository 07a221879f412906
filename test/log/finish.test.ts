/** The end of a log of version 2: the finish mark, where it goes, and what readers see. */

import assert from "node:assert/strict";
import test from "node:test";
import {
  ClaimPendingError,
  ClosedError,
  CorruptLogError,
  inspect,
  LogFinishedError,
  Reader,
  ReentrantUseError,
  segmentSize,
  UnsupportedLogError,
  verify,
  Writer,
} from "../../mod.ts";

const TWO = { version: 2 } as const;
const FINISH = 0x80000003;

/** A log of version 2 with a reader of all that is there. */
function makeLog(chunkCount: number, chunkSize: number) {
  const memory = new ArrayBuffer(segmentSize(chunkCount, chunkSize, 2));
  const writer = Writer.create(memory, { chunkCount, chunkSize, ...TWO });
  const view = new DataView(memory);
  return { memory, view, writer, reader: new Reader(memory), data: 24 + 16 * chunkCount };
}

const texts = (reader: Reader) => [...reader].map(({ text }) => text);

test("finish() of an empty log leaves only the mark, where the first entry would be", () => {
  const { memory, view, writer, reader, data } = makeLog(2, 64);
  assert.equal(reader.isFinished, false);
  writer.finish();
  assert.equal(view.getUint32(data, true), FINISH);
  assert.deepEqual([texts(reader), reader.isFinished, reader.lostEntries], [[], true, 0]);
  assert.deepEqual([inspect(memory).isFinished, verify(memory).isIntact], [true, true]);
});

test("finish() with 1 to 3 bytes left goes to chunk 0, without a wrap mark", () => {
  for (const left of [0, 1, 2, 3, 4]) {
    const memory = new ArrayBuffer(segmentSize(1, 64, 2) + left);
    const writer = Writer.create(memory, { chunkCount: 1, chunkSize: 64, ...TWO });
    const data = 24 + 16;
    writer.write("x".repeat(28));
    writer.write("y".repeat(28));
    const reader = new Reader(memory);
    assert.equal(reader.read()?.text.length, 28);
    writer.finish();
    const late = new Reader(memory);
    const view = new DataView(memory);
    if (left < 4) {
      assert.equal(view.getUint32(data, true), FINISH);
      assert.deepEqual([texts(late), late.isFinished, late.lastSequenceNumber], [[], true, 2]);
      assert.equal(view.getUint32(data + 32, true), 0x80000020, "no wrap mark");
    } else {
      assert.equal(view.getUint32(data + 64, true), FINISH);
      assert.deepEqual([texts(late).length, late.isFinished], [2, true]);
    }
    // The second one was copied with the first.
    assert.deepEqual([texts(reader).length, reader.isFinished, reader.lostEntries], [1, true, 0]);
    assert.throws(() => Writer.resume(memory), LogFinishedError);
    assert.equal(inspect(memory).lastSequenceNumber, 2);
  }
});

test("finish() is refused with an open claim, within a batch, twice, and in version 1", () => {
  const { writer, reader } = makeLog(2, 64);
  const claim = writer.claim(8);
  assert.throws(() => writer.finish(), ClaimPendingError);
  claim.abort();
  const entries: string[] = ["a", "b"];
  let looks = 0;
  // Once to see how large they are, then to write them.
  Object.defineProperty(entries, 1, { get: () => (++looks === 2 && writer.finish(), "b") });
  assert.throws(() => writer.writeMany(entries), ReentrantUseError);
  writer.write("one");
  writer.finish();
  assert.throws(() => writer.finish(), ClosedError);
  assert.throws(() => writer.write("two"), { code: "CLOSED", message: /finished/ });
  assert.throws(() => writer.claim(4), ClosedError);
  assert.deepEqual([texts(reader), reader.isFinished], [["one"], true]);
  const old = Writer.create(new ArrayBuffer(4096));
  assert.throws(() => old.finish(), UnsupportedLogError);
  assert.equal(old.write("it is still open"), 1);
  assert.throws(() => Writer.restart(new ArrayBuffer(4096)), UnsupportedLogError);
});

test("finish() wakes those who wait, and nothing of the lap before is given after it", () => {
  const { memory, writer: first } = makeLog(3, 48);
  for (let n = 1; n <= 30; n++) first.write(`entry ${n}`);
  first.close();
  let woken = 0;
  const writer = Writer.resume(memory, { chunkSize: 48, onCommit: () => woken++ });
  writer.write("last");
  writer.finish();
  assert.equal(woken, 2);
  const reader = new Reader(memory, { strategy: "oldest" });
  const all = texts(reader);
  assert.equal(all.at(-1), "last");
  assert.deepEqual([reader.isFinished, reader.lastSequenceNumber], [true, 31]);
});

test("the end is seen where the reference left the row of an old chunk that began there", () => {
  const { memory, view, writer, data } = makeLog(3, 48);
  // 12 bytes an entry, four a chunk: chunk 1 begins at the same place in each lap.
  for (let n = 1; n <= 12; n++) writer.write(`entry ${n % 10}`);
  const row = [view.getBigUint64(40, true), view.getBigUint64(48, true)];
  assert.equal(Number(row[0] & ~(1n << 63n)), data + 48);
  for (let n = 13; n <= 16; n++) writer.write(`entry ${n % 10}`);
  const reader = new Reader(memory, { strategy: "latest" });
  assert.equal(texts(reader).length, 4);
  writer.finish();
  assert.equal(view.getUint32(data + 48, true), FINISH);
  view.setBigUint64(40, row[0], true);
  view.setBigUint64(48, row[1], true);
  for (const each of [reader, new Reader(memory, { strategy: "oldest" })]) {
    const got = texts(each);
    assert.equal(each.isFinished, true);
    assert.equal(each.lastSequenceNumber, 16, got.join());
  }
  assert.throws(() => Writer.resume(memory), LogFinishedError);
});

test("a finish mark is damage where chunks come after it", () => {
  const memory = new ArrayBuffer(segmentSize(4, 256, 2));
  const writer = Writer.create(memory, { chunkCount: 4, ...TWO });
  for (let i = 1; i <= 110; i++) writer.write(`entry ${i}`);
  const words = new Uint32Array(memory);
  const at = words.indexOf(0x80000001);
  words[at] = FINISH;
  const reader = new Reader(memory, { strategy: "oldest" });
  assert.throws(() => texts(reader), CorruptLogError);
  assert.equal(reader.isFinished, false);
  assert.equal(verify(memory).damage[0].offset, 4 * at);
  assert.equal(inspect(memory).damageCount, 1);
  const skips = new Reader(memory, { strategy: "oldest", onDamage: "skip" });
  const first = skips.read()!.sequenceNumber;
  assert.deepEqual([texts(skips).length, skips.lostEntries], [110 - first, 0]);
  writer.finish();
  assert.deepEqual([skips.read(), skips.isFinished], [undefined, true]);
});

test("a length of 2, and in version 1 a length of 3, is damage", () => {
  const { memory, view, data } = makeLog(2, 64);
  view.setUint32(data, 0x80000002, true);
  assert.throws(() => new Reader(memory).read(), CorruptLogError);
  const old = new ArrayBuffer(segmentSize(2, 64));
  Writer.create(old, { chunkCount: 2 });
  new DataView(old).setUint32(48, FINISH, true);
  assert.throws(() => new Reader(old).read(), CorruptLogError);
  assert.deepEqual([inspect(old).isFinished, verify(old).isIntact], [false, false]);
});

test("version and bufferId are checked, and a log of version 2 says both", () => {
  const memory = new ArrayBuffer(4096);
  const wrong: [object, ErrorConstructor][] = [
    [{ version: 3 }, TypeError],
    [{ version: "2" }, TypeError],
    [{ version: 2, bufferId: 5 }, TypeError],
    [{ version: 2, bufferId: -1n }, RangeError],
    [{ version: 2, bufferId: 1n << 64n }, RangeError],
    [{ bufferId: 5n }, TypeError],
  ];
  for (const [options, type] of wrong) assert.throws(() => Writer.create(memory, options), type);
  assert.throws(() => segmentSize(2, 64, 3 as 2), TypeError);
  const writer = Writer.create(memory, { ...TWO, bufferId: 0x8000_0001_ffff_fffen });
  assert.equal(writer.bufferId, 0x8000_0001_ffff_fffen);
  assert.equal(new Reader(memory).bufferId, 0x8000_0001_ffff_fffen);
  assert.equal(writer.maxEntrySize, 4096 - 24 - 16 * 16 - 4);
});
