/** What a structure is made of: buffers and aligned views of any realm; all else is a typed error. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { inspect, Reader, snapshot, verify, Writer } from "../../mod.ts";
import { EventReader, EventWriter, SpscRingBuffer } from "../../src/events/mod.ts";
import { repairRing, Ring } from "../../src/ring/mod.ts";
import type { MemoryLike } from "../../src/memory.ts";
import { CircularReader, circularSizes, CircularWriter } from "../../src/circular/mod.ts";
import { assertTyped, ofAnotherRealm } from "../support/misuse.ts";

const SIZE = 8192;
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

/** Each structure, written and read in one memory. */
const structures: Record<string, (memory: MemoryLike, other: MemoryLike) => void> = {
  "a log"(memory) {
    Writer.create(memory, { chunkCount: 4, chunkSize: 1024 }).writeMany(["one", "3 €"]);
    assert.equal(Writer.resume(memory).write("x".repeat(100)), 3);
    assert.deepEqual([...new Reader(memory)].map(({ text }) => text.length), [3, 3, 100]);
    assert.equal(inspect(memory).entries, 3);
    assert.deepEqual(verify(memory).damage, []);
    assert.equal(snapshot(memory).lastSequenceNumber, 3);
  },
  "a log, over many laps"(memory) {
    const writer = Writer.create(memory, { chunkCount: 4 });
    const reader = new Reader(memory);
    for (let number = 1; number < 5000; number++) {
      writer.write(`entry ${number}`);
      assert.equal(reader.read()?.text, `entry ${number}`);
    }
    assert.deepEqual(verify(memory).damage, []);
  },
  "a log of events"(memory) {
    EventWriter.create(memory).writeEvent({ timestamp: 1, type: 2 }, "one");
    const writer = EventWriter.open(memory);
    writer.writeEvent({ timestamp: 2n ** 60n, type: 3 }, "two, at any offset");
    assert.equal(EventWriter.recover(memory).eventCount, 2);
    const events = [...new EventReader(memory)].map(({ text, type }) => `${type} ${text}`);
    assert.deepEqual(events, ["2 one", "3 two, at any offset"]);
  },
  "a ring"(memory) {
    const ring = Ring.format(memory);
    for (const item of ["one", "two"]) ring.put(item);
    assert.equal(text(ring.get()), "one");
    assert.deepEqual(repairRing(memory), { items: 1, isChanged: false });
    assert.equal(text(new Ring(memory).get()), "two");
  },
  "a circular buffer"(index, data) {
    const writer = new CircularWriter(index, data, { capacity: 1000 });
    const reader = new CircularReader(index, data, { capacity: 1000 });
    for (let number = 0; number < 100; number++) {
      writer.write(`message ${number}`);
      assert.equal(text(reader.read()), `message ${number}`);
    }
    assert.ok(circularSizes(1000).data <= SIZE);
  },
};

const guarded = (Type: typeof ArrayBuffer | typeof SharedArrayBuffer, from: number) => () => {
  const whole = new Uint8Array(new Type(SIZE + 64)).fill(0xee);
  const part = whole.subarray(from, from + SIZE).fill(0);
  const isUntouched = () =>
    assert.ok(whole.every((byte, at) => (at >= from && at < from + SIZE) || byte === 0xee));
  return [part, isUntouched] as const;
};
const memories: Record<string, () => readonly [MemoryLike, (() => void)?]> = {
  "an ArrayBuffer": () => [new ArrayBuffer(SIZE)],
  "a SharedArrayBuffer": () => [new SharedArrayBuffer(SIZE)],
  "a Uint8Array": () => [new Uint8Array(SIZE)],
  "a Buffer": () => [Buffer.alloc(SIZE)],
  "a Float64Array": () => [new Float64Array(SIZE / 8)],
  "a DataView": () => [new DataView(new ArrayBuffer(SIZE))],
  "a part of an ArrayBuffer": guarded(ArrayBuffer, 24),
  "a part of a SharedArrayBuffer": guarded(SharedArrayBuffer, 8),
  "an ArrayBuffer of another realm": () => [ofAnotherRealm(`new ArrayBuffer(${SIZE})`)],
  "a SharedArrayBuffer of another realm": () => [ofAnotherRealm(`new SharedArrayBuffer(${SIZE})`)],
  "a Uint8Array of another realm": () => [ofAnotherRealm(`new Uint8Array(${SIZE})`)],
};

for (const [what, use] of Object.entries(structures)) {
  for (const [where, make] of Object.entries(memories)) {
    test(`${what} is written and read in ${where}`, () => {
      const [memory, check] = make();
      const [other, checkOther] = make();
      use(memory, other);
      check?.();
      checkOther?.();
    });
  }
}

test("a file that was read as a whole is read and looked at as it is", () => {
  const folder = mkdtempSync(join(tmpdir(), "misuse-memory-"));
  try {
    const memory = new ArrayBuffer(SIZE);
    Writer.create(memory, { chunkCount: 4 }).write("hello");
    const path = join(folder, "log");
    writeFileSync(path, new Uint8Array(memory));
    assert.equal(new Reader(readFileSync(path)).read()?.text, "hello");
    assert.equal(inspect(readFileSync(path)).entries, 1);
    assert.deepEqual(verify(readFileSync(path)).damage, []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const none: readonly unknown[] = [
  null,
  undefined,
  5,
  "text",
  {},
  [],
  { byteLength: SIZE },
  () => {},
];
const makers: Record<string, (memory: MemoryLike) => unknown> = {
  "Writer.create()": (memory) => Writer.create(memory, { chunkCount: 4, chunkSize: 64 }),
  "Writer.resume()": (memory) => Writer.resume(memory),
  "Reader": (memory) => new Reader(memory),
  "inspect()": (memory) => inspect(memory),
  "verify()": (memory) => verify(memory),
  "snapshot()": (memory) => snapshot(memory),
  "EventWriter.create()": (memory) => EventWriter.create(memory),
  "EventWriter.open()": (memory) => EventWriter.open(memory),
  "EventWriter.recover()": (memory) => EventWriter.recover(memory),
  "EventReader": (memory) => new EventReader(memory),
  "Ring": (memory) => new Ring(memory),
  "Ring.format()": (memory) => Ring.format(memory),
  "repairRing()": (memory) => repairRing(memory),
  "CircularWriter": (memory) => new CircularWriter(memory, memory, { capacity: 100 }),
  "CircularReader": (memory) => new CircularReader(memory, memory, { capacity: 100 }),
  "SpscRingBuffer.attach()": (memory) => SpscRingBuffer.attach(memory as ArrayBuffer),
  "SpscRingBuffer.create()": (memory) => SpscRingBuffer.create(memory as ArrayBuffer),
};

for (const [name, make] of Object.entries(makers)) {
  test(`${name} of what is no memory is a TypeError that says what is needed`, () => {
    for (const value of none) {
      if (name === "SpscRingBuffer.create()" && typeof value === "number") continue;
      assert.throws(
        () => make(value as ArrayBuffer),
        /^TypeError: (memory|index|place) is .*, but must be an ArrayBuffer/,
      );
    }
  });

  test(`${name} of a view that is not aligned is an error that says so, and touches nothing`, () => {
    const bytes = new Uint8Array(SIZE + 64).fill(7);
    const error = assertTyped(() => make(bytes.subarray(12, 12 + SIZE)), name);
    assert.match(error.message, /multiple of 8: give a copy|: give its buffer/);
    assert.ok(bytes.every((byte) => byte === 7));
  });
}
