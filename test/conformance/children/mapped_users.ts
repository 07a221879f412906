/** Says what becomes of a log in a user namespace, in which the users of others are not known. */

import process from "node:process";
import { ShmLogWriter } from "../../../mod.ts";
import { SharedMemory } from "../../../ffi/mod.ts";

const [theirs, ours] = process.argv.slice(2);
const shape = { chunkSize: 4096, chunkCount: 4 };

function attempt(name: string): string {
  try {
    using writer = ShmLogWriter.create(name, {
      ...shape,
      ifExists: "resume",
      unlinkOnClose: false,
    });
    return `entry ${writer.write("from the namespace")}`;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

const made = ShmLogWriter.create(ours, { unlinkOnClose: true, ...shape });
made.write("one");
made.close();
console.log([process.geteuid?.(), attempt(theirs), SharedMemory.exists(ours)].join());
