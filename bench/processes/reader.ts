/**
 * A reader of the comparison between processes: takes all entries until an empty one, or for some
 * time if one is given; says what it got, how late, and what that cost.
 */

import process from "node:process";
import { type OverrunPolicy, ShmLogReader } from "../../mod.ts";
import { now } from "./clock.ts";
import { wait, type Waiting } from "./waiting.ts";

const MOST_LATENCIES = 1 << 22;

const [name, how, stamps, most = "Infinity", policy = "oldest"] = process.argv.slice(2);
const limit = Number(most);
const isStamped = stamps === "stamps";
const reader = ShmLogReader.open(name, {
  strategy: "oldest",
  onOverrun: policy as OverrunPolicy,
});
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
while (!isDone && last - start <= limit) {
  const count = isStamped ? takeStamped() : takeBatch();
  if (count === 0) {
    const time = performance.now();
    await wait(how as Waiting, time - last);
    if (limit < Infinity && performance.now() - start > limit) break;
    continue;
  }
  last = performance.now();
  if (first === 0) first = last;
  read += count;
}
const { user, system } = process.cpuUsage(cpu);
const sorted = latencies.subarray(0, Math.min(read - 1, latencies.length)).sort();
const quantile = (q: number) => sorted[Math.floor(sorted.length * q)] ?? NaN;
console.log(JSON.stringify({
  // The empty one does not count.
  read: read - (isDone ? 1 : 0),
  lost: reader.lostEntries,
  overruns: reader.overruns,
  milliseconds: last - first,
  cpu: (user + system) / 1000 / (performance.now() - start),
  latency: [0.5, 0.9, 0.99, 0.999].map(quantile),
}));
process.exit(0);

function takeBatch(): number {
  const batch = reader.readBatch();
  const { length } = batch;
  if (length > 0) isDone = batch.byteLength(length - 1) === 0;
  return length;
}

/** In place, so that measuring does not make the reader the slower one. */
function takeStamped(): number {
  let time = 0;
  let seen = 0;
  let length = 1;
  const count = reader.forEach((entry) => {
    if (seen === 0) time = now();
    ({ length } = entry);
    for (let i = 0; i < 8; i++) stampBytes[i] = entry.at(i) ?? 0;
    if (length > 0) latencies[(read + seen) % MOST_LATENCIES] = time - stamp[0];
    seen++;
  });
  // What was overwritten meanwhile does not count.
  if (count > 0) isDone = length === 0;
  return Math.max(count, 0);
}
