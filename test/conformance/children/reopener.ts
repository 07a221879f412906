/** Creates, resumes, replaces and removes a log, and reads it, under whatever permissions it has. */

import process from "node:process";
import { ShmLogReader, ShmLogWriter } from "../../../mod.ts";

const name = process.argv[2];
for (const ifExists of ["fail", "resume", "replace", "resume"] as const) {
  const options = { chunkSize: 4096, chunkCount: 4, ifExists, unlinkOnClose: false };
  using writer = ShmLogWriter.create(name, { ...options });
  writer.write("x");
}
using _last = ShmLogWriter.create(name, { ifExists: "resume", unlinkOnClose: true });
using reader = ShmLogReader.open(name);
console.log(`entries: ${[...reader].length}`);
