/** Asks for the lock in every odd step and gives it back in every even one, at the referee's word. */

import process from "node:process";
import { SharedMemory } from "../../../ffi/mod.ts";

const [name, steps] = process.argv.slice(2);
const memory = SharedMemory.open(name, { access: "read-write" });
const [STEP, WINNERS, READY] = [0, 1, 2];
const words = new Int32Array(memory.buffer);
console.log("racing");
for (let step = 1; step <= Number(steps); step++) {
  while (Atomics.load(words, STEP) < step);
  if (step % 2 === 0) memory.unlock();
  else if (memory.tryLock()) Atomics.add(words, WINNERS, 1);
  Atomics.add(words, READY, 1);
}
