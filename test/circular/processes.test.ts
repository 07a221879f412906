/** A writer and readers on all runtimes as processes: not one torn message; and death of a writer. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import {
  CircularBufferReader,
  type CircularBufferSpec,
  CircularBufferWriter,
  WriterLockedError,
} from "../../src/circular/mod.ts";
import { assertGone, newSpec } from "../support/circular_specs.ts";
import { type Child, partners, runtimes, sameOnAll, startChild } from "../support/runtime.ts";

const SECONDS = Number(process.env.CIRCULAR_SECONDS ?? 0.3);
const writerFile = new URL("children/writer.ts", import.meta.url);
const originalFile = new URL("children/original.ts", import.meta.url);
const readerFile = new URL("children/reader.ts", import.meta.url);

function args({ indexName, dataName, capacity }: CircularBufferSpec): (string | number)[] {
  return [indexName, dataName, capacity];
}

const wait = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

for (
  const [kind, file, capacity, burst] of [
    ["our", writerFile, 4096, 10_000],
    ["our", writerFile, 65_536, 200],
    ["our", writerFile, 1 << 20, 10_000],
    ["the original's kind of", originalFile, 3000, 10_000],
    ["the original's kind of", originalFile, 65_536, 200],
  ] as const
) {
  // What plays the original's writer stores the same on each runtime.
  const skip = kind !== "our" && sameOnAll;
  test(`readers get nothing torn of ${kind} writer, ${capacity} bytes, bursts of ${burst}`, {
    skip,
  }, async () => {
    const spec = newSpec(capacity);
    const children: Child[] = [];
    try {
      const writer = startChild(file, [...args(spec), burst]);
      children.push(writer);
      await writer.nextLine();
      const readers = runtimes.map((runtime, i) =>
        startChild(readerFile, [...args(spec), String(i % 2 === 0)], runtime)
      );
      children.push(...readers);
      for (const reader of readers) await reader.nextLine();
      await wait(SECONDS * 1000);
      // A reader may be so slow on a busy machine that it is always lapped: let it catch up once.
      await writer.say("pause");
      await writer.nextLine();
      for (const reader of readers) {
        await reader.say("settle");
        await reader.nextLine();
      }
      await writer.say("end");
      const total = Number(await writer.nextLine());
      for (const reader of readers) {
        await reader.say("stop");
        const seen = JSON.parse(await reader.nextLine());
        if (process.env.VERBOSE !== undefined) console.log(total, JSON.stringify(seen));
        assert.equal(seen.wrong, 0, JSON.stringify(seen));
        assert.equal(seen.last, total, JSON.stringify(seen));
      }
      for (const child of children) assert.equal(await child.ended(), 0);
    } finally {
      for (const child of children) await child.kill();
      CircularBufferWriter.remove(spec);
    }
    assertGone(spec);
  });
}

test("a writer that is alive keeps others out; one that was killed does not", async () => {
  for (const runtime of partners) {
    const spec = newSpec(4096);
    const child = startChild(writerFile, [...args(spec), 100], runtime);
    try {
      await child.nextLine();
      assert.throws(() => CircularBufferWriter.open(spec), WriterLockedError);
      assert.throws(() => CircularBufferWriter.remove(spec), WriterLockedError);
      using reader = CircularBufferReader.open(spec);
      await wait(50);
      await child.kill();
      using writer = CircularBufferWriter.open(spec);
      // What the dead one wrote and what was lost of it, and then ours.
      for (const _ of reader);
      writer.write(new Uint8Array([1, 2, 3]));
      assert.deepEqual(reader.read(), new Uint8Array([1, 2, 3]));
      // The dead one is still in the count.
      assert.equal(writer.referenceCount, 3);
    } finally {
      await child.kill();
      CircularBufferWriter.remove(spec);
    }
    assertGone(spec);
  }
});

test("processes that open and close one buffer at once leave nothing behind", async () => {
  const spec = newSpec(4096);
  const churnerFile = new URL("children/churner.ts", import.meta.url);
  const children = runtimes.map((on) => startChild(churnerFile, [...args(spec), 300], on));
  try {
    for (const child of children) assert.ok(Number(await child.nextLine()) > 0);
    for (const child of children) assert.equal(await child.ended(), 0);
    assertGone(spec);
  } finally {
    for (const child of children) await child.kill();
    CircularBufferWriter.remove(spec);
  }
});
