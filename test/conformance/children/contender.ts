/** Tries to become the writer of a log in every odd step, at the referee's word; closes in every even one. */

import process from "node:process";
import { OuroborosError, ShmLogWriter, type ShmLogWriterOptions } from "../../../mod.ts";
import { SharedMemory } from "../../../ffi/mod.ts";

const [referee, id, kind, base, ifExists, steps] = process.argv.slice(2);
const memory = SharedMemory.open(referee, { access: "read-write" });
const [STEP, READY, WINS, WINNER] = [0, 1, 2, 3];
const words = new Int32Array(memory.buffer);
const refusals = ["SEGMENT_EXISTS", "WRITER_LOCKED"];
let writer: ShmLogWriter | undefined;

function contend(step: number): void {
  const place = `${base}-${step}`;
  try {
    writer = ShmLogWriter.create(kind === "file" ? { path: place } : place, {
      chunkSize: 4096,
      chunkCount: 4,
      unlinkOnClose: true,
      ifExists: ifExists as ShmLogWriterOptions["ifExists"],
    });
  } catch (error) {
    if (!(error instanceof OuroborosError) || !refusals.includes(error.code)) throw error;
    return;
  }
  writer.write(`writer ${id}`);
  Atomics.add(words, WINS, 1);
  Atomics.store(words, WINNER, Number(id));
}

console.log("ready");
for (let step = 1; step <= Number(steps); step++) {
  // A loop that waits must end when the referee is gone.
  const deadline = Date.now() + 60_000;
  while (Atomics.load(words, STEP) < step) if (Date.now() > deadline) process.exit(1);
  if (step % 2 === 1) contend(step);
  else {
    writer?.close();
    writer = undefined;
  }
  Atomics.add(words, READY, 1);
}
