/** Logs that cannot be: each reader says so, and follows nothing that leads astray. */

import assert from "node:assert/strict";
import test from "node:test";
import { CorruptLogError, inspect, Reader, UnsupportedLogError } from "../../mod.ts";
import { COMMIT } from "../support/segment.ts";
import { DATA, makeLog, writeSome } from "../support/small_log.ts";

const numbers = (reader: Reader) => [...reader].map((entry) => entry.sequenceNumber);

test("entries of length 2, 3 or past the end are a CorruptLogError, each time", () => {
  for (const header of [2, 3, 1000, 0x7fffffff]) {
    const { raw, memory, writer } = makeLog();
    writeSome(writer, 2);
    raw.setU32(DATA + 16, COMMIT | header);
    const reader = new Reader(memory);
    assert.equal(reader.read()?.sequenceNumber, 1);
    for (
      const read of [() => reader.read(), () => reader.readBatch(), () => reader.forEach(() => {})]
    ) {
      assert.throws(
        read,
        (error: Error) => error instanceof CorruptLogError && error.offset === DATA + 16,
      );
    }
    const damage = inspect(memory).damage;
    assert.equal(damage.length, 1);
  }
});

test("rows with offsets that cannot be are a CorruptLogError or ignored, never followed", () => {
  for (const offset of [0, 8, DATA - 4, DATA + 1, DATA + 2, 100_000, 2 ** 40, 2 ** 52]) {
    const { raw, memory, writer } = makeLog();
    writeSome(writer, 3);
    raw.setRow(1, offset, 3);
    const reader = new Reader(memory);
    assert.throws(() => numbers(reader), CorruptLogError, `offset ${offset}`);
    assert.equal(new Reader(memory, { strategy: "latest" }).read()?.sequenceNumber, 1);
    assert.equal(inspect(memory).chunks[1].state, "damaged");
    raw.setRow(0, offset, 0);
    assert.equal(new Reader(memory, { strategy: "oldest" }).read(), undefined);
  }
});

test("a token above 2^53 - 1 is not believed", () => {
  const { raw, memory, writer } = makeLog();
  writeSome(writer, 3);
  raw.setRow(1, DATA + 48, 2n ** 60n);
  assert.equal(new Reader(memory, { strategy: "latest" }).read()?.sequenceNumber, 1);
});

test("a memory that is no log is an UnsupportedLogError; a header that cannot be, a CorruptLogError", () => {
  const { raw, memory } = makeLog();
  for (const size of [0, 4, 15, 16, 4096]) {
    assert.throws(() => new Reader(new ArrayBuffer(size)), UnsupportedLogError);
    assert.throws(() => inspect(new ArrayBuffer(size)), UnsupportedLogError);
  }
  assert.throws(() => new Reader(memory.slice(0, 16)), CorruptLogError);
  for (const count of [0, 17, 18, 0x10000000, 0xffffffff]) {
    raw.setU32(12, count);
    if (count === 0 || count > 20) assert.throws(() => new Reader(memory), CorruptLogError);
    else {assert.throws(() =>
        numbers(new Reader(memory.slice(0, 16 + 16 * count))), CorruptLogError);}
  }
});
