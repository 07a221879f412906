/** Claims: room for an entry that is filled in place, and then committed or given up. */

import assert from "node:assert/strict";
import test from "node:test";
import { ClaimPendingError, ClosedError, Reader } from "../../mod.ts";
import { makeLog } from "../support/small_log.ts";

const bytes = (length: number, fill = 7) => new Uint8Array(length).fill(fill);
const texts = (memory: ArrayBufferLike) =>
  [...new Reader(memory, { strategy: "oldest" })].map((entry) => entry.text);

test("claim() shows nothing before commit(), which may take less", () => {
  const { raw, writer } = makeLog();
  const claim = writer.claim(20);
  claim.bytes.set([1, 2, 3]);
  assert.equal(new Reader(raw.memory).read(), undefined);
  assert.equal(claim.commit(3), 1);
  const reader = new Reader(raw.memory);
  assert.deepEqual([...reader.read()!.bytes], [1, 2, 3]);
  writer.write("next");
  assert.equal(reader.read()?.text, "next");
});

test("a claim is settled once, and blocks other writes until then", () => {
  const { raw, writer } = makeLog();
  const claim = writer.claim(8);
  assert.throws(() => writer.write("x"), ClaimPendingError);
  assert.throws(() => writer.write(bytes(3)), ClaimPendingError);
  assert.throws(() => writer.writeMany(["x"]), ClaimPendingError);
  assert.throws(() => writer.claim(1), ClaimPendingError);
  assert.throws(() => claim.commit(9), RangeError);
  assert.throws(() => claim.commit(-1), RangeError);
  claim.abort();
  claim.abort();
  assert.throws(() => claim.commit(), ClosedError);
  assert.throws(() => claim.bytes, ClosedError);
  assert.equal(writer.write("y"), 1);
  {
    using scoped = writer.claim(4);
    scoped.bytes.fill(1);
  }
  assert.equal(writer.write("z"), 2);
  assert.deepEqual(texts(raw.memory), ["y", "z"]);
  for (const wrong of [-1, 1.5, NaN, 253]) assert.throws(() => writer.claim(wrong), RangeError);
});

test("a chunk that a claim entered and left empty does not hide the log", () => {
  const { raw, writer } = makeLog();
  for (let i = 0; i < 8; i++) writer.write(bytes(12)); // two chunks
  const reader = new Reader(raw.memory, { strategy: "latest" });
  assert.equal([...reader].length, 4);
  writer.claim(1).abort(); // enters chunk 2
  assert.equal(reader.read(), undefined);
  writer.write(bytes(200)); // does not fit behind: wraps from an empty chunk
  assert.equal(reader.read()?.sequenceNumber, 9);
  assert.equal(reader.lostEntries, 0);
});
