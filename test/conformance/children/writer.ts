/**
 * A writer: says how many entries there are, and on "go" writes the stream up to `last`, one by one,
 * in batches and by claims in turn; then says "done" and keeps the segment until it is told to go.
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { ShmLogWriter } from "../../../mod.ts";
import { streamEntry } from "../../support/stream.ts";

const [name, last, most, chunkSize, chunkCount, pause] = process.argv.slice(2);
const writer = ShmLogWriter.create(name, {
  chunkSize: Number(chunkSize),
  chunkCount: Number(chunkCount),
  ifExists: "resume",
  unlinkOnClose: false,
});
console.log(String(writer.totalEntriesWritten));

const entry = (ahead: number) => streamEntry(writer.totalEntriesWritten + ahead, Number(most));

function writeSome(): void {
  const number = writer.totalEntriesWritten;
  const batch = [1, 2, 3, 4, 5].map(entry);
  const size = batch.reduce((sum, bytes) => sum + bytes.length + 8, 0);
  if (number % 7 === 0 && number + 5 <= Number(last) && size < writer.maxEntrySize) {
    writer.writeMany(batch);
  } else if (number % 5 === 0) {
    const bytes = entry(1);
    const claim = writer.claim(bytes.length);
    claim.bytes.set(bytes);
    claim.commit();
  } else writer.write(entry(1));
}

const commands = createInterface({ input: process.stdin });
commands.on("line", async (command) => {
  if (command === "end") {
    writer.close();
    process.exit(0);
  }
  while (writer.totalEntriesWritten < Number(last)) {
    for (let i = 0; i < 200 && writer.totalEntriesWritten < Number(last); i++) writeSome();
    // So that readers on a machine with few cores come along.
    if (pause !== undefined) await new Promise((resolve) => setTimeout(resolve, Number(pause)));
  }
  console.log("done");
});
