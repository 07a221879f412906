/** The reader of this log in the comparison: takes every line, checks it, says what it got. */

import process from "node:process";
import { ShmLogReader } from "../../mod.ts";
import { BURST, COUNTER_SIZE, LINE_POOL, LINE_SIZE, makeLines } from "./lines.ts";

/** After how many lines it says how far it is. */
const PROGRESS = 10_000;

using reader = ShmLogReader.open(process.argv[2]);
console.log("ready");
const start = process.cpuUsage();
const tails = makeLines().map((line) => line.slice(COUNTER_SIZE));
let lines = 0;
let wrong = 0;
let said = 0;
let isDone = false;
while (!isDone) {
  const batch = reader.readBatch();
  for (const text of batch.texts()) {
    if (text === "") isDone = true;
    else {
      const tail = tails[(lines++ % BURST) % LINE_POOL];
      if (text.length !== LINE_SIZE || text.substring(COUNTER_SIZE) !== tail) wrong++;
    }
  }
  if (lines - said >= PROGRESS) console.log(said = lines);
  // Behind a writer that is done for now: a millisecond of sleep is a hundredth of its log.
  if (batch.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}
const { user, system } = process.cpuUsage(start);
console.log(
  JSON.stringify({ lines, wrong, lost: reader.lostEntries, cpu: (user + system) * 1000 }),
);
