/** Whether it is seen that a log was cut off, and only then. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { type CutOff, inspect, Reader, segmentSize, Writer } from "../../mod.ts";
import { forEachSeed, payloadOf } from "../support/random.ts";

const RUNS = Number(process.env.CUTS ?? 20);

/** The numbers of the entries that can be read. */
function numbersOf(memory: ArrayBuffer): number[] {
  const reader = new Reader(memory, { strategy: "oldest", onDamage: "skip" });
  return [...reader].map(({ sequenceNumber }) => sequenceNumber);
}

function filled(count: number): ArrayBuffer {
  const memory = new ArrayBuffer(segmentSize(4, 256));
  const writer = Writer.create(memory, { chunkCount: 4, chunkSize: 256 });
  for (let i = 1; i <= count; i++) writer.write(payloadOf(i, 28));
  return memory;
}

/** The first `size` bytes, as a file has them whose copy did not end. */
function cut(memory: ArrayBuffer, size: number): CutOff | undefined {
  return inspect(memory.slice(0, size)).cutOff;
}

test("a log that was cut off names the entries that are missing", () => {
  // Chunks of 8 entries of 32 bytes, from offset 80 on.
  const memory = filled(30);
  assert.deepEqual(cut(memory, 80 + 10 * 32 + 8), { size: 408, from: 11, to: 24, isOpen: true });
  // In the newest chunk only the entry that reaches beyond the end shows it.
  assert.deepEqual(cut(memory, 80 + 26 * 32 + 8), { size: 920, from: 27, to: 27, isOpen: true });
  assert.equal(cut(memory, 80 + 26 * 32), undefined);
  // Nothing is left but the table.
  assert.deepEqual(cut(memory, 84), { size: 84, from: 1, to: 24, isOpen: true });
  const { entries, lastSequenceNumber } = inspect(memory.slice(0, 408));
  assert.deepEqual([entries, lastSequenceNumber], [10, 10]);
});

test("of a log that was overwritten the oldest entries are missing", () => {
  // Entries 33 to 40 are where 1 to 8 were.
  const memory = filled(37);
  assert.deepEqual(numbersOf(memory), [...range(9, 37)]);
  assert.deepEqual(cut(memory, 80 + 20 * 32 + 8), { size: 728, from: 21, to: 32, isOpen: false });
  assert.deepEqual(cut(memory, 80 + 16 * 32), { size: 592, from: 17, to: 32, isOpen: false });
  assert.deepEqual(cut(memory, 80 + 3 * 32 + 8), { size: 184, from: 36, to: 36, isOpen: true });
});

test("no log that is whole is called cut off, and of others nothing that is there", () => {
  let shown = 0;
  forEachSeed(RUNS, "CUTS", (random) => {
    const chunkCount = 1 + random.below(6);
    const memory = new ArrayBuffer(segmentSize(chunkCount, 40 + random.below(260)));
    const writer = Writer.create(memory, { chunkCount });
    const most = Math.min(writer.maxEntrySize, 1 + random.below(200));
    const count = random.below(150);
    for (let i = 1; i <= count; i++) {
      writer.write(payloadOf(i, random.below(most + 1)));
      assert.equal(inspect(memory).cutOff, undefined, `entry ${i}`);
    }
    const all = numbersOf(memory);
    for (let size = 16 + 16 * chunkCount + 4; size < memory.byteLength; size++) {
      const part = memory.slice(0, size);
      const there = numbersOf(part);
      const missing = all.filter((number) => !there.includes(number));
      const found = inspect(part).cutOff;
      const message = `${size} bytes: ${JSON.stringify(found)}, missing are ${missing}`;
      // Where no entry was cut in two, and no chunk is missing, nothing shows it.
      if (found === undefined) continue;
      shown++;
      if (found.isOpen) {
        assert.ok(missing.includes(found.from), message);
        assert.ok(found.to <= count && found.from > Math.max(0, ...there), message);
      } else {
        assert.equal(missing[0], found.from, message);
        assert.ok(!there.includes(found.to) && found.to >= found.from, message);
      }
    }
  });
  assert.ok(shown > 25 * RUNS || RUNS < 10, `${shown}`);
});

for (const folder of ["ouroboros", "ouroboros-live", "ouroboros-v2"]) {
  test(`no log of the reference is called cut off: ${folder}`, () => {
    const place = new URL(`../fixtures/${folder}/`, import.meta.url);
    const files = readdirSync(place).filter((name) => name.endsWith(".bin"));
    assert.ok(files.length > 5);
    for (const name of files) {
      const { buffer, byteOffset, byteLength } = readFileSync(new URL(name, place));
      const memory = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
      assert.equal(inspect(memory).cutOff, undefined, name);
    }
  });
}

function* range(from: number, to: number): Generator<number> {
  for (let number = from; number <= to; number++) yield number;
}
