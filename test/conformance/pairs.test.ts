/** A writer on this runtime and readers on every runtime, as processes, on one segment. */

import assert from "node:assert/strict";
import test from "node:test";
import { SharedMemory } from "../../ffi/mod.ts";
import { runtimes, sameOnAll, startChild, thisRuntime, uniqueName } from "../support/runtime.ts";

const writerFile = new URL("children/writer.ts", import.meta.url);
const readerFile = new URL("children/reader.ts", import.meta.url);

interface Shape {
  title: string;
  chunkSize: number;
  chunkCount: number;
  most: number;
  entries: number;
  pause?: number;
}

const shapes: Shape[] = [
  {
    title: "a roomy log",
    chunkSize: 1 << 20,
    chunkCount: 4,
    most: 3000,
    entries: 15_000,
    pause: 1,
  },
  { title: "a tight log", chunkSize: 1024, chunkCount: 4, most: 3000, entries: 20_000 },
  { title: "a single chunk", chunkSize: 4096, chunkCount: 1, most: 4092, entries: 20_000 },
];
const ways = ["read", "batch", "forEach"];

test("there are other runtimes to pair with", () => {
  assert.ok(runtimes.length >= 2, runtimes.map(({ name }) => name).join(", "));
});

for (const reading of runtimes) {
  for (const [i, { title, chunkSize, chunkCount, most, entries, pause }] of shapes.entries()) {
    const way = ways[(i + runtimes.indexOf(reading)) % 3];
    // Each pair has one of the shapes, each writer and reader has all of them; Bun has all with each.
    const own = runtimes.findIndex(({ name }) => name === thisRuntime.name);
    const skip = (own + runtimes.indexOf(reading)) % 3 !== i && sameOnAll;
    test(
      `${thisRuntime.name} writes, ${reading.name} reads (${way}): ${title}`,
      { skip },
      async () => {
        const name = uniqueName();
        const args = [name, entries, most, chunkSize, chunkCount, ...(pause ? [pause] : [])];
        const writer = startChild(writerFile, args);
        const children = [writer];
        try {
          assert.equal(await writer.nextLine(), "0");
          const reader = startChild(readerFile, [name, entries, most, way], reading);
          children.push(reader);
          assert.equal(await reader.nextLine(), "ready");
          await writer.say("go");
          const [result] = await Promise.all([reader.nextLine(), writer.nextLine()]);
          const { read, wrong, notGrowing, lost, last } = JSON.parse(result);
          assert.deepEqual({ wrong, notGrowing, last }, { wrong: 0, notGrowing: 0, last: entries });
          assert.equal(read + lost, entries, "read + lost = written");
          assert.equal(await reader.ended(), 0);
          await writer.say("end");
          assert.equal(await writer.ended(), 0);
        } finally {
          for (const child of children) await child.kill();
          SharedMemory.unlink(name);
        }
      },
    );
  }
}
