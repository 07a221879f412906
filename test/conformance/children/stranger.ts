/** Does to logs what it is told, as whatever user it runs, and says in JSON what came of each deed. */

import process from "node:process";
import {
  type LogTarget,
  OuroborosError,
  ShmLogReader,
  ShmLogWriter,
  type ShmLogWriterOptions,
} from "../../../mod.ts";

/** What to do to a log: read it, or become its writer, write one entry and close it. */
export type Deed = [what: "read" | "fail" | "resume" | "replace" | "leave", target: LogTarget];

function perform([what, target]: Deed): string {
  try {
    if (what === "read") {
      using reader = ShmLogReader.open(target);
      return [...reader].map((entry) => entry.text).join(" ");
    }
    const options: ShmLogWriterOptions = what === "leave"
      ? { ifExists: "fail", mode: 0o600, unlinkOnClose: false }
      : { ifExists: what, unlinkOnClose: true };
    using writer = ShmLogWriter.create(target, { chunkSize: 4096, chunkCount: 4, ...options });
    writer.write("stranger");
    return "written";
  } catch (error) {
    if (!(error instanceof OuroborosError)) throw error;
    return error.code;
  }
}

const deeds = JSON.parse(process.argv[2]) as Deed[];
console.log(JSON.stringify(deeds.map(perform)));
