/**
 * A follower of the comparison: takes stamped entries until an empty one; then follows for a while
 * although nothing comes. Says how late the entries were, and what the idle time cost.
 */

import process from "node:process";
import { Doorbell, SharedMemory } from "../../ffi/mod.ts";
import { type Entry, ShmLogReader } from "../../mod.ts";
import { now } from "../processes/clock.ts";

const [name, idle, way] = process.argv.slice(2);
const reader = ShmLogReader.open(name);
const latencies: number[] = [];
const stamp = new Float64Array(1);
const stampBytes = new Uint8Array(stamp.buffer);

/** Takes one entry; false at the end. */
function take(entry: Entry): boolean {
  const time = now();
  if (entry.bytes.length === 0) return false;
  stampBytes.set(entry.bytes.subarray(0, 8));
  latencies.push(time - stamp[0]);
  return true;
}

/** The same with the whole thread, which can do nothing else meanwhile. */
function followBlocked(): void {
  using memory = SharedMemory.open(name);
  using bell = Doorbell.of(memory);
  for (;;) {
    bell?.arm();
    const entry = reader.read();
    if (entry === undefined) bell?.sleepSync(250);
    else if (!take(entry)) return;
  }
}

console.log("ready");
if (way === "notify, blocked") followBlocked();
else for await (const entry of reader.follow()) if (!take(entry)) break;
latencies.sort((a, b) => a - b);
const quantile = (q: number) => latencies[Math.floor(latencies.length * q)];

const signal = AbortSignal.timeout(Number(idle));
let cpu = process.cpuUsage();
let start = performance.now();
// Once it has come to rest.
setTimeout(() => [cpu, start] = [process.cpuUsage(), performance.now()], 1500);
for await (const _ of reader.follow({ signal }));
const { user, system } = process.cpuUsage(cpu);
const share = (user + system) / 1000 / (performance.now() - start);
console.log(JSON.stringify({ median: quantile(0.5), most: quantile(0.99), share }));
reader.close();
