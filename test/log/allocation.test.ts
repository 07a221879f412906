/** The hot paths allocate nothing per entry: by V8's own counter of allocated bytes. */

import assert from "node:assert/strict";
import test from "node:test";
import { Reader, segmentSize, Writer } from "../../mod.ts";
import { allocatedBy, noCounter } from "../support/allocations.ts";

const COUNT = 200_000;

const kept: unknown[] = [];

test(
  "write, writeMany, forEach and readBatch allocate nothing per entry",
  { skip: noCounter },
  () => {
    const memory = new ArrayBuffer(segmentSize(16, 65536));
    const writer = Writer.create(memory, { chunkCount: 16 });
    const reader = new Reader(memory);
    const payloads = [1, 20, 40, 300].map((length) => new Uint8Array(length));
    const batch = Array.from({ length: 32 }, (_, i) => payloads[i % 4]);
    let sum = 0;
    const visit = (entry: { length: number }) => {
      sum = (sum + entry.length) | 0;
    };
    // The counter counts.
    assert.ok(
      allocatedBy(() => {
        for (let i = 0; i < COUNT; i++) kept[i & 7] = { i };
      }, COUNT) >= 16,
    );
    const paths: Record<string, () => void> = {
      write() {
        for (let i = 0; i < COUNT; i++) writer.write(payloads[i & 3]);
      },
      writeMany() {
        for (let i = 0; i < COUNT; i += 32) writer.writeMany(batch);
      },
      forEach() {
        for (let i = 0; i < COUNT; i += 32) {
          writer.writeMany(batch);
          if (i % 1024 === 0) { while (reader.forEach(visit) > 0); }
        }
      },
      readBatch() {
        for (let i = 0; i < COUNT; i += 32) {
          writer.writeMany(batch);
          if (i % 1024 === 0) { while (reader.readBatch().length > 0); }
        }
      },
    };
    for (const [path, run] of Object.entries(paths)) {
      // A chunk's beginning takes some bytes, an entry none.
      const bytes = allocatedBy(run, COUNT, 4);
      assert.ok(bytes < 4, `${path}: ${bytes} bytes per entry`);
    }
  },
);
