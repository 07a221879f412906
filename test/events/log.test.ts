/** The event log in memory: against a model, between stores, with wrong arguments. */

import assert from "node:assert/strict";
import test from "node:test";
import {
  ClosedError,
  CorruptLogError,
  EventHeader,
  EventReader,
  EventWriter,
  NoSpaceError,
  ReentrantUseError,
  SpscRingBuffer,
  UnsupportedLogError,
} from "../../src/events/mod.ts";
import { eventOf, plain, randomEvent } from "../support/events.ts";
import { baseSeed, Random } from "../support/random.ts";

const RUNS = 300;

test(`a log does what a list does, written in all ways, opened again and grown (seed ${baseSeed})`, () => {
  for (let run = 0; run < RUNS; run++) {
    const random = new Random(baseSeed + run);
    const model: unknown[] = [];
    let memory = new ArrayBuffer(4096 + random.below(200));
    let grown = false;
    const grow = (size: number) => {
      const larger = new ArrayBuffer(size + random.below(3000));
      new Uint8Array(larger).set(new Uint8Array(memory));
      grown = true;
      return memory = larger;
    };
    const options = random.below(2) === 0 ? { grow } : {};
    const most = [0, 30, 300, 5000][random.below(4)];
    const ring = SpscRingBuffer.create(8192).split();
    let writer = EventWriter.create(memory, options);
    let reader = new EventReader(memory);
    const cursor = reader.start();
    const seen: unknown[] = [];
    for (let step = random.below(40); step > 0; step--) {
      const kind = random.below(6);
      if (kind === 0) {
        const events = Array.from({ length: random.below(10) }, () => randomEvent(random, most));
        const before = writer.available;
        const count = writer.writeMany(events);
        if ("grow" in options) assert.equal(count, events.length);
        else if (count < events.length) assert.ok(before < 10 * 6000);
        model.push(...events.slice(0, count).map(plain));
      } else if (kind === 1) {
        const put: unknown[] = [];
        for (let n = random.below(30); n > 0; n--) {
          const event = randomEvent(random, most);
          if (ring.producer.writeEvent(event, event.payload)) put.push(plain(event));
        }
        const count = writer.writeFrom(ring.consumer, 1 + random.below(20));
        model.push(...put.slice(0, count));
        while (ring.consumer.readEvent() !== undefined);
      } else if (kind === 2) {
        writer = random.below(2) === 0
          ? EventWriter.open(memory, options)
          : EventWriter.recover(memory, options);
      } else if (kind === 3) {
        if (random.below(2) === 0) {
          for (const event of reader.readCopies(cursor)) seen.push(plain(event));
        } else reader.readOn(cursor, (event) => seen.push(plain(event.copy())));
        assert.deepEqual(seen, model.slice(0, seen.length));
      } else {
        const event = randomEvent(random, most);
        const fits = 16 + event.payload.length <= writer.available || "grow" in options;
        assert.equal(writer.writeEvent(event, event.payload), fits);
        if (fits) model.push(plain(event));
      }
      // A file would be the same one after it has grown.
      if (random.below(4) === 0 || grown) reader = new EventReader(memory);
      grown = false;
      assert.equal(writer.eventCount, model.length);
      assert.equal(reader.eventCount, model.length);
    }
    assert.deepEqual([...new EventReader(memory)].map(plain), model);
    reader.readOn(cursor, (event) => seen.push(plain(event.copy())));
    assert.deepEqual(seen, model);
  }
});

test(`stopped between any two stores, with any of the plain ones done, a log opens at the last whole event (seed ${baseSeed})`, () => {
  for (let run = 0; run < 20; run++) {
    const random = new Random(baseSeed + run);
    const memory = new ArrayBuffer(4096);
    const bytes = new Uint8Array(memory);
    const writer = EventWriter.create(memory);
    const model: unknown[] = [];
    for (let write = 0; write < 8; write++) {
      const before = bytes.slice();
      const events = Array.from(
        { length: 1 + random.below(4) },
        (_, i) => eventOf(10 * write + i, 90),
      );
      if (events.length === 1) writer.writeEvent(events[0], events[0].payload);
      else writer.writeMany(events);
      const after = bytes.slice();
      const next = model.concat(events.map(plain));
      for (let stop = 0; stop < 20; stop++) {
        const image = before.slice();
        // Before the write offset is stored: any part of what the events consist of.
        const upTo = 64 + random.below(4096 - 64);
        for (let at = 64; at < 4096; at++) {
          if (stop % 2 === 0 ? at < upTo : random.below(2) === 0) image[at] = after[at];
        }
        check(image.slice().buffer, model);
        // After it, before the count is stored.
        const published = after.slice();
        published.set(before.subarray(16, 24), 16);
        check(published.buffer, next);
      }
      check(after.slice().buffer, next);
      model.push(...events.map(plain));
    }
  }

  function check(image: ArrayBuffer, expected: unknown[]): void {
    assert.deepEqual([...new EventReader(image)].map(plain), expected);
    const writer = EventWriter.open(image);
    assert.equal(writer.eventCount, expected.length);
    const last = eventOf(999, 50);
    writer.writeEvent(last, last.payload);
    const all = expected.concat([plain(last)]);
    assert.deepEqual([...new EventReader(image)].map(plain), all);
    // What was cleared can't be taken for events by a scan.
    new Uint8Array(image, 16, 16).fill(255);
    assert.equal(EventWriter.recover(image).eventCount, all.length);
    assert.deepEqual([...new EventReader(image)].map(plain), all);
  }
});

