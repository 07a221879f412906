/** A reader of the demo: follows the log to the last line and prints what it got, as JSON. */

import process from "node:process";
import { ShmLogReader } from "../../mod.ts";

const [name, count, pace] = process.argv.slice(2);
const last = Number(count);
const reader = await ShmLogReader.waitFor(name, { signal: AbortSignal.timeout(20_000) });
console.log("ready");

let read = 0;
let wrong = 0;
let previous = 0;
for await (const entry of reader.follow()) {
  read++;
  const isRight = entry.text.startsWith(`line ${entry.sequenceNumber} `) &&
    entry.sequenceNumber > previous;
  if (!isRight) wrong++;
  previous = entry.sequenceNumber;
  if (previous === last) break;
  if (pace === "slow" && read % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 50));
}
console.log(
  JSON.stringify({ read, lost: reader.lostEntries, overruns: reader.overruns, wrong }),
);
reader.close();
