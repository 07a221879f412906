/** Whether a runtime works in the emulator: its machine code, its memory, and the fence's code. */

import process from "node:process";
import { SharedMemory, STRONG_ORDER } from "../../ffi/mod.ts";
import { fullFence } from "../../mod.ts";

const name = `/ouroboros-arm64-${process.pid}`;
const memory = SharedMemory.create(name, 4096);
const words = new Int32Array(memory.buffer);
// Often enough that it is compiled.
for (let i = 1; i <= 20_000; i++) {
  Atomics.store(words, 0, i);
  fullFence();
  if (Atomics.load(words, 0) !== i) throw new Error("memory does not keep what it is given");
}
memory.close();
SharedMemory.unlink(name);
console.log(`${process.arch}, ${STRONG_ORDER ? "compilerFence" : "fullFence"}`);
