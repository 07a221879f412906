/** One side of a ring in shared memory: side, name, count, largest payload, way. */

import process from "node:process";
import { SharedMemory } from "../../../ffi/mod.ts";
import { SpscRingBuffer } from "../../../src/events/mod.ts";
import { consumeAll, produceAll, type Way } from "../../support/ring_sides.ts";

const [, , side, name, count, most, way] = process.argv;
using memory = SharedMemory.open(name, { access: "read-write" });
const { producer, consumer } = SpscRingBuffer.attach(memory.buffer).split();
const wrong = side === "producer"
  ? await produceAll(producer, Number(count), Number(most), way as Way)
  : await consumeAll(consumer, Number(count), Number(most), way as Way);
console.log(wrong);
