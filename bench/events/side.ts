/** One side of the pipeline in a worker: makes events, or moves them into a log. */

import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import {
  EventLogWriter,
  type SpscConsumer,
  type SpscProducer,
  SpscRingBuffer,
} from "../../src/events/mod.ts";
import { Batch, EVENT, PAYLOAD } from "./stream.ts";

const { side, memory, count, batch, path } = workerData;

// As a service does it: before there is anything to write.
const log = side === "consumer"
  ? EventLogWriter.create(path, { capacity: 64 + count * EVENT })
  : undefined;

parentPort!.once("message", () => {
  const { producer, consumer } = SpscRingBuffer.attach(memory).split();
  if (side === "producer") produce(producer);
  else consume(consumer, log!);
  log?.close();
  parentPort!.postMessage("done");
});
parentPort!.postMessage("ready");

function produce(producer: SpscProducer): void {
  const made = new Batch(batch);
  for (let number = 0; number < count; number += batch) {
    made.fill(number);
    if (batch === 1) {
      const event = made.events[0];
      while (!producer.writeEvent(event, event.payload)) producer.waitNotFull(PAYLOAD);
      continue;
    }
    let rest = made.events;
    for (;;) {
      const put = producer.writeMany(rest);
      if (put === rest.length) break;
      rest = rest.slice(put);
      producer.waitNotFull(PAYLOAD);
    }
  }
}

function consume(consumer: SpscConsumer, log: EventLogWriter): void {
  while (log.eventCount < count) {
    if (log.writeFrom(consumer, 4096) === 0 && !consumer.waitNotEmpty(10_000)) process.exit(1);
  }
}
