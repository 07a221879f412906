/**
 * Writes numbered messages as the original does, without a claim: W, bytes, S, R. Until it is told to
 * stop; says how many.
 */

import process from "node:process";
import { CountedMemory, SemaphoreLock } from "../../../src/circular/mod.ts";
import { fillMessage, MOST, writeBursts } from "./messages.ts";

const [indexName, dataName, capacityText, burst] = process.argv.slice(2);
const capacity = Number(capacityText);
const index = CountedMemory.open(indexName, 192, { originalSize: true });
const data = CountedMemory.open(dataName, capacity, { originalSize: true });
const semaphore = new SemaphoreLock(`${dataName}-writer`);
if (!semaphore.acquire()) throw new Error("there is a writer");
const state = new BigUint64Array(index.buffer, 256, 24);
const bytes = new Uint8Array(data.buffer, 256, capacity);
const message = new Uint8Array(MOST + 4);
const views = Array.from(
  { length: MOST + 1 },
  (_, length) => [message.subarray(0, length + 4), message.subarray(4, length + 4)],
);
let at = Number(state[0]);
let sequence = Number(state[16]);
await writeBursts(Number(burst), writeOne);
semaphore.close();
SemaphoreLock.unlink(semaphore.name);
data.close();
index.close();
process.exit(0);

function writeOne(number: number): void {
  const length = fillMessage(number, views[MOST][1]);
  new DataView(message.buffer).setInt32(0, length, true);
  if (capacity - at < 4) at = 0;
  const end = at + length + 4;
  const next = end > capacity ? end - capacity : end;
  Atomics.store(state, 8, BigInt(next));
  const whole = views[length][0];
  const first = Math.min(whole.length, capacity - at);
  bytes.set(first === whole.length ? whole : whole.subarray(0, first), at);
  if (first < whole.length) bytes.set(whole.subarray(first), 0);
  sequence += length + 4;
  Atomics.store(state, 16, BigInt(sequence));
  Atomics.store(state, 0, BigInt(next));
  at = next;
}