test("the count is what the events say, not what the header said", () => {
  const memory = new ArrayBuffer(4096);
  EventWriter.create(memory).writeMany([eventOf(1, 9), eventOf(2, 9)]);
  new Int32Array(memory)[4] = 77;
  assert.equal(new EventReader(memory).eventCount, 77);
  assert.equal(EventWriter.open(memory).eventCount, 2);
  assert.equal(new EventReader(memory).eventCount, 2);
});

test("a header that lies is a typed error", () => {
  const image = () => {
    const memory = new ArrayBuffer(4096);
    EventWriter.create(memory).writeMany([eventOf(1, 9), eventOf(2, 9)]);
    return memory;
  };
  const change = (offset: number, ...bytes: number[]) => {
    const memory = image();
    new Uint8Array(memory).set(bytes, offset);
    return memory;
  };
  assert.throws(() => new EventReader(change(0, 1)), UnsupportedLogError);
  assert.throws(() => new EventReader(change(4, 2)), UnsupportedLogError);
  assert.throws(() => EventWriter.open(change(4, 2)), UnsupportedLogError);
  assert.throws(() => new EventReader(new ArrayBuffer(63)), CorruptLogError);
  assert.throws(() => EventWriter.open(new ArrayBuffer(10)), CorruptLogError);
  for (const bytes of [[63], [1, 16], [255, 255, 255, 255], [70], [80, 0, 0, 0, 1], [0, 0]]) {
    const memory = change(24, ...bytes);
    assert.throws(() => new EventReader(memory).replay(() => {}), CorruptLogError, String(bytes));
    assert.throws(() => [...new EventReader(memory)], CorruptLogError, String(bytes));
    assert.throws(() => EventWriter.open(memory), CorruptLogError, String(bytes));
    assert.equal(EventWriter.recover(memory).eventCount, 2);
  }
  // A length that leads beyond the end: what is before it is read.
  const memory = change(64 + 10, 255, 255);
  assert.throws(() => new EventReader(memory).replay(() => {}), {
    code: "CORRUPT_LOG",
    offset: 64,
  });
});

test("an error of the handler stops a replay, and a cursor stands before the event", () => {
  const memory = new ArrayBuffer(4096);
  EventWriter.create(memory).writeMany([eventOf(1, 9), eventOf(2, 9), eventOf(3, 9)]);
  const reader = new EventReader(memory);
  const cursor = reader.start();
  const seen: number[] = [];
  assert.throws(() =>
    reader.readOn(cursor, (event) => {
      if (event.timestamp === 2) throw new Error("no");
      seen.push(event.timestamp);
    }), /no/);
  reader.readOn(cursor, (event) => seen.push(event.timestamp));
  assert.deepEqual(seen, [1, 2, 3]);
  assert.throws(() => reader.readOn({ offset: 5000 }, () => {}), CorruptLogError);
  assert.throws(() => reader.readOn({ offset: 1.5 }, () => {}), CorruptLogError);
});

test("a reader that its handler closes says so, and shows nothing more", () => {
  const memory = new ArrayBuffer(4096);
  EventWriter.create(memory).writeMany([eventOf(1, 9), eventOf(2, 9)]);
  const reader = new EventReader(memory);
  let seen = 0;
  const closing = () => {
    seen++;
    reader.close();
  };
  assert.throws(() => reader.replay(closing), ClosedError);
  assert.equal(seen, 1);
  assert.throws(() => reader.eventCount, ClosedError);
});

