/** readInto(): one contract for all structures, in memory and on the system's. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import {
  Reader,
  ReentrantUseError,
  segmentSize,
  ShmLogReader,
  ShmLogWriter,
  Writer,
} from "../../mod.ts";
import {
  EventHeader,
  EventLogReader,
  EventLogWriter,
  EventReader,
  EventWriter,
  RingBuffer,
  SpscRingBuffer,
} from "../../src/events/mod.ts";
import { MemMapRingBuffer, Ring } from "../../src/ring/mod.ts";
import {
  CircularBufferReader,
  CircularBufferWriter,
  CircularReader,
  circularSizes,
  CircularWriter,
  LappedError,
} from "../../src/circular/mod.ts";
import { baseSeed, Random } from "../support/random.ts";

/** A structure of which one side writes bytes and the other reads them into those of the caller. */
interface Subject {
  write(payload: Uint8Array): unknown;
  readInto(into: Uint8Array): number | undefined;
  /** Takes the next one as an object; gives its payload. */
  read(): Uint8Array | undefined;
  /** How many bytes of a header come before the payload. */
  header?: number;
  /** The smallest payload. */
  least?: number;
  close?(): void;
}

const folder = mkdtempSync(join(tmpdir(), "ouroboros-read-into-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const name = `/ouroboros-read-into-${process.pid}`;

function eventsOf(
  put: (header: { timestamp: number; type: number }, payload: Uint8Array) => unknown,
): Pick<Subject, "write" | "header"> {
  let timestamp = 0;
  return {
    header: EventHeader.SIZE,
    write: (payload) => put({ timestamp: timestamp++, type: payload.length & 255 }, payload),
  };
}

const SUBJECTS: Record<string, () => Subject> = {
  Reader() {
    const memory = new ArrayBuffer(segmentSize(4, 65536));
    const writer = Writer.create(memory, { chunkCount: 4, chunkSize: 65536 });
    const reader = new Reader(memory);
    return {
      write: (payload) => writer.write(payload),
      readInto: (into) => reader.readInto(into),
      read: () => reader.read()?.bytes,
    };
  },
  ShmLogReader() {
    const writer = ShmLogWriter.create(name, {
      unlinkOnClose: true,
      chunkCount: 4,
      chunkSize: 65536,
    });
    const reader = ShmLogReader.open(name);
    return {
      write: (payload) => writer.write(payload),
      readInto: (into) => reader.readInto(into),
      read: () => reader.read()?.bytes,
      close() {
        reader.close();
        writer.close();
      },
    };
  },
  Ring() {
    const ring = Ring.format(new ArrayBuffer(5000));
    return {
      write: (payload) => ring.put(payload),
      readInto: (into) => ring.readInto(into),
      read: () => ring.get(),
    };
  },
  MemMapRingBuffer() {
    const ring = MemMapRingBuffer.open(join(folder, "ring"), 5000);
    ring.clear();
    return {
      write: (payload) => ring.put(payload),
      readInto: (into) => ring.readInto(into),
      read: () => ring.get(),
      close: () => ring.close(),
    };
  },
  CircularReader() {
    const sizes = circularSizes(5000);
    const [index, data] = [new ArrayBuffer(sizes.index), new ArrayBuffer(sizes.data)];
    const writer = new CircularWriter(index, data, { capacity: 5000 });
    const reader = new CircularReader(index, data, { capacity: 5000 });
    return {
      least: 1,
      write: (payload) => writer.write(payload),
      readInto: (into) => reader.readInto(into),
      read: () => reader.read(),
    };
  },
  CircularBufferReader() {
    const spec = { indexName: `${name}-i`, dataName: `${name}-d`, capacity: 5000 };
    const writer = CircularBufferWriter.open(spec);
    const reader = CircularBufferReader.open(spec);
    return {
      least: 1,
      write: (payload) => writer.write(payload),
      readInto: (into) => reader.readInto(into),
      read: () => reader.read(),
      close() {
        reader.close();
        writer.close();
      },
    };
  },
  RingBuffer() {
    const ring = new RingBuffer(4096);
    return {
      ...eventsOf((header, payload) => ring.writeEvent(header, payload)),
      readInto: (into) => ring.readInto(into),
      read: () => ring.readEvent()?.payload,
    };
  },
  SpscConsumer() {
    const { producer, consumer } = SpscRingBuffer.create(4096).split();
    return {
      ...eventsOf((header, payload) => producer.writeEvent(header, payload)),
      readInto: (into) => consumer.readInto(into),
      read: () => consumer.readEvent()?.payload,
    };
  },
  EventReader() {
    const memory = new ArrayBuffer(1 << 20);
    const writer = EventWriter.create(memory);
    const reader = new EventReader(memory);
    const cursor = reader.start();
    return {
      ...eventsOf((header, payload) => writer.writeEvent(header, payload)),
      readInto: (into) => reader.readInto(cursor, into),
      read: () => nextOf(reader, cursor),
    };
  },
  EventLogReader() {
    const path = join(folder, "events");
    rmSync(path, { force: true });
    const writer = EventLogWriter.create(path);
    const reader = EventLogReader.open(path);
    const cursor = reader.start();
    return {
      ...eventsOf((header, payload) => writer.writeEvent(header, payload)),
      readInto: (into) => reader.readInto(cursor, into),
      read: () => nextOf(reader, cursor),
      close() {
        reader.close();
        writer.close();
      },
    };
  },
};

/** The payload of the next event, and no other. */
function nextOf(
  reader: Pick<EventReader, "readOn">,
  cursor: { offset: number },
): Uint8Array | undefined {
  let payload: Uint8Array | undefined;
  const enough = new Error("one is enough");
  const { offset } = cursor;
  try {
    reader.readOn(cursor, (event) => {
      if (payload !== undefined) throw enough;
      payload = event.bytes();
    });
  } catch (error) {
    if (error !== enough) throw error;
  }
  if (payload !== undefined) cursor.offset = offset + EventHeader.SIZE + payload.length;
  return payload;
}

for (const [kind, make] of Object.entries(SUBJECTS)) {
  test(`${kind}.readInto() gives sizes, undefined where there is nothing, and takes only what fits`, () => {
    const subject = make();
    try {
      const { header = 0, least = 0 } = subject;
      assert.equal(subject.readInto(new Uint8Array(10)), undefined);
      for (const length of [least, 1, 3, 95, 96, 97, 1000]) {
        const payload = Uint8Array.from({ length }, (_, i) => i + length);
        subject.write(payload);
        subject.write(new Uint8Array([42]));
        const size = header + length;
        if (size > 0) {
          const small = new Uint8Array(size - 1).fill(7);
          for (let i = 0; i < 2; i++) {
            assert.throws(
              () => subject.readInto(small),
              (error: Error) =>
                error instanceof RangeError && error.message.includes(`needs ${size}:`),
            );
          }
        }
        for (const wrong of [undefined, null, [], "", 5, new ArrayBuffer(99)] as never[]) {
          assert.throws(() => subject.readInto(wrong), TypeError);
        }
        // In the midst of another buffer, which stays as it is around it.
        const around = new Uint8Array(size + 20).fill(9);
        assert.equal(subject.readInto(around.subarray(10, 10 + size)), size);
        assert.deepEqual(around.subarray(10 + header, 10 + size), payload);
        for (let i = 0; i < 10; i++) assert.deepEqual([around[i], around[10 + size + i]], [9, 9]);
        assert.deepEqual(subject.read(), new Uint8Array([42]));
        assert.equal(subject.readInto(around), undefined);
      }
    } finally {
      subject.close?.();
    }
  });

  test(`${kind}.readInto() and what gives objects read the same, in any order (seed ${baseSeed})`, () => {
    const random = new Random(baseSeed);
    const subject = make();
    try {
      const { header = 0, least = 0 } = subject;
      const into = new Uint8Array(1024);
      const kept: [Uint8Array, Uint8Array][] = [];
      const waiting: Uint8Array[] = [];
      for (let step = 0; step < 3000; step++) {
        if (random.below(2) === 0 && waiting.length < 5) {
          const payload = new Uint8Array(least + random.below(400)).fill(step);
          subject.write(payload);
          waiting.push(payload);
          continue;
        }
        const expected = waiting.shift();
        if (random.below(2) === 0) {
          const size = subject.readInto(into);
          assert.equal(size, expected === undefined ? undefined : header + expected.length);
          if (expected !== undefined) assert.deepEqual(into.slice(header, size), expected);
        } else {
          const payload = subject.read();
          assert.deepEqual(payload, expected);
          if (payload !== undefined && expected !== undefined) kept.push([payload, expected]);
        }
      }
      // What was handed out is not what readInto() fills anew.
      for (const [payload, expected] of kept) assert.deepEqual(payload, expected);
    } finally {
      subject.close?.();
    }
  });
}

test("after readInto() the log's reader says the number of that entry, and readBatch() continues", () => {
  const memory = new ArrayBuffer(4096);
  const writer = Writer.create(memory, { chunkCount: 4 });
  writer.writeMany(["a", "b", "c", "d"]);
  const reader = new Reader(memory);
  const into = new Uint8Array(8);
  for (const number of [1, 2]) {
    reader.readInto(into);
    assert.equal(reader.lastSequenceNumber, number);
  }
  assert.deepEqual(reader.readBatch(1).texts(), ["c"]);
  assert.equal(
    reader.forEach((entry) => {
      assert.equal(entry.text, "d");
      assert.throws(() => reader.readInto(into), ReentrantUseError);
    }),
    1,
  );
  assert.equal(reader.readInto(into), undefined);
});

test("an event that was read into bytes decodes to what was written", () => {
  const ring = new RingBuffer(1024);
  const into = new Uint8Array(64);
  // Around the end of the ring, too.
  for (let i = 0; i < 100; i++) {
    const header = { timestamp: 2 ** 40 + i, type: i, flags: 7, reserved: 2 ** 32 - 1 };
    ring.writeEvent(header, new Uint8Array(41).fill(i));
    assert.equal(ring.readInto(into), 57);
    assert.deepEqual({ ...EventHeader.decode(into) }, { ...header, payloadLength: 41 });
    assert.deepEqual(into.slice(16, 57), new Uint8Array(41).fill(i));
  }
});

test("what a circular buffer's readInto() loses is counted, or thrown, as by read()", () => {
  const sizes = circularSizes(1000);
  const [index, data] = [new ArrayBuffer(sizes.index), new ArrayBuffer(sizes.data)];
  const writer = new CircularWriter(index, data, { capacity: 1000 });
  const skipping = new CircularReader(index, data, { capacity: 1000 });
  const throwing = new CircularReader(index, data, { capacity: 1000, onLap: "throw" });
  for (let i = 0; i < 30; i++) writer.write(new Uint8Array(100).fill(i));
  const into = new Uint8Array(100);
  assert.equal(skipping.readInto(into), undefined);
  assert.equal(skipping.laps, 1);
  assert.throws(() => throwing.readInto(into), LappedError);
  writer.write(new Uint8Array(100).fill(99));
  for (const reader of [skipping, throwing]) {
    assert.equal(reader.readInto(into), 100);
    assert.equal(into[0], 99);
  }
});
