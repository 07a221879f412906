/** Writes to a log of which nobody may read: `write_only.ts NAME`. */

import process from "node:process";
import { ShmLogWriter } from "../../../mod.ts";

{
  using writer = ShmLogWriter.create(process.argv[2], {
    unlinkOnClose: true,
    chunkSize: 4000,
    chunkCount: 2,
    mode: 0o200,
  });
  writer.write("to be read by root");
}
console.log("written");
