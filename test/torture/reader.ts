/**
 * A reader under torture: takes entries in all ways, checks each, and dawdles at times (unless told
 * to hurry); told how many there are in the end, it goes on up to there. In a log that is restarted it
 * goes over to the next life.
 */

import process from "node:process";
import { ShmLogReader } from "../../mod.ts";
import { Random } from "../support/random.ts";
import { Entries, type ReadableBytes } from "./entries.ts";
import { type Counts, Scores } from "./scores.ts";

const [name, scoresName, most, pace, strategy, onOverrun, copyMode, seed] = process.argv.slice(2);
const reader = ShmLogReader.open(name, {
  strategy: strategy as "auto",
  onOverrun: onOverrun as "oldest",
  copyMode: copyMode as "map",
});
const scores = Scores.open(scoresName);
const entries = new Entries(Number(most), pace === "reference");
const random = new Random(Number(seed));
const hurries = pace !== "changing";
const anew = { start: -1, last: 0, read: 0, lost: 0, overruns: 0 };
const seen: Counts = { ...anew, wrong: 0, twice: 0, lives: 0, readBefore: 0 };
entries.bufferId = reader.bufferId;
let end = Infinity;
process.stdin.on("data", (data) => end = Number(data));
console.log("ready");

while (reader.lastSequenceNumber < end || reader.isRestarted) {
  if (reader.isRestarted && reader.reopen()) {
    const { lives, read, readBefore } = seen;
    Object.assign(seen, anew, { lives: lives + 1, readBefore: readBefore + read });
    entries.bufferId = reader.bufferId;
  }
  const before = reader.lastSequenceNumber;
  for (let n = random.below(50); n > 0; n--) readSome();
  note();
  const isIdle = reader.lastSequenceNumber === before && random.below(4) === 0;
  if (isIdle) await new Promise((resolve) => setTimeout(resolve, 1));
  else if (!hurries && random.below(200) === 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  } else await new Promise((resolve) => setImmediate(resolve));
}
note();
console.log("done");
process.exit(0);

function note(): void {
  seen.lost = reader.lostEntries;
  seen.overruns = reader.overruns;
  scores.set(seen);
}

function take(sequenceNumber: number, entry: ReadableBytes): void {
  // What was gone before it came is nobody's loss.
  if (seen.start < 0) seen.start = sequenceNumber - 1 - reader.lostEntries;
  if (sequenceNumber <= seen.last) seen.twice++;
  if (!entries.isRight(sequenceNumber, entry)) seen.wrong++;
  seen.last = sequenceNumber;
  seen.read++;
}

function readSome(): void {
  const way = random.below(hurries ? 9 : 3);
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
    const before = { ...seen };
    const count = reader.forEach((entry) => take(entry.sequenceNumber, entry), hurries ? 1e6 : 500);
    if (count < 0) Object.assign(seen, before);
  }
}
