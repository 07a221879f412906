/**
 * Takes a slot in each round that the segment says, writes the number of the round, says which slot it was,
 * and gives it back in the next one: `<control> <name> <index>`.
 */

import process from "node:process";
import { SharedMemory } from "../../../ffi/mod.ts";
import { ShmLogWriter } from "../../../mod.ts";

const [, , control, name, index] = process.argv;
const memory = SharedMemory.open(control, { access: "read-write" });
const words = new Int32Array(memory.buffer);
const nap = new Int32Array(new SharedArrayBuffer(4));
const options = { chunkSize: 4096, chunkCount: 4, unlinkOnClose: false } as const;

/** Waits for a word of the parent; gives false if it is gone. */
function waitFor(round: number): boolean {
  for (;;) {
    const now = Atomics.load(words, 0);
    if (now < 0) return false;
    if (now >= round) return true;
    Atomics.wait(nap, 0, 0, 1);
  }
}

for (let round = 1; waitFor(round); round += 2) {
  let slot = -1;
  try {
    const writer = ShmLogWriter.create(name, options);
    writer.write(String(round));
    slot = Number(writer.name.slice(writer.name.lastIndexOf(".") + 1));
    Atomics.store(words, 2 + Number(index), slot + 1);
    Atomics.add(words, 1, 1);
    const goesOn = waitFor(round + 1);
    writer.close();
    if (!goesOn) break;
  } catch (error) {
    console.error(error);
    Atomics.store(words, 2 + Number(index), -1);
    Atomics.add(words, 1, 1);
    waitFor(round + 1);
  }
  Atomics.add(words, 1, 1);
}
process.exit(0);
