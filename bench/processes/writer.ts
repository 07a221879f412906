/**
 * The writer of the comparison between processes: on "go" writes entries for a while, as fast as it
 * can or at a rate, each stamped if asked; then an empty one, and says how many, in what time, and what time of a CPU.
 */

import { once } from "node:events";
import process from "node:process";
import { ShmLogWriter } from "../../mod.ts";
import { now } from "./clock.ts";

const [name, size, milliseconds, perSecond, stamps] = process.argv.slice(2);
const writer = ShmLogWriter.create(name, { unlinkOnClose: true });
const payload = new Uint8Array(new ArrayBuffer(Math.max(Number(size), 8))).fill(7);
const stamp = new Float64Array(payload.buffer, 0, 1);
const entry = payload.subarray(0, Number(size));
const isStamped = stamps === "stamps";
const gap = 1e3 / Number(perSecond);

console.log("ready");
await once(process.stdin, "data");
const cpu = process.cpuUsage();
const start = performance.now();
const end = start + Number(milliseconds);
let time = start;
if (gap > 0) {
  for (let due = start; time < end; due += gap) {
    do time = performance.now(); while (time < due);
    if (isStamped) stamp[0] = now();
    writer.write(entry);
  }
} else {
  for (; time < end; time = performance.now()) {
    for (let i = 0; i < 64; i++) {
      if (isStamped) stamp[0] = now();
      writer.write(entry);
    }
  }
}
const { user, system } = process.cpuUsage(cpu);
const written = writer.totalEntriesWritten;
writer.write(new Uint8Array(0));
console.log(
  JSON.stringify({ written, milliseconds: time - start, cpuMicroseconds: user + system }),
);
// The readers are not through yet.
await once(process.stdin, "data");
writer.close();
process.exit(0);
