/**
 * A writer under torture that makes its stores in the reference's order: entries of one size, so that
 * chunks end exactly at theirs and none of their bytes are forged, until it is told to stop.
 */

import process from "node:process";
import { SharedMemory } from "../../ffi/mod.ts";
import { segmentSize } from "../../mod.ts";
import { Random } from "../support/random.ts";
import { ReferenceOrderWriter } from "../support/reference_order.ts";
import { Entries } from "./entries.ts";

const [name, most, chunkSize, chunkCount, _pace, seed] = process.argv.slice(2);
const size = segmentSize(Number(chunkCount), Number(chunkSize));
const memory = SharedMemory.create(name, size);
const writer = new ReferenceOrderWriter(memory.buffer, Number(chunkCount), Number(chunkSize));
const entries = new Entries(Number(most), true);
const random = new Random(Number(seed));
const entry = new Uint8Array(Number(most));
let isStopped = false;
process.stdin.on("data", (data) => {
  if (String(data).includes("end")) process.exit(0);
  isStopped = true;
});
console.log(String(writer.total));

while (!isStopped) {
  // Mostly a part of a lap, so that readers come along; sometimes several laps at once.
  const burst = random.below(size * (random.below(20) === 0 ? 3 : 0.3));
  for (let written = 0; written < burst; written += entry.length + 4) {
    entries.fill(writer.total + 1, entry);
    writer.write(entry);
  }
  const pause = random.below(200);
  if (pause < 3) await new Promise((resolve) => setTimeout(resolve, pause));
  else await new Promise((resolve) => setImmediate(resolve));
}
console.log(String(writer.total));
