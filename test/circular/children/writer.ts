/** Writes numbered messages, in bursts or without a pause, until it is told to stop; says how many. */

import process from "node:process";
import { CircularBufferWriter } from "../../../src/shm_circular/mod.ts";
import { fillMessage, MOST } from "./messages.ts";

const [indexName, dataName, capacity, burst] = process.argv.slice(2);
const writer = CircularBufferWriter.open({ indexName, dataName, capacity: Number(capacity) });
const room = new Uint8Array(MOST);
const views = Array.from({ length: MOST + 1 }, (_, length) => room.subarray(0, length));
let isStopped = false;
process.stdin.on("data", () => isStopped = true);
console.log("ready");

let number = 0;
while (!isStopped) {
  for (let n = Number(burst); n > 0; n--) writer.write(views[fillMessage(++number, room)]);
  await new Promise((resolve) => setImmediate(resolve));
}
console.log(String(number));
writer.close();
process.exit(0);
