/** Damaged and malicious images: typed errors or entries, never a crash, a hang, or a foreign byte. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import {
  inspect,
  OuroborosError,
  Reader,
  type ReaderOptions,
  type ReadStrategy,
  segmentSize,
  Writer,
} from "../../mod.ts";
import { loadFixtures } from "../support/fixtures.ts";
import { baseSeed, payloadOf, Random } from "../support/random.ts";

const RUNS = Number(process.env.HOSTILE_RUNS ?? 20_000);
const STRATEGIES: ReadStrategy[] = ["auto", "latest", "lowest"];

/** Values that are on the edge of something. */
const EDGES = [0, 1, 2, 3, 4, 5, 8, 0x7f, 0xff, 0x7fffffff, 0x80000000, 0x80000001, 0x80000002]
  .concat([0x80000003, 0x80000004, 0x80000005, 0xfffffffc, 0xffffffff, 0x7ffffffc]);

function makeImage(random: Random, images: ArrayBuffer[]): ArrayBuffer {
  const kind = random.below(4);
  if (kind === 0) return images[random.below(images.length)].slice(0);
  const chunkCount = 1 + random.below(8);
  const memory = new ArrayBuffer(segmentSize(chunkCount, 16 + random.below(200)) + random.below(4));
  if (kind === 1) {
    const bytes = new Uint8Array(memory);
    for (let i = 16; i < bytes.length; i++) bytes[i] = random.below(256);
    new BigUint64Array(memory, 0, 1)[0] = 0x4f55524f424c4f47n;
    new Uint32Array(memory, 8, 2).set([1, chunkCount]);
    return memory;
  }
  const writer = Writer.create(memory, { chunkCount });
  for (let n = random.below(60); n > 0; n--) {
    writer.write(payloadOf(n, random.below(Math.min(80, writer.maxEntrySize + 1))));
  }
  return memory;
}

/** Changes some words: of the header, of the table, of entries, to edges, neighbours or anything. */
function damage(random: Random, memory: ArrayBuffer): ArrayBuffer {
  const words = new Uint32Array(memory, 0, memory.byteLength >>> 2);
  const table = Math.min(4 + 4 * (words[3] ?? 0), words.length);
  for (let n = random.below(6); n > 0; n--) {
    const part = random.below(8);
    const at = part === 0
      ? random.below(4)
      : part < 5
      ? 4 + random.below(Math.max(table - 4, 1))
      : random.below(words.length);
    if (at >= words.length) continue;
    const how = random.below(4);
    if (how === 0) words[at] = EDGES[random.below(EDGES.length)];
    else if (how === 1) words[at] += random.below(17) - 8;
    else if (how === 2) words[at] ^= 1 << random.below(32);
    else words[at] = words[random.below(words.length)];
  }
  if (random.below(8) === 0) return memory.slice(0, random.below(memory.byteLength + 1));
  return memory;
}

/** Only our errors; anything else is a bug. */
function tolerate(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof OuroborosError)) throw error;
  }
}

/** A reader of the memory itself, or of copies of it that are made as it asks for them. */
function readerOf(memory: ArrayBuffer, options: ReaderOptions, random: Random): Reader {
  if (random.below(4) > 0) return new Reader(memory, options);
  const there = new Uint8Array(memory);
  const copy = new Uint8Array(new ArrayBuffer(memory.byteLength)).fill(0xff);
  return new Reader(copy.buffer, {
    ...options,
    load: (from, to) => {
      assert.ok(from <= to && from >= 0 && to <= memory.byteLength, `load from ${from} to ${to}`);
      copy.set(there.subarray(from, to), from);
    },
  });
}

/** Each entry takes at least 4 bytes of one lap, and no number comes twice. */
function drain(reader: Reader, memory: ArrayBuffer, way: number): void {
  const most = memory.byteLength;
  let last = 0;
  let count = 0;
  const take = (sequenceNumber: number, length: number) => {
    assert.ok(sequenceNumber > last, `${sequenceNumber} after ${last}`);
    assert.ok(length >= 0 && length <= memory.byteLength, `${length} bytes`);
    assert.ok(++count <= most, "it ends");
    last = sequenceNumber;
  };
  for (;;) {
    if (way === 0) {
      const entry = reader.read();
      if (entry === undefined) return;
      take(entry.sequenceNumber, entry.bytes.length);
    } else if (way === 1) {
      const batch = reader.readBatch();
      if (batch.length === 0) return;
      for (let i = 0; i < batch.length; i++) take(batch.sequenceNumber(i), batch.bytes(i).length);
    } else if (
      reader.forEach((entry) => take(entry.sequenceNumber, entry.bytes().length)) === 0
    ) return;
  }
}

test(`hostile images give typed errors or entries (seed ${baseSeed}, ${RUNS} images)`, () => {
  const images = loadFixtures().map((fixture) => fixture.image()).filter(
    ({ byteLength }) => byteLength < 10_000,
  );
  for (let i = 0; i < RUNS; i++) {
    const random = new Random(baseSeed + i);
    const memory = damage(random, makeImage(random, images));
    try {
      for (const strategy of STRATEGIES) {
        for (const onDamage of ["throw", "skip"] as const) {
          const options = { strategy, onDamage };
          tolerate(() => drain(readerOf(memory, options, random), memory, random.below(3)));
        }
      }
      tolerate(() => {
        const info = inspect(memory);
        assert.ok(info.entries <= memory.byteLength / 4 * info.chunkCount);
      });
      const before = memory.byteLength;
      tolerate(() => {
        const writer = Writer.resume(memory);
        const reader = new Reader(memory, { strategy: "latest", onDamage: "skip" });
        drain(reader, memory, 0);
        if (writer.maxEntrySize < 16) return;
        const total = writer.totalEntriesWritten;
        for (let n = 1; n <= 20; n++) assert.equal(writer.write("abc"), total + n);
        writer.writeMany(["d", "e"]);
        assert.equal(new Reader(memory, { strategy: "latest" }).readBatch().length > 0, true);
      });
      assert.equal(memory.byteLength, before);
    } catch (error) {
      throw new Error(`image of SEED=${baseSeed + i} HOSTILE_RUNS=1`, { cause: error });
    }
  }
});
