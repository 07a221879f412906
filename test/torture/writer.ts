/**
 * A writer under torture: goes on where the last one ended, says how many entries there are, writes
 * in all ways and at changing speed until it is told to stop, and says how many there are then.
 */

import process from "node:process";
import { ShmLogWriter } from "../../mod.ts";
import { Random } from "../support/random.ts";
import { Entries } from "./entries.ts";

const [name, most, chunkSize, chunkCount, seed] = process.argv.slice(2);
const writer = ShmLogWriter.create(name, {
  chunkSize: Number(chunkSize),
  chunkCount: Number(chunkCount),
  ifExists: "resume",
  unlinkOnClose: false,
});
const entries = new Entries(Number(most));
const random = new Random(Number(seed));
let isStopped = false;
process.stdin.on("data", (data) => {
  if (String(data).includes("end")) process.exit(0);
  isStopped = true;
});
console.log(String(writer.totalEntriesWritten));

while (!isStopped) {
  // Mostly a part of a lap, so that readers come along; sometimes several laps at once.
  let burst = random.below(writer.segmentSize * (random.below(20) === 0 ? 3 : 0.3));
  while (burst > 0) burst -= writeSome();
  const pause = random.below(8);
  if (pause < 3) await new Promise((resolve) => setTimeout(resolve, pause));
  else await new Promise((resolve) => setImmediate(resolve));
}
console.log(String(writer.totalEntriesWritten));

/** Writes one way or another; gives about how many bytes. */
function writeSome(): number {
  const next = writer.totalEntriesWritten + 1;
  const way = random.below(16);
  if (way === 0) {
    const batch = [0, 1, 2, 3].map((ahead) => entries.entry(next + ahead));
    const size = batch.reduce((sum, entry) => sum + entry.length + 8, 0);
    if (size <= writer.maxEntrySize) {
      writer.writeMany(batch);
      return size;
    }
  }
  const entry = entries.entry(next);
  if (way === 1) {
    const claim = writer.claim(entry.length);
    claim.bytes.set(entry);
    claim.commit();
  } else if (way === 2) writer.claim(random.below(writer.maxEntrySize)).abort();
  else writer.write(entry);
  return entry.length + 4;
}
