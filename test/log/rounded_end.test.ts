/** A log whose memory goes on behind its end: a system that gives whole pages says no other size. */

import assert from "node:assert/strict";
import test from "node:test";
import { Reader, segmentSize, Writer } from "../../mod.ts";
import { loadFixtures } from "../support/fixtures.ts";
import { baseSeed, payloadOf, Random, sameBytes } from "../support/random.ts";

const PAGE = 4096;

/** `memory` as a reader has it that sees whole pages. */
function rounded(memory: Uint8Array) {
  const pages = new Uint8Array(Math.ceil(memory.length / PAGE) * PAGE);
  pages.set(memory);
  return pages;
}

test("logs of the reference in whole pages give what they give without", () => {
  let count = 0;
  for (const fixture of loadFixtures()) {
    if (fixture.name.startsWith("bug_") || fixture.name.startsWith("crash_")) continue;
    for (const strategy of ["auto", "latest", "oldest"] as const) {
      const image = fixture.image();
      const expected = [...new Reader(image, { strategy })];
      const pages = rounded(new Uint8Array(image)).buffer;
      assert.deepEqual(
        [...new Reader(pages, { strategy })],
        expected,
        `${fixture.name} ${strategy}`,
      );
      count += expected.length;
    }
  }
  assert.ok(count > 100, `${count} entries`);
});

test(`a reader of whole pages follows a writer that ends before (seed ${baseSeed})`, () => {
  const random = new Random(baseSeed);
  for (let run = 0; run < 200; run++) {
    const chunkCount = 1 + random.below(4);
    const size = segmentSize(chunkCount, 200 + 4 * random.below(100));
    // The writer's part is the start of the reader's: copied, as it can't be both.
    const memory = new ArrayBuffer(size);
    const pages = rounded(new Uint8Array(memory));
    const writer = Writer.create(memory, { chunkCount });
    pages.set(new Uint8Array(memory));
    const reader = new Reader(pages.buffer);
    let read = 0;
    for (let number = 1; number <= 300; number++) {
      // Words, so that many laps end exactly where the memory does.
      const payload = payloadOf(number, 4 * random.below(30));
      writer.write(payload);
      pages.set(new Uint8Array(memory));
      if (random.below(3) > 0) continue;
      for (const entry of reader) {
        read++;
        const { length } = entry.bytes;
        assert.ok(sameBytes(entry.bytes, payloadOf(entry.sequenceNumber, length)));
      }
      assert.equal(reader.lastSequenceNumber, number, `run ${run} of seed ${baseSeed}`);
      assert.equal(read + reader.lostEntries, number);
    }
  }
});

test("a lap that ends exactly at the writer's end, without a mark, continues in chunk 0", () => {
  for (const copies of [false, true]) {
    const size = segmentSize(2, 100);
    const memory = new ArrayBuffer(size);
    const writer = Writer.create(memory, { chunkCount: 2 });
    const pages = rounded(new Uint8Array(memory));
    const load = (from: number, to: number) => {
      pages.set(new Uint8Array(memory).subarray(from, to), from);
    };
    const reader = new Reader(pages.buffer, copies ? { load } : {});
    const write = (length: number) => {
      writer.write(new Uint8Array(length).fill(1));
      if (!copies) pages.set(new Uint8Array(memory));
    };
    const numbers = () => [...reader].map((entry) => entry.sequenceNumber);
    // 200 bytes in all: five entries of 40 with their headers.
    for (let i = 0; i < 5; i++) write(36);
    assert.deepEqual(numbers(), [1, 2, 3, 4, 5]);
    assert.deepEqual(numbers(), [], "nothing was written after the end yet");
    write(36);
    assert.deepEqual(numbers(), [6]);
    assert.deepEqual([reader.lostEntries, reader.overruns], [0, 0]);
  }
});
