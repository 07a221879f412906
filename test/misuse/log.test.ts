/** A log that is used wrongly: an error that says what to do, and the log as it was. */

import assert from "node:assert/strict";
import test from "node:test";
import { ClosedError, Reader, ReentrantUseError, segmentSize, verify, Writer } from "../../mod.ts";
import {
  assertTyped,
  detached,
  notArrays,
  notPayloads,
  ofAnotherRealm,
  outOfBounds,
} from "../support/misuse.ts";

type Entries = readonly (Uint8Array | string)[];

/** A log with two entries, and a check that it has exactly `more` beside them. */
function makeLog() {
  const memory = new SharedArrayBuffer(segmentSize(4, 1024));
  const writer = Writer.create(memory, { chunkCount: 4 });
  writer.writeMany(["first", "second"]);
  const isSound = (...more: string[]) => {
    assert.deepEqual(verify(memory).damage, []);
    assert.equal(writer.totalEntriesWritten, 2 + more.length);
    const texts = [...new Reader(memory)].map(({ text }) => text);
    assert.deepEqual(texts, ["first", "second", ...more]);
    assert.equal(Writer.resume(memory).totalEntriesWritten, 2 + more.length);
    assert.equal(writer.write("next"), 3 + more.length);
    assert.equal([...new Reader(memory)].at(-1)?.text, "next");
  };
  return { memory, writer, isSound };
}

for (const [name, value] of notArrays) {
  test(`writeMany() of ${name} is a TypeError, and writes nothing`, () => {
    const { writer, isSound } = makeLog();
    const error = assertTyped(() => writer.writeMany(value as Entries), name);
    assert.ok(error instanceof TypeError);
    assert.match(error.message, /^entries is .*, but must be an array/);
    isSound();
  });
}

test("the error for what can be iterated over says how it becomes an array", () => {
  const { writer } = makeLog();
  assert.throws(() => writer.writeMany(new Set(["a"]) as unknown as Entries), {
    message: "entries is an object of class Set, but must be an array: use Array.from(entries)",
  });
});

for (const [name, value] of notPayloads) {
  test(`write() and writeMany() of ${name} are TypeErrors, and write nothing`, () => {
    const { writer, isSound } = makeLog();
    assert.throws(() => writer.write(value as string), TypeError);
    assert.throws(() => writer.writeMany(["a", value as string]), TypeError);
    isSound();
  });
}

test("writeMany() names the element that is wrong", () => {
  const { writer } = makeLog();
  assert.throws(() => writer.writeMany(["a", 5 as unknown as string]), {
    message: "entries[1] is 5 (number), but must be a string or a Uint8Array",
  });
  // deno-lint-ignore no-sparse-arrays
  assert.throws(
    () => writer.writeMany(["a", , "b"] as Entries),
    /^TypeError: entries\[1\] is undef/,
  );
  assert.throws(() => writer.write(detached()), /transferred, or became too short/);
  assert.throws(() => writer.writeMany([outOfBounds()]), /entries\[0\].*too short for it/);
});

test("arrays of every kind are taken: frozen, of another realm, a subclass, a proxy, with getters", () => {
  class Entry extends Array<string> {}
  for (
    const array of [
      Object.freeze(["a", "b"]),
      ofAnotherRealm<string[]>(`["a", "b"]`),
      Entry.from(["a", "b"]),
      new Proxy(["a", "b"], {}),
      Object.defineProperty(["", "b"], 0, { get: () => "a" }),
    ]
  ) {
    const { writer, isSound } = makeLog();
    assert.equal(writer.writeMany(array), 4);
    isSound("a", "b");
  }
});

test("an element that is another one when it is written is a TypeError, and nothing is written", () => {
  for (const later of ["x".repeat(2000), new Uint8Array(100), 5, undefined, null]) {
    const { writer, isSound } = makeLog();
    let looks = 0;
    const array = ["begin", "", "end"];
    Object.defineProperty(array, 1, { get: () => looks++ === 0 ? "short" : later });
    const error = assertTyped(() => writer.writeMany(array), `${later}`);
    assert.ok(error instanceof TypeError);
    isSound();
  }
});

test("an element that got shorter, or is other text, when it is written leaves the log sound", () => {
  const { writer, isSound } = makeLog();
  let looks = 0;
  const array = ["begin", "", "end"];
  Object.defineProperty(array, 1, { get: () => looks++ === 0 ? "x".repeat(500) : "other" });
  assert.equal(writer.writeMany(array), 5);
  isSound("begin", "other", "end");
});

test("a getter of the array that writes to the same log is a ReentrantUseError, and the log sound", () => {
  for (const call of [0, 1, 2]) {
    const { writer, isSound } = makeLog();
    let looks = 0;
    const array = ["begin", ""];
    const nested = [
      () => writer.write("inner"),
      () => writer.writeMany(["inner"]),
      () => writer.claim(5),
    ][call];
    Object.defineProperty(array, 1, { get: () => (++looks >= 2 && nested(), "x") });
    assert.throws(() => writer.writeMany(array), ReentrantUseError);
    isSound();
  }
});

test("a getter of the array that throws, or closes the writer, leaves nothing behind", () => {
  const { writer, isSound } = makeLog();
  const array = (get: () => string) => Object.defineProperty(["a", "b"], 1, { get });
  const thrown = new Error("mine");
  assert.throws(() =>
    writer.writeMany(array(() => {
      throw thrown;
    })), (error) => error === thrown);
  isSound();
  assert.throws(() => writer.writeMany(array(() => (writer.close(), "b"))), ClosedError);
  assert.throws(() => writer.writeMany([]), ClosedError);
});

test("bytes of another realm, of shared and of resizable memory are written as they are", () => {
  const { writer, isSound } = makeLog();
  const code = new TextEncoder().encode("hello, bytes of another kind");
  const shared = new Uint8Array(new SharedArrayBuffer(code.length));
  const resizable = new Uint8Array(new ArrayBuffer(code.length, { maxByteLength: 1024 }));
  shared.set(code);
  resizable.set(code);
  const foreign = ofAnotherRealm<Uint8Array>(`new Uint8Array([${code}])`);
  for (const bytes of [shared, resizable, foreign]) writer.write(bytes);
  writer.writeMany([shared, resizable, foreign, ofAnotherRealm("new Uint8Array(0)")]);
  const text = "hello, bytes of another kind";
  isSound(text, text, text, text, text, text, "");
});

test("lone surrogates become U+FFFD wherever they stand, alone and in a batch", () => {
  const texts = [
    "\ud800",
    "a\udc00",
    "\ud83d",
    `${"x".repeat(100)}\ud800`,
    "\udc00\ud800".repeat(50),
  ];
  const { memory, writer } = makeLog();
  for (const text of texts) writer.write(text);
  writer.writeMany(texts);
  const wanted = texts.map((text) => text.toWellFormed());
  const got = [...new Reader(memory)].slice(2).map(({ text }) => text);
  assert.deepEqual(got, [...wanted, ...wanted]);
  assert.deepEqual(verify(memory).damage, []);
});
