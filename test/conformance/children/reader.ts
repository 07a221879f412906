/** A reader: says "ready", reads to entry `last` in one of the ways, and says what it got, as JSON. */

import process from "node:process";
import { ShmLogReader } from "../../../mod.ts";
import { StreamCheck } from "../../support/stream.ts";

const [name, last, most, way] = process.argv.slice(2);
const reader = await ShmLogReader.waitFor(name, { signal: AbortSignal.timeout(30_000) });
const check = new StreamCheck(Number(most));
console.log("ready");

/** Reads what is there; false: nothing was. */
function readSome(): boolean {
  const before = check.read;
  if (way === "read") {
    for (const entry of reader) check.take(entry.sequenceNumber, entry.bytes);
  } else if (way === "batch") {
    const batch = reader.readBatch();
    for (let i = 0; i < batch.length; i++) check.take(batch.sequenceNumber(i), batch.bytes(i));
  } else {
    const seen: [number, Uint8Array][] = [];
    // What was seen counts only if forEach says so.
    if (reader.forEach((entry) => seen.push([entry.sequenceNumber, entry.bytes()])) > 0) {
      for (const [number, bytes] of seen) check.take(number, bytes);
    }
  }
  return check.read > before;
}

while (reader.lastSequenceNumber < Number(last)) {
  if (!readSome()) await new Promise((resolve) => setTimeout(resolve, 1));
}
const { read, wrong, notGrowing } = check;
console.log(JSON.stringify({
  read,
  wrong,
  notGrowing,
  lost: reader.lostEntries,
  last: reader.lastSequenceNumber,
}));
reader.close();
