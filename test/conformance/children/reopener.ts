/** Creates, resumes, replaces and removes a log, reads it, and finds it by a pattern, under whatever permissions it has. */

import process from "node:process";
import { LogSet, ShmLogReader, ShmLogWriter } from "../../../mod.ts";

const name = process.argv[2];
for (const ifExists of ["fail", "resume", "replace", "resume"] as const) {
  const options = { chunkSize: 4096, chunkCount: 4, ifExists, unlinkOnClose: false };
  using writer = ShmLogWriter.create(name, { ...options });
  writer.write("x");
}
using _last = ShmLogWriter.create(name, { ifExists: "resume", unlinkOnClose: true });
using reader = ShmLogReader.open(name);
using set = LogSet.open(`${name.slice(0, -1)}?`);
console.log(`entries: ${[...reader].length}, by a pattern: ${[...set.read()].length}`);
