/**
 * Puts numbered items into a ring, and takes some out, until it is killed or has come to the end; says
 * when it is there, and when it has put the first one in.
 */

import process from "node:process";
import { MemMapRingBuffer } from "../../../src/ring/mod.ts";
import { streamEntry } from "../../support/stream.ts";

const [path, capacity, last, most, end = Infinity] = process.argv.slice(2);
const ring = MemMapRingBuffer.open(path, Number(capacity));
console.log("ready");

for (let number = Number(last) + 1; number <= Number(end); number++) {
  const entry = streamEntry(number, Number(most));
  const item = new Uint8Array(4 + entry.length);
  new DataView(item.buffer).setUint32(0, number, true);
  item.set(entry, 4);
  ring.put(item);
  if (number === Number(last) + 1) console.log("put");
  if (number % 3 === 0) {
    // Never the last one: the next process goes on with its number.
    for (let n = number % 7; n > 0 && ring.length > 1; n--) ring.get();
  }
}
ring.close();
process.exit(0);
