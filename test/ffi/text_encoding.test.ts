/** The runtime's fast encoding gives the bytes that TextEncoder gives. */

import assert from "node:assert/strict";
import test from "node:test";
import { textEncoding } from "../../ffi/mod.ts";
import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { baseSeed, Random } from "../support/random.ts";
import { uniqueName } from "../support/runtime.ts";

const PIECES = ["a", "Z ", "\0", "\x7f", "ä", "ÿ", "€", "\uffff", "😀", "\ud800", "\udfff"];

function randomText(random: Random): string {
  const pieces = random.below(2) === 0 ? 4 : PIECES.length;
  const count = random.below([10, 100, 2000][random.below(3)]);
  // Concatenation makes ropes; half of them are made flat.
  let text = "";
  for (let i = 0; i < count; i++) text += PIECES[random.below(pieces)];
  return random.below(2) === 0 ? text : [...text].join("");
}

test(`textEncoding writes what TextEncoder writes, and nothing beyond (seed ${baseSeed})`, () => {
  const random = new Random(baseSeed);
  const memory = new Uint8Array(16384);
  const write = textEncoding.writerInto(memory);
  const encoder = new TextEncoder();
  for (let round = 0; round < 2000; round++) {
    const text = randomText(random);
    const expected = encoder.encode(text);
    assert.equal(textEncoding.byteLength(text), expected.length);
    const at = 4 * random.below(1000);
    const capacity = expected.length + (random.below(2) === 0 ? 0 : random.below(100));
    memory.fill(0xee);
    assert.equal(write(text, at, capacity), expected.length);
    assert.deepEqual(memory.slice(at, at + expected.length), expected);
    assert.ok(memory.subarray(0, at).every((byte) => byte === 0xee));
    assert.ok(memory.subarray(at + expected.length).every((byte) => byte === 0xee));
  }
});

test(`text comes out of a log as it went in, one by one and many at once (seed ${baseSeed})`, () => {
  const random = new Random(baseSeed + 1);
  const name = uniqueName();
  using writer = ShmLogWriter.create(name, {
    unlinkOnClose: true,
    chunkSize: 16384,
    chunkCount: 4,
  });
  using reader = ShmLogReader.open(name);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  for (let round = 0; round < 300; round++) {
    const texts = Array.from({ length: 1 + random.below(6) }, () => randomText(random));
    if (round % 2 === 0) { for (const text of texts) writer.write(text); }
    else writer.writeMany(texts);
    const expected = texts.map((text) => decoder.decode(new TextEncoder().encode(text)));
    const read: string[] = [];
    for (let batch = reader.readBatch(); batch.length > 0; batch = reader.readBatch()) {
      read.push(...batch.texts());
    }
    assert.deepEqual(read, expected);
  }
});

test("text that just fits, and text that just does not, at the end of a log", () => {
  const name = uniqueName();
  using writer = ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize: 4096, chunkCount: 1 });
  using reader = ShmLogReader.open(name);
  const most = writer.maxEntrySize;
  const euros = Math.floor(most / 3);
  for (const text of ["x".repeat(most), "€".repeat(euros) + "x".repeat(most % 3)]) {
    writer.write(text);
    assert.equal(reader.read()?.text, text);
    const total = writer.totalEntriesWritten;
    assert.throws(() => writer.write(text + "x"), RangeError);
    assert.throws(() => writer.writeMany([text + "x"]), RangeError);
    assert.equal(writer.totalEntriesWritten, total);
  }
});