test("what finds no room when the log must grow is an error, and not in the log", () => {
  const memory = new ArrayBuffer(4096);
  let isFull = true;
  const writer = EventWriter.create(memory, {
    grow() {
      if (isFull) throw new NoSpaceError("the disk is full");
      return undefined;
    },
  });
  const payload = new Uint8Array(3000).fill(1);
  const event = { timestamp: 1, type: 1, payload };
  assert.equal(writer.writeEvent(event, payload), true);
  const before = new Uint8Array(memory).slice();
  assert.throws(() => writer.writeEvent(event, payload), NoSpaceError);
  const small = { ...event, payload: new Uint8Array(9) };
  assert.throws(() => writer.writeMany([small, event]), NoSpaceError);
  const { producer, consumer } = SpscRingBuffer.create(4096).split();
  producer.writeEvent(event, payload);
  assert.throws(() => writer.writeFrom(consumer), NoSpaceError);
  assert.deepEqual(new Uint8Array(memory), before);
  isFull = false;
  assert.equal(writer.writeMany([small, event, small]), 1);
  assert.equal(writer.writeFrom(consumer), 0);
  assert.equal(consumer.isEmpty, false);
  assert.equal(new EventReader(memory).replay(() => {}), 2);
});

test("wrong arguments are errors, and write nothing", () => {
  const memory = new ArrayBuffer(4096);
  const writer = EventWriter.create(memory);
  const before = new Uint8Array(memory).slice();
  const none = new Uint8Array(0);
  const good = { timestamp: 1, type: 1, payload: none };
  for (const timestamp of [-1, 1.5, NaN, 2 ** 53, -1n, 1n << 64n]) {
    assert.throws(() => writer.writeEvent({ timestamp, type: 1 }, none), RangeError);
    assert.throws(() => writer.writeMany([good, { ...good, timestamp }]), RangeError);
  }
  for (const wrong of [{ type: 256 }, { type: -1 }, { flags: 300 }, { reserved: 2 ** 32 }]) {
    assert.throws(() => writer.writeEvent({ ...good, ...wrong }, none), RangeError);
  }
  assert.throws(() => writer.writeEvent(good, new Uint8Array(65536)), RangeError);
  assert.throws(() => writer.writeEvent(good, 5 as never), TypeError);
  assert.throws(() => writer.writeMany([good, { ...good, payload: null as never }]), TypeError);
  assert.deepEqual(new Uint8Array(memory), before);
  assert.throws(() => EventWriter.create(new ArrayBuffer(4095)), RangeError);
  assert.throws(() => EventWriter.create(memory, { magic: "NONE" as never }), TypeError);
  assert.throws(() => EventWriter.create(memory, { createdAt: 1.5 }), RangeError);
  writer.close();
  assert.throws(() => writer.writeEvent(good, none), ClosedError);
  assert.throws(() => writer.writeMany([good]), ClosedError);
  assert.throws(() => writer.writeFrom(SpscRingBuffer.create(64).split().consumer), ClosedError);
});

test("a handler can't read on from its own cursor, but from another one", () => {
  const memory = new ArrayBuffer(4096);
  const writer = EventWriter.create(memory);
  const reader = new EventReader(memory);
  const none = new Uint8Array(0);
  for (const timestamp of [1, 2, 3]) writer.writeEvent({ timestamp, type: 0 }, none);
  const outer = reader.start();
  const inner = reader.start();
  const seen: number[] = [];
  const count = reader.readOn(outer, ({ timestamp }) => {
    seen.push(timestamp);
    assert.throws(() => reader.readOn(outer, () => {}), ReentrantUseError);
    assert.throws(() => reader.readCopies(outer), ReentrantUseError);
    const more = reader.readOn(inner, () => {
      assert.throws(() => reader.readOn(outer, () => {}), ReentrantUseError);
      assert.equal(reader.replay(() => {}), 3);
    });
    seen.push(10 * more);
  });
  assert.deepEqual([count, ...seen], [3, 1, 30, 2, 0, 3, 0]);
  assert.throws(() =>
    reader.readOn(reader.start(), () => {
      throw new Error("no");
    }), /no/);
  writer.writeEvent({ timestamp: 4, type: 0 }, none);
  assert.deepEqual(reader.readCopies(outer).map(({ timestamp }) => timestamp), [4]);
});

test("EventHeader is the same as 16 bytes and as an object", () => {
  for (const timestamp of [0, 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2n ** 53n, 2n ** 64n - 1n]) {
    const header = new EventHeader({
      timestamp,
      type: 255,
      flags: 128,
      reserved: 2 ** 32 - 1,
      payloadLength: 65535,
    });
    assert.deepEqual(EventHeader.decode(header.encode()), header);
  }
  assert.throws(() => new EventHeader({ payloadLength: 65536 }).encode(), RangeError);
  assert.throws(() => new EventHeader({ payloadLength: 1.5 }).encode(), RangeError);
  assert.throws(() => EventHeader.decode(new Uint8Array(15)), RangeError);
  assert.throws(() => new EventHeader().encodeInto(new Uint8Array(20), 5), RangeError);
});
