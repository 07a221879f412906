/** Opens and closes writers and readers of a buffer again and again; says how many there were. */

import process from "node:process";
import { SegmentNotFoundError } from "../../../src/errors.ts";
import {
  CircularBufferReader,
  CircularBufferWriter,
  WriterLockedError,
} from "../../../src/circular/mod.ts";

const [indexName, dataName, capacity, rounds] = process.argv.slice(2);
const spec = { indexName, dataName, capacity: Number(capacity) };
let count = 0;
// One that has not succeeded yet goes on: another one may hold on to it all, and not be running.
for (let i = 0; i < Number(rounds) || count === 0; i++) {
  try {
    using handle = (i + process.pid) % 2 === 0
      ? CircularBufferWriter.open(spec)
      : CircularBufferReader.open(spec);
    if (handle instanceof CircularBufferWriter) handle.write(new Uint8Array([i]));
    else handle.read();
    count++;
  } catch (error) {
    // Somebody else is the writer; nobody has made it, or the last one has gone.
    if (!(error instanceof WriterLockedError || error instanceof SegmentNotFoundError)) throw error;
  }
}
console.log(String(count));
process.exit(0);
