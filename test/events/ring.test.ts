/** Rings of events: against a model, with lying memory, waiting. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import {
  CorruptLogError,
  EventDispatcher,
  EventReader,
  EventWriter,
  OuroborosError,
  ReentrantUseError,
  RingBuffer,
  SpscRingBuffer,
  UnsupportedLogError,
} from "../../src/events/mod.ts";
import { eventOf, plain, randomEvent } from "../support/events.ts";
import { baseSeed, Random } from "../support/random.ts";

const RUNS = 200;
const IMAGES = Number(process.env.HOSTILE_RUNS ?? 5000);
const none = new Uint8Array(0);
const paddedSize = (length: number) => Math.ceil((16 + length) / 16) * 16;

for (const kind of ["RingBuffer", "SpscRingBuffer"]) {
  test(`${kind} does what a list does, at any position (seed ${baseSeed})`, () => {
    for (let run = 0; run < RUNS; run++) {
      const random = new Random(baseSeed + run);
      const capacity = 64 << random.below(8);
      const ring = kind === "RingBuffer" ? new RingBuffer(capacity) : undefined;
      const shared = SpscRingBuffer.create(capacity);
      // Positions that are about to turn over.
      const words = new Int32Array(shared.memory);
      words[16] = words[32] = random.below(2) === 0 ? -16 * random.below(20) : 0;
      let { producer, consumer } = shared.split();
      const most = Math.min(capacity - 16, 2000);
      const model: { size: number; plain: unknown }[] = [];
      const used = () => model.reduce((sum, { size }) => sum + size, 0);
      for (let step = 0; step < 200; step++) {
        const way = random.below(5);
        if (way < 2) {
          const event = randomEvent(random, most);
          const size = paddedSize(event.payload.length);
          const fits = used() + size <= capacity;
          assert.equal((ring ?? producer).writeEvent(event, event.payload), fits);
          if (fits) model.push({ size, plain: plain(event) });
        } else if (way === 2 && ring === undefined) {
          const events = Array.from(
            { length: random.below(9) },
            () => randomEvent(random, 50 % most),
          );
          const count = producer.writeMany(events);
          const put = events.slice(0, count).map((event) => {
            return { size: paddedSize(event.payload.length), plain: plain(event) };
          });
          model.push(...put);
          assert.ok(used() <= capacity);
          if (count < events.length) {
            assert.ok(used() + paddedSize(events[count].payload.length) > capacity);
          }
        } else if (way === 3) {
          const seen: unknown[] = [];
          const limit = 1 + random.below(5);
          const count = (ring ?? consumer).drain((event) => seen.push(plain(event.copy())), limit);
          assert.equal(count, Math.min(limit, model.length));
          assert.deepEqual(seen, model.splice(0, count).map((item) => item.plain));
        } else {
          const event = (ring ?? consumer).readEvent();
          assert.deepEqual(event && plain(event), model.shift()?.plain);
        }
        assert.equal((ring ?? consumer).isEmpty, model.length === 0);
        if (ring === undefined) assert.equal(producer.available, capacity - used());
        else assert.equal(ring.used, used());
        // Somebody else goes on with it.
        if (random.below(20) === 0) {
          ({ producer, consumer } = SpscRingBuffer.attach(shared.memory).split());
        }
      }
    }
  });
}

test(`a full ring goes into a log, whatever the sizes (seed ${baseSeed})`, () => {
  for (let run = 0; run < RUNS; run++) {
    const random = new Random(baseSeed + run);
    const { producer, consumer } = SpscRingBuffer.create(1024 << random.below(6)).split();
    const memory = new ArrayBuffer(4096 + random.below(100_000));
    const log = EventWriter.create(memory);
    const model: unknown[] = [];
    const size = [0, 16, 64, 300, 512][random.below(5)];
    let put = 0;
    let moved = 0;
    for (;;) {
      for (;; put++) {
        const event = eventOf(put, 900);
        const payload = random.below(3) > 0 ? new Uint8Array(size).fill(put) : event.payload;
        if (!producer.writeEvent(event, payload)) break;
        model.push(plain({ ...event, payload }));
      }
      const count = log.writeFrom(consumer, 1 + random.below(100));
      moved += count;
      if (count === 0) break;
    }
    assert.equal(log.eventCount, moved);
    assert.deepEqual([...new EventReader(memory)].map(plain), model.slice(0, moved));
    // What did not fit is still in the ring.
    const next = consumer.readEvent();
    assert.deepEqual(next && plain(next), model[moved]);
    assert.ok(16 + next!.payloadLength > log.available);
  }
});

test("an event that is seen in place gives its bytes, and nothing beyond them", () => {
  const ring = new RingBuffer(64);
  const payload = Uint8Array.from({ length: 20 }, (_, i) => i + 7);
  // At any place, also split where the ring ends.
  for (let round = 0; round < 4; round++) {
    ring.writeEvent({ timestamp: round, type: 1, flags: 2, reserved: 3 }, payload);
    const count = ring.drain((event) => {
      assert.deepEqual([event.type, event.flags, event.reserved], [1, 2, 3]);
      const none = undefined;
      assert.deepEqual([-1, 0, 19, 20, NaN].map((at) => event.at(at)), [none, 7, 26, none, none]);
      assert.equal(event.uint32(16), 0x1a191817);
      assert.throws(() => event.uint32(17), RangeError);
      const target = new Uint8Array(21);
      assert.equal(event.copyTo(target, 1), 20);
      assert.deepEqual([...target], [0, ...payload]);
      assert.throws(() => event.copyTo(target, 2), RangeError);
    });
    assert.equal(count, 1);
  }
});

test("an event whose handler throws stays in the ring", () => {
  const { producer, consumer } = SpscRingBuffer.create(1024).split();
  const ring = new RingBuffer(1024);
  for (
    const side of [ring, {
      drain: consumer.drain.bind(consumer),
      writeEvent: producer.writeEvent.bind(producer),
    }]
  ) {
    for (const timestamp of [1, 2, 3]) side.writeEvent({ timestamp, type: 0 }, none);
    const seen: number[] = [];
    assert.throws(() =>
      side.drain(({ timestamp }) => {
        if (timestamp === 2) throw new Error("no");
        seen.push(timestamp);
      }), /no/);
    assert.throws(() => side.drain(() => void side.drain(() => {})), ReentrantUseError);
    for (const wrong of [1.5, -1, NaN]) {
      assert.throws(() => side.drain(() => {}, wrong), RangeError);
    }
    side.drain(({ timestamp }) => seen.push(timestamp));
    assert.deepEqual(seen, [1, 2, 3]);
  }
  ring.writeEvent({ timestamp: 1, type: 0 }, none);
  ring.clear();
  assert.equal(ring.isEmpty, true);
});

test("a handler can't take events out of its own ring in any other way, either", () => {
  const { producer, consumer } = SpscRingBuffer.create(1024).split();
  const ring = new RingBuffer(1024);
  const log = EventWriter.create(new ArrayBuffer(8192));
  for (const timestamp of [1, 2, 3]) {
    ring.writeEvent({ timestamp, type: 0 }, none);
    producer.writeEvent({ timestamp, type: 0 }, none);
  }
  const seen: number[] = [];
  ring.drain(({ timestamp }) => {
    seen.push(timestamp);
    for (const use of [() => ring.readEvent(), () => ring.clear()]) {
      assert.throws(use, ReentrantUseError);
    }
  });
  consumer.drain(({ timestamp }) => {
    seen.push(timestamp);
    for (const use of [() => consumer.readEvent(), () => log.writeFrom(consumer)]) {
      assert.throws(use, ReentrantUseError);
    }
  });
  assert.deepEqual(seen, [1, 2, 3, 1, 2, 3]);
  assert.deepEqual([ring.isEmpty, consumer.isEmpty, log.eventCount], [true, true, 0]);
  producer.writeEvent({ timestamp: 4, type: 0 }, none);
  assert.deepEqual([log.writeFrom(consumer), log.eventCount], [1, 1]);
});

test("wrong arguments are errors, and put nothing in", () => {
  for (const capacity of [0, 32, 63, 65, 100, 2 ** 31, NaN, 64.5]) {
    assert.throws(() => SpscRingBuffer.create(capacity), RangeError, String(capacity));
    assert.throws(() => new RingBuffer(capacity), RangeError, String(capacity));
  }
  assert.throws(() => SpscRingBuffer.create(new ArrayBuffer(255)), RangeError);
  assert.equal(SpscRingBuffer.create(new ArrayBuffer(300)).capacity, 64);
  const { producer, consumer } = SpscRingBuffer.create(64).split();
  assert.equal(producer.maxPayload, 48);
  const good = { timestamp: 1, type: 1, payload: none };
  assert.throws(() => producer.writeEvent(good, new Uint8Array(49)), RangeError);
  assert.throws(() => producer.writeEvent({ ...good, type: 256 }, none), RangeError);
  assert.throws(() => producer.writeMany([good, { ...good, type: 256 }]), RangeError);
  assert.throws(() => producer.writeMany([good, { ...good, payload: 5 as never }]), TypeError);
  assert.throws(() => producer.waitNotFull(49), RangeError);
  assert.throws(() => consumer.waitNotEmpty(-1), RangeError);
  assert.equal(consumer.isEmpty, true);
  assert.equal(producer.available, 64);
});

test("waiting ends with its time, its signal, or what it waits for, on any memory", async () => {
  for (const memory of [new SharedArrayBuffer(256), new ArrayBuffer(256)]) {
    const { producer, consumer } = SpscRingBuffer.create(memory).split();
    assert.equal(consumer.waitNotEmpty(3), false);
    assert.equal(await consumer.waitNotEmptyAsync(3), false);
    const signal = AbortSignal.timeout(5);
    await assert.rejects(() => consumer.waitNotEmptyAsync(Infinity, signal), {
      name: "TimeoutError",
    });
    const waiting = consumer.waitNotEmptyAsync();
    producer.writeEvent({ timestamp: 1, type: 0 }, new Uint8Array(48));
    assert.equal(await waiting, true);
    assert.equal(consumer.waitNotEmpty(), true);
    assert.equal(producer.waitNotFull(0, 3), false);
    assert.equal(await producer.waitNotFullAsync(0, 3), false);
    const soon = AbortSignal.timeout(5);
    await assert.rejects(() => producer.waitNotFullAsync(0, Infinity, soon), {
      name: "TimeoutError",
    });
    const room = producer.waitNotFullAsync(48);
    consumer.readEvent();
    assert.equal(await room, true);
    assert.equal(producer.waitNotFull(48), true);
  }
});

test("what is no ring is an error", () => {
  const image = (at: number, value: number) => {
    const { memory } = SpscRingBuffer.create(256);
    new Int32Array(memory)[at] = value;
    return memory;
  };
  assert.throws(() => SpscRingBuffer.attach(new ArrayBuffer(100)), UnsupportedLogError);
  assert.throws(() => SpscRingBuffer.attach(image(0, 1)), UnsupportedLogError);
  assert.throws(() => SpscRingBuffer.attach(image(1, 2)), UnsupportedLogError);
  for (const capacity of [0, -1, 300, 512, 2 ** 30, 32]) {
    assert.throws(() => SpscRingBuffer.attach(image(2, capacity)), CorruptLogError);
  }
  assert.throws(() => SpscRingBuffer.attach(image(16, 272)).split(), CorruptLogError);
  assert.throws(() => SpscRingBuffer.attach(image(32, 16)).split(), CorruptLogError);
  assert.throws(() => SpscRingBuffer.attach(image(16, 8)).split(), CorruptLogError);
});

test(`${IMAGES} rings whose other side lies: our errors, or events, and no hang (seed ${baseSeed})`, () => {
  for (let run = 0; run < IMAGES; run++) {
    const random = new Random(baseSeed + run);
    const capacity = 64 << random.below(4);
    const { memory } = SpscRingBuffer.create(capacity);
    const words = new Int32Array(memory);
    const sides = SpscRingBuffer.attach(memory).split();
    for (let step = 0; step < 8; step++) {
      const event = eventOf(random.below(1000), capacity - 16);
      const at = random.below(3) === 0 ? [16, 32][random.below(2)] : random.below(words.length);
      if (random.below(2) === 0) words[at] = random.below(2 ** 32);
      if (random.below(2) === 0) words[at] = (words[at] & ~15) + 16 * (random.below(9) - 4);
      const log = EventWriter.create(new ArrayBuffer(4096));
      const takes = [
        () => sides.producer.writeEvent(event, event.payload),
        () => sides.producer.writeMany([event, event]),
        () => sides.consumer.readEvent(),
        () => assert.ok(sides.consumer.drain((event) => void event.bytes()) <= capacity / 16),
        () => log.writeFrom(sides.consumer),
      ];
      try {
        takes[random.below(takes.length)]();
      } catch (error) {
        if (!(error instanceof OuroborosError)) throw error;
      }
    }
  }
});

test("EventDispatcher hands each event to each consumer, and counts who fails", () => {
  const { producer, consumer } = SpscRingBuffer.create(4096).split();
  const dispatcher = new EventDispatcher(consumer);
  assert.equal(dispatcher.statistics().successRate, 1);
  const seen: number[] = [];
  let flushed = 0;
  dispatcher
    .add({
      name: "odd",
      consume({ timestamp }) {
        if (timestamp % 2 === 0) throw new Error(`even ${timestamp}`);
      },
    })
    .add({ name: "all", consume: ({ timestamp }) => seen.push(timestamp), flush: () => flushed++ })
    .add({
      name: "broken flush",
      consume() {},
      flush() {
        throw new Error("no flush");
      },
    });
  for (let timestamp = 0; timestamp < 10; timestamp++) {
    producer.writeEvent({ timestamp, type: 1 }, none);
  }
  assert.equal(dispatcher.drainBatch(4), 4);
  assert.equal(dispatcher.drain(), 6);
  assert.equal(dispatcher.drain(), 0);
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(flushed, 2);
  const { read, delivered, failed, successRate, consumers } = dispatcher.statistics();
  assert.deepEqual([read, delivered, failed], [10, 25, 7]);
  assert.equal(successRate, 25 / 32);
  assert.deepEqual(consumers.map((c) => [c.name, c.delivered, c.failed, String(c.lastError)]), [
    ["odd", 5, 5, "Error: even 8"],
    ["all", 10, 0, "undefined"],
    ["broken flush", 10, 2, "Error: no flush"],
  ]);
  assert.throws(() => dispatcher.drainBatch(0), RangeError);
});
