/** Circular buffers in shared memory within one process: counts, sizes, errors, cleaning up. */

import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import test from "node:test";
import { NamedSemaphore, SharedMemory as Segment } from "../../ffi/mod.ts";
import { ClosedError, SegmentNotFoundError, SegmentTruncatedError } from "../../src/errors.ts";
import {
  CircularBufferReader,
  CircularBufferWriter,
  CorruptBufferError,
  CountedMemory,
  LappedError,
  UnsupportedBufferError,
} from "../../src/circular/mod.ts";
import { assertGone, newSpec } from "../support/circular_specs.ts";
import { needsLastingNames, needsTruncation, notOnWindows } from "../support/platform.ts";

const bytes = (...values: number[]) => new Uint8Array(values);

test("the last one to close removes segments and semaphores", () => {
  for (const order of [[0, 1, 2], [2, 1, 0], [1, 0, 2]]) {
    const spec = newSpec();
    const writer = CircularBufferWriter.open(spec);
    const one = CircularBufferReader.open(spec);
    const two = CircularBufferReader.open(spec);
    assert.equal(writer.referenceCount, 3);
    for (const [i, which] of order.entries()) {
      assert.equal(Segment.exists(spec.indexName), true);
      [writer, one, two][which].close();
      [writer, one, two][which].close();
      if (i < 2) assert.equal(Segment.exists(spec.dataName), true);
    }
    assertGone(spec);
  }
});

test(
  "a reader that is not counted leaves no trace and reads on",
  { skip: needsLastingNames },
  () => {
    const spec = newSpec();
    const writer = CircularBufferWriter.open(spec);
    using reader = CircularBufferReader.open(spec, { counted: false });
    assert.equal(writer.referenceCount, 1);
    writer.write(bytes(1));
    writer.close();
    assertGone(spec);
    assert.deepEqual(reader.read(), bytes(1));
    assert.equal(reader.read(), undefined);
  },
);

test("segments of the original's size work to their last byte", {
  skip: notOnWindows("segments have whole pages there, which do not tell capacities apart"),
}, () => {
  for (const capacity of [9, 1000, 3839, 3840, 5000]) {
    const spec = newSpec(capacity);
    using writer = CircularBufferWriter.open(spec, { originalSize: true });
    for (const [name, size] of [[spec.indexName, 192], [spec.dataName, capacity]] as const) {
      using segment = Segment.open(name);
      assert.equal(segment.byteLength, size + 64);
    }
    using reader = CircularBufferReader.open(spec);
    using observer = CircularBufferReader.open(spec, { counted: false });
    for (let i = 1; i < 3000; i++) {
      const message = new Uint8Array(1 + i % Math.min(200, writer.maxMessageSize)).fill(i);
      writer.write(message);
      assert.deepEqual(reader.read(), message);
      assert.deepEqual(observer.read(), message);
    }
  }
});

test("where the original's size would end at a page it is an error, and nothing is left", () => {
  for (const capacity of [4096 - 64, 4096 - 65, 3841]) {
    const spec = newSpec(capacity);
    assert.throws(
      () => CircularBufferWriter.open(spec, { originalSize: true }),
      UnsupportedBufferError,
    );
    assertGone(spec);
    CircularBufferWriter.open(spec).close();
    assertGone(spec);
  }
});

test("another capacity is an error", {
  skip: notOnWindows("segments have whole pages there, which do not tell capacities apart"),
}, () => {
  const spec = newSpec();
  using _writer = CircularBufferWriter.open(spec);
  const other = { ...spec, capacity: 1001 };
  assert.throws(() => CircularBufferReader.open(other), UnsupportedBufferError);
  assert.throws(() => CircularBufferReader.open(other, { counted: false }), UnsupportedBufferError);
  assert.throws(() => CircularBufferWriter.open(other), UnsupportedBufferError);
});

test("wrong arguments are RangeError or TypeError", () => {
  const spec = newSpec();
  for (const capacity of [8, 9.5, -1, NaN, 50 * 1024 * 1024 + 1]) {
    assert.throws(() => CircularBufferWriter.open({ ...spec, capacity }), RangeError);
    assert.throws(() => CircularBufferReader.open({ ...spec, capacity }), RangeError);
  }
  assert.throws(() => CircularBufferWriter.open({ ...spec, dataName: spec.indexName }), RangeError);
  assert.throws(() => CircularBufferWriter.open({ ...spec, indexName: "" }), RangeError);
  assertGone(spec);
  using writer = CircularBufferWriter.open(spec);
  assert.throws(() => writer.write(new Uint8Array(0)), RangeError);
  assert.throws(() => writer.write(new Uint8Array(993)), RangeError);
  assert.throws(() => writer.write(7 as unknown as Uint8Array), TypeError);
  assert.throws(
    () => CircularBufferReader.open(spec, { onLap: "no" as "skip" }),
    TypeError,
  );
  assert.equal(writer.sequenceNumber, 0);
});

