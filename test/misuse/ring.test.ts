/** A ring of items that is used wrongly: a typed error, and the items as they were. */

import assert from "node:assert/strict";
import test from "node:test";
import { Ring } from "../../src/mem_map_ring_buffer.ts";
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
