/** Batches of entries: what they give as texts, and as bytes. */

import assert from "node:assert/strict";
import test from "node:test";
import { Reader, segmentSize, Writer } from "../../mod.ts";
import { baseSeed, Random } from "../support/random.ts";

/** Pieces that are ASCII, longer in UTF-8, and no UTF-8 at all, cut short ones among them. */
const PIECES = ["61", "7f", "00", "c3a4", "e282ac", "f09f9880", "efbbbf", "80", "c3", "e282", "ff"]
  .map((hex) => Uint8Array.from(hex.match(/../g)!, (byte) => parseInt(byte, 16)));

function randomPayload(random: Random, pieces: number): Uint8Array {
  const count = random.below(20);
  return Uint8Array.from(
    Array.from({ length: count }, () => [...PIECES[random.below(pieces)]]).flat(),
  );
}

test(`texts() gives what text() gives, whatever the bytes (seed ${baseSeed})`, () => {
  const random = new Random(baseSeed);
  const memory = new ArrayBuffer(segmentSize(4, 1024));
  const writer = Writer.create(memory, { chunkCount: 4 });
  const reader = new Reader(memory);
  for (let round = 0; round < 500; round++) {
    // Every other round ASCII only, in memory that is full of the other kind: padding is not zero.
    const pieces = round % 2 === 0 ? 3 : PIECES.length;
    const count = random.below(12);
    const payloads = Array.from({ length: count }, () => randomPayload(random, pieces));
    for (const payload of payloads) writer.write(payload);
    // Sometimes read() has been there first.
    const before = random.below(3) === 0 && reader.read() !== undefined ? 1 : 0;
    const texts: string[] = [];
    for (let batch = reader.readBatch(5); batch.length > 0; batch = reader.readBatch(5)) {
      const one = Array.from({ length: batch.length }, (_, i) => batch.text(i));
      const bytes = Array.from({ length: batch.length }, (_, i) => batch.bytes(i).slice());
      assert.deepEqual(batch.texts(), one);
      // Decoding leaves the payloads alone.
      bytes.forEach((payload, i) => assert.deepEqual(batch.bytes(i), payload));
      assert.deepEqual(batch.texts(), one);
      texts.push(...one);
    }
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    assert.deepEqual(texts, payloads.slice(before).map((payload) => decoder.decode(payload)));
  }
});

test("texts() of large entries and of none", () => {
  const memory = new ArrayBuffer(segmentSize(4, 65536));
  const writer = Writer.create(memory, { chunkCount: 4 });
  const reader = new Reader(memory);
  assert.deepEqual(reader.readBatch().texts(), []);
  const large = ["x".repeat(5000), "ä".repeat(3000), ""];
  writer.writeMany(large);
  assert.deepEqual(reader.readBatch().texts(), large);
});

test("forEach shows entries of any size in place, up to 1 MiB of them at a time", () => {
  const memory = new ArrayBuffer(segmentSize(2, 4 << 20));
  const writer = Writer.create(memory, { chunkCount: 2 });
  const reader = new Reader(memory);
  for (let i = 0; i < 5; i++) writer.write(new Uint8Array(300_000).fill(i));
  writer.write(new Uint8Array(2 << 20).fill(9));
  const seen: number[][] = [];
  const visit = () => {
    const batch: number[] = [];
    const count = reader.forEach((entry) => {
      assert.equal(entry.at(0), entry.at(entry.length - 1));
      assert.equal(entry.at(entry.length), undefined);
      batch.push(entry.sequenceNumber);
    });
    assert.equal(count, batch.length);
    seen.push(batch);
    return count;
  };
  while (visit() > 0);
  assert.deepEqual(seen, [[1, 2, 3], [4, 5], [6], []]);
});
