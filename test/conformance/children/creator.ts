/** Makes a log, an event log or a ring for each line that it reads, and says so. */

import process from "node:process";
import { createInterface } from "node:readline";
import { ShmLogWriter } from "../../../mod.ts";
import { EventLogWriter } from "../../../src/events/mod.ts";
import { SharedMemory } from "../../../ffi/mod.ts";

const [kind, base] = process.argv.slice(2);
const open: Disposable[] = [];

/** Makes memory, and is killed before that is complete. */
function dieOf(name: string): never {
  SharedMemory.create(name, 1 << 20, { prepare: () => process.kill(process.pid, "SIGKILL") });
  throw new Error("alive");
}

console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const place = `${base}-${line}`;
  if (kind === "victim") dieOf(place);
  else if (kind === "events") open.push(EventLogWriter.create(place));
  else {
    open.push(ShmLogWriter.create(kind === "file" ? { path: place } : place, {
      unlinkOnClose: true,
    }));
  }
  console.log("made");
}
for (const one of open) one[Symbol.dispose]();
process.exit(0);
