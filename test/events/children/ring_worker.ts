/** One side of a ring in a worker: side, memory, count, largest payload, way. */

import { parentPort, workerData } from "node:worker_threads";
import { SpscRingBuffer } from "../../../src/events/mod.ts";
import { consumeAll, produceAll } from "../../support/ring_sides.ts";

const { side, memory, count, most, way } = workerData;
const { producer, consumer } = SpscRingBuffer.attach(memory).split();
// What is posted before the other side listens may be lost.
parentPort!.once("message", async () => {
  const wrong = side === "producer"
    ? await produceAll(producer, count, most, way)
    : await consumeAll(consumer, count, most, way);
  parentPort!.postMessage(wrong);
});
parentPort!.postMessage("ready");
