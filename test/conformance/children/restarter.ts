/**
 * A writer of version 2 that begins its log anew in place, again and again, and finishes some of its
 * lives. Each entry says of which life it is and which number it has. It is to be killed.
 */

import process from "node:process";
import { ShmLogWriter } from "../../../mod.ts";

const [name, chunkSize, chunkCount] = process.argv.slice(2);
for (let life = 0;; life++) {
  const writer = ShmLogWriter.create(name, {
    version: 2,
    chunkSize: Number(chunkSize),
    chunkCount: Number(chunkCount),
    ifExists: "restart",
    unlinkOnClose: false,
  });
  if (life === 0) console.log("there");
  const { bufferId } = writer;
  const count = (life * 7919) % 3000;
  for (let n = 1; n <= count; n++) {
    const number = writer.totalEntriesWritten + 1;
    writer.write(`${bufferId} ${number} ${"x".repeat(number % 90)}`);
  }
  if (life % 2 === 0) writer.finish();
  writer.close();
  if (life % 16 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}
