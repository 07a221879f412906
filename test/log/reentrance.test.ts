/** A reader within its own visitor, visitors that throw, and counts that are none. */

import assert from "node:assert/strict";
import test from "node:test";
import { EntryBatch, type EntryView, Reader, ReentrantUseError } from "../../mod.ts";
import { makeLog } from "../support/small_log.ts";

const USES: Record<string, (reader: Reader) => unknown> = {
  "read()": (reader) => reader.read(),
  "readBatch()": (reader) => reader.readBatch(),
  "readBatch() of a batch of its own": (reader) => reader.readBatch(1, new EntryBatch()),
  "forEach()": (reader) => reader.forEach(() => {}),
  "for...of": (reader) => [...reader],
};

function logOf(...texts: string[]) {
  const log = makeLog(256);
  log.writer.writeMany(texts);
  return { ...log, reader: new Reader(log.memory) };
}

function textsOf(reader: Reader): string[] {
  const texts: string[] = [];
  while (reader.forEach((entry) => texts.push(`${entry.sequenceNumber}${entry.text}`)) > 0);
  return texts;
}

for (const [name, use] of Object.entries(USES)) {
  test(`${name} within forEach() of the same reader is an error, and takes nothing`, () => {
    // Of what is in the segment, and of what read() has copied ahead.
    for (const ahead of [0, 1]) {
      const { memory, writer, reader } = logOf("a", "b", "c", "d");
      for (let i = 0; i < ahead; i++) reader.read();
      const errors: unknown[] = [];
      const seen: string[] = [];
      const count = reader.forEach((entry) => {
        seen.push(entry.text);
        try {
          use(reader);
        } catch (error) {
          errors.push(error);
        }
      });
      assert.deepEqual(seen, ["a", "b", "c", "d"].slice(ahead));
      assert.equal(count, 4 - ahead);
      assert.equal(errors.length, count);
      for (const error of errors) {
        assert.ok(error instanceof ReentrantUseError && error.code === "REENTRANT_USE");
      }
      writer.write("e");
      assert.deepEqual(textsOf(reader), ["5e"]);
      assert.equal(reader.lostEntries, 0);
      assert.deepEqual(textsOf(new Reader(memory)), ["1a", "2b", "3c", "4d", "5e"]);
    }
  });
}

test("another reader within forEach() is no error", () => {
  const { memory, reader } = logOf("a", "b");
  const other = new Reader(memory);
  const seen: unknown[] = [];
  reader.forEach((entry) => seen.push(entry.text, other.read()?.text));
  assert.deepEqual(seen, ["a", "a", "b", "b"]);
});

test("a visitor that throws takes no entry: the next call shows them again", () => {
  for (const ahead of [0, 1]) {
    const { reader } = logOf("a", "b", "c", "d");
    for (let i = 0; i < ahead; i++) reader.read();
    const visit = (entry: EntryView) => {
      if (entry.text === "c") throw new Error("no");
    };
    for (let i = 0; i < 2; i++) assert.throws(() => reader.forEach(visit), /no/);
    assert.equal(reader.lastSequenceNumber, ahead);
    assert.deepEqual(textsOf(reader), ["1a", "2b", "3c", "4d"].slice(ahead));
    assert.equal(reader.lostEntries, 0);
  }
});

test("forEach() leaves alone what readBatch() gave", () => {
  const { writer, reader } = logOf("one", "two");
  const batch = reader.readBatch(1);
  assert.equal(reader.forEach(() => {}), 1);
  writer.write("three");
  assert.equal(reader.forEach(() => assert.deepEqual(batch.texts(), ["one"])), 1);
  assert.deepEqual([batch.length, batch.sequenceNumber(0), batch.text(0)], [1, 1, "one"]);
});

test("to iterate over a batch that was filled again meanwhile is an error", () => {
  const { reader } = logOf("a", "b", "c", "d");
  const seen: string[] = [];
  assert.throws(() => {
    for (const entry of reader.readBatch(2)) {
      seen.push(entry.text);
      reader.readBatch(1);
    }
  }, ReentrantUseError);
  assert.deepEqual(seen, ["a"]);
  // With one of its own it is none, and whoever stops early is not in the way of the next.
  const batch = reader.readBatch(1);
  for (const entry of batch) {
    seen.push(entry.text, `${reader.readBatch(1, new EntryBatch()).length}`);
  }
  for (const _ of batch) break;
  assert.deepEqual(seen, ["a", "d", "0"]);
});

test("maxEntries that is no integer of at least 1 is an error that takes nothing", () => {
  // With nothing copied ahead, and with something.
  for (const ahead of [0, 1]) {
    const { reader } = logOf("a", "b", "c", "d");
    for (let i = 0; i < ahead; i++) reader.read();
    for (const wrong of [1.5, 2.7, 0, 0.5, -1, NaN, -Infinity]) {
      assert.throws(() => reader.readBatch(wrong), RangeError, `${wrong}`);
      assert.throws(() => reader.forEach(() => {}, wrong), RangeError, `${wrong}`);
    }
    for (const wrong of ["2", null, {}, true] as never[]) {
      assert.throws(() => reader.readBatch(wrong), TypeError, `${wrong}`);
      assert.throws(() => reader.forEach(() => {}, wrong), TypeError, `${wrong}`);
    }
    const batch = reader.readBatch(Infinity);
    assert.deepEqual([batch.length, batch.sequenceNumber(0)], [4 - ahead, 1 + ahead]);
  }
});
