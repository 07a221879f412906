/**
 * A writer under torture: goes on where the last one ended, says how many entries there are, writes
 * in all ways and at changing speed (or as fast as it can) until it is told to stop, and says how
 * many there are then. Now and then it restarts the log in place, if it is to.
 */

import process from "node:process";
import { ShmLogWriter } from "../../mod.ts";
import { Random } from "../support/random.ts";
import { Entries } from "./entries.ts";

const [name, most, chunkSize, chunkCount, pace, seed, version, restarts] = process.argv.slice(2);
const entries = new Entries(Number(most));
let writer = open("resume");
const random = new Random(Number(seed));
const hurries = pace === "fast";
// Room to make entries in, and views of its start by length: a view for each entry would cost more.
const rooms = Array.from({ length: 4 }, () => new Uint8Array(Number(most)));
const views = Array.from(
  { length: Math.min(Number(most), 64) + 1 },
  (_, length) => rooms[0].subarray(0, length),
);
let isStopped = false;
process.stdin.on("data", (data) => {
  if (String(data).includes("end")) process.exit(0);
  isStopped = true;
});
console.log(String(writer.totalEntriesWritten));

while (!isStopped) {
  // Mostly a part of a lap, so that readers come along; sometimes several laps at once.
  if (restarts === "restarts" && random.below(30) === 0) {
    writer.close();
    writer = open("restart");
  }
  let burst = random.below(writer.segmentSize * (random.below(20) === 0 ? 3 : 0.3));
  while (burst > 0) burst -= hurries && random.below(16) > 0 ? writeMuch() : writeSome();
  const pause = random.below(hurries ? 400 : 8);
  if (pause < 3) await new Promise((resolve) => setTimeout(resolve, pause));
  else await new Promise((resolve) => setImmediate(resolve));
}
console.log(String(writer.totalEntriesWritten));

/** Opens the log, or makes it. */
function open(ifExists: "resume" | "restart"): ShmLogWriter {
  const log = ShmLogWriter.create(name, {
    chunkSize: Number(chunkSize),
    chunkCount: Number(chunkCount),
    version: version === "2" ? 2 : 1,
    ifExists,
    unlinkOnClose: false,
  });
  entries.bufferId = log.bufferId;
  return log;
}

/** Makes entry `sequenceNumber` in one of the rooms. */
function entry(sequenceNumber: number, room: number = 0): Uint8Array {
  const length = entries.fill(sequenceNumber, rooms[room]);
  return room === 0 && length < views.length ? views[length] : rooms[room].subarray(0, length);
}

/** Writes a hundred entries in the straight way; gives about how many bytes. */
function writeMuch(): number {
  let size = 0;
  for (let n = 0; n < 100; n++) {
    const bytes = entry(writer.totalEntriesWritten + 1);
    writer.write(bytes);
    size += bytes.length + 6;
  }
  return size;
}

/** Writes one way or another; gives about how many bytes. */
function writeSome(): number {
  const next = writer.totalEntriesWritten + 1;
  const way = random.below(16);
  if (way === 0) {
    const batch = [0, 1, 2, 3].map((ahead) => entry(next + ahead, ahead));
    const size = batch.reduce((sum, entry) => sum + entry.length + 8, 0);
    if (size <= writer.maxEntrySize) {
      writer.writeMany(batch);
      return size;
    }
  }
  const bytes = entry(next);
  if (way === 1) {
    const claim = writer.claim(bytes.length);
    claim.bytes.set(bytes);
    claim.commit();
  } else if (way === 2) writer.claim(random.below(writer.maxEntrySize)).abort();
  else writer.write(bytes);
  return bytes.length + 4;
}
