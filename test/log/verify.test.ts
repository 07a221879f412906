/** Whether logs are found to be sound, or damaged where they are. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { CorruptLogError, Reader, segmentSize, verify, Writer } from "../../mod.ts";
import { Journal, Replay } from "../support/journal.ts";
import { baseSeed, payloadOf, Random } from "../support/random.ts";
import { Raw } from "../support/segment.ts";

function fill(chunkCount: number, chunkSize: number, count: number, most: number): ArrayBuffer {
  const memory = new ArrayBuffer(segmentSize(chunkCount, chunkSize));
  const writer = Writer.create(memory, { chunkCount, chunkSize });
  for (let i = 1; i <= count; i++) writer.write(payloadOf(i, i % (most + 1)));
  return memory;
}

test("a sound log is intact after any number of entries, and all of them are counted", () => {
  for (let count = 0; count < 120; count++) {
    const memory = fill(4, 64, count, 20);
    const found = verify(memory);
    const numbers = [...new Reader(memory, { strategy: "oldest" })].map((e) => e.sequenceNumber);
    assert.deepEqual([found.isIntact, found.damage, found.gaps], [true, [], []], `${count}`);
    assert.deepEqual(
      [found.entries, found.firstSequenceNumber, found.lastSequenceNumber, found.chunksOvertaken],
      [numbers.length, numbers[0] ?? 0, count, 0],
    );
  }
});

test("a header that can't be true is found in every place, with offset and chunk", () => {
  for (const header of [0x80000002, 0x80000003, 0xffffffff, 0x80000001, 0, 5]) {
    const memory = fill(4, 64, 15, 20);
    const { chunksChecked } = verify(memory);
    assert.equal(chunksChecked, 3);
    const raw = new Raw(memory);
    let offset = 80;
    for (let i = 1; i < 15; i++) {
      const before = raw.u32(offset);
      raw.setU32(offset, header);
      const { damage } = verify(memory);
      const isNewest = offset >= raw.row(2).offset;
      // In the newest chunk these say that nothing more was written.
      if (isNewest && [0x80000001, 0, 5].includes(header)) assert.deepEqual(damage, []);
      else {
        const chunk = isNewest ? 2 : offset >= raw.row(1).offset ? 1 : 0;
        assert.deepEqual(damage.map((one) => [one.offset, one.chunk]), [[offset, chunk]]);
        assert.match(damage[0].what, new RegExp(header.toString(16)));
      }
      raw.setU32(offset, before);
      offset += ((before & 0x7fffffff) + 3) & ~3;
    }
    assert.ok(verify(memory).isIntact);
  }
});

test("a length that is another one, but possible, is found by where the chunk ends", () => {
  const memory = fill(4, 64, 12, 20);
  const raw = new Raw(memory);
  raw.setU32(80, raw.u32(80) + 4);
  const { damage } = verify(memory);
  assert.equal(damage.length, 1);
  assert.equal(damage[0].chunk, 0);
});

test("rows that can't be true are damage", () => {
  for (const [offset, token] of [[81, 5], [8, 5], [2 ** 40, 5], [84, 2 ** 60]]) {
    const memory = fill(4, 64, 12, 20);
    new Raw(memory).setRow(3, offset, BigInt(token));
    const { damage, isIntact } = verify(memory);
    assert.deepEqual([isIntact, damage.length, damage[0].offset, damage[0].chunk], [
      false,
      1,
      64,
      3,
    ]);
  }
});

test("a row that counts wrong is damage", () => {
  const memory = fill(4, 64, 12, 20);
  const raw = new Raw(memory);
  const { offset, token } = raw.row(1);
  raw.setRow(1, offset, token + 1);
  assert.equal(verify(memory).isIntact, false);
});

test("a header that contradicts the size is a CorruptLogError", () => {
  const memory = fill(4, 64, 12, 20);
  new Raw(memory).setU32(12, 10_000);
  assert.throws(() => verify(memory), CorruptLogError);
});

test(`a writer at work is never taken for damage, whatever it does at each look (seed ${baseSeed})`, () => {
  for (let run = 0; run < 15; run++) {
    const random = new Random(baseSeed + run);
    const chunkCount = 1 + random.below(6);
    const chunkSize = 4 * (3 + random.below(12));
    const memory = new ArrayBuffer(segmentSize(chunkCount, chunkSize));
    const writer = Writer.create(memory, { chunkCount, chunkSize });
    const journal = new Journal(memory);
    const most = [8, 40, 100][random.below(3)];
    for (let i = 1; i <= 60; i++) {
      const payload = payloadOf(i, random.below(Math.min(most, writer.maxEntrySize) + 1));
      journal.record(() => writer.write(payload));
    }
    for (let point = random.below(5); point < journal.stores.length; point += 5) {
      const replay = new Replay(journal.image, memory.byteLength, journal.stores);
      replay.step(point);
      const still = verify(replay.memory);
      assert.deepEqual(still.damage, [], `seed ${baseSeed + run}, store ${point}`);
      const pace = 1 + random.below(40);
      const { damage, entries, lastSequenceNumber } = verify(replay.memory, {
        fence: () => random.below(2) === 0 && replay.step(random.below(pace)),
      });
      assert.deepEqual(damage, [], `seed ${baseSeed + run}, store ${point}, at work`);
      assert.ok(lastSequenceNumber <= replay.published && entries <= replay.published);
    }
  }
});

test("sound images of the reference's writer are intact", () => {
  const folder = new URL("../fixtures/ouroboros/", import.meta.url);
  const names = readdirSync(folder).filter((name) =>
    name.endsWith(".bin") && !/^(bug|crash)_/.test(name)
  );
  assert.ok(names.length >= 5);
  for (const name of names) {
    const { damage } = verify(new Uint8Array(readFileSync(new URL(name, folder))).buffer);
    assert.deepEqual(damage, [], name);
  }
});
