/**
 * A reader whose memory is larger than the writer's: macOS and Windows give whole pages, and do not
 * say how much of the last one another program asked for. That writer leaves no mark where there is no
 * room for one in its own memory.
 */

import assert from "node:assert/strict";
import test from "node:test";
import { inspect, Reader, segmentSize, Writer } from "../../mod.ts";
import { baseSeed, Random } from "../support/random.ts";
import { Raw } from "../support/segment.ts";

const RUNS = Number(process.env.RANDOM_RUNS ?? 300);

/** A writer's memory, and a larger one that shows the same, as far as that goes. */
class Pages {
  readonly memory: ArrayBuffer;
  readonly pages: ArrayBuffer;

  constructor(size: number, slack: number) {
    this.memory = new ArrayBuffer(size);
    this.pages = new ArrayBuffer(size + slack);
  }

  show(): void {
    new Uint8Array(this.pages).set(new Uint8Array(this.memory));
  }

  /** For a reader that copies what it looks at. */
  load = (from: number, to: number): void => {
    const end = Math.min(to, this.memory.byteLength);
    if (from >= end) return;
    new Uint8Array(this.pages).set(new Uint8Array(this.memory, from, end - from), from);
  };
}

test("an entry that ends where the writer's memory ends: the reader continues in chunk 0", () => {
  for (const rest of [0, 1, 2, 3]) {
    const both = new Pages(segmentSize(2, 32) + rest, 4096);
    const writer = Writer.create(both.memory, { chunkCount: 2, chunkSize: 32 });
    both.show();
    const reader = new Reader(both.pages);
    // So that the bytes that are left over hold something when the next lap ends before them.
    writer.write(new Uint8Array(writer.maxEntrySize).fill(0x7f));
    for (let number = 1; number <= 40; number++) {
      both.show();
      assert.equal(reader.read()?.sequenceNumber, number, `${rest} bytes are left over`);
      assert.equal(reader.read(), undefined);
      writer.write(new Uint8Array(12).fill(0x7f)); // two of them fill a chunk
    }
    assert.deepEqual([reader.lostEntries, reader.overruns], [0, 0]);
  }
});

test(`any entries in any memory, read after each, all of them come (seed ${baseSeed})`, () => {
  const random = new Random(baseSeed);
  for (let run = 0; run < RUNS; run++) {
    const chunkCount = 1 + random.below(4);
    const size = segmentSize(chunkCount, 40 + random.below(100)) + random.below(4);
    const both = new Pages(size, [4, 100, 4096, 16384, 65000][random.below(5)]);
    const writer = Writer.create(both.memory, { chunkCount });
    both.show();
    const readers = [new Reader(both.pages), new Reader(both.pages, { load: both.load })];
    const late = new Reader(both.pages);
    let lateCount = 0;
    // Sizes of few kinds meet the end more often.
    const sizes = Array.from({ length: 1 + random.below(3) }, () => random.below(50));
    for (let number = 1; number <= 150; number++) {
      const length = Math.min(sizes[random.below(sizes.length)], writer.maxEntrySize);
      const payload = new Uint8Array(length).fill(number);
      writer.write(payload);
      both.show();
      for (const reader of readers) {
        const entry = reader.read();
        const title = `run ${run}: entry ${number}, ${chunkCount} chunks in ${size} bytes`;
        assert.equal(entry?.sequenceNumber, number, title);
        assert.deepEqual(entry.bytes.slice(), payload);
        assert.equal(reader.read(), undefined, title);
        assert.equal(reader.lostEntries, 0);
      }
      if (random.below(6) === 0) {
        for (const entry of late) {
          lateCount++;
          assert.deepEqual(entry.sequenceNumber, lateCount + late.lostEntries);
        }
        assert.equal(lateCount + late.lostEntries, number, `late, run ${run}: entry ${number}`);
      }
      assert.equal(inspect(both.pages).lastSequenceNumber, number);
      assert.deepEqual(inspect(both.pages).damage, []);
    }
  }
});

test("a writer of the reference's kind changes the token of row 0 first: that is no new lap yet", () => {
  const both = new Pages(segmentSize(2, 32), 4096);
  const writer = Writer.create(both.memory, { chunkCount: 2, chunkSize: 32 });
  for (let i = 0; i < 4; i++) writer.write(new Uint8Array(12).fill(i)); // to the very end
  both.show();
  const reader = new Reader(both.pages);
  assert.equal([...reader].length, 4);
  const raw = new Raw(both.pages);
  const { offset } = raw.row(0);
  raw.setRow(0, offset, 4);
  assert.equal(reader.read(), undefined, "old entries under a new number");
  raw.setRow(0, offset, 4, false);
  assert.equal(reader.read(), undefined);
  writer.write(new Uint8Array(12).fill(4));
  both.show();
  const entry = reader.read();
  assert.deepEqual([entry?.sequenceNumber, entry?.bytes[0]], [5, 4]);
});

test("an empty log in a larger memory stays empty", () => {
  const both = new Pages(segmentSize(2, 32), 4096);
  Writer.create(both.memory, { chunkCount: 2, chunkSize: 32 });
  both.show();
  const reader = new Reader(both.pages);
  assert.equal(reader.read(), undefined);
  assert.equal(reader.readBatch().length, 0);
  assert.deepEqual([reader.overruns, reader.lostEntries], [0, 0]);
});

test("a writer that resumes in the larger memory is followed, too", () => {
  const both = new Pages(segmentSize(2, 64), 4096);
  const writer = Writer.create(both.memory, { chunkCount: 2, chunkSize: 64 });
  for (let i = 0; i < 8; i++) writer.write(new Uint8Array(12).fill(i)); // to the very end
  both.show();
  const reader = new Reader(both.pages);
  const resumed = Writer.resume(both.pages);
  let read = 0;
  for (let number = 9; number <= 800; number++) {
    assert.equal(resumed.write(new Uint8Array(12)), number);
    for (const entry of reader) assert.equal(entry.sequenceNumber, ++read);
  }
  assert.deepEqual([read, reader.lostEntries], [800, 0]);
});
