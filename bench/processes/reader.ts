/**
 * A reader of the comparison between processes: takes all entries until an empty one, or for some
 * time if one is given; says what it got, how late, and what that cost.
 */

import process from "node:process";
import { ShmLogReader } from "../../mod.ts";
import { now } from "./clock.ts";
import { wait, type Waiting } from "./waiting.ts";

const MOST_LATENCIES = 1 << 22;

const [name, how, stamps, limit] = process.argv.slice(2);
const isStamped = stamps === "stamps";
const reader = ShmLogReader.open(name, { strategy: "lowest" });
const latencies = new Float64Array(isStamped ? MOST_LATENCIES : 0);
const stamp = new Float64Array(1);
const stampBytes = new Uint8Array(stamp.buffer);

console.log("ready");
const cpu = process.cpuUsage();
const start = performance.now();
let first = 0;
let last = start;
let read = 0;
let isDone = false;
while (!isDone && !(last - start > Number(limit))) {
  const batch = reader.readBatch();
  const { length } = batch;
  if (length === 0) {
    const time = performance.now();
    await wait(how as Waiting, time - last);
    if (limit !== undefined && performance.now() - start > Number(limit)) break;
    continue;
  }
  last = performance.now();
  if (first === 0) first = last;
  isDone = batch.byteLength(length - 1) === 0;
  if (isStamped) {
    const time = now();
    for (let i = 0; i < length - (isDone ? 1 : 0); i++) {
      stampBytes.set(batch.bytes(i).subarray(0, 8));
      latencies[(read + i) % MOST_LATENCIES] = time - stamp[0];
    }
  }
  read += length;
}
const { user, system } = process.cpuUsage(cpu);
const sorted = latencies.subarray(0, Math.min(read - 1, latencies.length)).sort();
const quantile = (q: number) => sorted[Math.floor(sorted.length * q)] ?? NaN;
console.log(JSON.stringify({
  // The empty one does not count.
  read: read - (isDone ? 1 : 0),
  lost: reader.lostEntries,
  milliseconds: last - first,
  cpu: (user + system) / 1000 / (performance.now() - start),
  latency: [0.5, 0.9, 0.99, 0.999].map(quantile),
}));
process.exit(0);
