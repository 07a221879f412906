/** Writes numbered lines with a tag in front, some at once and more when it is told to, until it ends. */

import process from "node:process";
import { createInterface } from "node:readline";
import { ShmLogWriter, type ShmLogWriterOptions } from "../../../mod.ts";

const [name, tag, ifExists, chunkSize] = process.argv.slice(2);
const log = ShmLogWriter.create(name, {
  unlinkOnClose: true,
  chunkSize: Number(chunkSize),
  chunkCount: 4,
  ifExists: ifExists as ShmLogWriterOptions["ifExists"],
});

console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "end") {
    log.close();
    process.exit(0);
  }
  for (let i = 0; i < Number(line); i++) log.write(`${tag}${log.totalEntriesWritten + 1}`);
  console.log(log.totalEntriesWritten);
}
// The input may end before the kill comes: that is no reason to remove the log.
process.kill(process.pid, "SIGKILL");
