/** Entries that are made in the room that a writer lends: no object, and no length beforehand. */

import assert from "node:assert/strict";
import test from "node:test";
import { ClaimPendingError, ClosedError, Reader, type Writer } from "../../mod.ts";
import { makeLog } from "../support/small_log.ts";

const texts = (memory: ArrayBufferLike) =>
  [...new Reader(memory, { strategy: "oldest" })].map((entry) => entry.text);

class Made {
  start = 0;
  end = 0;
  kept = "";
  leaves = 0;
  readonly writer: Writer;
  text = "";
  constructor(writer: Writer) {
    this.writer = writer;
  }
  make(text: string): void {
    this.text = text;
    for (let i = 0; i < text.length; i++) this.writer.memory[this.start + i] = text.charCodeAt(i);
  }
  leave(): void {
    this.leaves++;
    const { memory } = this.writer;
    this.kept = new TextDecoder().decode(memory.slice(this.start, this.start + this.text.length));
  }
}

test("lend() shows nothing before settle(), which takes as much as was made", () => {
  const { raw, writer } = makeLog();
  const made = new Made(writer);
  writer.lend(made, 8);
  assert.equal(made.start % 4, 0);
  assert.ok(made.end - made.start >= 8);
  made.make("in place");
  assert.equal(new Reader(raw.memory).read(), undefined);
  assert.equal(writer.settle(8), 1);
  writer.lend(made, 8);
  made.make("given up");
  assert.equal(writer.settle(-1), 1);
  assert.equal(writer.write("next"), 2);
  assert.deepEqual(texts(raw.memory), ["in place", "next"]);
  assert.equal(made.leaves, 0);
});

test("whatever is written meanwhile makes the borrower leave once, before a byte of it changes", () => {
  const ways: Record<string, (writer: Writer) => unknown> = {
    text: (writer) => writer.write("else"),
    bytes: (writer) => writer.write(new TextEncoder().encode("else")),
    several: (writer) => writer.writeMany(["else"]),
    claim: (writer) => {
      const claim = writer.claim(4);
      claim.bytes.set(new TextEncoder().encode("else"));
      claim.commit();
    },
    loan: (writer) => {
      const other = new Made(writer);
      writer.lend(other, 4);
      other.make("else");
      writer.settle(4);
    },
  };
  for (const [name, write] of Object.entries(ways)) {
    const { raw, writer } = makeLog();
    const made = new Made(writer);
    writer.lend(made, 8);
    made.make("half");
    write(writer);
    assert.deepEqual([made.leaves, made.kept], [1, "half"], name);
    writer.write(made.kept);
    assert.deepEqual(texts(raw.memory), ["else", "half"], name);
    assert.equal(made.leaves, 1, name);
  }
});

test("close() makes the borrower leave, and nothing is lent after it, or while a claim is open", () => {
  const { raw, writer } = makeLog();
  const made = new Made(writer);
  const claim = writer.claim(4);
  assert.throws(() => writer.lend(made, 8), ClaimPendingError);
  claim.abort();
  writer.lend(made, 8);
  made.make("half");
  writer.close();
  assert.deepEqual([made.leaves, made.kept], [1, "half"]);
  assert.throws(() => writer.lend(made, 8), ClosedError);
  assert.deepEqual(texts(raw.memory), []);
});

test("lend() and write() fill a log in the same way, lap after lap", () => {
  const a = makeLog();
  const b = makeLog();
  const made = new Made(b.writer);
  for (let i = 0; i < 500; i++) {
    const text = "x".repeat((i * 7) % 61);
    a.writer.write(text);
    b.writer.lend(made, text.length);
    assert.ok(made.end - made.start >= text.length);
    made.make(text);
    b.writer.settle(text.length);
    assert.deepEqual(texts(b.raw.memory), texts(a.raw.memory));
  }
});