test("a capacity above 50 MiB needs maxCapacity", () => {
  const capacity = 50 * 1024 * 1024 + 1;
  assert.throws(() => CircularBufferReader.open(newSpec(capacity)), RangeError);
  assert.throws(
    () => CircularBufferReader.open({ ...newSpec(capacity), maxCapacity: capacity }),
    SegmentNotFoundError,
  );
});

test("a buffer that is not there is an error that leaves nothing behind", () => {
  const spec = newSpec();
  assert.throws(() => CircularBufferReader.open(spec), SegmentNotFoundError);
  assert.throws(() => CircularBufferReader.open(spec, { counted: false }), SegmentNotFoundError);
  assert.equal(CircularBufferWriter.remove(spec), false);
  assertGone(spec);
});

test("reading and writing after close() is a ClosedError", () => {
  const spec = newSpec();
  const writer = CircularBufferWriter.open(spec);
  const reader = CircularBufferReader.open(spec);
  writer.write(bytes(1));
  reader.close();
  writer.close();
  assert.throws(() => reader.read(), ClosedError);
  assert.throws(() => reader.read(new Uint8Array(9)), ClosedError);
  assert.throws(() => writer.write(bytes(1)), ClosedError);
  assert.throws(() => writer.write(new Uint8Array(0)), ClosedError);
});

test('read() tells a lap by counting, or by an error with onLap: "throw"', () => {
  const spec = newSpec();
  using writer = CircularBufferWriter.open(spec);
  using counting = CircularBufferReader.open(spec);
  using throwing = CircularBufferReader.open(spec, { onLap: "throw" });
  using typed = CircularBufferReader.open(spec);
  for (let i = 0; i < 300; i++) writer.write(bytes(1, 2, 3, 4, 5, i));
  assert.equal(counting.read(), undefined);
  assert.deepEqual([counting.laps, counting.lostBytes], [1, 3000]);
  assert.throws(
    () => throwing.read(),
    (error: Error) => error instanceof LappedError && error.lostBytes === 3000,
  );
  const into = new Uint8Array(5);
  assert.equal(typed.read(into), "lapped");
  assert.equal(typed.read(into), 0);
  writer.write(bytes(1, 2, 3, 4, 5, 6));
  assert.equal(typed.read(into), "too small");
  assert.equal(typed.read(into), "too small");
  assert.equal(typed.read(new Uint8Array(6)), 6);
  for (const reader of [counting, throwing]) assert.equal(reader.read()?.length, 6);
});

test("a segment that was made shorter is an error, not a crash", { skip: needsTruncation }, () => {
  const spec = newSpec(100_000);
  const writer = CircularBufferWriter.open(spec);
  using reader = CircularBufferReader.open(spec, { counted: false });
  writer.write(bytes(1));
  truncateSync(`/dev/shm${spec.dataName}`, 5000);
  assert.throws(() => reader.read(), SegmentTruncatedError);
  writer.close();
});

test("impossible indices are a CorruptBufferError, and the buffer stays as it is", () => {
  const spec = newSpec();
  using memory = CountedMemory.open(spec.indexName, 192);
  using _data = CountedMemory.open(spec.dataName, spec.capacity);
  const view = new DataView(memory.buffer);
  for (const [offset, value] of [[256, 1001n], [320, 1001n], [384, 1n << 60n]] as const) {
    view.setBigUint64(offset, value, true);
    assert.throws(() => CircularBufferWriter.open(spec), CorruptBufferError);
    assert.equal(view.getBigUint64(offset, true), value);
    assert.equal(memory.referenceCount, 1);
    view.setBigUint64(offset, 0n, true);
  }
  NamedSemaphore.unlink(`${spec.dataName}-writer`);
});

test("what is closed has no count: a ClosedError, and no mistake of ours", () => {
  const spec = newSpec();
  const writer = CircularBufferWriter.open(spec);
  writer.close();
  assert.throws(() => writer.referenceCount, ClosedError);
  const memory = CountedMemory.open(spec.indexName, 100);
  memory.close();
  for (
    const look of [
      () => memory.referenceCount,
      () => memory.buffer,
      () => memory.currentSize(),
      () => memory.tryLock(),
      () => memory.lockHolder(),
    ]
  ) assert.throws(look, ClosedError);
});

test("follow() yields what comes, until its signal is aborted", async () => {
  const spec = newSpec();
  using writer = CircularBufferWriter.open(spec);
  using reader = CircularBufferReader.open(spec);
  const abort = new AbortController();
  const timer = setInterval(() => writer.write(bytes(1, 2)), 2);
  let count = 0;
  for await (const message of reader.follow({ signal: abort.signal })) {
    assert.deepEqual(message, bytes(1, 2));
    if (++count === 10) abort.abort();
  }
  clearInterval(timer);
  assert.equal(count, 10);
});
