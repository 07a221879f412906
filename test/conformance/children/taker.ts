/** Tries to take over what somebody else has in its place, again and again, until it is told to stop. */

import process from "node:process";
import { OuroborosError, ShmLogWriter } from "../../../mod.ts";
import { CircularBufferWriter } from "../../../src/circular/mod.ts";
import { EventLogWriter } from "../../../src/events/mod.ts";
import { MemMapRingBuffer } from "../../../src/ring/mod.ts";

const [name, path, capacity] = process.argv.slice(2);
const spec = { indexName: name, dataName: `${name}-data`, capacity: Number(capacity) };
const attempts: (() => Disposable)[] = [
  () => ShmLogWriter.create(name, { ifExists: "resume", unlinkOnClose: false }),
  () => ShmLogWriter.create(name, { ifExists: "replace", unlinkOnClose: false }),
  () => ShmLogWriter.create({ path }, { ifExists: "resume" }),
  () => ShmLogWriter.create({ path }, { ifExists: "replace" }),
  () => CircularBufferWriter.open(spec),
  () => EventLogWriter.open(path),
  () => EventLogWriter.recover(path, { force: true }),
  () => MemMapRingBuffer.open(path),
];
const codes = new Set<string>();
let isStopped = false;
process.stdin.on("data", () => isStopped = true);
console.log("ready");
while (!isStopped) {
  for (const attempt of attempts) {
    try {
      attempt()[Symbol.dispose]();
      codes.add("taken over");
    } catch (error) {
      if (!(error instanceof OuroborosError)) throw error;
      codes.add(error.code);
    }
  }
  await new Promise((resolve) => setImmediate(resolve));
}
console.log([...codes].sort().join());
process.exit(0);
