/** A reader that starts after an entry: what a cursor needs of the core. */

import assert from "node:assert/strict";
import test from "node:test";
import { inspect, Reader, segmentSize, Writer } from "../../mod.ts";

test("a reader that starts after an entry gives the next one first, wherever that is", () => {
  const memory = new ArrayBuffer(segmentSize(4, 256));
  const writer = Writer.create(memory, { chunkCount: 4, chunkSize: 256 });
  for (let number = 1; number <= 500; number++) {
    writer.write(`entry ${number}`);
    const { firstSequenceNumber, lastSequenceNumber } = inspect(memory);
    for (const after of [0, firstSequenceNumber - 1, firstSequenceNumber, number - 1, number]) {
      const reader = new Reader(memory, { after, onOverrun: "throw" });
      const first = Math.max(after + 1, firstSequenceNumber);
      assert.equal(reader.lostEntries, first - after - 1);
      assert.equal(reader.lastSequenceNumber, first - 1);
      const numbers = [...reader].map((entry) => entry.sequenceNumber);
      assert.deepEqual(numbers, range(first, lastSequenceNumber), `after ${after} of ${number}`);
    }
  }
});

test("a reader that starts after an entry to come gives what comes after that one", () => {
  const memory = new ArrayBuffer(4096);
  const writer = Writer.create(memory, { chunkCount: 4 });
  writer.write("1");
  const reader = new Reader(memory, { after: 2 });
  assert.equal(reader.read(), undefined);
  writer.writeMany(["2", "3"]);
  assert.equal(reader.read()?.text, "3");
  assert.equal(reader.lostEntries, 0);
});

test("a reader that starts deep in a large chunk gives the next entry at the first read()", () => {
  const memory = new ArrayBuffer(8 << 20);
  const writer = Writer.create(memory, { chunkCount: 1 });
  const payload = new Uint8Array(8);
  for (let i = 0; i < 400_000; i++) writer.write(payload);
  assert.equal(new Reader(memory, { after: 399_999 }).read()?.sequenceNumber, 400_000);
});

test("the number to start after is checked", () => {
  const memory = new ArrayBuffer(4096);
  Writer.create(memory, { chunkCount: 4 });
  for (const after of [-1, 0.5, NaN, 2 ** 53]) {
    assert.throws(() => new Reader(memory, { after }), RangeError);
  }
});

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
