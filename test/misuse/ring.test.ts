/** A ring of items that is used wrongly: a typed error, and the items as they were. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { Writer } from "../../mod.ts";
import { EventWriter } from "../../src/events/mod.ts";
import { CorruptRingError, MemMapRingBuffer, Ring } from "../../src/ring/mod.ts";
import { notPayloads, ofAnotherRealm } from "../support/misuse.ts";

/** A ring with two items, and a check that it has exactly `more` beside them. */
function makeRing() {
  const memory = new ArrayBuffer(1024);
  const ring = Ring.format(memory);
  ring.put("first");
  ring.put("second");
  const isSound = (...more: string[]) => {
    for (const items of [ring, new Ring(memory.slice())]) {
      const texts = [...items].map((item) => new TextDecoder().decode(item));
      assert.deepEqual(texts, ["first", "second", ...more]);
      assert.equal(items.length, 2 + more.length);
    }
  };
  return { ring, isSound };
}

for (const [name, value] of notPayloads) {
  test(`put() of ${name} is a TypeError, and puts nothing`, () => {
    const { ring, isSound } = makeRing();
    assert.throws(() => ring.put(value as string), {
      name: "TypeError",
      message: /^(item is |Method get TypedArray|Receiver|undefined is not)/,
    });
    isSound();
  });
}

test("put() takes text with lone surrogates, and bytes of another realm", () => {
  const { ring, isSound } = makeRing();
  ring.put("\ud800");
  ring.put(ofAnotherRealm<Uint8Array>("new Uint8Array([104, 105])"));
  ring.put(new Uint8Array(0));
  isSound("\ufffd", "hi", "");
});

test("an item that is too large is a RangeError that says how much there may be", () => {
  const { ring, isSound } = makeRing();
  assert.throws(
    () => ring.put(new Uint8Array(1024)),
    /^RangeError: item of 1024 bytes exceeds the maximum of 1003/,
  );
  isSound();
});

const strangers: readonly (readonly [string, () => Uint8Array])[] = [
  ["a text", () => new TextEncoder().encode("A letter to somebody who is not here.\n".repeat(100))],
  ["a log", () => {
    const memory = new ArrayBuffer(4096);
    Writer.create(memory, { chunkCount: 4 }).write("keep me");
    return new Uint8Array(memory);
  }],
  ["a log of events", () => {
    const memory = new ArrayBuffer(4096);
    EventWriter.create(memory).writeEvent({ timestamp: 1, type: 1 }, "keep me");
    return new Uint8Array(memory);
  }],
  ["a gzip file", () => gzipSync("keep me".repeat(1000))],
  ["a program", () => readFileSync(process.execPath).subarray(0, 65536)],
  ["a file that begins with zeros", () => new Uint8Array(1024).fill(7, 200)],
];

for (const [name, make] of strangers) {
  test(`open() and repair() of ${name} are errors that say so, and leave it as it is`, () => {
    const folder = mkdtempSync(join(tmpdir(), "misuse-ring-"));
    try {
      const path = join(folder, "file");
      const bytes = make();
      writeFileSync(path, bytes);
      for (const call of [() => MemMapRingBuffer.open(path), () => MemMapRingBuffer.repair(path)]) {
        assert.throws(call, (error) => {
          assert.ok(error instanceof CorruptRingError);
          assert.match(error.message, /^not a ring: .*Nothing was changed/);
          return true;
        });
        assert.ok(readFileSync(path).equals(bytes));
      }
      assert.throws(
        () => MemMapRingBuffer.open(path),
        (error: Error) => !/repair/.test(error.message),
      );
      MemMapRingBuffer.reset(path);
      using ring = MemMapRingBuffer.open(path);
      assert.equal(ring.length, 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
