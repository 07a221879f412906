/** A reader at the end of a chunk: which row it goes on with, and when. */

import assert from "node:assert/strict";
import test from "node:test";
import { Reader } from "../../mod.ts";
import { COMMIT } from "../support/segment.ts";
import { DATA, makeLog, writeSome } from "../support/small_log.ts";

const numbers = (reader: Reader) => [...reader].map((entry) => entry.sequenceNumber);

test("a next row at our offset with a token above ours is our chunk, before its commit too", () => {
  const { raw, memory, writer } = makeLog();
  writeSome(writer, 4);
  const reader = new Reader(memory);
  assert.equal(numbers(reader).length, 4);
  writer.write("fifth");
  // The reference's order: the entry is committed, its row not yet.
  raw.setRow(1, DATA + 64, 4, false);
  const entry = reader.read();
  assert.deepEqual([entry?.sequenceNumber, entry?.chunkIndex, entry?.text], [5, 1, "fifth"]);
  raw.setRow(1, DATA + 64, 4, true);
  writer.write("sixth");
  assert.equal(reader.read()?.sequenceNumber, 6);
  assert.deepEqual([reader.lostEntries, reader.overruns], [0, 0]);
});

test("a chunk that was entered without noticing is adopted: nothing twice, no false overrun", () => {
  const { raw, memory, writer } = makeLog();
  writeSome(writer, 4);
  const reader = new Reader(memory);
  writeSome(writer, 2);
  raw.setRow(1, 0, 0, false); // the reference has not come to the row yet
  assert.deepEqual(numbers(reader), [1, 2, 3, 4, 5, 6]);
  raw.setRow(1, DATA + 64, 4, true);
  writeSome(writer, 2);
  assert.deepEqual(numbers(reader), [7, 8]);
  writeSome(writer, 8); // 16
  raw.setRow(0, 0, 0, false); // chunk 0 goes: of no concern to a reader of chunk 1 and later
  assert.equal(numbers(reader).length, 8);
  assert.deepEqual([reader.lostEntries, reader.overruns], [0, 0]);
});

test("a stale row at our offset means that nothing of ours is there yet", () => {
  const { memory, writer } = makeLog();
  writeSome(writer, 16);
  const reader = new Reader(memory, { strategy: "latest" });
  assert.equal(numbers(reader).length, 4);
  writeSome(writer, 1, 56); // chunk 0 up to +60: row 1 of lap 1 is at +64 and intact
  assert.deepEqual(numbers(reader), [17]);
  assert.equal(reader.read(), undefined);
});

test("a wrap mark leads to chunk 0 when it has a newer token, and not before", () => {
  const { raw, memory, writer } = makeLog();
  writeSome(writer, 15);
  const reader = new Reader(memory);
  assert.equal(numbers(reader).length, 15);
  raw.setU32(DATA + 240, COMMIT | 1);
  assert.equal(reader.read(), undefined);
  raw.setU32(DATA + 240, 0);
  writer.write(new Uint8Array(40));
  assert.equal(reader.read()?.sequenceNumber, 16);
});
