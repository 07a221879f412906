/** The hot paths allocate nothing per entry: by V8's own counter of allocated bytes. */

import assert from "node:assert/strict";
import test from "node:test";
import v8 from "node:v8";
import { Reader, segmentSize, Writer } from "../../mod.ts";

const COUNT = 200_000;

function allocatedBytes(): number {
  const heap = v8.getHeapStatistics() as { total_allocated_bytes?: number };
  return "Bun" in globalThis ? NaN : heap.total_allocated_bytes ?? NaN;
}

/** How often a path is run at most until the engine has compiled it, in its own time. */
const MOST_RUNS = 50;

/** Bytes allocated per entry by the first run that allocates less than `enough`, else the least. */
function allocatedBy(run: () => void, enough = 0): number {
  let least = Infinity;
  for (let i = 0; i < MOST_RUNS && least >= enough; i++) {
    const before = allocatedBytes();
    run();
    least = Math.min(least, (allocatedBytes() - before) / COUNT);
  }
  return least;
}

const kept: unknown[] = [];

test("write, writeMany, forEach and readBatch allocate nothing per entry", (t) => {
  if (Number.isNaN(allocatedBytes())) return t.skip("this runtime does not count allocations");
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
    }) >= 16,
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
    const bytes = allocatedBy(run, 4);
    assert.ok(bytes < 4, `${path}: ${bytes} bytes per entry`);
  }
});
