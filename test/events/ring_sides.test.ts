/** Rings of events between workers, and between processes of all runtimes. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { Worker } from "node:worker_threads";
import { SharedMemory } from "../../ffi/mod.ts";
import { SpscRingBuffer } from "../../src/events/mod.ts";
import { eventOf, isEvent } from "../support/events.ts";
import { consumeAll, produceAll, type Way } from "../support/ring_sides.ts";
import { type Child, partners, startChild, uniqueName } from "../support/runtime.ts";

const COUNT = Number(process.env.EVENTS ?? 20_000);
const worker = new URL("children/ring_worker.ts", import.meta.url);
const child = new URL("children/ring_process.ts", import.meta.url);

function startSide(side: string, memory: ArrayBufferLike, most: number, way: Way) {
  const thread = new Worker(worker, { workerData: { side, memory, count: COUNT, most, way } });
  const next = () =>
    new Promise((resolve, reject) => {
      thread.once("message", resolve);
      thread.once("error", reject);
    });
  return { thread, next };
}

const ways: [Way, Way, number, number][] = [
  ["single", "batch", 100, 65_536],
  ["batch", "single", 100, 512],
  ["batch", "batch", 2000, 4096],
  ["async", "async", 300, 2048],
];
for (const [put, take, most, capacity] of ways) {
  test(`${COUNT} events from worker to worker: ${put} in, ${take} out, ring of ${capacity}`, async () => {
    const { memory } = SpscRingBuffer.create(capacity);
    const producer = startSide("producer", memory, most, put);
    const consumer = startSide("consumer", memory, most, take);
    assert.deepEqual(await Promise.all([producer.next(), consumer.next()]), ["ready", "ready"]);
    producer.thread.postMessage("go");
    consumer.thread.postMessage("go");
    assert.deepEqual(await Promise.all([producer.next(), consumer.next()]), [0, 0]);
    await Promise.all([producer.thread.terminate(), consumer.thread.terminate()]);
    assert.equal(SpscRingBuffer.attach(memory).split().consumer.isEmpty, true);
  });
}

for (const on of partners) {
  test(`${COUNT} events to a process of ${on.title}, and from one`, async () => {
    const names = [uniqueName("ring"), uniqueName("ring")];
    const capacity = 16_384;
    const [there, back] = names.map((name) =>
      SharedMemory.create(name, SpscRingBuffer.size(capacity))
    );
    const children: Child[] = [];
    const start = (side: string, name: string, way: Way) => {
      const started = startChild(child, [side, name, COUNT, 300, way], on);
      children.push(started);
      return started;
    };
    try {
      const { producer } = SpscRingBuffer.create(there.buffer).split();
      const { consumer } = SpscRingBuffer.create(back.buffer).split();
      const taker = start("consumer", names[0], "batch");
      await produceAll(producer, COUNT, 300, "async");
      assert.equal(await taker.nextLine(), "0");
      assert.equal(await taker.ended(), 0);
      const giver = start("producer", names[1], "single");
      assert.equal(await consumeAll(consumer, COUNT, 300, "async"), 0);
      assert.equal(await giver.ended(), 0);
    } finally {
      for (const child of children) await child.kill();
      for (const memory of [there, back]) {
        SharedMemory.unlink(memory.name);
        memory.close();
      }
    }
  });
}

test("a producer killed at any moment leaves whole events, and its successor continues", async () => {
  const name = uniqueName("ring");
  using memory = SharedMemory.create(name, SpscRingBuffer.size(4096));
  try {
    const { consumer } = SpscRingBuffer.create(memory.buffer).split();
    for (let kill = 0; kill < 5; kill++) {
      const giver = startChild(child, ["producer", name, 1e9, 200, "batch"]);
      let number = 0;
      const take = () =>
        consumer.drain((event) => assert.ok(isEvent(event, event.bytes(), number++, 200)));
      assert.equal(await consumer.waitNotEmptyAsync(60_000), true);
      const until = performance.now() + 20;
      while (performance.now() < until) {
        take();
        await new Promise((resolve) => setImmediate(resolve));
      }
      await giver.kill();
      take();
      assert.ok(number > 0);
      assert.equal(consumer.isEmpty, true);
      // Each begins its stream anew.
      const { producer } = SpscRingBuffer.attach(memory.buffer).split();
      const event = eventOf(7, 200);
      assert.equal(producer.writeEvent(event, event.payload), true);
      const read = consumer.readEvent();
      assert.ok(read !== undefined && isEvent(read, read.payload, 7, 200));
    }
  } finally {
    SharedMemory.unlink(name);
  }
});
