/**
 * Reads and checks numbered messages; told to `settle`, it says when there are no more; told to `stop`,
 * what it has seen, in JSON.
 */

import process from "node:process";
import { CircularBufferReader } from "../../../src/circular/mod.ts";
import { checkMessage, MOST } from "./messages.ts";

const [indexName, dataName, capacity, counted] = process.argv.slice(2);
const reader = CircularBufferReader.open(
  { indexName, dataName, capacity: Number(capacity) },
  { counted: counted === "true" },
);
const into = new Uint8Array(MOST);
const seen = { read: 0, lapped: 0, wrong: 0, last: 0, lostBytes: 0 };
let told = "";
process.stdin.on("data", (data) => told = String(data).trim());
console.log("ready");

for (;;) {
  const before = told;
  let isEmpty = false;
  for (let n = 0; n < 20_000 && !isEmpty; n++) {
    const result = reader.read(into);
    if (result === 0) isEmpty = true;
    else if (result === "lapped") seen.lapped++;
    else if (result === "too small") seen.wrong++;
    else {
      const number = checkMessage(into, result);
      if (number <= seen.last) seen.wrong++;
      seen.last = number;
      seen.read++;
    }
  }
  // After the word: nothing that was written before is left.
  if (before === "stop" && isEmpty) break;
  if (before === "settle" && isEmpty) {
    told = "";
    console.log("settled");
  }
  await new Promise((resolve) => setImmediate(resolve));
}
seen.lostBytes = reader.lostBytes;
console.log(JSON.stringify(seen));
reader.close();
process.exit(0);
