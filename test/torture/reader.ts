/**
 * A reader under torture: takes entries in all ways, checks each, and dawdles at times; told how many
 * there are in the end, it goes on up to there and says what it saw.
 */

import process from "node:process";
import { ShmLogReader } from "../../mod.ts";
import { Random } from "../support/random.ts";
import { Entries } from "./entries.ts";

const [name, most, strategy, onOverrun, seed] = process.argv.slice(2);
const reader = ShmLogReader.open(name, {
  strategy: strategy as "auto",
  onOverrun: onOverrun as "oldest",
});
const entries = new Entries(Number(most));
const random = new Random(Number(seed));
const seen = { start: -1, last: 0, read: 0, lost: 0, overruns: 0, wrong: 0, twice: 0 };
let end = Infinity;
process.stdin.on("data", (data) => end = Number(data));
console.log("ready");

while (reader.lastSequenceNumber < end) {
  const before = reader.lastSequenceNumber;
  for (let n = random.below(50); n > 0; n--) readSome();
  const isIdle = reader.lastSequenceNumber === before && random.below(4) === 0;
  if (isIdle) await new Promise((resolve) => setTimeout(resolve, 1));
  else if (random.below(200) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  else await new Promise((resolve) => setImmediate(resolve));
}
console.log(JSON.stringify({ ...seen, lost: reader.lostEntries, overruns: reader.overruns }));
process.exit(0);

function take(sequenceNumber: number, bytes: Uint8Array): void {
  // What was gone before it came is nobody's loss.
  if (seen.start < 0) seen.start = sequenceNumber - 1 - reader.lostEntries;
  if (sequenceNumber <= seen.last) seen.twice++;
  if (!entries.isRight(sequenceNumber, bytes)) seen.wrong++;
  seen.last = sequenceNumber;
  seen.read++;
}

function readSome(): void {
  const way = random.below(3);
  if (way === 0) {
    for (let n = random.below(100); n > 0; n--) {
      const entry = reader.read();
      if (entry === undefined) return;
      take(entry.sequenceNumber, entry.bytes);
    }
  } else if (way === 1) {
    const batch = reader.readBatch();
    for (let i = 0; i < batch.length; i++) take(batch.sequenceNumber(i), batch.bytes(i));
  } else {
    // What is seen in place counts only once it is known to have held still.
    const copies: [number, Uint8Array][] = [];
    const count = reader.forEach((entry) => {
      copies.push([entry.sequenceNumber, entry.bytes()]);
    }, 500);
    if (count > 0) { for (const [sequenceNumber, bytes] of copies) take(sequenceNumber, bytes); }
  }
}
