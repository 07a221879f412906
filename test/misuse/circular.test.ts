/** A circular buffer that is used wrongly: a typed error, and the messages as they were. */

import assert from "node:assert/strict";
import test from "node:test";
import { CircularReader, circularSizes, CircularWriter } from "../../src/circular/mod.ts";
import { notPayloads, ofAnotherRealm } from "../support/misuse.ts";

function makeBuffer() {
  const sizes = circularSizes(1000);
  const index = new ArrayBuffer(sizes.index);
  const data = new ArrayBuffer(sizes.data);
  const writer = new CircularWriter(index, data, { capacity: 1000 });
  const reader = new CircularReader(index, data, { capacity: 1000 });
  writer.write("first");
  const isSound = (...more: string[]) => {
    writer.write("next");
    const texts = [...reader].map((message) => new TextDecoder().decode(message));
    assert.deepEqual(texts, ["first", ...more, "next"]);
  };
  return { writer, reader, isSound };
}

for (const [name, value] of notPayloads) {
  test(`write() of ${name} is a TypeError, and writes nothing`, () => {
    const { writer, isSound } = makeBuffer();
    assert.throws(() => writer.write(value as string), TypeError);
    isSound();
  });

  if (value === undefined) continue;
  test(`read() into ${name} is a TypeError, and the message stays the next one`, () => {
    const { reader, isSound } = makeBuffer();
    if (name === "detached bytes" || name === "bytes out of bounds") {
      assert.equal(reader.read(value as Uint8Array), "too small");
    } else assert.throws(() => reader.read(value as Uint8Array), TypeError);
    isSound();
  });
}

test("text is written as UTF-8, bytes of another realm as they are, both are read into such", () => {
  const { writer, reader, isSound } = makeBuffer();
  writer.write("3 €\ud800");
  writer.write(ofAnotherRealm<Uint8Array>("new Uint8Array([104, 105])"));
  assert.equal(reader.read(ofAnotherRealm<Uint8Array>("new Uint8Array(4)")), "too small");
  isSound("3 €\ufffd", "hi");
});

test("an empty message, of text, too, is a RangeError", () => {
  const { writer, isSound } = makeBuffer();
  for (const empty of ["", new Uint8Array(0)]) {
    assert.throws(() => writer.write(empty), /^RangeError: message of 0 bytes must have 1 to/);
  }
  isSound();
});
