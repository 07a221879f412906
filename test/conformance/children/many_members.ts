/** Makes logs, one after the other, and opens them as a set with few descriptors: says what came of it. */

import process from "node:process";
import { LogSet, ShmLogReader, ShmLogWriter, SystemCallError } from "../../../mod.ts";
import { uniqueName } from "../../support/runtime.ts";

const name = uniqueName("members");
for (let i = 0; i < Number(process.argv[2]); i++) {
  ShmLogWriter.create(`${name}.${i}`, { size: "4KiB" }).close();
}
try {
  LogSet.open(`${name}.*`);
} catch (error) {
  if (!(error instanceof SystemCallError)) throw error;
  console.log(error.message);
}
// What it had open is closed.
using _reader = ShmLogReader.open(`${name}.0`);
using set = LogSet.open(`${name}.1?`);
console.log(set.members.length);
