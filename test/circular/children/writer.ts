/**
 * Writes numbered messages, in bursts or without a rest, until it is told to pause; then
 * at the `end` a few more; says how many.
 */

import process from "node:process";
import { CircularBufferWriter } from "../../../src/circular/mod.ts";
import { fillMessage, MOST } from "./messages.ts";

const [indexName, dataName, capacity, burst] = process.argv.slice(2);
const writer = CircularBufferWriter.open({ indexName, dataName, capacity: Number(capacity) });
const room = new Uint8Array(MOST);
const views = Array.from({ length: MOST + 1 }, (_, length) => room.subarray(0, length));
let told = "";
process.stdin.on("data", (data) => told = String(data).trim());
console.log("ready");

let number = 0;
let isPaused = false;
while (told !== "end") {
  if (told === "pause") {
    told = "";
    isPaused = true;
    console.log("paused");
  }
  for (let n = isPaused ? 0 : Number(burst); n > 0; n--) {
    writer.write(views[fillMessage(++number, room)]);
  }
  await new Promise((resolve) => setImmediate(resolve));
}
for (let n = 0; n < 5; n++) writer.write(views[fillMessage(++number, room)]);
console.log(String(number));
writer.close();
process.exit(0);
